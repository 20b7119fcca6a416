//! The failover was ordered. It is done when the reader's machine writes on consecutive looks.

use jiff::Timestamp;

use super::{give_up, look_since_call};
use crate::model::action::{ActionResult, CallRecord, CallState, Run};
use crate::model::database::RdsEvent;
use crate::playbook::ending::held;
use crate::playbook::patience::{CONFIRMATIONS, CONFIRMED_OVER, TRACELESS_AFTER, waited};
use crate::playbook::{Look, Next, Situation};

/// What to do next after the order to fail over.
pub(super) fn next(run: &Run, call: &CallRecord, situation: Situation<'_>, now: Timestamp) -> Next {
    let stuck = now.duration_since(call.sent_at) > situation.stuck_after;
    let Some(look) = look_since_call(situation) else {
        let why = format!("it could not be observed for {} min since the failover", situation.stuck_after.as_mins());
        return if stuck { held(run, None, why) } else { Next::Observe };
    };
    if look.state.status.is_failed() {
        return held(run, Some(look), format!("RDS reports the status {}", look.state.status));
    }
    let next = if Some(&look.state.resource_id) == run.copy.as_ref() {
        on_the_reader(run, call, look, situation)
    } else if look.state.resource_id == run.intent.resource_id {
        on_the_old_writer(run, call, look, (situation, now))
    } else {
        let why = format!("{} writes now, neither the old writer nor the reader", look.state.resource_id);
        return held(run, Some(look), why);
    };
    match next {
        Next::Observe if stuck => {
            held(run, Some(look), format!("not done {} min after the failover", situation.stuck_after.as_mins()))
        }
        next => next,
    }
}

/// The reader's machine writes.
fn on_the_reader(run: &Run, call: &CallRecord, look: Look<'_>, situation: Situation<'_>) -> Next {
    let state = look.state;
    if matches!(call.state, CallState::Looking { .. }) {
        return Next::Adopt(format!("{} writes", state.resource_id));
    }
    if run.switched.is_none() {
        return if look.is_new { Next::SwitchedOver(state.resource_id.clone()) } else { Next::Observe };
    }
    if state.class != run.intent.to {
        return held(run, Some(look), format!("the class is {} and not {}", state.class, run.intent.to));
    }
    let failure = run.events.iter().any(RdsEvent::is_failure);
    let settled = state.status.is_available() && state.pending.is_empty();
    if !settled || failure || !look.events_read || !look.is_new {
        return Next::Observe;
    }
    let (looks, over) = situation.confirmed;
    let enough = looks + 1 >= CONFIRMATIONS && over >= CONFIRMED_OVER;
    if enough { Next::End(ActionResult::Verified) } else { Next::Confirmed }
}

/// The machine writes that wrote before.
fn on_the_old_writer(
    run: &Run,
    call: &CallRecord,
    look: Look<'_>,
    (situation, now): (Situation<'_>, Timestamp),
) -> Next {
    // An old picture: the next look tells.
    if run.switched.is_some() || !look.state.status.is_available() {
        return Next::Observe;
    }
    let refused = matches!(call.state, CallState::Refused { .. });
    if refused || waited(call.sent_at, look, TRACELESS_AFTER, situation) {
        return give_up::after_cut(run, call, look, situation, now);
    }
    Next::Observe
}
