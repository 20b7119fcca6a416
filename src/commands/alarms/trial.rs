//! `upshift alarms test`: one of our alarms goes into another state, and the way of that to people is followed.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::survey::Survey;
use super::{CommandError, consent, stdout};
use crate::commands::last_words;
use crate::commands::plan;
use crate::model::alarm::{AlarmChange, AlarmState, FoundAlarm, Told};
use crate::model::operator::Operator;
use crate::model::policy::Policy;
use crate::model::text::{clean, counted};

/// History shows within seconds.
const LOOK_EVERY: Duration = Duration::from_secs(3);
const ARRIVES_WITHIN: SignedDuration = SignedDuration::from_secs(90);
/// Data are looked at each minute.
const BACK_WITHIN: SignedDuration = SignedDuration::from_mins(5);
/// The clock of this machine and that of AWS.
const SKEW: SignedDuration = SignedDuration::from_mins(10);

/// What came of it.
#[derive(Debug, Serialize)]
struct Trial {
    alarm: String,
    from: AlarmState,
    to: AlarmState,
    /// When CloudWatch dates the change.
    at: Timestamp,
    told: Vec<Told>,
    /// Nobody was to be told.
    tells_nobody: bool,
    /// How many seconds later it was in another state again, and in which; absent: it still is in that one.
    back: Option<Back>,
}

#[derive(Debug, Serialize)]
struct Back {
    state: AlarmState,
    after_secs: i64,
}

/// Does it, and tells what came of it.
///
/// # Errors
/// When the change was not taken, was not seen, or one of the topics could not be told.
pub(super) async fn run(
    survey: &Survey,
    name: Option<&str>,
    told: plan::Told,
    (yes, by): (bool, &Operator),
) -> Result<(), CommandError> {
    let alarm = chosen(survey, name).await?;
    let to = if alarm.state == AlarmState::Alarm { AlarmState::Ok } else { AlarmState::Alarm };
    let definition = alarm.definition.as_ref();
    let topics: Vec<String> = definition.map(|definition| definition.topics.of(to).to_vec()).unwrap_or_default();
    if definition.is_some_and(|definition| !definition.actions_enabled) {
        let why = "its actions are switched off, so that nobody would be told: upshift alarms apply switches them on";
        return Err(CommandError::Failed(format!("{}: {why}", alarm.name)));
    }
    if !yes {
        let whom = if topics.is_empty() { "nobody".to_owned() } else { topics.join(", ") };
        let name = &alarm.name;
        consent::yes(&format!(
            "{name} goes from {} to {to} until CloudWatch looks at its data again, which tells {whom}.",
            alarm.state
        ))
        .await?;
    }
    let began = survey.clock.now();
    let reason = clean(&format!("upshift alarms test by {by} at {began:.3}"), 300);
    survey.aws.set_alarm_state(&alarm.name, to, &reason).await?;
    let change = arrived(survey, &alarm.name, &reason, topics.len(), began).await?;
    if matches!(told, plan::Told::Words(_)) {
        last_words::say(&format!("{} went to {to} at {:.0}; waiting for its own state", alarm.name, change.at));
    }
    let back = back(survey, &alarm.name, to, began).await?;
    let AlarmChange { at, told: whom, .. } = change;
    let trial =
        Trial { alarm: alarm.name, from: alarm.state, to, at, told: whom, tells_nobody: topics.is_empty(), back };
    tell(&trial, &topics, told)
}

async fn chosen(survey: &Survey, name: Option<&str>) -> Result<FoundAlarm, CommandError> {
    let is_ours = |alarm: &FoundAlarm| {
        alarm
            .owner()
            .is_some_and(|owner| survey.settings.databases.iter().any(|policy| policy.database.as_str() == owner))
    };
    let ours: Vec<FoundAlarm> = survey.found().await?.into_iter().filter(is_ours).collect();
    let names = || ours.iter().map(|alarm| alarm.name.clone()).collect::<Vec<_>>().join(", ");
    let alarm = match name {
        Some(name) => ours.iter().find(|alarm| alarm.name == name).cloned().ok_or_else(|| {
            let help = if ours.is_empty() { "there is none".to_owned() } else { format!("there is {}", names()) };
            CommandError::Failed(format!("{} is not an alarm of ours: {help}", clean(name, 255)))
        })?,
        // An armed engine would move a database by one that is a rule.
        None => ours.iter().find(|alarm| rule_of(survey, alarm).is_none()).cloned().ok_or_else(|| {
            let why = if ours.is_empty() { "upshift alarms apply makes them" } else { "every one is an up rule" };
            CommandError::Failed(format!("there is no alarm of ours that could be tested: {why}"))
        })?,
    };
    match rule_of(survey, &alarm) {
        Some(policy) => Err(CommandError::Failed(format!(
            "{} is an up rule of {}: in ALARM it would make an armed engine move it; test another one",
            alarm.name, policy.database
        ))),
        None => Ok(alarm),
    }
}

/// Whose up rule an alarm is.
fn rule_of<'a>(survey: &'a Survey, alarm: &FoundAlarm) -> Option<&'a Policy> {
    survey.settings.databases.iter().find(|policy| policy.alarms().any(|rule| rule == alarm.name))
}

/// The change as the history has it, once all that were to be told are in it, or after a while.
async fn arrived(
    survey: &Survey,
    name: &str,
    reason: &str,
    topics: usize,
    began: Timestamp,
) -> Result<AlarmChange, CommandError> {
    let from = began.checked_sub(SKEW).unwrap_or(began);
    loop {
        let now = survey.clock.now();
        let until = now.checked_add(SKEW).unwrap_or(now);
        let changes = survey.aws.alarm_changes(name, from, until).await?;
        let own = changes.into_iter().find(|change| change.reason == reason);
        let is_late = now.duration_since(began) > ARRIVES_WITHIN;
        match own {
            Some(change) if change.told.len() >= topics || is_late => return Ok(change),
            None if is_late => {
                let secs = ARRIVES_WITHIN.as_secs();
                return Err(CommandError::Failed(format!("the change of {name} is not in its history after {secs} s")));
            }
            _ => survey.clock.sleep(LOOK_EVERY).await,
        }
    }
}

/// Waits until CloudWatch has looked at its data again.
async fn back(survey: &Survey, name: &str, to: AlarmState, began: Timestamp) -> Result<Option<Back>, CommandError> {
    loop {
        let found = survey.aws.alarms_named(&[name.to_owned()]).await?.pop();
        let now = survey.clock.now();
        let after_secs = now.duration_since(began).as_secs();
        match found {
            Some(alarm) if alarm.state != to => return Ok(Some(Back { state: alarm.state, after_secs })),
            None => return Err(CommandError::Failed(format!("{name} is gone: somebody has deleted it"))),
            Some(_) if now.duration_since(began) > BACK_WITHIN => return Ok(None),
            Some(_) => survey.clock.sleep(LOOK_EVERY).await,
        }
    }
}

fn tell(trial: &Trial, topics: &[String], how: plan::Told) -> Result<(), CommandError> {
    let told = |topic: &str| trial.told.iter().find(|told| told.resource == topic);
    if how == plan::Told::Json {
        // Plain data with string keys: it always serialises.
        stdout::line(&serde_json::to_string(trial).unwrap_or_default())?;
    } else {
        let Trial { alarm, from, to, at, .. } = trial;
        stdout::line(&format!("{alarm}: {from} → {to} at {at:.0}, in its history"))?;
        for topic in topics {
            stdout::line(&match told(topic) {
                Some(Told { failed: None, .. }) => format!("  told {topic}"),
                Some(Told { failed: Some(why), .. }) => format!("  NOT told {topic}: {why}"),
                None => format!("  no word of {topic} in its history"),
            })?;
        }
        if trial.tells_nobody {
            stdout::line(&format!("  nobody is told at {to}: [alarms.topics] names no topic"))?;
        }
        stdout::line(&match &trial.back {
            Some(Back { state, after_secs }) => format!("  back to its own state, {state}, {after_secs} s later"),
            None => format!(
                "  still {to} after {} min: its own data say the same, or there are none",
                BACK_WITHIN.as_mins()
            ),
        })?;
    }
    let untold = topics.iter().filter(|topic| told(topic).is_none_or(|told| told.failed.is_some())).count();
    if untold == 0 {
        return Ok(());
    }
    let why = "see that the topic exists and that its policy lets cloudwatch.amazonaws.com publish to it";
    Err(CommandError::Failed(format!("not told: {untold} of {}: {why}", counted(topics.len(), "topic"))))
}
