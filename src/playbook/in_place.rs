//! `in_place`: one `ModifyDBInstance` on the instance itself, then watching until it is true.
//!
//! Done is: the class is the target, nothing pends, the status is `available`, RDS reports no failure since the call,
//! on three consecutive looks over a minute. "available" alone says nothing: it is also the status right after the call.

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use super::ending::{held, refused, traceless, unobserved};
use super::patience::{DROPPED_AFTER, FAILED_LOOKS, TRACELESS_AFTER, confirm, waited};
use super::start::start;
use super::{Look, Next, Situation};
use crate::model::action::{ActionResult, CallRecord, CallState, Run};
use crate::model::call::MutatingCall;
use crate::model::database::DatabaseState;
use crate::model::guard::Guard;
use crate::model::override_plan::ExpectedTime;
use crate::model::step::{ActionStep, Progress};

/// The figures of `ModifyDBInstance` on the instance itself.
///
/// Single-AZ: a recorded run on the same control plane took 4 min 22 s, others report 5 to 15 minutes. Multi-AZ: AWS
/// gives 60 to 120 s for a failover, a recorded run took 78 s.
pub(super) fn expected_outage(multi_az: bool) -> ExpectedTime {
    if multi_az {
        ExpectedTime { least_secs: 60, most_secs: 120 }
    } else {
        ExpectedTime { least_secs: 240, most_secs: 900 }
    }
}

/// Single-AZ: the host is made first, then the outage. Multi-AZ: the recorded run failed over 8 min after the call, and
/// was over after 20, when the old primary had followed behind the clients' backs.
pub(super) fn expected_ready(multi_az: bool) -> ExpectedTime {
    if multi_az {
        ExpectedTime { least_secs: 600, most_secs: 1_500 }
    } else {
        ExpectedTime { least_secs: 360, most_secs: 1_500 }
    }
}

/// What is watched of it. Nothing tells the standby's turn from the outage, so that the change is one step.
pub(super) fn steps(run: &Run, multi_az: bool) -> Vec<ActionStep> {
    let sent = run.last_call().map(|call| call.sent_at);
    let mut after_change = run.seen.iter().skip_while(|(_, status)| status.is_available());
    let settled = after_change.find(|(_, status)| status.is_available()).map(|(at, _)| *at);
    let ended = run.ended.as_ref().map(|(at, _)| *at);
    let change = format!("RDS changes the class to {}", run.intent.to);
    let ready = super::expected_ready(run.intent.strategy, multi_az);
    let verify = ExpectedTime { least_secs: 60, most_secs: 120 };
    vec![
        ActionStep::new(change, Progress::between(sent, settled), ready, true),
        ActionStep::new("verify on three looks", Progress::between(settled, ended), verify, false),
    ]
}

/// What to do next about an in-place class change.
pub(super) fn next(run: &Run, situation: Situation<'_>, now: Timestamp) -> Next {
    let Some(call) = run.last_call().filter(|_| !run.is_ended()) else {
        return if run.is_ended() { Next::Observe } else { begin(run, situation, now) };
    };
    match &call.state {
        CallState::Sent => Next::Observe,
        CallState::Refused { code, message } => refused(code, message),
        CallState::Looking { .. } | CallState::Accepted | CallState::Adopted { .. } => watch(run, call, situation, now),
    }
}

fn begin(run: &Run, situation: Situation<'_>, now: Timestamp) -> Next {
    start(run, situation, now, |state| MutatingCall::ModifyDbInstanceClass {
        database: run.intent.database.clone(),
        class: run.intent.to.clone(),
        capacity_reservation: state.facts.capacity_reservation.clone(),
    })
}

fn watch(run: &Run, call: &CallRecord, situation: Situation<'_>, now: Timestamp) -> Next {
    let stuck = now.duration_since(call.sent_at) > situation.stuck_after;
    let Some(look) = situation.look_since_call() else { return unobserved(run, situation, stuck) };
    if let Some(why) = needs_a_hand(run, look.state) {
        return held(run, Some(look), why);
    }
    if let (CallState::Looking { .. }, Some(evidence)) = (&call.state, trace(run, look.state)) {
        return Next::Adopt(evidence);
    }
    let failure = run.events.iter().find(|event| event.is_failure());
    let settled = look.state.status.is_available() && look.state.pending.is_empty();
    if settled && look.state.class == run.intent.to && failure.is_none() && look.events_read && look.is_new {
        return confirm(situation);
    }
    if settled
        && look.state.class == run.intent.from
        && let Some(end) = unchanged(run, call, look, situation)
    {
        return end;
    }
    if stuck {
        return held(run, Some(look), format!("not done {} min after the call", situation.stuck_after.as_mins()));
    }
    Next::Observe
}

/// What no waiting will mend.
fn needs_a_hand(run: &Run, state: &DatabaseState) -> Option<String> {
    let intent = &run.intent;
    if state.resource_id != intent.resource_id {
        return Some(format!("the name now belongs to another machine, {}", state.resource_id));
    }
    if state.status.is_failed() {
        return Some(format!("RDS reports the status {}", state.status));
    }
    if state.class != intent.from && state.class != intent.to {
        return Some(format!("the class is {}, neither the old nor the new one: other hands are at work", state.class));
    }
    let other = state.class_pending().filter(|pending| *pending != intent.to.as_str());
    other.map(|other| format!("the class {other} is pending, and not by us: other hands are at work"))
}

/// What shows that an order whose answer was lost has arrived.
fn trace(run: &Run, state: &DatabaseState) -> Option<String> {
    let to = &run.intent.to;
    if state.class == *to {
        return Some(format!("the class is {to}"));
    }
    if state.class_pending().is_some() {
        return Some(format!("{to} is pending"));
    }
    run.events.iter().find(|event| event.is_of_class()).map(|event| format!("RDS says: {}", event.message))
}

/// How it ends when the database is at rest in its old class. Judged by the time of the look, not by now: a look that
/// was made early says nothing about later, however long ago it was.
fn unchanged(run: &Run, call: &CallRecord, look: Look<'_>, situation: Situation<'_>) -> Option<Next> {
    let failure = run.events.iter().find(|event| event.is_class_failure());
    if let Some(event) = failure.filter(|_| look.since_call >= FAILED_LOOKS) {
        return Some(Next::End(ActionResult::RolledBack { why: event.message.clone() }));
    }
    let passed = look.asked_at.duration_since(call.sent_at);
    match &call.state {
        CallState::Looking { why } => {
            let over =
                waited(call.sent_at, look, TRACELESS_AFTER, situation) || !situation.guards.stand(Guard::SettleWindow);
            over.then(|| traceless(why))
        }
        _ => waited(call.sent_at, look, DROPPED_AFTER, situation).then(|| {
            let why = format!("the class is still {} {} min after the call", run.intent.from, passed.as_mins());
            Next::End(ActionResult::RolledBack { why })
        }),
    }
}
