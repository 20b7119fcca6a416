//! The engine as a whole: inputs in, effects out.

mod arming;
mod choices;
mod direct;
mod holds;
mod overrides;
mod pooler;
mod progress;
mod reload;

use jiff::{SignedDuration, Timestamp};

use super::fixtures::{engine, look, state};
use super::input::{Effect, Input, Step};
use super::*;
use crate::model::action::{ActionId, ActionResult, CallId};
use crate::model::arming::Arming;
use crate::model::call::{CallOutcome, NOT_SENT};
use crate::model::command::{Answer, Command, Request};
use crate::model::decision::{Decision, Verdict};
use crate::model::failure::{Failure, FailureKind};
use crate::model::ladder::Direction;
use crate::model::operator::Operator;
use crate::model::role::Role;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).unwrap()
}

fn order(engine: &mut Engine, now: Timestamp, command: Command) -> Step {
    let by = Operator { user: "ada".into(), ssh_client: None, peer: None };
    engine.step(now, Input::Command(Request { id: 1, by, role: Role::Admin, seen_revision: None, command }))
}

fn arm(engine: &mut Engine, now: Timestamp) {
    let step = order(engine, now, Command::Arm { reason: "test".into(), duration: None });
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

fn first_call() -> CallId {
    CallId { action: ActionId("a1".into()), step: 1 }
}

fn started() -> Event {
    Event::EngineStarted { version: "test".into(), pid: 1, mode: "test".into(), config_digest: "digest".into() }
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
            Effect::ResumePooler { .. } => Some("resume"),
            Effect::Record(_) | Effect::PutAlarm { .. } => None,
        })
        .collect();
    assert_eq!(kinds, ["intent", "sent", "send"]);
    let again = engine.step(at(6), look(at(6), state("db.t4g.small", "available"), &HIGH));
    assert_eq!(sends(&again), 0);
}

#[test]
fn a_scale_up_ends_verified_after_three_looks_over_a_minute_and_cools_down() {
    let (mut engine, _) = sent();
    let outcome = CallOutcome::Accepted { request_id: Some("r1".into()) };
    engine.step(at(5), Input::Outcome { id: first_call(), outcome });
    let mut ended = 0;
    for (minute, class, status) in [
        (6, "db.t4g.small", "modifying"),
        (9, "db.m5.large", "available"),
        (10, "db.m5.large", "available"),
        (11, "db.m5.large", "available"),
    ] {
        let step = engine.step(at(minute), look(at(minute), state(class, status), &HIGH));
        ended += step
            .effects
            .iter()
            .filter(|effect| {
                matches!(effect, Effect::Record(Event::ActionEnded { result: ActionResult::Verified, .. }))
            })
            .count();
        assert_eq!(ended, usize::from(minute == 11));
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
fn the_same_look_never_confirms_itself() {
    let (mut engine, _) = sent();
    engine.step(at(5), Input::Outcome { id: first_call(), outcome: CallOutcome::Accepted { request_id: None } });
    engine.step(at(9), look(at(9), state("db.m5.large", "available"), &HIGH));
    for second in 0..200 {
        let now = at(9) + SignedDuration::from_secs(second);
        let step = order(&mut engine, now, Command::Stop { database: DatabaseName::new("checkpoints") });
        let ended = |effect: &Effect| matches!(effect, Effect::Record(Event::ActionEnded { .. }));
        assert!(!step.effects.iter().any(ended), "{:?}", step.effects);
    }
}

#[test]
fn no_input_puts_off_the_next_look() {
    let mut engine = engine();
    let step = engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &[]));
    let due = step.wake.at;
    let later = at(5) + SignedDuration::from_secs(14);
    assert_eq!(order(&mut engine, later, Command::Disarm).wake.at, due);
    assert!(order(&mut engine, at(3), Command::Disarm).wake.at <= due, "a clock that was set back");
}

#[test]
fn a_restart_between_sending_and_hearing_looks_and_does_not_send() {
    let (entries, settings) = journal_of_a_sent_call();
    let mut restarted = Engine::new(settings, |_| String::new(), &entries, Guards::all());
    let step = restarted.step(at(6), Input::Started(started()));
    let disarmed = |effect: &Effect| matches!(effect, Effect::Record(Event::Disarmed { by: None, .. }));
    assert!(step.effects.iter().any(disarmed), "the first engine ended without a word");
    assert!(step.effects.iter().any(|effect| matches!(effect, Effect::Record(Event::ActionResumed { .. }))));
    for minute in 6..60 {
        let step = restarted.step(at(minute), look(at(minute), state("db.t4g.small", "modifying"), &HIGH));
        assert_eq!(sends(&step), 0);
    }
}

fn journal_of_a_sent_call() -> (Vec<Entry>, Settings) {
    let mut engine = engine();
    let mut effects = engine.step(at(5), Input::Started(started())).effects;
    effects.extend(engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &[])).effects);
    effects.extend(order(&mut engine, at(5), Command::Arm { reason: "test".into(), duration: None }).effects);
    effects.extend(engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &HIGH)).effects);
    let events = effects.into_iter().filter_map(|effect| match effect {
        Effect::Record(event) => Some(event),
        Effect::Send { .. } | Effect::PutAlarm { .. } | Effect::ResumePooler { .. } => None,
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
    let step = order(&mut engine, at(6), Command::Arm { reason: "again".into(), duration: None });
    assert!(matches!(step.answer, Some(Answer::Refused { .. })));
}

#[test]
fn a_person_passes_over_arming_but_not_over_a_pending_change() {
    let mut engine = engine();
    let up = || Command::Scale {
        database: crate::model::database::DatabaseName::new("checkpoints"),
        to: InstanceClass::observed("db.m5.large"),
        reason: "sale".into(),
        hold_for: None,
    };
    let mut pending = state("db.t4g.small", "available");
    pending.pending.insert("EngineVersion".into(), "17.1".into());
    engine.step(at(5), look(at(5), pending, &LOW));
    let step = order(&mut engine, at(5), up());
    assert!(matches!(step.answer, Some(Answer::Refused { .. })) && sends(&step) == 0);
    engine.step(at(6), look(at(6), state("db.t4g.small", "available"), &LOW));
    let late = at(6) + SignedDuration::from_secs(10);
    let step = order(&mut engine, late, up());
    assert!(matches!(step.answer, Some(Answer::Done { .. })) && sends(&step) == 0, "{:?}", step.answer);
    assert_eq!(step.wake.why, WakeReason::FreshLook, "what is checked must be what is changed");
    let again = late + SignedDuration::from_secs(1);
    let step = engine.step(again, look(again, state("db.t4g.small", "available"), &LOW));
    assert_eq!(sends(&step), 1, "{:?}", step.effects);
    let stop = order(&mut engine, at(6), Command::Stop { database: DatabaseName::new("checkpoints") });
    assert!(matches!(stop.answer, Some(Answer::Refused { .. })), "a sent call cannot be stopped");
}

#[test]
fn another_machine_under_the_name_is_noticed_and_held() {
    let mut engine = engine();
    engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &HIGH));
    let mut other = state("db.t4g.small", "available");
    other.resource_id = crate::model::database::ResourceId::new("db-2");
    let foreign =
        |step: &Step| step.effects.iter().any(|effect| matches!(effect, Effect::Record(Event::ForeignChange { .. })));
    let first = engine.step(at(6), look(at(6), other.clone(), &HIGH));
    assert!(!foreign(&first), "one look can be an old picture");
    assert!(!decision(&first).unwrap().gates.iter().all(|gate| gate.open));
    let cited = &decision(&first).unwrap().datapoints;
    assert!(cited.is_empty(), "what was read is of the machine before: {cited:?}");
    let second = engine.step(at(7), look(at(7), other, &HIGH));
    assert!(foreign(&second));
    let hold = engine.memory.of(&DatabaseName::new("checkpoints")).hold_on(crate::model::ladder::Direction::Up, at(8));
    assert!(hold.unwrap().waits_for_person(), "another machine is nothing that time mends");
}

#[test]
fn an_order_given_on_an_older_picture_is_refused_and_the_change_named() {
    let mut engine = engine();
    engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &LOW));
    let seen = engine.revision();
    arm(&mut engine, at(5));
    let by = Operator { user: "bob".into(), ssh_client: None, peer: None };
    let hold = Command::Hold {
        database: DatabaseName::new("checkpoints"),
        direction: None,
        duration: std::time::Duration::from_mins(1),
        reason: "test".into(),
    };
    let request =
        |command: Command, seen_revision| Request { id: 2, by: by.clone(), role: Role::Admin, seen_revision, command };
    let step = engine.step(at(6), Input::Command(request(hold.clone(), Some(seen))));
    assert!(matches!(&step.answer, Some(Answer::Refused { sentence }) if sentence.contains("ARMED by ada")));
    let now = engine.revision();
    let step = engine.step(at(6), Input::Command(request(hold, Some(now))));
    assert!(matches!(step.answer, Some(Answer::Done { .. })), "{:?}", step.answer);
    let step = engine.step(at(6), Input::Command(request(Command::Disarm, Some(seen))));
    assert!(matches!(step.answer, Some(Answer::Done { .. })), "to disarm is right on any picture");
}

/// What comes of the engine's own step that is recorded and not sent, after an order and a new look.
fn of_an_unsent_step(ordered: Option<Command>) -> Vec<Effect> {
    let mut before = engine();
    before.step(at(5), look(at(5), state("db.t4g.small", "available"), &[]));
    arm(&mut before, at(5));
    let step = before.step(at(5), look(at(5), state("db.t4g.small", "available"), &HIGH));
    let mut engine = engine();
    engine.step(at(5), Input::Started(started()));
    engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &[]));
    arm(&mut engine, at(5));
    for effect in step.effects {
        if let Effect::Record(event @ Event::ActionIntended { .. }) = effect {
            engine.memory.apply(at(5), &event);
        }
    }
    let mut effects = ordered.map(|command| order(&mut engine, at(5), command).effects).unwrap_or_default();
    effects.extend(engine.step(at(6), look(at(6), state("db.t4g.small", "available"), &[])).effects);
    effects
}

#[test]
fn a_hold_ordered_before_the_call_stops_it() {
    let is_send = |effect: &Effect| matches!(effect, Effect::Send { .. });
    assert!(of_an_unsent_step(None).iter().any(is_send));
    let hold = Command::Hold {
        database: DatabaseName::new("checkpoints"),
        direction: None,
        duration: std::time::Duration::from_hours(1),
        reason: "month's end".into(),
    };
    let effects = of_an_unsent_step(Some(hold));
    let why = effects.iter().find_map(|effect| match effect {
        Effect::Record(Event::ActionEnded { result: ActionResult::FailedSafe { why }, .. }) => Some(why.as_str()),
        _ => None,
    });
    assert_eq!(why, Some("nothing was sent: held before"));
    assert!(!effects.iter().any(is_send));
}

#[test]
fn no_call_rests_on_a_look_from_before_the_clock_was_set() {
    let scale = || Command::Scale {
        database: DatabaseName::new("checkpoints"),
        to: crate::model::class::InstanceClass::known("db.m5.large").unwrap(),
        reason: "by hand".into(),
        hold_for: None,
    };
    for was_set in [false, true] {
        let mut engine = engine();
        engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &LOW));
        if was_set {
            engine.clock_was_set(SignedDuration::from_secs(-60));
        }
        let step = order(&mut engine, at(5), scale());
        assert_eq!(sends(&step), usize::from(!was_set), "{:?}", step.effects);
        let step = engine.step(at(6), look(at(6), state("db.t4g.small", "available"), &LOW));
        assert_eq!(sends(&step), usize::from(was_set), "a new look lets it go out: {:?}", step.effects);
    }
}

#[test]
fn another_account_disarms() {
    let mut engine = engine();
    engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &LOW));
    arm(&mut engine, at(5));
    let step = engine.step(at(6), elsewhere(look(at(6), state("db.t4g.small", "available"), &HIGH)));
    assert!(!engine.arming().is_armed() && sends(&step) == 0, "{:?}", step.effects);
}

/// The process that armed was another one, and ended with a word; with and without a pinned account.
#[test]
fn another_account_disarms_across_a_restart_and_says_nothing_of_an_action_under_way() {
    let wrong = Failure {
        kind: FailureKind::WrongIdentity,
        operation: "GetCallerIdentity".into(),
        sentence: "another account than the configured one".into(),
        request_id: None,
    };
    let identity = Identity { account: "999999999999".into(), arn: "arn".into(), region: "us-east-1".into() };
    for identity in [Ok(identity), Err(wrong)] {
        let (mut entries, settings) = journal_of_a_sent_call();
        entries.push(Entry { seq: 99, at: at(5), event: Event::EngineStopped { why: "test".into() } });
        let mut engine = Engine::new(settings, |_| String::new(), &entries, Guards::all());
        engine.step(at(6), Input::Started(started()));
        assert!(engine.arming().is_armed());
        let done = |minute| look(at(minute), state("db.m5.large", "available"), &HIGH);
        let is_of_the_run = |effect: &Effect| {
            let says = matches!(effect, Effect::Record(Event::ActionObserved { .. } | Event::ActionEnded { .. }));
            says || matches!(effect, Effect::Send { .. })
        };
        for minute in 6..30 {
            let Input::Observed(mut other) = done(minute) else { unreachable!() };
            other.identity = Some(identity.clone());
            let step = engine.step(at(minute), Input::Observed(other));
            assert!(!engine.arming().is_armed() && !step.effects.iter().any(is_of_the_run), "{:?}", step.effects);
        }
        let effects: Vec<Effect> = (30..40).flat_map(|now| engine.step(at(now), done(now)).effects).collect();
        let verified = |effect: &&Effect| {
            matches!(effect, Effect::Record(Event::ActionEnded { result: ActionResult::Verified, .. }))
        };
        assert_eq!(effects.iter().filter(verified).count(), 1, "{effects:?}");
    }
}

/// The same look with the credentials of another account.
fn elsewhere(look: Input) -> Input {
    let Input::Observed(mut other) = look else { unreachable!() };
    let identity = Identity { account: "999999999999".into(), arn: "arn".into(), region: "us-east-1".into() };
    other.identity = Some(Ok(identity));
    Input::Observed(other)
}

#[test]
fn a_call_that_the_journal_did_not_take_is_not_waited_for() {
    let (mut engine, now) = sent();
    engine.step(now, Input::JournalBroken("no space left".into()));
    let refused = CallOutcome::Refused { code: NOT_SENT.into(), message: String::new(), request_id: None };
    engine.step(now, Input::Outcome { id: first_call(), outcome: refused });
    assert!(engine.memory.of(&DatabaseName::new("checkpoints")).active().is_none());
}

/// HPA lost its guard for five releases; here the guard has a test that fails without it.
#[test]
fn connections_with_a_gap_never_let_a_step_down_through() {
    let mut engine = engine();
    engine.step(at(5), look(at(5), state("db.m5.large", "available"), &[]));
    arm(&mut engine, at(5));
    let Input::Observed(mut gap) = look(at(80), state("db.m5.large", "available"), &minutes_of(100.0, 80)) else {
        unreachable!()
    };
    if let Some(Ok(series)) = &mut gap.series
        && let Some(Ok(signals)) = series.get_mut(&DatabaseName::new("checkpoints"))
        && let Some(connections) = signals.get_mut(&crate::model::series::SignalName::new("connections"))
    {
        connections.points.remove(75);
    }
    let step = engine.step(at(80), Input::Observed(gap));
    let closed: Vec<&str> = decision(&step).unwrap().closed_gates().map(|gate| gate.gate.name()).collect();
    assert_eq!((sends(&step), closed), (0, vec!["connections fit"]));
}
