//! Carrying out a plan: one alarm after the other, each looked at just before, and after a failure an exact account.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::show::Look;
use super::survey::Survey;
use crate::commands::CommandError;
use crate::model::failure::Failure;
use crate::setup::alarms::{Change, Item, Plan};

/// CloudWatch takes three changes of alarms a second.
const BETWEEN_CALLS: Duration = Duration::from_millis(340);

/// What became of a plan.
#[derive(Debug, Default, Serialize)]
pub(super) struct Outcome {
    /// In the order in which it was done.
    pub(super) done: Vec<Step>,
    /// The first of them is the one that failed.
    pub(super) not_done: Vec<Step>,
    /// Why it was not all done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
}

/// One alarm, and what was or was not done to it.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) change: &'static str,
}

impl Outcome {
    /// Tells it; an error unless all of it was done.
    ///
    /// # Errors
    /// With why.
    pub(super) fn judge(outcome: &Self, look: Look) -> Result<(), CommandError> {
        look.outcome(outcome)?;
        let Some(why) = &outcome.why else { return Ok(()) };
        let (done, left) = (outcome.done.len(), outcome.not_done.len());
        Err(CommandError::Failed(format!("{why}\n{done} done, {left} not done")))
    }
}

/// Does what is due, in order, until something fails.
pub(super) async fn carry_out(survey: &Survey, plan: &Plan) -> Outcome {
    let mut outcome = Outcome::default();
    let mut due = plan.due();
    for item in due.by_ref() {
        if !outcome.done.is_empty() {
            survey.clock.sleep(BETWEEN_CALLS.mul_f64(survey.clock.speed())).await;
        }
        match one(survey, item).await {
            Ok(()) => outcome.done.push(step(item)),
            Err(why) => {
                outcome.why = Some(why);
                outcome.not_done.push(step(item));
                break;
            }
        }
    }
    outcome.not_done.extend(due.map(step));
    outcome
}

fn step(item: &Item) -> Step {
    Step { name: item.name.clone(), change: item.verb() }
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
    let Err(failure) = change(survey, item).await else { return Ok(()) };
    match survey.aws.tagged_alarm(name).await {
        Ok(now) if item.is_done(now.as_ref()) => Ok(()),
        Ok(_) => Err(format!("{name} was not {}: {}", past(item), failure.sentence)),
        Err(unseen) => Err(format!(
            "it is not known whether {name} was {}: {}; and then: {}",
            past(item),
            failure.sentence,
            unseen.sentence
        )),
    }
}

async fn change(survey: &Survey, item: &Item) -> Result<(), Failure> {
    match &item.change {
        Change::Create { wanted } => survey.aws.put_alarm(&item.name, wanted, &item.tags()).await,
        Change::Update { wanted, .. } => survey.aws.put_alarm(&item.name, wanted, &BTreeMap::new()).await,
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
