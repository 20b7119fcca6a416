//! What an alarm sees at a whole minute, and the change of state that follows.

use jiff::Timestamp;

use super::decide::{decide, evaluation_range};
use super::reason::{self, Point};
use super::{Alarm, Alarms, Rule, Source, State, StateValue, Treatment};
use crate::sim::cloudwatch::math::{self, Span};
use crate::sim::cloudwatch::statistic::Statistic;
use crate::sim::cloudwatch::store::{Store, Window};

const HOUR_SECS: i64 = 3_600;
const DAY_SECS: i64 = 24 * HOUR_SECS;

impl Alarms {
    /// Evaluates every alarm at a whole minute. The periods that are looked at end there, so that they slide from
    /// minute to minute. An alarm that looks back over more than a day is evaluated at full hours only; one with a
    /// period below a minute, which AWS evaluates every 10 s, each minute like the others.
    pub(in crate::sim::cloudwatch) fn evaluate(&mut self, store: &Store, now: Timestamp) {
        for alarm in self.by_name.values_mut() {
            let span = i64::try_from(alarm.rule.evaluation_periods).unwrap_or(i64::MAX);
            let is_long = span.saturating_mul(alarm.rule.source.period()) > DAY_SECS;
            if is_long && now.as_second() % HOUR_SECS != 0 {
                continue;
            }
            if let Some(state) = next_state(&alarm.rule, &alarm.state, store, now) {
                let old = std::mem::replace(&mut alarm.state, state);
                self.history.transitioned(now, alarm, &old);
                self.outbox.run(now, alarm, &old, &mut self.history);
            }
        }
    }
}

/// Puts an alarm into a state by hand.
pub(super) fn forced(alarm: &Alarm, now: Timestamp, value: StateValue, reason: &str, data: Option<&str>) -> State {
    let is_same = alarm.state.value == value;
    State {
        value,
        reason: reason.to_owned(),
        data: data.map(ToOwned::to_owned),
        updated_at: now,
        transitioned_at: if is_same { alarm.state.transitioned_at } else { now },
    }
}

/// The state that the data of now lead to, if it is another one.
fn next_state(rule: &Rule, state: &State, store: &Store, now: Timestamp) -> Option<State> {
    let range = points(rule, store, now);
    let breaches = |value: f64| rule.comparison.is_breached(value, rule.threshold);
    let judged: Vec<Option<bool>> = range.iter().map(|point| point.value.map(breaches)).collect();
    let missing = rule.treat_missing_data.unwrap_or(Treatment::Missing);
    let value = decide(&judged, rule.needed(), rule.evaluation_periods, missing)?;
    (value != state.value).then(|| State {
        value,
        reason: reason::sentence(rule, state.value, value, &range),
        data: Some(reason::data(rule, now, &range)),
        updated_at: now,
        transitioned_at: now,
    })
}

/// The periods of the evaluation range, oldest first.
fn points(rule: &Rule, store: &Store, now: Timestamp) -> Vec<Point> {
    let periods = i64::try_from(evaluation_range(rule.evaluation_periods)).unwrap_or(i64::MAX);
    let period = rule.source.period();
    let end = now.as_second();
    let start = end.saturating_sub(periods.saturating_mul(period));
    let window = Window { start, end, period, now };
    match &rule.source {
        Source::Metric(stat) => {
            let found = store.periods(&stat.key, stat.unit, &window);
            let point = |at: i64| {
                let samples = found.get(&at).map(Vec::as_slice).unwrap_or_default();
                Point { at, value: stat.statistic.over(samples), samples: Statistic::SampleCount.over(samples) }
            };
            window.starts().map(point).collect()
        }
        Source::Queries(queries, _) => {
            let span = Timestamp::from_second(start).ok().map(|start| Span { start, end: now, now });
            let results = span.and_then(|span| math::evaluate(store, queries, span).ok());
            let line = results.and_then(|results| results.into_iter().next()?.1.into_iter().next());
            let points = line.map(|line| line.points).unwrap_or_default();
            window.starts().map(|at| Point { at, value: points.get(&at).copied(), samples: None }).collect()
        }
    }
}
