//! When a machine that an action has left is deleted, and when not.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::model::action::{ActionId, Intent};
use crate::model::call::Keeps;
use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseName, DatabaseState, InstanceStatus, ResourceId, sample_state};
use crate::model::deployment::{Deployment, DeploymentId, DeploymentStatus};
use crate::model::guard::Guards;
use crate::model::operator::{Actor, Operator};
use crate::model::policy::{CopyPolicy, Strategy};
use crate::playbook::Deployments;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn removal() -> Removal {
    let keeps = Keeps::FinalSnapshot { name: "upshift-checkpoints-old1-a2".into() };
    Removal {
        name: DatabaseName::new("checkpoints-old1"),
        resource_id: ResourceId::new("db-0"),
        keeps,
        deployment: None,
    }
}

fn run(state: Option<CallState>) -> Run {
    let intent = Intent {
        action: ActionId("a2".into()),
        database: DatabaseName::new("checkpoints"),
        resource_id: ResourceId::new("db-1"),
        strategy: Strategy::BlueGreen,
        from: InstanceClass::observed("db.m5.large"),
        to: InstanceClass::observed("db.m5.large"),
        actor: Actor::Engine,
        removes: Some(removal()),
        hold_for: None,
    };
    let mut run = Run::new(intent, at(0));
    if let Some(state) = state {
        let Removal { name: machine, keeps, .. } = removal();
        let call = MutatingCall::DeleteDbInstance { database: DatabaseName::new("checkpoints"), machine, keeps };
        run.calls.push(CallRecord { call, sent_at: at(0), state });
    }
    run
}

fn old(status: &str) -> DatabaseState {
    DatabaseState {
        name: DatabaseName::new("checkpoints-old1"),
        resource_id: ResourceId::new("db-0"),
        status: InstanceStatus::new(status),
        ..sample_state("db.t4g.small", "available")
    }
}

/// What comes next by a look of that second, one every ten seconds since the call, `confirmed` of them alike before.
fn next_by(run: &Run, live: &DatabaseState, old: OldLook<'_>, second: i64, confirmed: u32) -> Next {
    let look = Look {
        state: live,
        asked_at: at(second),
        age_is_known: true,
        events_read: true,
        since_call: (second / 10).max(1) as u32,
        is_new: true,
        copy: None,
        copy_lag: None,
        old,
        deployments: Deployments::default(),
    };
    let usual = CopyPolicy::default();
    let situation = Situation {
        look: Some(look),
        left_reader: None,
        other_account: None,
        confirmed: (confirmed, SignedDuration::from_secs(60)),
        at_server: &crate::playbook::QUIET,
        forbidden: None,
        load_has_turned: false,
        fresh_look: SignedDuration::from_secs(5),
        look_every: SignedDuration::from_secs(10),
        copy: &usual,
        stuck_after: SignedDuration::from_mins(60),
        guards: Guards::all(),
    };
    next(run, &removal(), situation, at(second))
}

fn live() -> DatabaseState {
    sample_state("db.m5.large", "available")
}

/// Why nothing is sent.
fn obstacle_of(live: &DatabaseState, old: OldLook<'_>) -> String {
    match next_by(&run(None), live, old, 0, 0) {
        Next::End(ActionResult::FailedSafe { why }) => why,
        next => panic!("{next:?}"),
    }
}

#[test]
fn a_machine_that_rests_under_its_name_is_deleted_with_what_the_intent_keeps() {
    let Next::Send(MutatingCall::DeleteDbInstance { database, machine, keeps }) =
        next_by(&run(None), &live(), OldLook::There(&old("available")), 0, 0)
    else {
        panic!("nothing is sent")
    };
    assert_eq!((database.as_str(), machine.as_str()), ("checkpoints", "checkpoints-old1"));
    assert_eq!(keeps, removal().keeps);
    let broken = next_by(&run(None), &live(), OldLook::There(&old("failed")), 0, 0);
    assert!(matches!(broken, Next::Send(_)), "RDS deletes what has failed: {broken:?}");
}

#[test]
fn what_is_the_database_or_gone_or_unreadable_or_at_work_or_protected_is_left_alone() {
    let there = old("available");
    let is_live = DatabaseState { resource_id: ResourceId::new("db-0"), ..live() };
    let is_other = DatabaseState { resource_id: ResourceId::new("db-9"), ..live() };
    let mut protected = old("available");
    protected.facts.deletion_protection = true;
    for (live, old, why) in [
        (&is_live, OldLook::There(&there), "checkpoints-old1 is the database itself now"),
        (&is_other, OldLook::There(&there), "the database now belongs to another machine, db-9"),
        (&live(), OldLook::Taken, "no machine db-0 is called checkpoints-old1 any more"),
        (&live(), OldLook::Gone, "no machine db-0 is called checkpoints-old1 any more"),
        (&live(), OldLook::Unreadable, "what RDS says of checkpoints-old1 cannot be read"),
        (&live(), OldLook::There(&old("backing-up")), "checkpoints-old1: its status is backing-up"),
        (&live(), OldLook::There(&protected), "checkpoints-old1: deletion protection is on"),
    ] {
        let said = obstacle_of(live, old);
        assert!(said.starts_with("nothing was sent: ") && said.contains(why), "{said}");
    }
}

#[test]
fn one_that_was_stopped_sends_nothing() {
    let by = Operator { user: "ada".into(), ssh_client: None, peer: None };
    let stopped = Run { stop_requested: Some(by.clone()), ..run(None) };
    let next = next_by(&stopped, &live(), OldLook::There(&old("available")), 0, 0);
    assert_eq!(next, Next::End(ActionResult::Stopped { by }));
}

#[test]
fn it_is_done_when_three_looks_find_it_going_or_gone() {
    let accepted = run(Some(CallState::Accepted));
    for old in [OldLook::There(&old("deleting")), OldLook::Gone] {
        assert_eq!(next_by(&accepted, &live(), old, 20, 1), Next::Confirmed);
        assert_eq!(next_by(&accepted, &live(), old, 30, 2), Next::End(ActionResult::Verified));
    }
}

#[test]
fn another_machine_under_either_name_proves_nothing() {
    let accepted = run(Some(CallState::Accepted));
    let other = DatabaseState { resource_id: ResourceId::new("db-9"), ..live() };
    assert_eq!(next_by(&accepted, &live(), OldLook::Taken, 30, 5), Next::Observe);
    assert_eq!(next_by(&accepted, &other, OldLook::Gone, 30, 5), Next::Observe);
}

#[test]
fn a_lost_answer_is_settled_by_looking_alone() {
    let lost = run(Some(CallState::Looking { why: "the connection broke".into() }));
    let Next::Adopt(evidence) = next_by(&lost, &live(), OldLook::There(&old("deleting")), 30, 2) else {
        panic!("it is seen to have happened")
    };
    assert_eq!(evidence, "its status is deleting");
    assert_eq!(next_by(&lost, &live(), OldLook::There(&old("available")), 300, 0), Next::Observe);
    let Next::End(ActionResult::FailedSafe { why }) =
        next_by(&lost, &live(), OldLook::There(&old("available")), 700, 0)
    else {
        panic!("it left no trace")
    };
    assert!(why.contains("left no trace"), "{why}");
}

#[test]
fn an_order_that_aws_took_and_dropped_is_told_as_such_and_the_database_is_not_held() {
    let accepted = run(Some(CallState::Accepted));
    let Next::End(ActionResult::RolledBack { why }) =
        next_by(&accepted, &live(), OldLook::There(&old("available")), 1_000, 0)
    else {
        panic!("it is still there")
    };
    assert!(why.contains("checkpoints-old1 is still there"), "{why}");
    let refused = run(Some(CallState::Refused { code: "InvalidDBInstanceState".into(), message: "not now".into() }));
    let next = next_by(&refused, &live(), OldLook::There(&old("available")), 20, 0);
    assert!(matches!(next, Next::End(ActionResult::FailedSafe { .. })), "{next:?}");
}

#[test]
fn a_copy_that_never_served_goes_with_its_deployment_or_not_at_all() {
    let bgd = DeploymentId::new("bgd-1");
    let removal = Removal { keeps: Keeps::Nothing, deployment: Some(bgd.clone()), ..removal() };
    let run = run(None);
    let order = order(&run.intent.database, &removal);
    let expected = MutatingCall::DeleteBlueGreenDeployment { database: run.intent.database.clone(), deployment: bgd };
    assert_eq!(order, expected);
    let (live, old) = (live(), old("available"));
    let found = Deployment {
        id: DeploymentId::new("bgd-1"),
        name: "upshift-a1".into(),
        source: "arn".into(),
        target: Some(removal.name.clone()),
        status: DeploymentStatus::new("AVAILABLE"),
        status_details: None,
        open_tasks: vec![],
    };
    let other = Deployment { id: DeploymentId::new("bgd-2"), ..found.clone() };
    let obstacle_by = |is_read, foreign| {
        let look = Look {
            state: &live,
            asked_at: at(0),
            age_is_known: true,
            events_read: true,
            since_call: 1,
            is_new: true,
            copy: None,
            copy_lag: None,
            old: OldLook::There(&old),
            deployments: Deployments { is_read, own: None, foreign },
        };
        obstacle(&run, &removal, look)
    };
    assert_eq!(obstacle_by(true, Some(&found)), None);
    assert!(obstacle_by(true, None).unwrap().contains("no more: who took it out may use it"));
    assert!(obstacle_by(true, Some(&other)).is_some());
    assert!(obstacle_by(false, None).unwrap().contains("could not be read"));
}
