//! What the two strategies share that make another machine and let it take over: a copy, or a reader.

use jiff::{SignedDuration, Timestamp};

use super::ending::{held, held_with, unobserved};
use super::patience::{READY_LOOKS, confirm};
use super::start::{fresh, precondition};
use super::{Look, Next, Situation};
use crate::model::action::Run;
use crate::model::call::MutatingCall;
use crate::model::database::{DatabaseState, RdsEvent};
use crate::model::duration;
use crate::model::policy::{CopyPolicy, Switchover};

/// The longest change of a class that was reported, and some.
const MOVING_TAKES: SignedDuration = SignedDuration::from_mins(30);

/// How long after the order for it a machine may take over. A copy that is moved to its class afterwards has more time, and
/// what waits for a person too.
pub(super) fn limit(run: &Run, policy: &CopyPolicy) -> SignedDuration {
    let is_moved = run.first_call(|call| matches!(call, MutatingCall::ModifyDbInstanceClass { .. })).is_some();
    let more = if is_moved { MOVING_TAKES } else { SignedDuration::ZERO };
    let supervised = policy.switchover == Switchover::Supervised;
    let waits = if supervised { duration::signed(policy.approve_within) } else { SignedDuration::ZERO };
    duration::signed(policy.give_up_after).saturating_add(more).saturating_add(waits)
}

/// What to do about a machine in the making that no look has shown since the call.
pub(super) fn unseen(run: &Run, situation: Situation<'_>, waits: SignedDuration) -> Next {
    let longest = limit(run, situation.copy).saturating_add(situation.stuck_after);
    unobserved(run, situation, waits > longest)
}

/// What other hands did to the database while another machine was made; `moved` says what it means that it is on another
/// one than before.
pub(super) fn foreign_hands(run: &Run, state: &DatabaseState, moved: &str) -> Option<String> {
    let intent = &run.intent;
    if state.resource_id != intent.resource_id {
        return Some(format!("{moved}, {}, and not by us", state.resource_id));
    }
    if state.status.is_failed() {
        return Some(format!("RDS reports the status {}", state.status));
    }
    if state.class != intent.from {
        return Some(format!("the class is {} and not {}: other hands are at work", state.class, intent.from));
    }
    let class = state.class_pending()?;
    Some(format!("the class {class} is pending, and not by us: other hands are at work"))
}

/// Sends `cut`, the order that lets the machine take over, when it may: it is the one on record, found ready by enough looks,
/// on a database at rest, with the word of whoever must give it, and with nothing open at the server that it would undo, unless
/// a person has seen that and said yes. Disarmed or held since, it follows on, and nothing is cut
/// until that is over or the time is up.
pub(super) fn cut(
    run: &Run,
    (look, made): (Look<'_>, &DatabaseState),
    situation: Situation<'_>,
    now: Timestamp,
    cut: MutatingCall,
) -> Next {
    let is_known = run.copy.as_ref() == Some(&made.resource_id);
    if !is_known
        || precondition(look.state, situation).is_some()
        || lacks_word(run, situation.copy)
        || situation.forbidden.is_some()
        || (situation.at_server.in_the_way.is_some() && run.approved.is_none())
    {
        return Next::Observe;
    }
    if situation.confirmed.0 + 1 < READY_LOOKS {
        return if look.is_new { Next::Confirmed } else { Next::Observe };
    }
    if fresh(situation, now).is_err() { Next::Observe } else { Next::Send(cut) }
}

/// People want to be asked first, and nobody has said yes. What is on record of the machine says nothing here: it can be behind
/// what the look shows, and then nobody has been asked.
fn lacks_word(run: &Run, policy: &CopyPolicy) -> bool {
    policy.switchover == Switchover::Supervised && run.approved.is_none()
}

/// It is to be given up and may not be: disarmed, or held. That can change, for as long as anybody could have said yes.
pub(super) fn may_not_remove(
    run: &Run,
    situation: Situation<'_>,
    now: Timestamp,
    (what, remedy): (&str, String),
) -> Option<Next> {
    situation.forbidden?;
    let since = run.last_call().map_or(run.began, |call| call.sent_at);
    let longest = situation.copy.give_up_after + situation.copy.approve_within;
    let late = now.duration_since(since).unsigned_abs() > longest;
    let why = format!("it is to be given up, and the engine may not remove the {what}");
    Some(if late { held_with(run, situation.look, why, remedy) } else { Next::Observe })
}

/// The other machine serves by this look. It is over when enough looks have found it on its class, at rest, with no word of
/// a failure.
pub(super) fn verify(run: &Run, look: Look<'_>, settled: bool, situation: Situation<'_>) -> Next {
    let state = look.state;
    if run.switched.is_none() {
        return if look.is_new { Next::SwitchedOver(state.resource_id.clone()) } else { Next::Observe };
    }
    if state.class != run.intent.to {
        return held(run, Some(look), format!("the class is {} and not {}", state.class, run.intent.to));
    }
    let failure = run.events.iter().any(RdsEvent::is_failure);
    let at_rest = state.status.is_available() && state.pending.is_empty();
    if !settled || !at_rest || failure || !look.events_read || !look.is_new {
        return Next::Observe;
    }
    confirm(situation)
}
