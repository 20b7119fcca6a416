//! What another service of the account does with CloudWatch from inside: Application Auto Scaling keeps alarms of its own,
//! goes by their state, and reads the metric that they watch. No request, and nobody to refuse it.

use jiff::Timestamp;

use super::input::Fields;
use super::protocol::Protocol;
use super::statistic::Statistic;
use super::store::Window;
use super::{CloudWatch, MetricKey};
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::{Map, Value};

const PERIOD_SECS: i64 = 60;

/// An alarm on the average of one metric, by the minute.
#[derive(Debug, Clone)]
pub(in crate::sim) struct KeptAlarm<'a> {
    pub(in crate::sim) name: &'a str,
    pub(in crate::sim) key: &'a MetricKey,
    /// Such as `GreaterThanThreshold`.
    pub(in crate::sim) comparison: &'static str,
    pub(in crate::sim) threshold: f64,
    /// So many minutes in a row.
    pub(in crate::sim) minutes: i64,
    /// The ARN of what it triggers.
    pub(in crate::sim) action: &'a str,
}

impl CloudWatch {
    /// Puts an alarm, or another configuration of it.
    ///
    /// # Errors
    /// As `PutMetricAlarm` states them; that the account has as many alarms as it may have.
    pub(in crate::sim) fn keep_alarm(&mut self, now: Timestamp, alarm: &KeptAlarm<'_>) -> Result<(), ApiError> {
        let dimension = |(name, value): (&String, &String)| {
            Value::Map(Map::from([
                ("Name".to_owned(), name.as_str().into()),
                ("Value".to_owned(), value.as_str().into()),
            ]))
        };
        let description = format!("DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {}.", alarm.action);
        let members: [(&str, Value); 11] = [
            ("AlarmName", alarm.name.into()),
            ("AlarmDescription", description.into()),
            ("AlarmActions", vec![Value::from(alarm.action)].into()),
            ("Namespace", alarm.key.namespace.as_str().into()),
            ("MetricName", alarm.key.name.as_str().into()),
            ("Dimensions", alarm.key.dimensions.iter().map(dimension).collect::<Vec<_>>().into()),
            ("Statistic", "Average".into()),
            ("Period", PERIOD_SECS.into()),
            ("EvaluationPeriods", alarm.minutes.into()),
            ("Threshold", alarm.threshold.into()),
            ("ComparisonOperator", alarm.comparison.into()),
        ];
        let map: Map = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.alarms.put(now, &Fields::of(Protocol::Json, &map)).map(drop)
    }

    /// Takes an alarm away, if it is there.
    pub(in crate::sim) fn drop_alarm(&mut self, now: Timestamp, name: &str) {
        let map = Map::from([("AlarmNames".to_owned(), vec![Value::from(name)].into())]);
        // One that somebody else has deleted is gone, which is what is wanted.
        drop(self.alarms.delete(now, &Fields::of(Protocol::Json, &map)));
    }

    /// Whether an alarm is in the state `ALARM`.
    pub(in crate::sim) fn is_in_alarm(&self, name: &str) -> bool {
        self.alarms.is_in_alarm(name)
    }

    /// The newest average of a minute that is published, of the last `minutes`.
    pub(in crate::sim) fn newest_average(&self, key: &MetricKey, now: Timestamp, minutes: i64) -> Option<f64> {
        let end = now.as_second().div_euclid(PERIOD_SECS) * PERIOD_SECS;
        let window = Window { start: end - minutes * PERIOD_SECS, end, period: PERIOD_SECS, now };
        let found = self.store.periods(key, None, &window);
        found.values().rev().find_map(|samples| Statistic::Average.over(samples))
    }
}
