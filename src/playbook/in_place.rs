//! `in_place`: one `ModifyDBInstance` on the instance itself, then watching until it is true.
//!
//! Done is: the class is the target, nothing pends, the status is `available`, no failure event came since the
//! intent, on two consecutive looks. "available" alone says nothing: it is also the status right after the call.

use jiff::{SignedDuration, Timestamp};

use super::{Next, World};
use crate::model::action::{ActionResult, Phase, Run};
use crate::model::call::{CallOutcome, MutatingCall};
use crate::model::database::{DatabaseState, RdsEvent};

/// Consecutive looks that must find it done: `DescribeDBInstances` is eventually consistent, and AWS's own and
/// Terraform's handlers ask for two or three.
pub const CONFIRMATIONS: u32 = 2;

/// A look this old says nothing about now.
const STATE_LIMIT: SignedDuration = SignedDuration::from_secs(90);
/// Preconditions that do not come true within this time end an action that has sent nothing.
const START_LIMIT: SignedDuration = SignedDuration::from_mins(5);
/// An order whose answer was lost and that shows no trace for this long did not arrive. RDS shows a change it has
/// taken as pending at once and begins it within about a minute.
const TRACELESS_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// An accepted order that shows no trace for this long was dropped by AWS.
const DROPPED_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// What to do next about an in-place class change.
pub fn next(run: &Run, world: World<'_>, now: Timestamp) -> Next {
    match &run.phase {
        Phase::Intended => start(run, world, now),
        Phase::Sent { .. } => Next::Observe,
        Phase::Answered { outcome: CallOutcome::Refused { code, message, .. }, .. } => {
            Next::End(ActionResult::FailedSafe { why: format!("AWS refused it with {code}: {message}") })
        }
        Phase::Answered { at, outcome } => watch(run, world, *at, outcome, now),
        Phase::Ended { .. } => Next::Observe,
    }
}

fn start(run: &Run, world: World<'_>, now: Timestamp) -> Next {
    let failed = |why: String| Next::End(ActionResult::FailedSafe { why });
    if let Some(by) = &run.stop_requested {
        return Next::End(ActionResult::Stopped { by: by.clone() });
    }
    if !world.permitted {
        return failed("disarmed before anything was sent".to_owned());
    }
    let fresh = world.state.filter(|(_, seen_at)| now.duration_since(*seen_at) <= STATE_LIMIT);
    let blocked = match fresh {
        None => Some("the database's state is not known".to_owned()),
        Some((state, _)) if state.resource_id != run.intent.resource_id => {
            return failed(format!("the name belongs to another machine, {}", state.resource_id));
        }
        Some((state, _)) if state.class != run.intent.from => {
            return failed(format!("the class is {} and not {}", state.class, run.intent.from));
        }
        Some((state, _)) => precondition(state),
    };
    match blocked {
        None => Next::Send(MutatingCall::ModifyDbInstanceClass {
            database: run.intent.database.clone(),
            class: run.intent.to.clone(),
        }),
        Some(why) if now.duration_since(run.began) > START_LIMIT => failed(format!("nothing was sent: {why}")),
        Some(_) => Next::Observe,
    }
}

/// Why the call may not be sent to a database in this state.
fn precondition(state: &DatabaseState) -> Option<String> {
    if !state.status.is_available() {
        return Some(format!("its status is {}", state.status));
    }
    let pending: Vec<&str> = state.pending.keys().map(String::as_str).collect();
    (!pending.is_empty()).then(|| format!("other changes are pending: {}", pending.join(", ")))
}

fn watch(run: &Run, world: World<'_>, sent_at: Timestamp, outcome: &CallOutcome, now: Timestamp) -> Next {
    let passed = now.duration_since(sent_at);
    let held = |why: String| Next::End(ActionResult::Held { why });
    // A look from before the call says nothing about it.
    let Some((state, _)) = world.state.filter(|(_, seen_at)| *seen_at > sent_at) else {
        if passed > world.stuck_after {
            return held(format!("it could not be observed for {} min since the call", passed.as_mins()));
        }
        return Next::Observe;
    };
    if state.resource_id != run.intent.resource_id {
        return held(format!("the name now belongs to another machine, {}", state.resource_id));
    }
    if state.status.is_failed() {
        return held(format!(
            "RDS reports the status {}: look at the instance's events in the RDS console",
            state.status
        ));
    }
    let failure = world.events.iter().find(|event| event.date >= run.began && is_failure(event));
    let pending = state.pending.contains_key("DBInstanceClass");
    let settled = state.status.is_available() && !pending;
    if settled && state.class == run.intent.to && failure.is_none() {
        return if run.confirmations + 1 >= CONFIRMATIONS {
            Next::End(ActionResult::Verified)
        } else {
            Next::Confirmed
        };
    }
    if settled
        && state.class == run.intent.from
        && let Some(end) = unchanged(run, outcome, failure, passed)
    {
        return Next::End(end);
    }
    if passed > world.stuck_after {
        return held(format!(
            "not done {} min after the call: class {}, status {}{}",
            passed.as_mins(),
            state.class,
            state.status,
            if pending { ", the change still pends" } else { "" }
        ));
    }
    Next::Observe
}

/// How it ends when the database is at rest in its old class.
fn unchanged(
    run: &Run,
    outcome: &CallOutcome,
    failure: Option<&RdsEvent>,
    passed: SignedDuration,
) -> Option<ActionResult> {
    if let Some(event) = failure {
        return Some(ActionResult::RolledBack { why: event.message.clone() });
    }
    let was_at_work = run.seen.iter().any(|(_, status)| !status.is_available());
    match outcome {
        CallOutcome::Unknown { why } if !was_at_work && passed > TRACELESS_AFTER => Some(ActionResult::FailedSafe {
            why: format!("the call left no trace ({why}); it was sent once and did not arrive"),
        }),
        _ if passed > DROPPED_AFTER => Some(ActionResult::RolledBack {
            why: format!("the class is still {} {} min after the call", run.intent.from, passed.as_mins()),
        }),
        _ => None,
    }
}

/// Messages by which RDS says that a class change failed; `DescribeEvents` carries no event ids.
fn is_failure(event: &RdsEvent) -> bool {
    const PREFIXES: [&str; 3] =
        ["unable to modify the db instance class", "insufficient instance capacity", "db instance put into"];
    let message = event.message.to_ascii_lowercase();
    event.categories.iter().any(|category| category == "failure")
        || PREFIXES.iter().any(|prefix| message.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::action::{ActionId, Intent};
    use crate::model::class::InstanceClass;
    use crate::model::database::{DatabaseName, ResourceId, sample_state};
    use crate::model::operator::Actor;
    use crate::model::policy::Strategy;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn run(phase: Phase) -> Run {
        let intent = Intent {
            action: ActionId("a1".into()),
            database: DatabaseName::new("checkpoints"),
            resource_id: ResourceId::new("db-1"),
            strategy: Strategy::InPlace,
            from: InstanceClass::observed("db.t4g.small"),
            to: InstanceClass::observed("db.m5.large"),
            actor: Actor::Engine,
        };
        Run { intent, began: at(0), phase, stop_requested: None, seen: vec![], confirmations: 0 }
    }

    fn state(class: &str, status: &str, pending: bool) -> DatabaseState {
        let mut state = sample_state(class, status);
        if pending {
            state.pending.insert("DBInstanceClass".to_owned(), "db.m5.large".to_owned());
        }
        state
    }

    fn look(run: &Run, state: &DatabaseState, second: i64, events: &[RdsEvent]) -> Next {
        let stuck_after = SignedDuration::from_hours(1);
        let world = World { state: Some((state, at(second))), events, permitted: true, stuck_after };
        next(run, world, at(second))
    }

    fn answered(outcome: CallOutcome) -> Run {
        run(Phase::Answered { at: at(0), outcome })
    }

    fn accepted() -> Run {
        answered(CallOutcome::Accepted { request_id: None })
    }

    #[test]
    fn sends_only_from_the_expected_state() {
        let fresh = run(Phase::Intended);
        assert!(matches!(look(&fresh, &state("db.t4g.small", "available", false), 1, &[]), Next::Send(_)));
        assert_eq!(look(&fresh, &state("db.t4g.small", "backing-up", false), 1, &[]), Next::Observe);
        assert_eq!(look(&fresh, &state("db.t4g.small", "available", true), 1, &[]), Next::Observe);
        assert!(matches!(look(&fresh, &state("db.m5.large", "available", false), 1, &[]), Next::End(_)));
        assert!(matches!(look(&fresh, &state("db.t4g.small", "backing-up", false), 400, &[]), Next::End(_)));
    }

    #[test]
    fn available_right_after_the_call_is_not_done() {
        assert_eq!(look(&accepted(), &state("db.t4g.small", "available", true), 5, &[]), Next::Observe);
        assert_eq!(look(&accepted(), &state("db.t4g.small", "available", false), 5, &[]), Next::Observe);
        assert_eq!(look(&accepted(), &state("db.m5.large", "modifying", false), 300, &[]), Next::Observe);
    }

    #[test]
    fn done_needs_two_looks_and_no_failure_event() {
        let done = state("db.m5.large", "available", false);
        let mut run = accepted();
        assert_eq!(look(&run, &done, 300, &[]), Next::Confirmed);
        run.confirmations = 1;
        assert_eq!(look(&run, &done, 315, &[]), Next::End(ActionResult::Verified));
        let event = RdsEvent {
            date: at(100),
            database: DatabaseName::new("checkpoints"),
            message: "Unable to modify the DB instance class. No capacity".into(),
            categories: vec!["notification".into()],
        };
        assert_ne!(look(&run, &done, 315, std::slice::from_ref(&event)), Next::End(ActionResult::Verified));
        let old = state("db.t4g.small", "available", false);
        assert!(matches!(look(&run, &old, 315, &[event]), Next::End(ActionResult::RolledBack { .. })));
    }

    #[test]
    fn a_lost_answer_is_resolved_by_looking_only() {
        let lost = answered(CallOutcome::Unknown { why: "timed out".into() });
        let old = state("db.t4g.small", "available", false);
        assert_eq!(look(&lost, &old, 60, &[]), Next::Observe);
        assert!(matches!(look(&lost, &old, 301, &[]), Next::End(ActionResult::FailedSafe { .. })));
        assert_eq!(look(&lost, &state("db.m5.large", "available", false), 301, &[]), Next::Confirmed);
    }

    #[test]
    fn what_never_ends_and_what_breaks_is_held() {
        let stuck = look(&accepted(), &state("db.t4g.small", "modifying", true), 3_601, &[]);
        assert!(matches!(stuck, Next::End(ActionResult::Held { .. })));
        let broken = look(&accepted(), &state("db.m5.large", "incompatible-parameters", false), 60, &[]);
        assert!(matches!(broken, Next::End(ActionResult::Held { .. })));
    }

    #[test]
    fn no_state_ever_leads_to_a_second_send() {
        for outcome in [
            CallOutcome::Accepted { request_id: None },
            CallOutcome::Unknown { why: String::new() },
            CallOutcome::Refused { code: "X".into(), message: String::new(), request_id: None },
        ] {
            for class in ["db.t4g.small", "db.m5.large"] {
                for status in ["available", "modifying", "rebooting", "failed"] {
                    for pending in [false, true] {
                        for second in [1, 200, 1_000, 10_000] {
                            let next = look(&answered(outcome.clone()), &state(class, status, pending), second, &[]);
                            assert!(!matches!(next, Next::Send(_)), "{outcome:?} {class} {status} {pending}");
                        }
                    }
                }
            }
        }
    }
}
