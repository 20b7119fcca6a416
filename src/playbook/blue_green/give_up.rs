//! It is given up before the switchover, or after one that AWS took back: the copy is removed and the database stays as
//! it was.

use jiff::{SignedDuration, Timestamp};

use super::look_since_call;
use crate::model::action::{ActionResult, CallRecord, CallState, Run};
use crate::model::call::MutatingCall;
use crate::model::database::RdsEvent;
use crate::model::deployment::Deployment;
use crate::model::policy::Switchover;
use crate::playbook::ending::{held_with, unobserved};
use crate::playbook::patience::{TRACELESS_AFTER, waited};
use crate::playbook::start::fresh;
use crate::playbook::{Next, Situation, takeover};

/// Removes the copy, or waits until that is allowed. Only what this action made is removed, by the identifier that AWS
/// gave it, and only while the name still belongs to the old machine.
pub(super) fn begin(run: &Run, deployment: &Deployment, situation: Situation<'_>, now: Timestamp) -> Next {
    if let Some(next) = takeover::may_not_remove(run, situation, now, ("copy", remedy(run, deployment))) {
        return next;
    }
    // What has no name yet could not be seen to be gone.
    if deployment.target.is_none() {
        let waits = run.last_call().map_or(SignedDuration::ZERO, |call| now.duration_since(call.sent_at));
        let late = waits.unsigned_abs() > situation.copy.give_up_after + situation.stuck_after.unsigned_abs();
        let why = "it is to be given up, and AWS names no copy that could be removed".to_owned();
        return if late { held_with(run, situation.look, why, remedy(run, deployment)) } else { Next::Observe };
    }
    let Ok(look) = fresh(situation, now) else { return Next::Observe };
    if look.state.resource_id != run.intent.resource_id
        || !deployment.status.is_available() && !deployment.status.is_provisioning()
    {
        return Next::Observe;
    }
    Next::Send(MutatingCall::DeleteBlueGreenDeployment {
        database: run.intent.database.clone(),
        deployment: deployment.id.clone(),
    })
}

/// What to do next after the order to remove the copy.
pub(super) fn next(run: &Run, call: &CallRecord, situation: Situation<'_>, now: Timestamp) -> Next {
    let left = run.deployment.as_ref().map_or_else(String::new, |deployment| remedy(run, deployment));
    if let CallState::Refused { code, message } = &call.state {
        let why = format!("the copy could not be removed: AWS refused it with {code}: {message}");
        return held_with(run, situation.look, why, left);
    }
    let stuck = now.duration_since(call.sent_at) > situation.stuck_after;
    let Some((look, deployment)) = look_since_call(situation) else { return unobserved(run, situation, stuck) };
    let looking = matches!(call.state, CallState::Looking { .. });
    match deployment {
        Some(deployment) if looking && deployment.status.is_deleting() => {
            Next::Adopt(format!("the deployment {} is {}", deployment.id, deployment.status))
        }
        None if looking => Next::Adopt("the deployment is gone".to_owned()),
        // A picture from before the copy was made shows none either: as long as one can be old, it says nothing.
        None if look.copy.is_none() && waited(call.sent_at, look, TRACELESS_AFTER, situation) => {
            Next::End(result(run, situation))
        }
        Some(deployment)
            if looking
                && !deployment.status.is_deleting()
                && waited(call.sent_at, look, TRACELESS_AFTER, situation) =>
        {
            held_with(run, Some(look), "the order to remove the copy left no trace".to_owned(), left)
        }
        None if stuck => {
            let why = "the copy was not seen any more, but not for long enough to be sure that it is gone";
            held_with(run, Some(look), why.to_owned(), left)
        }
        _ if stuck => held_with(run, Some(look), "the copy is still there".to_owned(), left),
        _ => Next::Observe,
    }
}

/// How an action ends whose copy is gone.
fn result(run: &Run, situation: Situation<'_>) -> ActionResult {
    let cut = run.first_call(|call| matches!(call, MutatingCall::SwitchoverBlueGreenDeployment { .. }));
    if let Some(by) = run.stop_requested.as_ref().filter(|_| cut.is_none()) {
        return ActionResult::Stopped { by: by.clone() };
    }
    match cut.map(|call| &call.state) {
        Some(CallState::Refused { code, message }) => ActionResult::FailedSafe {
            why: format!("AWS refused the switchover with {code}: {message}; the copy is removed"),
        },
        Some(state) => not_switched(run, state),
        None => {
            let secs = situation.copy.give_up_after.as_secs();
            let supervised = situation.copy.switchover == Switchover::Supervised;
            let moved = run.first_call(|call| matches!(call, MutatingCall::ModifyDbInstanceClass { .. }));
            let why = if let Some(CallState::Refused { code, message }) = moved.map(|call| &call.state) {
                format!("AWS refused to move the copy to {} with {code}: {message}", run.intent.to)
            } else if situation.load_has_turned {
                "the load has turned while the copy was made".to_owned()
            } else if supervised
                && run.approved.is_none()
                && run.deployment.as_ref().is_some_and(|it| it.open_tasks.is_empty())
            {
                "nobody allowed the switchover in time".to_owned()
            } else if let Some(pending) = situation.look.and_then(|look| look.state.pending_words()) {
                format!("other changes are pending: {pending}, and not over within {} min", secs / 60)
            } else {
                format!("the copy was not ready within {} min", secs / 60)
            };
            ActionResult::FailedSafe { why: format!("{why}; it is removed") }
        }
    }
}

/// The switchover was ordered and has not come about: RDS says why, or nothing came of the order.
fn not_switched(run: &Run, state: &CallState) -> ActionResult {
    let sent = |is: fn(&MutatingCall) -> bool| run.first_call(is).map(|call| call.sent_at);
    let cut = sent(|call| matches!(call, MutatingCall::SwitchoverBlueGreenDeployment { .. }));
    let removal = sent(|call| matches!(call, MutatingCall::DeleteBlueGreenDeployment { .. }));
    // What it says later is of the removal.
    let is_of_cut = |event: &&RdsEvent| cut <= Some(event.date) && removal.is_none_or(|removal| event.date < removal);
    let gives_the_reason = |event: &&RdsEvent| is_of_cut(event) && event.message.contains(" due to ");
    let said = run.events.iter().rfind(gives_the_reason).or_else(|| run.events.iter().rfind(is_of_cut));
    match (state, said) {
        (_, Some(event)) => ActionResult::RolledBack {
            why: format!("the switchover was taken back ({}); the copy is removed", event.message),
        },
        (CallState::Looking { why }, None) => ActionResult::FailedSafe {
            why: format!(
                "the switchover left no trace ({why}); it was ordered once and did not arrive; the copy is removed"
            ),
        },
        (_, None) => ActionResult::RolledBack { why: "the switchover was taken back; the copy is removed".to_owned() },
    }
}

fn remedy(run: &Run, deployment: &Deployment) -> String {
    let copy = deployment.target.as_ref().map_or(String::new(), |copy| format!(" and the instance {copy}"));
    format!(
        "{} serves as before; remove the deployment {}{copy} here (D) or in the RDS console (the copy costs money), then release the hold",
        run.intent.database, deployment.id
    )
}
