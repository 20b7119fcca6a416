//! Carrying out a plan: one alarm after the other, each looked at just before, and after a failure an exact account.

use std::time::Duration;

use super::survey::Survey;
use crate::commands::plan::{Outcome, Step};
use crate::model::alarm::tags_of;
use crate::model::failure::{Failure, FailureKind};
use crate::setup::alarms::{Change, Item, Plan};

/// CloudWatch takes three changes of alarms a second.
const BETWEEN_CALLS: Duration = Duration::from_millis(340);
/// CloudWatch shows a change within seconds: one whose answer was lost is looked for so often before it is given up.
const LOOKS: u32 = 4;
const BETWEEN_LOOKS: Duration = Duration::from_secs(3);

/// Does what is due, in order, until something fails.
pub(super) async fn carry_out(survey: &Survey, plan: &Plan) -> Outcome {
    let mut outcome = Outcome::default();
    let mut due = plan.due();
    for item in due.by_ref() {
        if !outcome.done.is_empty() {
            wait(survey, BETWEEN_CALLS).await;
        }
        match one(survey, item).await {
            Ok(()) => outcome.done.push(Step::of(item)),
            Err(why) => {
                outcome.why = Some(why);
                outcome.not_done.push(Step::of(item));
                break;
            }
        }
    }
    outcome.not_done.extend(due.map(Step::of));
    outcome
}

/// In the time of AWS: of this machine, or of a simulation's clients.
async fn wait(survey: &Survey, time: Duration) {
    survey.clock.sleep(time.mul_f64(survey.clock.speed())).await;
}

/// Looks once more, then changes it. An answer that was lost is made up for by looking.
async fn one(survey: &Survey, item: &Item) -> Result<(), String> {
    let name = &item.name;
    let found = survey.aws.tagged_alarm(name).await.map_err(|failure| failure.sentence)?;
    if item.is_done(found.as_ref()) {
        return Ok(());
    }
    if !item.still_stands(found.as_ref()) {
        let there = if found.is_some() { "is another one" } else { "is not there" };
        return Err(format!("{name} {there} than it was when the plan was made: somebody else is at work; plan again"));
    }
    match change(survey, item).await {
        Ok(()) => Ok(()),
        // A look can show what is gone.
        Err(failure) if failure.kind == FailureKind::NotFound && matches!(item.change, Change::Delete { .. }) => Ok(()),
        Err(failure) if failure.is_refusal() => Err(format!("{name} was not {}: {}", past(item), failure.sentence)),
        Err(failure) => looked_for(survey, item, &failure).await,
    }
}

/// After a change whose answer was lost: done, where a look shows it. That looks do not show it is no proof that it was not.
async fn looked_for(survey: &Survey, item: &Item, failure: &Failure) -> Result<(), String> {
    let (name, past) = (&item.name, past(item));
    for look in 0..LOOKS {
        if look > 0 {
            wait(survey, BETWEEN_LOOKS).await;
        }
        match survey.aws.tagged_alarm(name).await {
            Ok(now) if item.is_done(now.as_ref()) => return Ok(()),
            Ok(_) => {}
            Err(unseen) => {
                return Err(format!(
                    "it is not known whether {name} was {past}: {}; and then: {}",
                    failure.sentence, unseen.sentence
                ));
            }
        }
    }
    Err(format!(
        "it is not known whether {name} was {past}, and {LOOKS} looks within {} s do not show it: {}",
        (BETWEEN_LOOKS * (LOOKS - 1)).as_secs(),
        failure.sentence
    ))
}

async fn change(survey: &Survey, item: &Item) -> Result<(), Failure> {
    match &item.change {
        // Of an alarm that exists CloudWatch does not take the tags; one that is gone meanwhile, unseen, is made as ours.
        Change::Create { wanted } | Change::Update { wanted, .. } => {
            survey.aws.put_alarm(&item.name, wanted, &tags_of(&item.database)).await
        }
        Change::Delete { .. } => survey.aws.delete_alarms(std::slice::from_ref(&item.name)).await,
        Change::InSync | Change::NotOurs { .. } => Ok(()),
    }
}

fn past(item: &Item) -> &'static str {
    match item.change {
        Change::Create { .. } => "created",
        Change::Delete { .. } => "deleted",
        Change::Update { .. } | Change::InSync | Change::NotOurs { .. } => "changed",
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::aws::connect::{InProcess, Target, connect};
    use crate::clock::Clock;
    use crate::model::alarm::AlarmSettings;
    use crate::sim::Sim;
    use crate::sim::scenario::Scenario;

    /// Four databases, each with three alarms.
    async fn survey(first: &str, more: &str) -> (Sim, Survey) {
        let one = |id: usize| format!("[[instance]]\nid = \"shop-{id}\"\nclass = \"db.t4g.small\"\n");
        let text = format!(
            "name = \"shop\"\n{first}{}[[demand]]\nat = \"0s\"\nwrites = 100\n{more}",
            (1..=4).map(one).collect::<String>()
        );
        let scenario = Scenario::parse("test", &text).unwrap_or_else(|error| panic!("{error}"));
        let clock = Clock::scaled(scenario.start, 1.0);
        let sim = Sim::new(&scenario, None, clock.clone());
        let (mut settings, _) = crate::commands::configuration::settings(None, Some(&scenario)).unwrap();
        settings.alarms = Some(AlarmSettings::default());
        let target = Target::InProcess(InProcess::new(sim.http_client(), clock.clone()));
        let aws = connect(&settings.aws, target).await;
        (sim, Survey { aws, clock, settings })
    }

    /// The most calls that came within one second, by the times at which the simulation has taken them.
    fn most_within_a_second(mut millis: Vec<i64>) -> usize {
        millis.sort_unstable();
        let within = |from: &i64| millis.iter().filter(|at| (*from..*from + 1_000).contains(*at)).count();
        millis.iter().map(within).max().unwrap_or_default()
    }

    #[tokio::test(start_paused = true)]
    async fn three_changes_a_second_and_no_more() {
        let (sim, survey) = survey("", "").await;
        let plan = survey.plan().await.unwrap();
        let outcome = carry_out(&survey, &plan).await;
        assert_eq!((outcome.done.len(), &outcome.why), (12, &None), "{outcome:?}");
        let made: Vec<i64> = sim.world().alarms_configured_at().map(Timestamp::as_millisecond).collect();
        assert_eq!(made.len(), 12, "each is one call");
        assert_eq!(most_within_a_second(made.clone()), 3);
        let span = made.iter().max().unwrap() - made.iter().min().unwrap();
        assert!((3_700..=6_500).contains(&span), "a third of a second behind each answer, and no more: {span} ms");
    }

    /// A server's error says nothing of what it did, and looks can be behind.
    #[tokio::test(start_paused = true)]
    async fn what_no_look_shows_is_not_called_undone() {
        let fault = "[[fault]]\nat = \"0s\"\nfor = \"1h\"\naction = \"PutMetricAlarm\"\n\
                     error = \"InternalServiceFault\"\nstatus = 500\n";
        let (sim, survey) = survey("", fault).await;
        let plan = survey.plan().await.unwrap();
        let began = sim.clock().now();
        let outcome = carry_out(&survey, &plan).await;
        assert_eq!((outcome.done.len(), outcome.not_done.len()), (0, 12), "{outcome:?}");
        let why = outcome.why.unwrap();
        let words = "it is not known whether upshift-shop-1-writes was created, and 4 looks within 9 s do not show it";
        assert!(why.starts_with(words), "{why}");
        assert!(sim.clock().now().duration_since(began).as_secs() >= 9);
    }

    /// CloudWatch shows a change some seconds after it was made.
    #[tokio::test(start_paused = true)]
    async fn what_was_changed_just_before_and_does_not_show_yet_comes_to_the_same() {
        let (sim, survey) = survey("alarms_show_after = \"4s\"\n", "").await;
        let plan = survey.plan().await.unwrap();
        assert_eq!(carry_out(&survey, &plan).await.done.len(), 12);
        // Another look shows the last of them as missing; to make those again changes nothing.
        let second = survey.plan().await.unwrap();
        assert!((1..12).contains(&second.due().count()), "{second:?}");
        let outcome = carry_out(&survey, &second).await;
        assert_eq!((outcome.not_done.len(), &outcome.why), (0, &None));
        sim.clock().sleep(Duration::from_secs(10)).await;
        let all = survey.plan().await.unwrap();
        assert_eq!(all.due().count(), 0, "{all:?}");
        // What is gone and still shows is no failure.
        let removal = survey.removal().await.unwrap();
        assert_eq!(carry_out(&survey, &removal).await.done.len(), 12);
        assert_eq!(sim.world().alarms_configured_at().count(), 0);
        let again = survey.removal().await.unwrap();
        assert_eq!(again.due().count(), 0, "{again:?}");
        let outcome = carry_out(&survey, &removal).await;
        assert_eq!((outcome.done.len(), &outcome.why), (12, &None));
    }
}
