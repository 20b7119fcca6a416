//! Clients that a pooler holds: what is on record before they are, and what lets them go on.

use std::time::Duration;

use super::*;
use crate::model::action::Intent;
use crate::model::call::MutatingCall;
use crate::model::database::ResourceId;
use crate::model::operator::Actor;
use crate::model::policy::Strategy;
use crate::model::pooler::{PoolerPolicy, PoolerStep};
use crate::model::server::PasswordSource;

/// The policy of the fixtures, with a pooler.
fn pooled() -> Settings {
    let mut settings = direct::settings();
    settings.databases[0].pooler = Some(PoolerPolicy {
        admin_dsn: "host=127.0.0.1 port=6432 user=upshift dbname=pgbouncer".into(),
        password: PasswordSource::None,
        ca_file: None,
        database: "app".into(),
        max_pause: Duration::from_secs(30),
        pause_within: Duration::from_secs(5),
    });
    settings
}

fn step(action: &str, step: PoolerStep) -> Event {
    Event::Pooler { action: ActionId(action.into()), database: DatabaseName::new("checkpoints"), step }
}

fn pausing(action: &str) -> Event {
    step(action, PoolerStep::Pausing { max_pause_secs: 30 })
}

fn told(engine: &mut Engine, action: &str, step: PoolerStep) -> Step {
    let (action, database) = (ActionId(action.into()), DatabaseName::new("checkpoints"));
    engine.step(at(5), Input::Pooler { action, database, step })
}

fn intent() -> Intent {
    Intent {
        action: ActionId("a1".into()),
        database: DatabaseName::new("checkpoints"),
        resource_id: ResourceId::new("db-1"),
        strategy: Strategy::BlueGreen,
        from: InstanceClass::observed("db.t4g.small"),
        to: InstanceClass::observed("db.m5.large"),
        actor: Actor::Engine,
        removes: None,
        hold_for: None,
    }
}

fn failover() -> MutatingCall {
    MutatingCall::FailoverDbCluster {
        database: DatabaseName::new("checkpoints"),
        target: DatabaseName::new("reader"),
        machine: ResourceId::new("db-2"),
    }
}

fn resumed() -> PoolerStep {
    PoolerStep::Resumed { held_millis: Some(1), why: "another machine takes writes".into() }
}

/// An engine that starts on these records, and what it does first.
fn started_on(events: Vec<Event>) -> (Engine, Vec<Effect>) {
    let entries = events.into_iter().enumerate();
    let entries: Vec<Entry> = entries.map(|(seq, event)| Entry { seq: seq as u64 + 1, at: at(4), event }).collect();
    let mut engine = Engine::new(pooled(), |_| "digest".into(), &entries, Guards::all());
    let effects = engine.step(at(5), Input::Started(started())).effects;
    (engine, effects)
}

fn resumes(effects: &[Effect]) -> Vec<&str> {
    let owed = effects.iter().filter_map(|effect| match effect {
        Effect::ResumePooler { action, .. } => Some(action.0.as_str()),
        Effect::Record(_) | Effect::PutAlarm { .. } | Effect::Send { .. } => None,
    });
    owed.collect()
}

#[test]
fn what_is_owed_to_clients_is_the_first_act_of_a_start_until_it_is_done() {
    for last in [
        vec![],
        vec![step("a1", PoolerStep::Paused { after_millis: 3 })],
        vec![step("a1", PoolerStep::NotResumed { why: "no answer".into() })],
    ] {
        let (mut engine, effects) = started_on([vec![started(), pausing("a1")], last].concat());
        assert!(matches!(effects[0], Effect::Record(Event::EngineStarted { .. })), "{effects:?}");
        assert!(matches!(effects[1], Effect::ResumePooler { .. }), "before anything else: {effects:?}");
        let step = told(&mut engine, "a1", resumed());
        assert!(matches!(step.effects[0], Effect::Record(Event::Pooler { .. })));
        assert!(engine.memory.paused().is_empty());
    }
    let (_, effects) = started_on(vec![started(), pausing("a1"), step("a1", resumed())]);
    assert_eq!(resumes(&effects), Vec::<&str>::new());
    // An action that has ended meanwhile, and one of a database that is configured no more, owe as much.
    let elsewhere = Event::Pooler {
        action: ActionId("a9".into()),
        database: DatabaseName::new("gone"),
        step: PoolerStep::Pausing { max_pause_secs: 30 },
    };
    assert_eq!(resumes(&started_on(vec![started(), elsewhere]).1), ["a9"]);
}

#[test]
fn a_change_in_place_holds_nobody() {
    let mut engine = Engine::new(pooled(), |_| "digest".into(), &[], Guards::all());
    let run = Run::new(intent(), at(5));
    let modify = MutatingCall::ModifyDbInstanceClass {
        database: DatabaseName::new("checkpoints"),
        class: InstanceClass::observed("db.m5.large"),
        capacity_reservation: None,
    };
    assert!(!engine.hold_clients(at(5), &run, &modify));
    assert!(engine.effects.is_empty());
    assert!(engine.hold_clients(at(5), &run, &failover()));
    assert_eq!(engine.effects, [Effect::Record(pausing("a1"))], "on record before anything is paused");
}

#[test]
fn a_takeover_waits_for_what_is_owed_and_any_other_step_lets_clients_go() {
    let (mut engine, _) = started_on(vec![started(), pausing("a0")]);
    let run = Run::new(intent(), at(5));
    assert!(engine.owes_clients(&run, &failover()), "its pause would be ended by the RESUME of a0");
    assert_eq!(resumes(&engine.effects), ["a0"]);
    engine.effects.clear();
    let modify = MutatingCall::ModifyDbInstanceClass {
        database: DatabaseName::new("checkpoints"),
        class: InstanceClass::observed("db.m5.large"),
        capacity_reservation: None,
    };
    assert!(!engine.owes_clients(&run, &modify));
    assert_eq!(resumes(&engine.effects), ["a0"], "an action that does something else holds nobody");
    engine.effects.clear();
    engine.end_run(at(5), &run, ActionResult::RolledBack { why: "taken back".into() });
    assert!(matches!(engine.effects[0], Effect::ResumePooler { .. }), "{:?}", engine.effects);
    told(&mut engine, "a0", resumed());
    assert!(!engine.owes_clients(&run, &failover()));
}

#[test]
fn what_is_shown_of_held_clients_is_what_is_known() {
    let (mut engine, _) = started_on(vec![started(), pausing("a1")]);
    let wake = Wake { at: at(5), why: WakeReason::NextEvaluation };
    let held = |engine: &Engine| engine.databases(at(5), &wake)[0].held_clients.clone();
    let asked = held(&engine).unwrap();
    assert_eq!((asked.since, asked.is_sure, asked.max_pause_secs), (at(4), false, 30));
    told(&mut engine, "a1", PoolerStep::Paused { after_millis: 3 });
    assert_eq!(held(&engine).map(|held| (held.since, held.is_sure)), Some((at(5), true)));
    told(&mut engine, "a1", PoolerStep::NotResumed { why: "no answer".into() });
    assert_eq!(held(&engine).unwrap().not_resumed.as_deref(), Some("no answer"));
    told(&mut engine, "a1", resumed());
    assert_eq!(held(&engine), None);
}

/// Clients are held first, and that is tried for a while: the call itself would leave after the permission is over.
#[test]
fn no_takeover_is_begun_whose_call_could_leave_after_the_permission_is_over() {
    let (engine, _) = started_on(vec![started()]);
    for (secs, is_too_late) in [(20, true), (60, false)] {
        let mut engine = Engine::new(pooled(), |_| "digest".into(), &[], engine.guards);
        let until = Some(at(5) + SignedDuration::from_secs(secs));
        let by = Operator { user: "ada".into(), ssh_client: None, peer: None };
        engine.memory.apply(at(4), &Event::Armed { by, reason: "test".into(), until });
        let run = Run::new(intent(), at(4));
        assert_eq!(engine.could_leave_too_late(at(5), &run, &failover()), is_too_late, "{secs} s before its end");
    }
}
