//! Overrides that behave: of two words of people the newer one counts, what it takes the place of is on record, and what
//! follows is told ahead.

use std::time::Duration;

use super::*;
use crate::engine::fixtures::policy;
use crate::model::action::Intent;
use crate::model::expiry::{AtExpiry, Would};
use crate::model::hold::{Hold, HoldCause};
use crate::model::operator::Actor;

fn checkpoints() -> DatabaseName {
    DatabaseName::new("checkpoints")
}

fn hold(direction: Option<Direction>, mins: u64, reason: &str) -> Command {
    let (database, duration) = (checkpoints(), Duration::from_mins(mins));
    Command::Hold { database, direction, duration, reason: reason.into() }
}

fn scale(to: &str, hold_for: Option<Duration>) -> Command {
    Command::Scale { database: checkpoints(), to: InstanceClass::observed(to), reason: "sale".into(), hold_for }
}

fn said(step: &Step) -> &str {
    match &step.answer {
        Some(Answer::Done { sentence, .. } | Answer::Refused { sentence } | Answer::Unknown { sentence }) => sentence,
        None => panic!("no answer"),
    }
}

/// Each hold in force as its reason, its direction, and the minute at which it ends.
fn in_force(engine: &Engine, minute: i64) -> Vec<(String, Option<Direction>, Option<i64>)> {
    let holds = engine.memory.of(&checkpoints()).holds_at(at(minute));
    let words = |cause: &HoldCause| match cause {
        HoldCause::Person { reason, .. } => reason.clone(),
        HoldCause::AfterManual { .. } => "after".into(),
        HoldCause::ForeignChange { .. } => "foreign".into(),
        HoldCause::Unclear { .. } => "unclear".into(),
    };
    holds.map(|hold| (words(&hold.cause), hold.direction, hold.until.map(|until| until.as_second() / 60))).collect()
}

fn supersedes(step: &Step) -> Vec<Hold> {
    let of = |effect: &Effect| match effect {
        Effect::Record(Event::HoldSet { supersedes, .. }) => Some(supersedes.clone()),
        _ => None,
    };
    step.effects.iter().find_map(of).unwrap_or_default()
}

fn seen(class: &str) -> Engine {
    let mut engine = engine();
    engine.step(at(5), look(at(5), state(class, "available"), &LOW));
    engine
}

/// On a look that is too old for a call: what is ordered waits.
fn late() -> Timestamp {
    at(5) + SignedDuration::from_secs(30)
}

#[test]
fn the_newest_hold_takes_the_place_of_the_older_ones_in_its_direction_and_leaves_the_rest() {
    let (up, down) = (Some(Direction::Up), Some(Direction::Down));
    let mut engine = seen("db.t4g.small");
    order(&mut engine, at(5), hold(None, 240, "month's end"));
    let step = order(&mut engine, at(6), hold(up, 30, "sale"));
    assert_eq!(supersedes(&step).len(), 1);
    assert!(said(&step).contains("in place of up and down until 1970-01-01T04:05:00Z"), "{}", said(&step));
    let expected = [("month's end".to_owned(), down, Some(245)), ("sale".to_owned(), up, Some(36))];
    assert_eq!(in_force(&engine, 7), expected, "a shorter one too: it is the newest word");
    let step = order(&mut engine, at(7), hold(down, 10, "quiet"));
    assert_eq!(supersedes(&step).len(), 1);
    assert_eq!(in_force(&engine, 8), [("sale".to_owned(), up, Some(36)), ("quiet".to_owned(), down, Some(17))]);
    let step = order(&mut engine, at(8), hold(None, 5, "all"));
    assert_eq!(supersedes(&step).len(), 2);
    assert_eq!(in_force(&engine, 9), [("all".to_owned(), None, Some(13))]);
    assert_eq!(in_force(&engine, 13), [], "what it took the place of does not come back");
    assert!(
        supersedes(&order(&mut engine, at(14), hold(None, 5, "anew"))).is_empty(),
        "what is over is not superseded"
    );
}

#[test]
fn a_restart_knows_the_same_holds() {
    let mut engine = seen("db.t4g.small");
    let orders = [hold(None, 240, "a"), hold(Some(Direction::Up), 30, "b"), hold(Some(Direction::Down), 60, "c")];
    let events = orders.into_iter().flat_map(|command| order(&mut engine, at(6), command).effects);
    let entry = |(seq, effect)| match effect {
        Effect::Record(event) => Some(Entry { seq: seq as u64 + 1, at: at(6), event }),
        _ => None,
    };
    let entries: Vec<Entry> = events.enumerate().filter_map(entry).collect();
    // As they are read from the disk.
    let text = serde_json::to_string(&entries).unwrap();
    let entries: Vec<Entry> = serde_json::from_str(&text).unwrap();
    let restarted = Engine::new(engine.settings().clone(), |_| String::new(), &entries, Guards::all());
    assert_eq!(in_force(&restarted, 7), in_force(&engine, 7));
    assert_eq!(in_force(&restarted, 7).len(), 2);
}

#[test]
fn what_the_engine_holds_by_itself_gives_way_to_no_hold_of_a_person() {
    let mut engine = seen("db.t4g.small");
    for minute in [6, 7] {
        let mut other = state("db.t4g.small", "available");
        other.resource_id = crate::model::database::ResourceId::new("db-2");
        engine.step(at(minute), look(at(minute), other, &LOW));
    }
    let step = order(&mut engine, at(8), hold(None, 5, "x"));
    assert!(supersedes(&step).is_empty());
    let expected = [("foreign".to_owned(), None, None), ("x".to_owned(), None, Some(13))];
    assert_eq!(in_force(&engine, 8), expected);
    assert!(engine.memory.of(&checkpoints()).hold_on(Direction::Up, at(60)).is_some());
}

/// Carried out and seen to be done; the minute of its end.
fn carry_out(engine: &mut Engine, command: Command) -> i64 {
    let step = order(engine, at(5), command);
    assert_eq!(sends(&step), 1, "{:?}", step.answer);
    engine.step(at(5), Input::Outcome { id: first_call(), outcome: CallOutcome::Accepted { request_id: None } });
    let verified = (8..60).find(|minute| {
        let step = engine.step(at(*minute), look(at(*minute), state("db.m5.large", "available"), &LOW));
        step.effects.iter().any(|effect| matches!(effect, Effect::Record(Event::HoldSet { .. })))
    });
    verified.unwrap_or_else(|| panic!("no end"))
}

#[test]
fn a_person_says_how_long_the_engine_holds_after_a_change() {
    for (hold_for, mins) in [(None, 60), (Some(Duration::from_mins(5)), 5), (Some(Duration::from_hours(9)), 540)] {
        let mut engine = seen("db.t4g.small");
        order(&mut engine, at(5), hold(None, 240, "month's end"));
        let end = carry_out(&mut engine, scale("db.m5.large", hold_for));
        let after = ("after".to_owned(), None, Some(end + mins));
        let before = ("month's end".to_owned(), None, Some(245));
        // Nobody has said that the hold shall be an hour: it ends no hold that a person meant to last longer.
        let expected = if hold_for.is_some() { vec![after] } else { vec![before, after] };
        assert_eq!(in_force(&engine, end), expected, "{hold_for:?}");
    }
    let mut engine = seen("db.t4g.small");
    for hold_for in [Duration::ZERO, Duration::from_hours(24 * 31)] {
        let step = order(&mut engine, at(5), scale("db.m5.large", Some(hold_for)));
        assert_eq!(said(&step), "a hold lasts from a second to 30 days");
    }
}

#[test]
fn a_newer_order_takes_the_place_of_one_of_which_nothing_was_sent() {
    let mut engine = seen("db.t4g.small");
    assert_eq!(sends(&order(&mut engine, late(), scale("db.m5.large", None))), 0, "the look is too old");
    let step = order(&mut engine, late(), scale("db.m5.large", Some(Duration::from_mins(10))));
    assert!(said(&step).contains("in place of a1, of which nothing was sent"), "{}", said(&step));
    let records: Vec<&Event> = step
        .effects
        .iter()
        .map(|effect| if let Effect::Record(event) = effect { event } else { panic!("{effect:?}") })
        .collect();
    let Some(Answer::Done { seq: place, .. }) = step.answer else { panic!("{:?}", step.answer) };
    let [Event::ActionEnded { action, result, .. }, Event::ActionIntended { intent, .. }] = records[..] else {
        panic!("{records:?}")
    };
    assert_eq!((action.0.as_str(), intent.action.0.as_str(), place), ("a1", "a2", 1), "answered by its own record");
    assert!(matches!(result, ActionResult::Superseded { superseded_by, .. } if superseded_by.0 == "a2"));
    let now = late() + SignedDuration::from_secs(5);
    let step = engine.step(now, look(now, state("db.t4g.small", "available"), &LOW));
    assert_eq!(sends(&step), 1, "of the two one is sent: {:?}", step.effects);
}

#[test]
fn what_is_out_is_not_superseded_and_the_refusal_says_what_to_do() {
    let mut engine = seen("db.t4g.small");
    assert_eq!(sends(&order(&mut engine, at(5), scale("db.m5.large", None))), 1);
    let step = order(&mut engine, at(5), scale("db.m5.large", None));
    let words = said(&step);
    assert!(matches!(step.answer, Some(Answer::Refused { .. })), "{words}");
    assert!(words.starts_with("not started: a1 is under way (") && words.contains("cannot be taken back"), "{words}");
}

/// The engine's own step that waits for a fresh look gives way as a person's does.
#[test]
fn a_person_comes_before_a_step_of_the_engine_that_was_not_sent() {
    let mut engine = seen("db.t4g.small");
    let intent = Intent {
        action: ActionId("a1".into()),
        database: checkpoints(),
        resource_id: state("db.t4g.small", "available").resource_id,
        strategy: policy().strategy,
        from: InstanceClass::observed("db.t4g.small"),
        to: InstanceClass::observed("db.m5.large"),
        actor: Actor::Engine,
        removes: None,
        hold_for: None,
    };
    engine.memory.apply(at(5), &Event::ActionIntended { intent, passed_over: vec![] });
    let step = order(&mut engine, late(), scale("db.m5.large", None));
    assert!(matches!(&step.effects[0], Effect::Record(Event::ActionEnded { action, .. }) if action.0 == "a1"));
    let active = engine.memory.of(&checkpoints()).active().unwrap();
    assert!(active.intent.action.0 == "a2" && active.intent.actor != Actor::Engine);
}

/// What the view tells of the end of the hold, on a large machine with so little load.
fn told(engine: &Engine, minute: i64) -> Option<AtExpiry> {
    let wake = Wake { at: at(minute), why: WakeReason::NextEvaluation };
    engine.databases(at(minute), &wake).remove(0).at_expiry
}

#[test]
fn what_follows_the_end_of_a_hold_is_told_ahead_and_comes_true() {
    let mut engine = engine();
    let calm = |minute: i64| look(at(minute), state("db.m5.large", "available"), &minutes_of(100.0, minute as usize));
    engine.step(at(40), calm(40));
    // It would go down at once.
    let step = order(&mut engine, at(40), hold(Some(Direction::Down), 30, "sale"));
    let (to, direction) = (InstanceClass::observed("db.t4g.small"), Direction::Down);
    assert!(said(&step).contains("not be able to: disarmed"), "{}", said(&step));
    arm(&mut engine, at(40));
    engine.step(at(41), calm(41));
    let step = order(&mut engine, at(41), hold(Some(Direction::Down), 30, "sale"));
    let words = "when it expires at 1970-01-01T01:11:00Z the engine would go down to db.t4g.small by what it sees now";
    assert!(said(&step).ends_with(words), "{}", said(&step));
    // A hold in the other direction changes nothing of that, and says so.
    let step = order(&mut engine, at(41), hold(Some(Direction::Up), 30, "sale"));
    let words = "; the rules ask for a step down now, which it does not keep the engine from";
    assert!(said(&step).ends_with(words), "{}", said(&step));
    engine.step(at(42), calm(42));
    assert_eq!(told(&engine, 42), Some(AtExpiry { at: at(71), would: Would::Scale { direction, to } }));
    assert_eq!(sends(&engine.step(at(70), calm(70))), 0, "never before it expires");
    assert_eq!(sends(&engine.step(at(71), calm(71))), 1, "and then as it was told");
}

#[test]
fn an_end_that_changes_nothing_is_told_as_that() {
    let mut engine = seen("db.t4g.small");
    arm(&mut engine, at(5));
    let step = order(&mut engine, at(5), hold(None, 30, "sale"));
    assert!(said(&step).ends_with("the engine would change nothing by what it sees now"), "{}", said(&step));
    engine.step(at(6), look(at(6), state("db.t4g.small", "available"), &LOW));
    assert_eq!(told(&engine, 6).map(|told| told.would), Some(Would::Nothing));
    // Armed for less than the hold: nothing happens at its end.
    let mut engine = self::engine();
    let calm = |minute: i64| look(at(minute), state("db.m5.large", "available"), &minutes_of(100.0, minute as usize));
    engine.step(at(40), calm(40));
    order(&mut engine, at(40), Command::Arm { reason: "x".into(), duration: Some(Duration::from_mins(20)) });
    order(&mut engine, at(40), hold(None, 60, "sale"));
    engine.step(at(40), calm(40));
    let Some(Would::Wait { closed, .. }) = told(&engine, 41).map(|told| told.would) else { panic!() };
    assert_eq!(closed, ["it disarms itself at 1970-01-01T01:00:00Z"]);
}

#[test]
fn an_override_tells_what_the_engine_does_after_it() {
    let mut engine = engine();
    engine.step(at(40), look(at(40), state("db.t4g.small", "available"), &minutes_of(100.0, 40)));
    let late = at(40) + SignedDuration::from_secs(30);
    let step = order(&mut engine, late, scale("db.m5.large", None));
    assert!(
        said(&step).ends_with("holds for 1 h, and starts nothing after that while it is disarmed"),
        "{}",
        said(&step)
    );
    arm(&mut engine, late);
    let step = order(&mut engine, late, scale("db.m5.large", Some(Duration::from_mins(90))));
    let words =
        "the engine then holds for 1 h 30 min; when that expires it would go down to db.t4g.small by what it sees now";
    assert!(said(&step).ends_with(words), "{}", said(&step));
}
