//! The reader is being made, until it can take over. All of it can be taken back.

use jiff::{SignedDuration, Timestamp};

use super::{Reader, give_up, is_usable, look_since_call};
use crate::model::action::{ActionResult, CallRecord, CallState, Run};
use crate::model::call::MutatingCall;
use crate::model::database::DatabaseState;
use crate::model::duration;
use crate::model::policy::{CopyPolicy, Switchover};
use crate::playbook::ending::{held, refused};
use crate::playbook::patience::{DROPPED_AFTER, READY_LOOKS, TRACELESS_AFTER, waited};
use crate::playbook::start::{fresh, precondition};
use crate::playbook::{Look, Next, Situation};

/// What to do next after the order for a reader.
pub(super) fn next(run: &Run, call: &CallRecord, situation: Situation<'_>, now: Timestamp) -> Next {
    if let CallState::Refused { code, message } = &call.state {
        return refused(&call.call, code, message);
    }
    let waits = now.duration_since(call.sent_at);
    let limit = limit(situation.copy);
    let Some(look) = look_since_call(situation) else {
        let late = waits > limit.saturating_add(situation.stuck_after);
        let why = format!("it could not be observed for {} min", situation.stuck_after.as_mins());
        return if late { held(run, None, why) } else { Next::Observe };
    };
    if let Some(why) = foreign_hands(run, look.state) {
        return held(run, Some(look), why);
    }
    let Some(state) = look.copy else { return without_reader(run, call, look, situation) };
    if let CallState::Looking { .. } = call.state {
        return Next::Adopt(format!("the reader {} exists", state.name));
    }
    let failed = state.status.is_failed() && !state.status.is_deleting();
    if state.status.is_deleting() {
        return held(run, Some(look), format!("the reader {} is being deleted, and not by us", state.name));
    }
    if run.stop_requested.is_some() || situation.load_has_turned || failed || waits > limit {
        return give_up::begin(run, state, situation, now);
    }
    if is_usable(run, &Reader { state, lag: look.copy_lag }, situation) {
        fail_over(run, (look, state), situation, now)
    } else {
        Next::Observe
    }
}

/// The reader can take over: it does when it may.
fn fail_over(run: &Run, (look, reader): (Look<'_>, &DatabaseState), situation: Situation<'_>, now: Timestamp) -> Next {
    let is_known = run.copy.as_ref() == Some(&reader.resource_id);
    if !is_known || precondition(look.state, situation).is_some() || run.awaits_approval(situation.copy) {
        return Next::Observe;
    }
    // Disarmed or held since: the reader follows on, and nothing is cut until that is over or the time is up.
    if situation.forbidden.is_some() {
        return Next::Observe;
    }
    if situation.confirmed.0 + 1 < READY_LOOKS {
        return if look.is_new { Next::Confirmed } else { Next::Observe };
    }
    if fresh(situation, now).is_err() {
        return Next::Observe;
    }
    Next::Send(MutatingCall::FailoverDbCluster {
        database: run.intent.database.clone(),
        target: reader.name.clone(),
        machine: reader.resource_id.clone(),
    })
}

/// How long after the order for it a reader may take over. One that waits for a person has more time.
pub(in crate::playbook) fn limit(policy: &CopyPolicy) -> SignedDuration {
    let supervised = policy.switchover == Switchover::Supervised;
    let waits = if supervised { duration::signed(policy.approve_within) } else { SignedDuration::ZERO };
    duration::signed(policy.give_up_after).saturating_add(waits)
}

/// What other hands did to the cluster while its reader was made.
fn foreign_hands(run: &Run, state: &DatabaseState) -> Option<String> {
    let intent = &run.intent;
    if state.resource_id != intent.resource_id {
        return Some(format!("another instance writes now, {}, and not by us", state.resource_id));
    }
    if state.status.is_failed() {
        return Some(format!("RDS reports the status {}", state.status));
    }
    if state.class != intent.from {
        return Some(format!("the class is {} and not {}: other hands are at work", state.class, intent.from));
    }
    None
}

fn without_reader(run: &Run, call: &CallRecord, look: Look<'_>, situation: Situation<'_>) -> Next {
    match &call.state {
        // Seen before, and an old picture does not last that long.
        _ if run.reader.is_some() && waited(call.sent_at, look, TRACELESS_AFTER, situation) => {
            held(run, Some(look), "the reader is gone, and not by us".to_owned())
        }
        CallState::Looking { why } if waited(call.sent_at, look, TRACELESS_AFTER, situation) => {
            let why = format!("the call left no trace ({why}); it was sent once and did not arrive");
            Next::End(ActionResult::FailedSafe { why })
        }
        CallState::Accepted | CallState::Adopted { .. } if waited(call.sent_at, look, DROPPED_AFTER, situation) => {
            let why = format!("no reader came of it in {} min", DROPPED_AFTER.as_mins());
            Next::End(ActionResult::RolledBack { why })
        }
        _ => Next::Observe,
    }
}
