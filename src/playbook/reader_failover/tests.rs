//! When a reader takes over, and when it is given up.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::model::action::{ActionId, ActionResult, CallRecord, Intent, MadeReader};
use crate::model::call::Keeps;
use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseName, InstanceStatus, ResourceId, sample_state};
use crate::model::guard::Guards;
use crate::model::operator::{Actor, Operator};
use crate::model::policy::{CopyPolicy, Strategy, Switchover};
use crate::playbook::{Deployments, Look, OldLook};

const SMALL: &str = "db.t4g.medium";
const LARGE: &str = "db.r6g.large";
const READER: &str = "upshift-a1-19700101t000000";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// An action whose last call is this one, sent at second 0.
fn run(call: Option<(MutatingCall, CallState)>) -> Run {
    let intent = Intent {
        action: ActionId("a1".into()),
        database: DatabaseName::new("checkpoints"),
        resource_id: ResourceId::new("db-1"),
        strategy: Strategy::ReaderFailover,
        from: InstanceClass::observed(SMALL),
        to: InstanceClass::observed(LARGE),
        actor: Actor::Engine,
        removes: None,
        hold_for: None,
    };
    let mut run = Run::new(intent, at(0));
    if let Some((call, state)) = call {
        run.calls.push(CallRecord { call, sent_at: at(0), state });
    }
    run
}

fn create() -> MutatingCall {
    MutatingCall::CreateDbInstance {
        database: DatabaseName::new("checkpoints"),
        name: DatabaseName::new(READER),
        class: InstanceClass::observed(LARGE),
        engine: "aurora-postgresql".into(),
        settings: Box::default(),
    }
}

fn fail_over() -> MutatingCall {
    MutatingCall::FailoverDbCluster {
        database: DatabaseName::new("checkpoints"),
        target: DatabaseName::new(READER),
        machine: ResourceId::new("db-2"),
    }
}

fn delete() -> MutatingCall {
    MutatingCall::DeleteDbInstance {
        database: DatabaseName::new("checkpoints"),
        machine: DatabaseName::new(READER),
        keeps: Keeps::ClusterVolume,
    }
}

/// One whose reader was recorded, in that status.
fn making(status: &str) -> Run {
    Run {
        copy: Some(ResourceId::new("db-2")),
        reader: Some(MadeReader {
            name: DatabaseName::new(READER),
            class: InstanceClass::observed(LARGE),
            status: InstanceStatus::new(status),
            was_available: status == "available",
            has_failed: false,
        }),
        ..run(Some((create(), CallState::Accepted)))
    }
}

/// One that has ordered the failover to its reader.
fn cutting(state: CallState) -> Run {
    let mut run = making("available");
    run.calls.push(CallRecord { call: fail_over(), sent_at: at(0), state });
    run
}

fn reader(status: &str) -> DatabaseState {
    DatabaseState {
        name: DatabaseName::new(READER),
        resource_id: ResourceId::new("db-2"),
        ..sample_state(LARGE, status)
    }
}

/// What is seen, and how it is judged.
struct Seen {
    state: DatabaseState,
    reader: Option<DatabaseState>,
    lag: Option<SignedDuration>,
    left: Option<DatabaseState>,
    second: i64,
    confirmed: (u32, SignedDuration),
    forbidden: Option<&'static str>,
    turned: bool,
    policy: CopyPolicy,
}

impl Seen {
    fn at(second: i64) -> Self {
        Self {
            state: sample_state(SMALL, "available"),
            reader: None,
            lag: Some(SignedDuration::from_millis(20)),
            left: None,
            second,
            confirmed: (0, SignedDuration::ZERO),
            forbidden: None,
            turned: false,
            policy: CopyPolicy::default(),
        }
    }

    fn with(status: &str, second: i64) -> Self {
        Self { reader: Some(reader(status)), ..Self::at(second) }
    }

    /// The reader's machine writes.
    fn over(second: i64) -> Self {
        let state = DatabaseState { resource_id: ResourceId::new("db-2"), ..sample_state(LARGE, "available") };
        Self { state, ..Self::with("available", second) }
    }

    fn next(&self, run: &Run) -> Next {
        let look = Look {
            state: &self.state,
            asked_at: at(self.second),
            age_is_known: true,
            events_read: true,
            since_call: (self.second / 10).max(1) as u32,
            is_new: true,
            copy: self.reader.as_ref(),
            copy_lag: self.lag,
            old: OldLook::Unreadable,
            deployments: Deployments { is_read: true, ..Deployments::default() },
        };
        let left = self.left.as_ref().map(|state| Reader { state, lag: self.lag });
        let situation = Situation {
            at_server: &crate::playbook::QUIET,
            look: Some(look),
            left_reader: left.as_ref(),
            other_account: None,
            confirmed: self.confirmed,
            forbidden: self.forbidden,
            load_has_turned: self.turned,
            fresh_look: SignedDuration::from_secs(5),
            look_every: SignedDuration::from_secs(10),
            copy: &self.policy,
            stuck_after: SignedDuration::from_mins(60),
            guards: Guards::all(),
        };
        next(run, situation, at(self.second))
    }
}

fn failed(next: Next) -> String {
    match next {
        Next::End(ActionResult::FailedSafe { why } | ActionResult::RolledBack { why }) => why,
        other => panic!("{other:?}"),
    }
}

fn held(next: Next) -> String {
    match next {
        Next::End(ActionResult::Held { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reader_is_made_under_a_name_of_its_own() {
    let named = MutatingCall::CreateDbInstance {
        database: DatabaseName::new("checkpoints"),
        name: DatabaseName::new(READER),
        class: InstanceClass::observed(LARGE),
        engine: "postgres".into(),
        settings: Box::default(),
    };
    assert_eq!(Seen::at(0).next(&run(None)), Next::Send(named));
}

#[test]
fn one_that_an_earlier_action_has_left_takes_over_at_once_if_it_is_known_to_follow() {
    let left = |class: &str| DatabaseState { class: InstanceClass::observed(class), ..reader("available") };
    let seen = |class: &str, lag| Seen { left: Some(left(class)), lag, ..Seen::at(0) };
    let near = Some(SignedDuration::from_secs(2));
    assert_eq!(seen(LARGE, near).next(&run(None)), Next::Send(fail_over()));
    for other in [seen(SMALL, near), seen(LARGE, None), seen(LARGE, Some(SignedDuration::from_mins(5)))] {
        assert!(matches!(other.next(&run(None)), Next::Send(MutatingCall::CreateDbInstance { .. })));
    }
    let policy = CopyPolicy { switchover: Switchover::Supervised, ..CopyPolicy::default() };
    let supervised = Seen { policy, ..seen(LARGE, near) };
    let made = supervised.next(&run(None));
    assert!(matches!(made, Next::Send(MutatingCall::CreateDbInstance { .. })), "nobody has said that it may: {made:?}");
    let operator = Operator { user: "ada".into(), ssh_client: None, peer: None };
    let mut ordered = run(None);
    ordered.intent.actor = Actor::Person { operator, reason: "now".into() };
    assert_eq!(supervised.next(&ordered), Next::Send(fail_over()), "whoever orders it has confirmed the outage");
}

#[test]
fn it_waits_for_a_reader_that_runs_and_follows_on_two_looks() {
    let made = making("available");
    let ready = Seen::with("available", 400);
    assert_eq!(ready.next(&made), Next::Confirmed);
    let twice = Seen { confirmed: (1, SignedDuration::from_secs(10)), ..Seen::with("available", 410) };
    assert_eq!(twice.next(&made), Next::Send(fail_over()));
    let behind = Some(SignedDuration::from_mins(2));
    for not in [
        Seen { lag: behind, ..Seen::with("available", 410) },
        Seen { lag: None, ..Seen::with("available", 410) },
        Seen { forbidden: Some("disarmed"), ..Seen::with("available", 410) },
        Seen { state: sample_state(SMALL, "backing-up"), ..Seen::with("available", 410) },
        Seen::with("creating", 410),
    ] {
        let not = Seen { confirmed: (5, SignedDuration::from_mins(1)), ..not };
        assert_eq!(not.next(&made), Next::Observe);
    }
}

#[test]
fn supervised_it_waits_for_a_word() {
    let policy = || CopyPolicy { switchover: Switchover::Supervised, ..CopyPolicy::default() };
    let seen = || Seen { policy: policy(), confirmed: (5, SignedDuration::ZERO), ..Seen::with("available", 410) };
    assert!(making("available").awaits_approval(&policy()) && !making("creating").awaits_approval(&policy()));
    assert_eq!(seen().next(&making("available")), Next::Observe);
    let approved =
        Run { approved: Some(Operator { user: "ada".into(), ssh_client: None, peer: None }), ..making("available") };
    assert_eq!(seen().next(&approved), Next::Send(fail_over()));
}

#[test]
fn it_is_given_up_when_it_is_late_or_failed_or_stopped_or_the_load_has_turned() {
    let by = Operator { user: "ada".into(), ssh_client: None, peer: None };
    let stopped = Run { stop_requested: Some(by), ..making("creating") };
    let turned = Seen { turned: true, ..Seen::with("creating", 100) };
    assert_eq!(Seen::with("creating", 100).next(&stopped), Next::Observe, "RDS deletes nothing that it still makes");
    assert_eq!(turned.next(&making("creating")), Next::Observe);
    assert_eq!(Seen::with("available", 100).next(&stopped), Next::Send(delete()));
    let turned = Seen { turned: true, ..Seen::with("available", 100) };
    assert_eq!(turned.next(&making("available")), Next::Send(delete()));
    assert_eq!(Seen::with("failed", 100).next(&making("failed")), Next::Send(delete()));
    assert_eq!(Seen::with("backing-up", 3_700).next(&making("creating")), Next::Send(delete()));
    assert_eq!(Seen::with("creating", 3_700).next(&making("creating")), Next::Observe);
    assert!(held(Seen::with("creating", 7_300).next(&making("creating"))).contains("still being created"));
    assert_eq!(Seen::with("creating", 3_500).next(&making("creating")), Next::Observe);
    let unknown = Run { copy: None, ..making("creating") };
    assert_eq!(Seen::with("available", 3_700).next(&unknown), Next::Observe, "what is not on record is not deleted");
}

#[test]
fn a_lost_order_for_a_reader_is_settled_by_looking() {
    let lost = run(Some((create(), CallState::Looking { why: "reset".into() })));
    assert!(matches!(Seen::with("creating", 30).next(&lost), Next::Adopt(_)));
    assert_eq!(Seen::at(300).next(&lost), Next::Observe);
    assert!(failed(Seen::at(700).next(&lost)).contains("left no trace"));
    let taken = run(Some((create(), CallState::Accepted)));
    assert!(failed(Seen::at(1_000).next(&taken)).contains("no reader came of it"));
    assert!(held(Seen::at(700).next(&making("creating"))).contains("gone, and not by us"));
}

#[test]
fn another_writer_or_another_class_is_other_hands() {
    assert!(held(Seen::over(400).next(&making("available"))).contains("another instance writes now"));
    let other = Seen { state: sample_state(LARGE, "available"), ..Seen::with("creating", 400) };
    assert!(held(other.next(&making("creating"))).contains("other hands"));
    let third = DatabaseState { resource_id: ResourceId::new("db-3"), ..sample_state(SMALL, "available") };
    let third = Seen { state: third, ..Seen::with("available", 30) };
    assert!(held(third.next(&cutting(CallState::Accepted))).contains("neither the old writer nor the reader"));
}

#[test]
fn it_is_done_when_the_reader_writes_on_three_looks_over_a_minute() {
    let accepted = cutting(CallState::Accepted);
    assert_eq!(Seen::over(30).next(&accepted), Next::SwitchedOver(ResourceId::new("db-2")));
    let switched = Run { switched: Some((at(30), ResourceId::new("db-2"))), ..accepted };
    let confirmed = |looks, secs| Seen { confirmed: (looks, SignedDuration::from_secs(secs)), ..Seen::over(100) };
    assert_eq!(confirmed(1, 60).next(&switched), Next::Confirmed);
    assert_eq!(confirmed(2, 59).next(&switched), Next::Confirmed);
    assert_eq!(confirmed(2, 60).next(&switched), Next::End(ActionResult::Verified));
    let lost = cutting(CallState::Looking { why: "reset".into() });
    assert_eq!(Seen::over(30).next(&lost), Next::Adopt("db-2 writes".into()));
}

#[test]
fn a_failover_that_was_refused_or_did_not_happen_leaves_no_reader_behind() {
    let refused = CallState::Refused { code: "InvalidDBClusterStateFault".into(), message: "not now".into() };
    assert_eq!(Seen::with("available", 20).next(&cutting(refused.clone())), Next::Send(delete()));
    assert_eq!(Seen::with("available", 300).next(&cutting(CallState::Accepted)), Next::Observe);
    assert_eq!(Seen::with("available", 700).next(&cutting(CallState::Accepted)), Next::Send(delete()));
    let mut removed = cutting(refused);
    removed.calls.push(CallRecord { call: delete(), sent_at: at(0), state: CallState::Accepted });
    assert_eq!(Seen::with("deleting", 100).next(&removed), Next::Observe);
    assert!(failed(Seen::at(700).next(&removed)).contains("AWS refused the failover"));
}

#[test]
fn a_reader_of_an_earlier_action_stays_when_the_failover_did_not_happen() {
    let reused = Run { copy: Some(ResourceId::new("db-2")), ..run(Some((fail_over(), CallState::Accepted))) };
    assert_eq!(failed(Seen::with("available", 700).next(&reused)), "the failover did not happen");
}
