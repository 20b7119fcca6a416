//! Rules: M of the N newest completed, published periods beyond a threshold.

use jiff::{SignedDuration, Timestamp};

use crate::model::decision::RuleResult;
use crate::model::ladder::Direction;
use crate::model::policy::{Policy, Rule};
use crate::model::series::Series;

/// What a rule sees in a series at `now`. Without a series every period is missing.
pub fn evaluate(
    rule: &Rule,
    direction: Direction,
    series: Option<&Series>,
    policy: &Policy,
    now: Timestamp,
) -> RuleResult {
    let mut result = RuleResult { direction, rule: rule.clone(), beyond: 0, missing: 0, holds: false };
    let Some((series, newest)) = series.and_then(|series| Some((series, newest_start(series, policy, now)?))) else {
        result.missing = rule.periods;
        return result;
    };
    let mut start = Some(newest);
    for _ in 0..rule.periods {
        match start.and_then(|start| series.at(start)) {
            Some(value) if rule.comparison.holds(value, rule.threshold) => result.beyond += 1,
            Some(_) => {}
            None => result.missing += 1,
        }
        start = start.and_then(|start| start.checked_sub(series.period()).ok());
    }
    result.holds = result.beyond >= rule.datapoints;
    result
}

/// The start of the newest period that counts: the newest completed one that has a datapoint, or a later one that
/// should have been published by now and was not.
pub fn newest_start(series: &Series, policy: &Policy, now: Timestamp) -> Option<Timestamp> {
    let period = i64::from(series.period_secs).max(1);
    let delay = SignedDuration::try_from(policy.publish_delay).unwrap_or(SignedDuration::MAX);
    let due = now.checked_sub(delay).ok()?.as_second().div_euclid(period) * period - period;
    let due = Timestamp::from_second(due).ok()?;
    let complete = |start: Timestamp| start.as_second() + period <= now.as_second();
    let present = series.points.iter().rev().map(|point| point.start).find(|start| complete(*start));
    Some(present.map_or(due, |present| present.max(due)))
}

/// Age of the newest datapoint in seconds, from the end of its period.
pub fn age_secs(series: Option<&Series>, now: Timestamp) -> Option<i64> {
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

    fn holds(rule: &Rule, values: &[Option<f64>]) -> bool {
        let series = series(values);
        let now = Timestamp::from_second(values.len() as i64 * 60).unwrap();
        evaluate(rule, Direction::Up, Some(&series), &policy(), now).holds
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
        let late = series(&[Some(600.0), Some(600.0)]);
        let soon = Timestamp::from_second(240).unwrap();
        assert!(evaluate(&up, Direction::Up, Some(&late), &policy(), soon).holds);
        let later = Timestamp::from_second(420).unwrap();
        let result = evaluate(&up, Direction::Up, Some(&late), &policy(), later);
        assert!(!result.holds && result.missing == 3, "{result:?}");
    }

    fn values() -> impl Strategy<Value = Vec<Option<f64>>> {
        prop::collection::vec(prop::option::weighted(0.8, 0.0..1_000.0), 1..20)
    }

    proptest! {
        #[test]
        fn holds_exactly_when_m_of_n_do(values in values(), m in 1_u32..6, extra in 0_u32..6) {
            let n = m + extra;
            let up = rule(Comparison::Above, m, n);
            let now = Timestamp::from_second(values.len() as i64 * 60).unwrap();
            let result = evaluate(&up, Direction::Up, Some(&series(&values)), &policy(), now);
            let newest = newest_start(&series(&values), &policy(), now).unwrap().as_second() / 60;
            let in_window = |i: i64| i <= newest && i > newest - i64::from(n);
            let beyond = values.iter().enumerate()
                .filter(|(i, value)| in_window(*i as i64) && value.is_some_and(|value| value > 500.0)).count();
            prop_assert_eq!(result.beyond, beyond as u32);
            prop_assert_eq!(result.holds, beyond as u32 >= m);
        }

        #[test]
        fn losing_a_point_never_makes_a_rule_hold_for_the_same_window(values in values(), lost in 0_usize..20) {
            let down = rule(Comparison::Below, 3, 3);
            let mut fewer = values.clone();
            // The newest point is kept: which window counts depends on it.
            if lost + 1 < fewer.len() && values.last().is_some_and(Option::is_some) {
                fewer[lost] = None;
                prop_assert!(holds(&down, &values) || !holds(&down, &fewer));
            }
        }
    }
}
