//! The failover was ordered. It is done when the reader's machine writes on consecutive looks.

use jiff::Timestamp;

use super::give_up;
use crate::model::action::{CallRecord, CallState, Run};
use crate::playbook::ending::{held, unobserved};
use crate::playbook::patience::{TRACELESS_AFTER, waited};
use crate::playbook::{Look, Next, Situation, takeover};

/// What to do next after the order to fail over.
pub(super) fn next(run: &Run, call: &CallRecord, situation: Situation<'_>, now: Timestamp) -> Next {
    let stuck = now.duration_since(call.sent_at) > situation.stuck_after;
    let Some(look) = situation.look_since_call() else { return unobserved(run, situation, stuck) };
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
    if matches!(call.state, CallState::Looking { .. }) {
        return Next::Adopt(format!("{} writes", look.state.resource_id));
    }
    takeover::verify(run, look, true, situation)
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
