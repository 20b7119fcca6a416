//! A machine that an action has left goes: one `DeleteDBInstance`, with its final snapshot unless the configuration wants
//! none; of a copy that never took over, one `DeleteBlueGreenDeployment`, while that still binds the two. Never the machine that is the database, never another one that got its name, and never twice.

use jiff::Timestamp;

use super::ending::{held_with, refused, traceless, unobserved};
use super::patience::{CONFIRMATIONS, DROPPED_AFTER, TRACELESS_AFTER, waited};
use super::start::{failed, may_start};
use super::{Look, Next, OldLook, Situation};
use crate::model::action::{ActionResult, CallRecord, CallState, Removal, Run};
use crate::model::call::MutatingCall;
use crate::model::database::{DatabaseName, DatabaseState};
use crate::model::deployment::DeploymentId;
use crate::model::override_plan::ExpectedTime;
use crate::model::step::{ActionStep, Progress};

/// Until RDS shows that it is deleting.
const TAKES: ExpectedTime = ExpectedTime { least_secs: 30, most_secs: 180 };

/// What is watched of it.
pub(super) fn steps(run: &Run, removal: &Removal) -> Vec<ActionStep> {
    let sent = run.calls.first().map(|call| call.sent_at);
    let ended = run.ended.as_ref().map(|(at, _)| *at);
    let words = format!("delete {}, {}", removal.name, removal.keeps);
    vec![ActionStep::new(words, Progress::between(sent, ended), TAKES, true)]
}

/// What to do next about the removal of a machine.
pub(super) fn next(run: &Run, removal: &Removal, situation: Situation<'_>, now: Timestamp) -> Next {
    if run.is_ended() {
        return Next::Observe;
    }
    match run.last_call() {
        None => begin(run, removal, situation, now),
        Some(call) => after(run, removal, call, situation, now),
    }
}

fn begin(run: &Run, removal: &Removal, situation: Situation<'_>, now: Timestamp) -> Next {
    let look = match may_start(run, situation, now) {
        Ok(look) => look,
        Err(next) => return next,
    };
    match obstacle(run, removal, look) {
        Some(why) => failed(&why),
        None => Next::Send(order(&run.intent.database, removal)),
    }
}

fn order(database: &DatabaseName, removal: &Removal) -> MutatingCall {
    let database = database.clone();
    if let Some(deployment) = removal.deployment.clone() {
        return MutatingCall::DeleteBlueGreenDeployment { database, deployment };
    }
    let (machine, keeps) = (removal.name.clone(), removal.keeps.clone());
    MutatingCall::DeleteDbInstance { database, machine, keeps }
}

/// Why the machine may not be deleted, by this look.
fn obstacle(run: &Run, removal: &Removal, look: Look<'_>) -> Option<String> {
    let Removal { name, resource_id, .. } = removal;
    if look.state.resource_id == *resource_id || *name == run.intent.database {
        return Some(format!("{name} is the database itself now"));
    }
    if look.state.resource_id != run.intent.resource_id {
        return Some(format!("the database now belongs to another machine, {}", look.state.resource_id));
    }
    let state = match look.old {
        OldLook::There(state) => state,
        OldLook::Gone | OldLook::Taken => {
            return Some(format!("no machine {resource_id} is called {name} any more"));
        }
        OldLook::Unreadable => return Some(format!("what RDS says of {name} cannot be read")),
    };
    let alone = removal.deployment.as_ref().and_then(|deployment| stands_alone(name, deployment, look));
    alone.or_else(|| of_machine(state).map(|why| format!("{name}: {why}")))
}

/// Why a copy cannot go with its deployment. One that has none any more was promoted, and may be in use.
fn stands_alone(name: &DatabaseName, deployment: &DeploymentId, look: Look<'_>) -> Option<String> {
    if !look.deployments.is_read {
        return Some("blue/green deployments could not be read".to_owned());
    }
    let binds = look.deployments.foreign.filter(|found| found.id == *deployment);
    let why = || format!("{name} is in the deployment {deployment} no more: who took it out may use it");
    binds.is_none().then(why)
}

/// Why RDS would not delete a machine as it is; what has failed it does.
pub fn of_machine(state: &DatabaseState) -> Option<String> {
    let status = &state.status;
    if !status.is_available() && (!status.is_failed() || status.is_deleting()) {
        return Some(format!("its status is {status}"));
    }
    let protected = "deletion protection is on: whoever wants it deleted turns it off there first".to_owned();
    state.facts.deletion_protection.then_some(protected)
}

fn after(run: &Run, removal: &Removal, call: &CallRecord, situation: Situation<'_>, now: Timestamp) -> Next {
    match &call.state {
        CallState::Sent => return Next::Observe,
        CallState::Refused { code, message } => return refused(code, message),
        CallState::Looking { .. } | CallState::Accepted | CallState::Adopted { .. } => {}
    }
    let stuck = now.duration_since(call.sent_at) > situation.stuck_after;
    let Some(look) = situation.look_since_call() else { return unobserved(run, situation, stuck) };
    let is_same = look.state.resource_id == run.intent.resource_id;
    let looking = matches!(call.state, CallState::Looking { .. });
    let goes = match look.old {
        OldLook::Gone => Some("it is not there any more".to_owned()),
        OldLook::There(state) if state.status.is_deleting() => Some(format!("its status is {}", state.status)),
        OldLook::There(_) | OldLook::Unreadable | OldLook::Taken => None,
    };
    // A picture in which the database is another machine is no picture of its old one.
    let goes = goes.filter(|_| is_same);
    if let Some(evidence) = goes {
        let enough = situation.confirmed.0 + 1 >= CONFIRMATIONS;
        return match (look.is_new, enough) {
            (false, _) => Next::Observe,
            (true, false) => Next::Confirmed,
            (true, true) if looking => Next::Adopt(evidence),
            (true, true) => Next::End(ActionResult::Verified),
        };
    }
    let is_there = matches!(look.old, OldLook::There(_)) && is_same;
    if let CallState::Looking { why } = &call.state
        && is_there
        && waited(call.sent_at, look, TRACELESS_AFTER, situation)
    {
        return traceless(why);
    }
    if !looking && is_there && waited(call.sent_at, look, DROPPED_AFTER, situation) {
        let why = format!("{} is still there {} min after AWS took the order", removal.name, DROPPED_AFTER.as_mins());
        return Next::End(ActionResult::RolledBack { why });
    }
    if stuck {
        let remedy = format!("look at {} in the RDS console, then release the hold", removal.name);
        held_with(run, Some(look), "it cannot be told whether it goes".to_owned(), remedy)
    } else {
        Next::Observe
    }
}

#[cfg(test)]
mod tests;
