//! What holds after an end, over a restart, and once the process is told to end.

use super::*;
use crate::model::deployment::{Deployment, DeploymentId, DeploymentStatus};
use crate::model::hold::{Hold, HoldCause};

fn checkpoints() -> DatabaseName {
    DatabaseName::new("checkpoints")
}

fn records(step: &Step) -> impl Iterator<Item = &Event> {
    step.effects.iter().filter_map(|effect| match effect {
        Effect::Record(event) => Some(event),
        _ => None,
    })
}

fn hold_set(step: &Step) -> Option<&Hold> {
    records(step).find_map(|event| if let Event::HoldSet { hold, .. } = event { Some(hold) } else { None })
}

/// Looks, each a minute after the other, until one of them has set a hold.
fn look_until_held(engine: &mut Engine, from: i64, class: &str, status: &str) -> (i64, Hold) {
    let held = (from..from + 120).find_map(|minute| {
        let step = engine.step(at(minute), look(at(minute), state(class, status), &LOW));
        Some((minute, hold_set(&step)?.clone()))
    });
    held.unwrap_or_else(|| panic!("nothing is held after two hours"))
}

#[test]
fn what_a_person_has_changed_is_not_undone_for_a_while() {
    let mut engine = engine();
    engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &LOW));
    let to = InstanceClass::observed("db.m5.large");
    let step = order(
        &mut engine,
        at(5),
        Command::Scale { database: checkpoints(), to, reason: "sale".into(), hold_for: None },
    );
    assert_eq!(sends(&step), 1, "{:?}", step.answer);
    engine.step(at(5), Input::Outcome { id: first_call(), outcome: CallOutcome::Accepted { request_id: None } });
    let (minute, hold) = look_until_held(&mut engine, 9, "db.m5.large", "available");
    assert!(matches!(&hold.cause, HoldCause::AfterManual { by, .. } if by.user == "ada"), "{hold:?}");
    assert_eq!((hold.direction, hold.until), (None, Some(at(minute) + SignedDuration::from_hours(1))));
}

#[test]
fn an_unclear_end_waits_for_a_person_also_over_a_restart() {
    let (entries, settings) = journal_of_a_sent_call();
    let mut engine = Engine::new(settings.clone(), |_| String::new(), &entries, Guards::all());
    engine.step(at(6), Input::Started(started()));
    let (minute, hold) = look_until_held(&mut engine, 6, "db.t4g.small", "modifying");
    assert!(minute >= 60, "it waits for `stuck_after` first");
    assert!(hold.waits_for_person() && matches!(hold.cause, HoldCause::Unclear { .. }), "{hold:?}");
    assert!(!hold.cause.remedy().is_empty());
    let event = Event::HoldSet { database: checkpoints(), hold, supersedes: Vec::new() };
    let held = Entry { seq: entries.len() as u64 + 1, at: at(minute), event };
    let entries = [entries, vec![held]].concat();
    let restarted = Engine::new(settings, |_| String::new(), &entries, Guards::all());
    let a_month_later = at(minute + 60 * 24 * 30);
    assert!(restarted.memory.of(&checkpoints()).hold_on(Direction::Down, a_month_later).is_some());
}

/// On two looks running: one alone may be an old picture.
#[test]
fn a_deployment_of_other_hands_closes_the_gate_at_once_and_holds_on_the_second_look() {
    let mut engine = engine();
    let bound = |at| {
        let Input::Observed(mut bound) = look(at, state("db.t4g.small", "available"), &HIGH) else { unreachable!() };
        let deployment = Deployment {
            id: DeploymentId::new("bgd-1"),
            name: "upgrade".into(),
            source: "arn".into(),
            target: None,
            status: DeploymentStatus::new("PROVISIONING"),
            status_details: None,
            open_tasks: vec![],
        };
        bound.deployments = Ok(vec![deployment]);
        Input::Observed(bound)
    };
    engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &LOW));
    arm(&mut engine, at(5));
    let step = engine.step(at(6), bound(at(6)));
    let closed: Vec<String> = decision(&step).unwrap().closed_gates().map(ToString::to_string).collect();
    assert_eq!((sends(&step), closed), (0, vec!["no other deployment: bgd-1 (upgrade)".to_owned()]));
    assert!(hold_set(&step).is_none());
    let step = engine.step(at(7), bound(at(7)));
    let hold = hold_set(&step).unwrap();
    assert!(hold.waits_for_person() && hold.cause.to_string().contains("bgd-1 (upgrade)"), "{hold:?}");
    assert!(hold_set(&engine.step(at(8), bound(at(8)))).is_none(), "held once");
}

#[test]
fn a_class_that_others_have_changed_is_held_for_a_while() {
    let mut engine = engine();
    engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &LOW));
    let (minute, hold) = look_until_held(&mut engine, 6, "db.m5.large", "available");
    assert!(matches!(hold.cause, HoldCause::ForeignChange { .. }), "{hold:?}");
    assert_eq!(hold.until, Some(at(minute) + SignedDuration::from_hours(1)));
}

#[test]
fn a_change_that_others_let_pend_is_held_for_on_the_second_look_and_once() {
    let mut engine = engine();
    let pending = |minute: i64| {
        let mut state = state("db.t4g.small", "available");
        state.pending.insert("AllocatedStorage".to_owned(), "200".to_owned());
        look(at(minute), state, &LOW)
    };
    engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &LOW));
    assert!(hold_set(&engine.step(at(6), pending(6))).is_none(), "one look alone may be an old picture");
    let step = engine.step(at(7), pending(7));
    let hold = hold_set(&step).unwrap();
    assert!(hold.cause.to_string().contains("AllocatedStorage 200"), "{hold:?}");
    assert!(records(&step).any(|event| matches!(event, Event::ForeignChange { .. })));
    assert!((8..200).all(|minute| hold_set(&engine.step(at(minute), pending(minute))).is_none()), "told once");
}

#[test]
fn a_database_that_others_have_deleted_or_renamed_is_on_record_and_held() {
    let mut engine = engine();
    let gone = |minute: i64| {
        let Input::Observed(mut gone) = look(at(minute), state("db.t4g.small", "available"), &LOW) else {
            unreachable!()
        };
        gone.databases = Ok(std::collections::BTreeMap::new());
        Input::Observed(gone)
    };
    assert!((1..5).all(|minute| hold_set(&engine.step(at(minute), gone(minute))).is_none()), "it never was there");
    engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &LOW));
    let held: Vec<i64> =
        (6..20).filter(|minute| hold_set(&engine.step(at(*minute), gone(*minute))).is_some()).collect();
    assert_eq!(held, [8], "on the third look that has not found it, and once");
}

#[test]
fn a_cooldown_outlives_a_restart() {
    let (mut entries, settings) = journal_of_a_sent_call();
    let result = ActionResult::Verified;
    let class = Some(InstanceClass::observed("db.m5.large"));
    let ended = Event::ActionEnded {
        action: first_call().action,
        database: checkpoints(),
        class,
        outage_secs: None,
        outage_by: None,
        clients: None,
        result,
    };
    for event in [ended, Event::EngineStopped { why: "test".into() }, started()] {
        entries.push(Entry { seq: entries.len() as u64 + 1, at: at(12), event });
    }
    let mut restarted = Engine::new(settings, |_| String::new(), &entries, Guards::all());
    let calm = minutes_of(100.0, 40);
    let step = restarted.step(at(40), look(at(40), state("db.m5.large", "available"), &calm));
    let closed: Vec<&str> = decision(&step).unwrap().closed_gates().map(|gate| gate.gate.name()).collect();
    assert!(closed.contains(&"cooldown over"), "{closed:?}");
}

#[test]
fn a_process_that_ends_sends_nothing_more() {
    let mut engine = engine();
    engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &[]));
    arm(&mut engine, at(5));
    engine.end();
    let step = engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &HIGH));
    assert_eq!(sends(&step), 0, "{:?}", step.effects);
}

#[test]
fn a_class_that_aws_does_not_offer_or_was_not_asked_for_is_not_ordered() {
    for offered in [Some(false), None] {
        let mut engine = engine();
        engine.step(at(5), look(at(5), state("db.t4g.small", "available"), &[]));
        arm(&mut engine, at(5));
        let watched = engine.watched.get_mut(&checkpoints()).unwrap();
        watched.orderable.clear();
        watched.orderable.extend(offered.map(|offered| (InstanceClass::observed("db.m5.large"), (offered, at(5)))));
        let Input::Observed(mut unasked) = look(at(5), state("db.t4g.small", "available"), &HIGH) else { panic!() };
        unasked.orderable.clear();
        let step = engine.step(at(5), Input::Observed(unasked));
        let closed: Vec<&str> = decision(&step).unwrap().closed_gates().map(|gate| gate.gate.name()).collect();
        assert_eq!((closed.as_slice(), sends(&step)), (["target orderable"].as_slice(), 0));
    }
}
