//! What comes next in every state of an action in place.

use jiff::SignedDuration;

use super::*;
use crate::model::action::{ActionId, Intent};
use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseName, RdsEvent, ResourceId, sample_state};
use crate::model::deployment::{Deployment, DeploymentId, DeploymentStatus};
use crate::model::guard::Guards;
use crate::model::operator::{Actor, Operator};
use crate::model::policy::{CopyPolicy, Strategy};
use crate::playbook::Deployments;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn intent(actor: Actor) -> Intent {
    Intent {
        action: ActionId("a1".into()),
        database: DatabaseName::new("checkpoints"),
        resource_id: ResourceId::new("db-1"),
        strategy: Strategy::InPlace,
        from: InstanceClass::observed("db.t4g.small"),
        to: InstanceClass::observed("db.m5.large"),
        actor,
        removes: None,
        hold_for: None,
    }
}

fn recorded(actor: Actor) -> Run {
    Run::new(intent(actor), at(0))
}

fn person() -> Actor {
    Actor::Person { operator: Operator { user: "ada".into(), ssh_client: None, peer: None }, reason: "test".into() }
}

fn called(state: CallState) -> Run {
    let mut run = recorded(Actor::Engine);
    let call = MutatingCall::ModifyDbInstanceClass {
        database: run.intent.database.clone(),
        class: run.intent.to.clone(),
        capacity_reservation: None,
    };
    run.calls.push(CallRecord { call, sent_at: at(0), state });
    run
}

fn lost() -> CallState {
    CallState::Looking { why: "timed out".into() }
}

fn state(class: &str, status: &str, pending: bool) -> DatabaseState {
    let mut state = sample_state(class, status);
    if pending {
        state.pending.insert("DBInstanceClass".to_owned(), "db.m5.large".to_owned());
    }
    state
}

static USUAL: std::sync::LazyLock<CopyPolicy> = std::sync::LazyLock::new(CopyPolicy::default);

/// One look every ten seconds since the call.
fn situation(state: &DatabaseState, second: i64) -> Situation<'_> {
    let since_call = (second / 10).max(1) as u32;
    let look = Look {
        state,
        asked_at: at(second),
        age_is_known: true,
        events_read: true,
        since_call,
        is_new: true,
        copy: None,
        copy_lag: None,
        old: crate::playbook::OldLook::Unreadable,
        deployments: Deployments { is_read: true, ..Deployments::default() },
    };
    Situation {
        look: Some(look),
        left_reader: None,
        copy: &USUAL,
        confirmed: (0, SignedDuration::ZERO),
        at_server: &crate::playbook::QUIET,
        forbidden: None,
        load_has_turned: false,
        fresh_look: SignedDuration::from_secs(5),
        other_account: None,
        look_every: SignedDuration::from_secs(15),
        stuck_after: SignedDuration::from_hours(1),
        guards: Guards::all(),
    }
}

fn look(run: &Run, state: &DatabaseState, second: i64) -> Next {
    next(run, situation(state, second), at(second))
}

fn event(message: &str) -> RdsEvent {
    RdsEvent {
        date: at(100),
        instance: None,
        database: DatabaseName::new("checkpoints"),
        message: message.into(),
        categories: vec!["notification".into()],
    }
}

#[test]
fn sends_only_from_the_expected_state() {
    let order = recorded(person());
    assert!(matches!(look(&order, &state("db.t4g.small", "available", false), 1), Next::Send(_)));
    assert_eq!(look(&order, &state("db.t4g.small", "backing-up", false), 1), Next::Observe);
    assert_eq!(look(&order, &state("db.t4g.small", "available", true), 1), Next::Observe);
    assert!(matches!(look(&order, &state("db.m5.large", "available", false), 1), Next::End(_)));
    assert!(matches!(look(&order, &state("db.t4g.small", "backing-up", false), 61), Next::End(_)));
    let own = recorded(Actor::Engine);
    assert!(matches!(look(&own, &state("db.t4g.small", "backing-up", false), 1), Next::End(_)), "decided anew");
}

#[test]
fn a_database_that_a_deployment_of_other_hands_binds_is_left_alone() {
    let small = state("db.t4g.small", "available", false);
    let foreign = Deployment {
        id: DeploymentId::new("bgd-1"),
        name: "upgrade".into(),
        source: "arn".into(),
        target: None,
        status: DeploymentStatus::new("AVAILABLE"),
        status_details: None,
        open_tasks: vec![],
    };
    let seen = |deployments| {
        let whole = situation(&small, 1);
        let look = whole.look.map(|look| Look { deployments, ..look });
        next(&recorded(person()), Situation { look, ..whole }, at(1))
    };
    let read = Deployments { is_read: true, ..Deployments::default() };
    assert!(matches!(seen(read), Next::Send(_)));
    assert_eq!(seen(Deployments { foreign: Some(&foreign), ..read }), Next::Observe);
    assert_eq!(seen(Deployments::default()), Next::Observe, "nobody knows");
}

#[test]
fn an_old_look_sends_nothing() {
    let small = state("db.t4g.small", "available", false);
    assert!(matches!(next(&recorded(person()), situation(&small, 10), at(15)), Next::Send(_)));
    assert_eq!(next(&recorded(person()), situation(&small, 10), at(16)), Next::Observe);
    assert!(matches!(next(&recorded(Actor::Engine), situation(&small, 10), at(16)), Next::End(_)));
}

#[test]
fn available_right_after_the_call_is_not_done() {
    let run = called(CallState::Accepted);
    assert_eq!(look(&run, &state("db.t4g.small", "available", true), 5), Next::Observe);
    assert_eq!(look(&run, &state("db.t4g.small", "available", false), 5), Next::Observe);
    assert_eq!(look(&run, &state("db.m5.large", "modifying", false), 300), Next::Observe);
}

#[test]
fn done_needs_three_looks_over_a_minute_and_no_word_of_failure() {
    let done = state("db.m5.large", "available", false);
    let mut run = called(CallState::Accepted);
    let confirmed =
        |looks, secs| Situation { confirmed: (looks, SignedDuration::from_secs(secs)), ..situation(&done, 400) };
    assert_eq!(next(&run, confirmed(1, 60), at(400)), Next::Confirmed);
    assert_eq!(next(&run, confirmed(5, 59), at(400)), Next::Confirmed);
    assert_eq!(next(&run, confirmed(2, 60), at(400)), Next::End(ActionResult::Verified));
    let mut unread = confirmed(2, 60);
    unread.look.as_mut().unwrap().events_read = false;
    assert_eq!(next(&run, unread, at(400)), Next::Observe, "whether it failed is not known");
    run.events.push(event("Unable to modify the DB instance class. No capacity"));
    assert_eq!(next(&run, confirmed(2, 60), at(400)), Next::Observe);
    let old = state("db.t4g.small", "available", false);
    assert!(matches!(look(&run, &old, 315), Next::End(ActionResult::RolledBack { .. })));
}

#[test]
fn a_lost_answer_is_resolved_by_looking_only() {
    let run = called(lost());
    let old = state("db.t4g.small", "available", false);
    assert_eq!(look(&run, &old, 600), Next::Observe);
    assert!(matches!(look(&run, &old, 601), Next::End(ActionResult::FailedSafe { .. })));
    assert_eq!(
        look(&run, &state("db.m5.large", "available", false), 301),
        Next::Adopt("the class is db.m5.large".into())
    );
    assert!(matches!(look(&run, &state("db.t4g.small", "available", true), 5), Next::Adopt(_)));
}

#[test]
fn an_early_look_says_nothing_about_later() {
    let run = called(lost());
    let old = state("db.t4g.small", "available", false);
    assert_eq!(next(&run, situation(&old, 20), at(700)), Next::Observe, "nothing was seen since the twentieth second");
    let mut few = situation(&old, 3_000);
    few.look.as_mut().unwrap().since_call = 3;
    assert_eq!(next(&run, few, at(3_000)), Next::Observe, "a clock that was set forward");
}

#[test]
fn what_never_ends_and_what_breaks_is_held() {
    let run = called(CallState::Accepted);
    let is_held = |next: &Next| matches!(next, Next::End(ActionResult::Held { .. }));
    assert!(is_held(&look(&run, &state("db.t4g.small", "modifying", true), 3_601)));
    assert!(is_held(&look(&run, &state("db.m5.large", "incompatible-parameters", false), 60)));
    assert!(is_held(&look(&run, &state("db.r5.large", "available", false), 60)), "a third class");
    let mut foreign = state("db.t4g.small", "available", false);
    foreign.pending.insert("DBInstanceClass".to_owned(), "db.r5.large".to_owned());
    assert!(is_held(&look(&run, &foreign, 60)));
    let mut blind = situation(&foreign, 60);
    blind.look = None;
    assert!(is_held(&next(&run, blind, at(3_601))));
}

#[test]
fn no_state_ever_leads_to_a_second_send() {
    let refused = CallState::Refused { code: "X".into(), message: String::new() };
    let adopted = CallState::Adopted { evidence: String::new() };
    for call in [CallState::Sent, CallState::Accepted, lost(), refused, adopted] {
        for class in ["db.t4g.small", "db.m5.large"] {
            for status in ["available", "modifying", "rebooting", "failed"] {
                for pending in [false, true] {
                    for second in [1, 200, 1_000, 10_000] {
                        let next = look(&called(call.clone()), &state(class, status, pending), second);
                        assert!(!matches!(next, Next::Send(_)), "{call:?} {class} {status} {pending}");
                    }
                }
            }
        }
    }
}
