//! Rules: M of the N newest completed, published periods beyond a threshold.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::decision::RuleResult;
use crate::model::duration;
use crate::model::guard::{Guard, Guards};
use crate::model::ladder::Direction;
use crate::model::policy::{Policy, Rule};
use crate::model::series::{Datapoint, Series};

/// What a rule sees in a series at `now`. Without a series every period is missing.
///
/// An up rule looks back from the newest period there is, so as to act early. A down rule looks back from the newest
/// period that is due to be published, and any newer one that is there already must agree: so taking datapoints away
/// that are due can only make a down rule hold less.
pub(super) fn evaluate(
    rule: &Rule,
    direction: Direction,
    series: Option<&Series>,
    policy: &Policy,
    guards: Guards,
    now: Timestamp,
) -> RuleResult {
    let period_secs = policy.period_secs(&rule.signal);
    let mut result = RuleResult { direction, rule: rule.clone(), beyond: 0, missing: 0, holds: false, period_secs };
    let empty = Series::empty(period_secs);
    let series = series.unwrap_or(&empty);
    let Some(due) = newest_due(series, policy.delay_of(&rule.signal), now) else {
        result.missing = rule.periods;
        return result;
    };
    let newest = newest_complete(series, now).map_or(due, |present| present.max(due));
    let mut start = Some(if direction == Direction::Up { newest } else { due });
    // Without the guard, what every naive rule does: silence is no load.
    let absent = if guards.stand(Guard::MissingMetric) { None } else { Some(0.0) };
    for _ in 0..rule.periods {
        match start.and_then(|start| series.at(start)).or(absent) {
            Some(value) if rule.comparison.holds(value, rule.threshold) => result.beyond += 1,
            Some(_) => {}
            None => result.missing += 1,
        }
        start = start.and_then(|start| start.checked_sub(series.period()).ok());
    }
    let mut newer = series.points.iter().rev().take_while(|point| point.start > due);
    let agrees = |point: &Datapoint| rule.comparison.holds(point.value, rule.threshold);
    result.holds = result.beyond >= rule.datapoints && (direction == Direction::Up || newer.all(agrees));
    result
}

/// The start of the newest period that should have been published by now, whether it was or not.
fn newest_due(series: &Series, delay: Duration, now: Timestamp) -> Option<Timestamp> {
    let period = i64::from(series.period_secs).max(1);
    let due = now.checked_sub(duration::signed(delay)).ok()?.as_second().div_euclid(period) * period - period;
    Timestamp::from_second(due).ok()
}

/// Every value of the `count` newest periods that are due, and of any newer one; `None` with a single gap in them.
pub(super) fn unbroken(series: &Series, delay: Duration, count: u32, now: Timestamp) -> Option<Vec<f64>> {
    let due = newest_due(series, delay, now)?;
    let mut values: Vec<f64> =
        series.points.iter().rev().take_while(|point| point.start > due).map(|point| point.value).collect();
    let mut start = due;
    for _ in 0..count {
        values.push(series.at(start)?);
        start = start.checked_sub(series.period()).ok()?;
    }
    Some(values)
}

/// The start of the newest period that is over and has a datapoint.
fn newest_complete(series: &Series, now: Timestamp) -> Option<Timestamp> {
    let complete = |start: Timestamp| start.as_second() + i64::from(series.period_secs) <= now.as_second();
    series.points.iter().rev().map(|point| point.start).find(|start| complete(*start))
}

/// Age of the newest datapoint in seconds, from the end of its period.
pub(super) fn age_secs(series: Option<&Series>, now: Timestamp) -> Option<i64> {
    Some(now.duration_since(series?.newest_end()?).as_secs())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::fixtures::{policy, series};
    use crate::model::policy::Comparison;
    use crate::model::series::SignalName;

    fn rule(comparison: Comparison, datapoints: u32, periods: u32) -> Rule {
        Rule { signal: SignalName::new("writes"), comparison, threshold: 500.0, datapoints, periods }
    }

    fn seen(rule: &Rule, direction: Direction, values: &[Option<f64>], second: i64) -> RuleResult {
        let now = Timestamp::from_second(second).unwrap();
        evaluate(rule, direction, Some(&series(values)), &policy(), Guards::all(), now)
    }

    fn holds(rule: &Rule, values: &[Option<f64>]) -> bool {
        seen(rule, Direction::Up, values, values.len() as i64 * 60).holds
    }

    #[test]
    fn two_of_three_and_no_spike() {
        let up = rule(Comparison::Above, 2, 3);
        assert!(holds(&up, &[Some(1.0), Some(501.0), Some(2.0), Some(501.0)]));
        assert!(!holds(&up, &[Some(501.0), Some(1.0), Some(2.0), Some(501.0)]));
        assert!(!holds(&up, &[Some(500.0), Some(500.0), Some(500.0), Some(500.0)]), "equal is not above");
    }

    #[test]
    fn unpublished_minutes_wait_and_late_ones_are_missing() {
        let up = rule(Comparison::Above, 2, 3);
        let late = [Some(600.0), Some(600.0)];
        assert!(seen(&up, Direction::Up, &late, 240).holds);
        let later = seen(&up, Direction::Up, &late, 420);
        assert!(!later.holds && later.missing == 3, "{later:?}");
    }

    #[test]
    fn a_down_rule_waits_for_what_is_due_and_heeds_what_is_newer() {
        let down = rule(Comparison::Below, 3, 3);
        let calm = [Some(100.0), Some(100.0), Some(100.0)];
        assert!(!seen(&down, Direction::Down, &calm[..2], 300).holds, "the third is due and missing");
        assert!(seen(&down, Direction::Down, &calm, 300).holds);
        let rising = [Some(100.0), Some(100.0), Some(100.0), Some(900.0)];
        assert!(!seen(&down, Direction::Down, &rising, 300).holds, "the fourth is not due, but there and high");
    }

    fn values() -> impl Strategy<Value = Vec<Option<f64>>> {
        prop::collection::vec(prop::option::weighted(0.8, 0.0..1_000.0), 1..20)
    }

    proptest! {
        #[test]
        fn holds_exactly_when_m_of_n_do(values in values(), m in 1_u32..6, extra in 0_u32..6) {
            let n = m + extra;
            let up = rule(Comparison::Above, m, n);
            let result = seen(&up, Direction::Up, &values, values.len() as i64 * 60);
            let due = values.len() as i64 - 3;
            let newest = values.iter().rposition(Option::is_some).map_or(due, |at| due.max(at as i64));
            let in_window = |i: i64| i <= newest && i > newest - i64::from(n);
            let beyond = values.iter().enumerate()
                .filter(|(i, value)| in_window(*i as i64) && value.is_some_and(|value| value > 500.0)).count();
            prop_assert_eq!(result.beyond, beyond as u32);
            prop_assert_eq!(result.holds, beyond as u32 >= m);
        }

        #[test]
        fn losing_points_that_are_due_never_makes_a_down_rule_hold(
            values in values(), lost in prop::collection::vec(0_usize..20, 1..6), m in 1_u32..4, extra in 0_u32..4,
        ) {
            let down = rule(Comparison::Below, m, m + extra);
            let second = values.len() as i64 * 60;
            let due = values.len().saturating_sub(2);
            let mut fewer = values.clone();
            for lost in lost {
                if lost < due {
                    fewer[lost] = None;
                }
            }
            let (all, fewer) = (seen(&down, Direction::Down, &values, second), seen(&down, Direction::Down, &fewer, second));
            prop_assert!(all.holds || !fewer.holds);
            prop_assert!(all.beyond >= fewer.beyond && all.missing <= fewer.missing);
        }
    }
}
