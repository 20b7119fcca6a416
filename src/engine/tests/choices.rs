//! Which strategy the engine takes, and when it takes none because the load would be gone.

use super::*;
use crate::engine::fixtures::policy;
use crate::model::guard::Guards;
use crate::model::policy::Strategy;

const BURST_MINS: i64 = 10;
/// What the down rule looks back over: the load was gone when that began.
const DOWN_MINS: i64 = 5;
/// A burst that is over can be seen for so long: the window of the up rule, and the age that a datapoint may have.
const LINGERS_MINS: i64 = 3 + 5;

/// A database that moves by copies and has had so many bursts of ten minutes each; armed, at the end of the last.
fn after_bursts(bursts: i64, fast_lane: Option<Strategy>) -> (Engine, i64) {
    let mut policy = policy();
    policy.strategy = Strategy::BlueGreen;
    policy.copy.fast_lane = fast_lane;
    let settings = Settings { databases: vec![policy], ..engine().settings().clone() };
    let mut engine = Engine::new(settings, |_| String::new(), &[], Guards::all());
    let mut minute = 5;
    for _ in 0..bursts {
        for load in [620.0, 100.0] {
            for _ in 0..BURST_MINS {
                minute += 1;
                engine.step(at(minute), seen(minute, load));
            }
        }
    }
    engine.step(at(minute), seen(minute, 100.0));
    arm(&mut engine, at(minute));
    (engine, minute)
}

fn seen(minute: i64, load: f64) -> Input {
    let Input::Observed(mut seen) =
        look(at(minute), state("db.t4g.small", "available"), &minutes_of(load, minute as usize))
    else {
        unreachable!()
    };
    if let Some(Ok(state)) = seen.databases.as_mut().ok().and_then(|found| found.values_mut().next()) {
        state.facts.backup_retention_days = Some(7);
    }
    Input::Observed(seen)
}

fn chosen(decision: &Decision) -> Option<Strategy> {
    decision.choices.iter().find(|choice| choice.is_chosen).map(|choice| choice.strategy)
}

#[test]
fn a_copy_that_comes_after_the_burst_is_not_made_until_the_burst_outlasts_its_kind() {
    let (mut engine, minute) = after_bursts(3, None);
    let step = engine.step(at(minute + 1), seen(minute + 1, 620.0));
    let decision_now = decision(&step).unwrap();
    let closed: Vec<String> = decision_now.closed_gates().map(ToString::to_string).collect();
    assert_eq!(closed, ["worth the wait: ready in about 22 min; the load is likely gone in 5 min"]);
    let fitting = decision_now.choices.iter().filter(|choice| choice.fits);
    let waits: Vec<&str> = fitting.flat_map(|it| it.why_not.iter().map(String::as_str)).collect();
    assert_eq!(waits.len(), 2, "and in place is not the policy's: {waits:?}");
    let sent_at = (minute + 2..minute + 30).find(|now| sends(&engine.step(at(*now), seen(*now, 620.0))) == 1);
    assert_eq!(
        sent_at,
        Some(minute + 1 + BURST_MINS - DOWN_MINS + LINGERS_MINS),
        "it lasts longer than the others did"
    );
}

#[test]
fn the_fast_lane_is_taken_only_where_the_policy_allows_it_and_only_for_a_short_burst() {
    let (mut engine, minute) = after_bursts(3, Some(Strategy::InPlace));
    let step = engine.step(at(minute + 1), seen(minute + 1, 620.0));
    assert_eq!((chosen(decision(&step).unwrap()), sends(&step)), (Some(Strategy::InPlace), 1));
    let (mut engine, minute) = after_bursts(2, Some(Strategy::InPlace));
    let step = engine.step(at(minute + 1), seen(minute + 1, 620.0));
    assert_eq!((chosen(decision(&step).unwrap()), sends(&step)), (Some(Strategy::BlueGreen), 1), "two are no rhythm");
}
