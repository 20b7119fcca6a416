//! The metric store: samples by metric, seen by readers only once they are published.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::MetricKey;

/// CloudWatch keeps samples of one minute for 15 days.
const KEEP: SignedDuration = SignedDuration::from_hours(15 * 24);

/// All samples of one account and region.
#[derive(Debug, Default)]
pub(super) struct Store {
    metrics: BTreeMap<MetricKey, BTreeMap<Timestamp, Sample>>,
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    visible_at: Timestamp,
    value: f64,
}

/// What the samples of one period come to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statistics {
    sum: f64,
    least: f64,
    most: f64,
    count: f64,
}

impl Store {
    /// Takes in a sample, and forgets those that are too old to be asked for.
    pub(super) fn put(&mut self, key: &MetricKey, at: Timestamp, visible_at: Timestamp, value: f64) {
        let samples = self.metrics.entry(key.clone()).or_default();
        samples.insert(at, Sample { visible_at, value });
        if let Ok(oldest) = at.checked_sub(KEEP)
            && samples.first_key_value().is_some_and(|(first, _)| *first < oldest)
        {
            *samples = samples.split_off(&oldest);
        }
    }

    /// The periods in `[start, end)` that have a published sample at `now`, oldest first.
    pub(super) fn periods(
        &self,
        key: &MetricKey,
        (start, end): (Timestamp, Timestamp),
        period_secs: i64,
        now: Timestamp,
    ) -> BTreeMap<Timestamp, Statistics> {
        let mut periods: BTreeMap<Timestamp, Statistics> = BTreeMap::new();
        let Some(samples) = self.metrics.get(key).filter(|_| start < end) else { return periods };
        for (at, sample) in samples.range(start..end).filter(|(_, sample)| sample.visible_at <= now) {
            let begin = at.as_second().div_euclid(period_secs) * period_secs;
            let Ok(begin) = Timestamp::from_second(begin) else { continue };
            let value = sample.value;
            let period = periods.entry(begin).or_insert(Statistics { sum: 0.0, least: value, most: value, count: 0.0 });
            period.sum += value;
            period.least = period.least.min(value);
            period.most = period.most.max(value);
            period.count += 1.0;
        }
        periods
    }
}

impl Statistics {
    /// A statistic by CloudWatch's name; `None` for one that is not simulated.
    pub(super) fn named(&self, name: &str) -> Option<f64> {
        match name {
            "Average" => Some(self.sum / self.count),
            "Sum" => Some(self.sum),
            "Minimum" => Some(self.least),
            "Maximum" => Some(self.most),
            "SampleCount" => Some(self.count),
            _ => None,
        }
    }
}
