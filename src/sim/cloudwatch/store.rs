//! The metric store: samples by metric, seen by readers only once they are published. Owned by the simulated
//! CloudWatch.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::MetricKey;
use super::statistic::{Sample, Statistic, Unit};

/// CloudWatch keeps minutes for 15 days. What it keeps longer, in coarser grains, is not simulated.
const KEPT_SECS: i64 = 15 * 86_400;
/// A sample each minute for the whole of that time, nearly ten times over; beyond it the oldest goes.
const SAMPLES_PER_METRIC: usize = 200_000;
/// More than any scenario has; beyond it callers are refused.
const METRICS: usize = 20_000;
/// A metric that had no data for two weeks is not listed.
const LISTED_SECS: i64 = 14 * 86_400;

/// All samples of one account and region.
#[derive(Debug, Default)]
pub(super) struct Store {
    metrics: BTreeMap<MetricKey, Series>,
}

/// The samples of one metric by second, and within a second in the order of their arrival.
#[derive(Debug, Default)]
struct Series {
    samples: BTreeMap<(i64, u64), Sample>,
    arrived: u64,
}

/// A span of time cut into periods that begin at `start`. All in seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    /// Included.
    pub(super) start: i64,
    /// Excluded.
    pub(super) end: i64,
    /// Above 0.
    pub(super) period: i64,
    /// The reader's time: what is published later is not seen.
    pub(super) now: Timestamp,
}

impl Window {
    /// The starts of all of its periods.
    pub(super) fn starts(&self) -> impl Iterator<Item = i64> + use<> {
        let (end, period) = (self.end, self.period);
        std::iter::successors(Some(self.start), move |start| start.checked_add(period))
            .take_while(move |start| *start < end)
    }

    /// How many periods it has.
    pub(super) fn length(&self) -> i64 {
        let span = self.end.saturating_sub(self.start).max(0);
        span / self.period + i64::from(span % self.period != 0)
    }
}

impl Store {
    /// Whether these metrics can all be kept.
    pub(super) fn has_room<'k>(&self, keys: impl Iterator<Item = &'k MetricKey>) -> bool {
        let new: BTreeSet<&MetricKey> = keys.filter(|key| !self.metrics.contains_key(*key)).collect();
        self.metrics.len() + new.len() <= METRICS
    }

    /// Takes in samples of a metric, all stamped `at`, and forgets those that are too old to be asked for. Without
    /// room for another metric it is not kept.
    pub(super) fn put(&mut self, key: &MetricKey, at: i64, samples: &[Sample]) {
        if !self.metrics.contains_key(key) {
            if self.metrics.len() >= METRICS {
                return;
            }
            self.metrics.insert(key.clone(), Series::default());
        }
        let Some(series) = self.metrics.get_mut(key) else { return };
        for sample in samples {
            series.arrived += 1;
            series.samples.insert((at, series.arrived), *sample);
        }
        series.forget();
    }

    /// The visible samples of each period of a window that has any. With a unit, only those that came with it.
    pub(super) fn periods(&self, key: &MetricKey, unit: Option<Unit>, window: &Window) -> BTreeMap<i64, Vec<Sample>> {
        let mut periods: BTreeMap<i64, Vec<Sample>> = BTreeMap::new();
        let Some(series) = self.metrics.get(key).filter(|_| window.start < window.end) else { return periods };
        for ((at, _), sample) in series.samples.range((window.start, 0)..(window.end, 0)) {
            if sample.visible_at <= window.now && unit.is_none_or(|unit| unit == sample.unit) {
                let start = at - (at - window.start) % window.period;
                periods.entry(start).or_default().push(*sample);
            }
        }
        periods
    }

    /// One statistic of each period that has data.
    pub(super) fn values(
        &self,
        key: &MetricKey,
        unit: Option<Unit>,
        window: &Window,
        statistic: Statistic,
    ) -> BTreeMap<i64, f64> {
        let periods = self.periods(key, unit, window).into_iter();
        periods.filter_map(|(start, samples)| Some((start, statistic.over(&samples)?))).collect()
    }

    /// The metrics that have visible data of the last two weeks, in order, each with the time of its newest sample.
    pub(super) fn listed(&self, now: Timestamp) -> impl Iterator<Item = (&MetricKey, i64)> {
        let oldest = now.as_second().saturating_sub(LISTED_SECS);
        self.metrics.iter().filter_map(move |(key, series)| {
            let ((newest, _), _) = series.samples.iter().rev().find(|(_, sample)| sample.visible_at <= now)?;
            (*newest >= oldest).then_some((key, *newest))
        })
    }
}

impl Series {
    fn forget(&mut self) {
        let Some(((newest, _), _)) = self.samples.last_key_value() else { return };
        let oldest = newest.saturating_sub(KEPT_SECS);
        while self.samples.len() > SAMPLES_PER_METRIC
            || self.samples.first_key_value().is_some_and(|((first, _), _)| *first < oldest)
        {
            self.samples.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> MetricKey {
        MetricKey { namespace: "N".into(), name: "M".into(), dimensions: BTreeMap::new() }
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn sample(value: f64, visible_at: i64) -> Sample {
        Sample::of(value, 1.0, Unit::of("Count").unwrap(), second(visible_at))
    }

    #[test]
    fn periods_begin_at_the_start_and_the_end_is_excluded() {
        let mut store = Store::default();
        for minute in 0..10 {
            store.put(&key(), minute * 60, &[sample(minute as f64, 0)]);
        }
        let window = Window { start: 120, end: 420, period: 180, now: second(1000) };
        let values = store.values(&key(), None, &window, Statistic::Sum);
        assert_eq!(values, BTreeMap::from([(120, 2.0 + 3.0 + 4.0), (300, 5.0 + 6.0)]));
        assert_eq!(window.starts().collect::<Vec<_>>(), [120, 300]);
        assert_eq!(window.length(), 2);
    }

    #[test]
    fn nobody_sees_a_sample_before_it_is_published_or_with_another_unit() {
        let mut store = Store::default();
        store.put(&key(), 0, &[sample(1.0, 90)]);
        let window = |now| Window { start: 0, end: 60, period: 60, now: second(now) };
        assert!(store.values(&key(), None, &window(89), Statistic::Sum).is_empty());
        assert_eq!(store.values(&key(), None, &window(90), Statistic::Sum).len(), 1);
        assert!(store.values(&key(), Unit::of("Bytes"), &window(90), Statistic::Sum).is_empty());
        assert_eq!(store.listed(second(89)).count(), 0);
        assert_eq!(store.listed(second(90)).count(), 1);
        assert_eq!(store.listed(second(15 * 86_400)).count(), 0);
    }

    #[test]
    fn only_fifteen_days_and_so_many_samples_are_kept() {
        let mut store = Store::default();
        store.put(&key(), 0, &[sample(1.0, 0)]);
        store.put(&key(), KEPT_SECS, &[sample(1.0, 0)]);
        assert_eq!(store.metrics[&key()].samples.len(), 2);
        store.put(&key(), KEPT_SECS + 1, &[sample(1.0, 0)]);
        assert_eq!(store.metrics[&key()].samples.len(), 2);
        store.put(&key(), KEPT_SECS + 1, &vec![sample(1.0, 0); SAMPLES_PER_METRIC + 5]);
        assert_eq!(store.metrics[&key()].samples.len(), SAMPLES_PER_METRIC);
    }
}
