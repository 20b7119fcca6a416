//! The switchover was sent. It is done when the name belongs to the copy's machine on consecutive looks; when AWS took it
//! back the name still belongs to the old one.

use jiff::Timestamp;

use super::{give_up, look_since_call};
use crate::model::action::{CallRecord, CallState, Run};
use crate::model::deployment::Deployment;
use crate::playbook::ending::{held, unobserved};
use crate::playbook::patience::{FAILED_LOOKS, TRACELESS_AFTER, waited};
use crate::playbook::{Look, Next, Situation, takeover};

/// What to do next after the order to switch over.
pub(super) fn next(run: &Run, call: &CallRecord, situation: Situation<'_>, now: Timestamp) -> Next {
    let stuck = now.duration_since(call.sent_at) > situation.stuck_after;
    let Some((look, deployment)) = look_since_call(situation) else { return unobserved(run, situation, stuck) };
    let Some(deployment) = deployment else {
        return held(run, Some(look), "the deployment is gone, and not by us".to_owned());
    };
    if let CallState::Refused { .. } = call.state {
        return give_up::begin(run, deployment, situation, now);
    }
    if deployment.status.needs_a_hand() || deployment.status.is_deleting() {
        return held(run, Some(look), format!("the deployment {} is {}", deployment.id, deployment.status));
    }
    if look.state.status.is_failed() {
        return held(run, Some(look), format!("RDS reports the status {}", look.state.status));
    }
    let next = if Some(&look.state.resource_id) == run.copy.as_ref() {
        takeover::verify(run, look, deployment.status.is_switched(), situation)
    } else if look.state.resource_id == run.intent.resource_id {
        on_the_old_machine(run, call, (look, deployment), (situation, now))
    } else {
        let why = format!("the name now belongs to {}, neither the old machine nor the copy", look.state.resource_id);
        return held(run, Some(look), why);
    };
    match next {
        Next::Observe if stuck => {
            held(run, Some(look), format!("not done {} min after the switchover", situation.stuck_after.as_mins()))
        }
        next => next,
    }
}

/// The name belongs to the machine that it belonged to before.
fn on_the_old_machine(
    run: &Run,
    call: &CallRecord,
    (look, deployment): (Look<'_>, &Deployment),
    (situation, now): (Situation<'_>, Timestamp),
) -> Next {
    let looking = matches!(call.state, CallState::Looking { .. });
    if looking && (deployment.status.is_switching() || deployment.status.is_switched()) {
        return Next::Adopt(format!("the deployment {} is {}", deployment.id, deployment.status));
    }
    // An old picture of one of the two: the next look tells.
    if !deployment.status.is_available() || run.switched.is_some() {
        return Next::Observe;
    }
    // Available again: taken back, or it never arrived. By AWS's words at once, else by the time that passed.
    let taken_back = deployment.status_details.is_some() && look.since_call >= FAILED_LOOKS;
    if taken_back || waited(call.sent_at, look, TRACELESS_AFTER, situation) {
        return give_up::begin(run, deployment, situation, now);
    }
    Next::Observe
}
