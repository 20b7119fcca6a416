//! Arming for a while: when it ends, over restarts and a clock that is set; and that what a person disarmed stays so.

use std::time::Duration;

use super::*;

fn arm_for(engine: &mut Engine, now: Timestamp, length: Duration) -> Option<Answer> {
    order(engine, now, Command::Arm { reason: "the night".into(), duration: Some(length) }).answer
}

fn small(now: Timestamp, writes: &[Option<f64>]) -> Input {
    look(now, state("db.t4g.small", "available"), writes)
}

/// Seen at minute 5 and armed for ten minutes from then on.
fn armed_for_ten_minutes() -> Engine {
    let mut engine = engine();
    engine.step(at(5), Input::Started(started()));
    engine.step(at(5), small(at(5), &LOW));
    let answer = arm_for(&mut engine, at(5), Duration::from_mins(10));
    assert!(matches!(&answer, Some(Answer::Done { sentence, .. }) if sentence.contains("until 1970-01-01T00:15:00Z")));
    assert_eq!(engine.arming_ends(), Some(at(15)));
    engine
}

fn disarmed_why(step: &Step) -> Option<&str> {
    step.effects.iter().find_map(|effect| match effect {
        Effect::Record(Event::Disarmed { by: None, why }) => Some(why.as_str()),
        _ => None,
    })
}

/// What this engine has recorded, as a journal.
fn entries(steps: impl IntoIterator<Item = (Timestamp, Step)>) -> Vec<Entry> {
    let events = steps.into_iter().flat_map(|(at, step)| step.effects.into_iter().map(move |effect| (at, effect)));
    let events = events.filter_map(|(at, effect)| match effect {
        Effect::Record(event) => Some((at, event)),
        _ => None,
    });
    events.enumerate().map(|(place, (at, event))| Entry { seq: place as u64 + 1, at, event }).collect()
}

#[test]
fn it_ends_by_itself_at_its_moment_and_is_on_record() {
    let mut engine = armed_for_ten_minutes();
    let early = engine.step(at(15) - SignedDuration::from_secs(1), Input::ArmingEnds);
    assert!(engine.arming().is_armed() && disarmed_why(&early).is_none());
    let step = engine.step(at(15), Input::ArmingEnds);
    assert_eq!(disarmed_why(&step), Some("the 10 min for which ada armed it are over"));
    assert!(!engine.arming().is_armed() && engine.arming_ends().is_none());
    assert!(disarmed_why(&engine.step(at(16), Input::ArmingEnds)).is_none(), "told once");
}

/// The look that would lead to a call is the first thing that the engine hears of after the end.
#[test]
fn no_call_goes_out_at_its_end_nor_after_it() {
    for (second, calls) in [(-1, 1), (0, 0), (1, 0)] {
        let mut engine = armed_for_ten_minutes();
        let now = at(15) + SignedDuration::from_secs(second);
        let step = engine.step(now, small(now, &minutes_of(620.0, 15)));
        assert_eq!(sends(&step), calls, "{second} s after its end: {:?}", step.effects);
        let closed: Vec<&str> = decision(&step).unwrap().closed_gates().map(|gate| gate.gate.name()).collect();
        assert_eq!(closed.contains(&"armed"), calls == 0, "{closed:?}");
    }
}

#[test]
fn an_action_that_is_in_flight_then_is_watched_to_its_end() {
    let mut engine = armed_for_ten_minutes();
    let now = at(14);
    assert_eq!(sends(&engine.step(now, small(now, &minutes_of(620.0, 14)))), 1);
    engine.step(now, Input::Outcome { id: first_call(), outcome: CallOutcome::Accepted { request_id: None } });
    engine.step(at(15), Input::ArmingEnds);
    let verified = (18..40).any(|minute| {
        let step = engine.step(at(minute), look(at(minute), state("db.m5.large", "available"), &HIGH));
        let is_end = |effect: &Effect| {
            matches!(effect, Effect::Record(Event::ActionEnded { result: ActionResult::Verified, .. }))
        };
        step.effects.iter().any(is_end)
    });
    assert!(verified && !engine.arming().is_armed());
}

#[test]
fn a_clock_that_is_set_never_makes_it_longer() {
    let mut engine = armed_for_ten_minutes();
    let back = SignedDuration::from_mins(-4);
    engine.clock_was_set(back);
    assert_eq!(engine.arming_ends(), Some(at(11)), "the clock shows four minutes too little");
    engine.clock_was_set(-back);
    assert_eq!(engine.arming_ends(), Some(at(11)), "what it was set forward by may be another time's");
    let step = engine.step(at(11), small(at(11), &minutes_of(620.0, 11)));
    assert!(sends(&step) == 0 && disarmed_why(&step).is_some(), "{:?}", step.effects);
    arm_for(&mut engine, at(12), Duration::from_mins(10));
    assert_eq!(engine.arming_ends(), Some(at(22)), "a new one is measured anew");
}

#[test]
fn one_that_ran_out_while_no_engine_ran_is_over_at_the_next_start() {
    let settings = engine().settings().clone();
    let mut first = engine();
    let step = |engine: &mut Engine, now, input| (now, engine.step(now, input));
    let mut steps = vec![
        step(&mut first, at(5), Input::Started(started())),
        step(&mut first, at(5), small(at(5), &LOW)),
        (at(5), order(&mut first, at(5), Command::Arm { reason: "x".into(), duration: Some(Duration::from_mins(10)) })),
    ];
    steps.push((
        at(6),
        Step {
            effects: vec![Effect::Record(Event::EngineStopped { why: "test".into() })],
            ..first.step(at(6), Input::ArmingEnds)
        },
    ));
    let entries = entries(steps);
    for (minute, is_armed, words) in
        [(14, true, ""), (15, false, "are over"), (4, false, "the clock shows a time before ada armed it")]
    {
        let mut next = Engine::new(settings.clone(), |_| String::new(), &entries, Guards::all());
        let step = next.step(at(minute), Input::Started(started()));
        assert_eq!(next.arming().is_armed(), is_armed, "started at minute {minute}");
        assert!(disarmed_why(&step).unwrap_or_default().contains(words), "{:?}", step.effects);
    }
}

#[test]
fn a_length_that_makes_no_sense_is_refused_with_words() {
    let mut engine = armed_for_ten_minutes();
    for length in [Duration::ZERO, Duration::from_secs(59), Duration::from_hours(24 * 30 + 1), Duration::MAX] {
        let answer = arm_for(&mut engine, at(6), length);
        assert!(matches!(&answer, Some(Answer::Refused { sentence }) if sentence.contains("1 min to 30 days")));
    }
    assert_eq!(engine.arming_ends(), Some(at(15)), "what was in force stays so");
}

/// The order that comes at the very end is answered with its own record, not with that of the end.
#[test]
fn an_order_at_its_end_is_answered_by_its_own_record() {
    let mut engine = armed_for_ten_minutes();
    let step = order(&mut engine, at(15), Command::Arm { reason: "on".into(), duration: None });
    let Some(Answer::Done { seq: place, .. }) = step.answer else { panic!("{:?}", step.answer) };
    assert!(matches!(&step.effects[place as usize], Effect::Record(Event::Armed { until: None, .. })));
    assert!(disarmed_why(&step).is_some() && engine.arming().is_armed() && engine.arming_ends().is_none());
}

/// Every way in which a process ends and another one begins: none of them arms.
#[test]
fn what_a_person_disarmed_stays_so_over_every_kind_of_end() {
    let settings = engine().settings().clone();
    let by = Operator { user: "ada".into(), ssh_client: None, peer: None };
    let record = |event| Entry { seq: 1, at: at(5), event };
    let armed = |until| Event::Armed { by: by.clone(), reason: "test".into(), until };
    let disarmed = Event::Disarmed { by: Some(by.clone()), why: "by ada".into() };
    let stopped = Event::EngineStopped { why: "SIGTERM".into() };
    for until in [None, Some(at(7)), Some(at(600))] {
        for end in [vec![], vec![stopped.clone()]] {
            let mut entries: Vec<Entry> =
                [started(), armed(until), disarmed.clone()].into_iter().chain(end).map(record).collect();
            // Three lives more: the first is told to end, the second is not.
            for (minute, ends) in [(6, true), (8, false), (900, false)] {
                let mut engine = Engine::new(settings.clone(), |_| String::new(), &entries, Guards::all());
                let start = engine.step(at(minute), Input::Started(started()));
                let step = engine.step(at(minute), small(at(minute), &minutes_of(620.0, minute as usize)));
                assert!(!engine.arming().is_armed() && sends(&step) == 0, "{until:?} {minute}: {:?}", step.effects);
                let Arming::Disarmed { why, since } = engine.arming() else { unreachable!() };
                assert_eq!((why.as_str(), *since), ("by ada", Some(at(5))), "the person's word is what is shown");
                let of_life = self::entries([(at(minute), start), (at(minute), step)]);
                entries.extend(of_life);
                entries.extend(ends.then(|| record(stopped.clone())));
            }
        }
    }
}
