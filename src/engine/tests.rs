//! The engine as a whole: inputs in, effects out.

use jiff::{SignedDuration, Timestamp};

use super::fixtures::{engine, look, state};
use super::input::{Effect, Input, Step};
use super::*;
use crate::model::action::ActionId;
use crate::model::action::ActionResult;
use crate::model::call::CallOutcome;
use crate::model::command::{Answer, Command, Request};
use crate::model::decision::Verdict;
use crate::model::operator::Operator;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).unwrap()
}

fn order(engine: &mut Engine, now: Timestamp, command: Command) -> Step {
    let by = Operator { user: "ada".into(), ssh_client: None };
    engine.step(now, Input::Command(Request { id: 1, by, command }))
}

fn arm(engine: &mut Engine, now: Timestamp) {
    let step = order(engine, now, Command::Arm { reason: "test".into() });
    assert!(matches!(step.answer, Some(Answer::Done { .. })), "{:?}", step.answer);
}

fn sends(step: &Step) -> usize {
    step.effects.iter().filter(|effect| matches!(effect, Effect::Send { .. })).count()
}

fn decision(step: &Step) -> Option<&Decision> {
    step.effects.iter().find_map(|effect| match effect {
        Effect::Record(Event::Decision { decision, .. }) => Some(&**decision),
        _ => None,
    })
}

const HIGH: [Option<f64>; 5] = [Some(620.0); 5];
const LOW: [Option<f64>; 5] = [Some(100.0); 5];

fn minutes_of(value: f64, minutes: usize) -> Vec<Option<f64>> {
    vec![Some(value); minutes]
}

/// An armed engine whose scale-up call was just sent, and the time then.
fn sent() -> (Engine, Timestamp) {
    let mut engine = engine();
    engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &[]));
    arm(&mut engine, at(5));
    let step = engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &HIGH));
    assert_eq!(sends(&step), 1, "{:?}", step.effects);
    (engine, at(5))
}

#[test]
fn disarmed_it_only_says_what_it_would_have_done() {
    let mut engine = engine();
    let step = engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &HIGH));
    assert_eq!(sends(&step), 0);
    assert!(matches!(decision(&step).unwrap().verdict, Verdict::WouldScale { .. }));
}

#[test]
fn armed_it_records_the_intent_before_it_sends_once() {
    let mut engine = engine();
    engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &[]));
    arm(&mut engine, at(5));
    let step = engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &HIGH));
    let kinds: Vec<&str> = step
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Record(Event::ActionIntended { .. }) => Some("intent"),
            Effect::Record(Event::CallSent { .. }) => Some("sent"),
            Effect::Send { .. } => Some("send"),
            Effect::Record(_) => None,
        })
        .collect();
    assert_eq!(kinds, ["intent", "sent", "send"]);
    let again = engine.step(at(6), look(at(6), state("db.t4g.small", "available"), &HIGH));
    assert_eq!(sends(&again), 0);
}

#[test]
fn a_scale_up_ends_verified_on_the_second_look_and_cools_down() {
    let (mut engine, _) = sent();
    let outcome = CallOutcome::Accepted { request_id: Some("r1".into()) };
    engine.step(at(5), Input::Outcome { action: ActionId("a1".into()), outcome });
    let mut ended = Vec::new();
    for (minute, class, status) in
        [(6, "db.t4g.small", "modifying"), (9, "db.m5.large", "available"), (10, "db.m5.large", "available")]
    {
        let step = engine.step(at(minute), look(at(minute), state(class, status), &HIGH));
        ended.extend(step.effects.into_iter().filter(|effect| {
            matches!(effect, Effect::Record(Event::ActionEnded { result: ActionResult::Verified, .. }))
        }));
        assert_eq!(ended.len(), usize::from(minute == 10));
    }
    // The load is gone, the data are complete: only the cooldown keeps it up.
    let calm = minutes_of(100.0, 40);
    let step = engine.step(at(40), look(at(40), state("db.m5.large", "available"), &calm));
    let closed: Vec<&str> = decision(&step).unwrap().closed_gates().map(|gate| gate.gate.name()).collect();
    assert_eq!(closed, ["cooldown over"]);
    let calm = minutes_of(100.0, 80);
    let step = engine.step(at(80), look(at(80), state("db.m5.large", "available"), &calm));
    assert_eq!(sends(&step), 1, "down after the cooldown: {:?}", decision(&step));
}

#[test]
fn a_restart_between_sending_and_hearing_looks_and_does_not_send() {
    let (mut engine, _) = sent();
    drop(engine.step(at(5), Input::Started));
    let (entries, settings) = journal_of_a_sent_call();
    let mut restarted = Engine::new(settings, |_| String::new(), &entries);
    let step = restarted.step(at(6), Input::Started);
    assert!(step.effects.iter().any(|effect| matches!(effect, Effect::Record(Event::ActionResumed { .. }))));
    for minute in 6..60 {
        let step = restarted.step(at(minute), look(at(minute), state("db.t4g.small", "modifying"), &HIGH));
        assert_eq!(sends(&step), 0);
    }
}

fn journal_of_a_sent_call() -> (Vec<Entry>, Settings) {
    let mut engine = engine();
    let mut effects = engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &[])).effects;
    effects.extend(order(&mut engine, at(5), Command::Arm { reason: "test".into() }).effects);
    effects.extend(engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &HIGH)).effects);
    let events = effects.into_iter().filter_map(|effect| match effect {
        Effect::Record(event) => Some(event),
        Effect::Send { .. } => None,
    });
    let entries = events.enumerate().map(|(i, event)| Entry { seq: i as u64 + 1, at: at(5), event }).collect();
    (entries, engine.settings().clone())
}

#[test]
fn stale_or_missing_data_never_scales_down() {
    let mut engine = engine();
    engine.step(at(5), look(at(5), state("db.m5.large", "available"), &[]));
    arm(&mut engine, at(5));
    for minute in 6..60 {
        let step = engine.step(at(minute), look(at(minute), state("db.m5.large", "available"), &LOW[..4]));
        assert_eq!(sends(&step), 0, "minute {minute}");
    }
}

#[test]
fn a_broken_journal_disarms_and_sends_nothing() {
    let mut engine = engine();
    engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &[]));
    arm(&mut engine, at(5));
    engine.step(at(5), Input::JournalBroken("no space left".into()));
    let step = engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &HIGH));
    assert_eq!(sends(&step), 0);
    let step = order(&mut engine, at(6), Command::Arm { reason: "again".into() });
    assert!(matches!(step.answer, Some(Answer::Refused { .. })));
}

#[test]
fn a_person_passes_over_arming_but_not_over_a_pending_change() {
    let mut engine = engine();
    let up = || Command::Scale {
        database: crate::model::database::DatabaseName::new("checkpoints"),
        to: InstanceClass::observed("db.m5.large"),
        reason: "sale".into(),
    };
    let mut pending = state("db.t4g.small", "available");
    pending.pending.insert("EngineVersion".into(), "17.1".into());
    engine.step(at(5), look(at(5), pending, &LOW));
    let step = order(&mut engine, at(5), up());
    assert!(matches!(step.answer, Some(Answer::Refused { .. })) && sends(&step) == 0);
    engine.step(at(6), look(at(6), state("db.t4g.small", "available"), &LOW));
    let step = order(&mut engine, at(6), up());
    assert_eq!(sends(&step), 1, "{:?}", step.answer);
    let stop = order(&mut engine, at(6), Command::Stop { database: DatabaseName::new("checkpoints") });
    assert!(matches!(stop.answer, Some(Answer::Refused { .. })), "a sent call cannot be stopped");
}

#[test]
fn another_machine_under_the_name_is_noticed_and_held() {
    let mut engine = engine();
    engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &HIGH));
    let mut other = state("db.t4g.small", "available");
    other.resource_id = crate::model::database::ResourceId::new("db-2");
    let step = engine.step(at(6), look(at(6), other, &HIGH));
    assert!(step.effects.iter().any(|effect| matches!(effect, Effect::Record(Event::ForeignChange { .. }))));
    let hold = engine.memory.of(&DatabaseName::new("checkpoints")).hold_on(crate::model::ladder::Direction::Up, at(7));
    assert!(hold.is_some());
    assert!(SignedDuration::from_mins(59) < hold.unwrap().until.unwrap().duration_since(at(6)));
}
