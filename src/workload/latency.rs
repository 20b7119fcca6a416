//! How long things took, counted so that quantiles stay exact to a thousandth however many there were.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::model::availability::Latency;

/// A histogram of durations in whole microseconds, from 1 µs to one hour; what is outside is counted at that bound.
#[derive(Debug, Clone)]
pub struct Latencies {
    micros: Histogram<u64>,
}

/// Nothing here waits longer.
const LONGEST: Duration = Duration::from_hours(1);

impl Latencies {
    /// An empty one; it takes 200 KiB however much is recorded.
    ///
    /// # Errors
    /// When the bounds are none, which they are.
    pub fn new() -> Result<Self, hdrhistogram::CreationError> {
        let longest = u64::try_from(LONGEST.as_micros()).unwrap_or(u64::MAX);
        Ok(Self { micros: Histogram::new_with_bounds(1, longest, 3)? })
    }

    /// Counts one.
    pub fn record(&mut self, took: Duration) {
        self.micros.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1));
    }

    /// The quantiles of all that was recorded, each within a thousandth; zeros when nothing was.
    pub fn quantiles(&self) -> Latency {
        if self.micros.is_empty() {
            return Latency::default();
        }
        let millis = |quantile: f64| self.micros.value_at_quantile(quantile) as f64 / 1000.0;
        Latency {
            p50_millis: millis(0.5),
            p90_millis: millis(0.9),
            p99_millis: millis(0.99),
            p999_millis: millis(0.999),
            max_millis: self.micros.max() as f64 / 1000.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_exact_to_a_thousandth() {
        let mut latencies = Latencies::new().unwrap();
        assert_eq!(latencies.quantiles(), Latency::default());
        (1..=100_000).for_each(|micros| latencies.record(Duration::from_micros(micros)));
        let Latency { p50_millis, p90_millis, p99_millis, p999_millis, max_millis } = latencies.quantiles();
        for (seen, truth) in
            [(p50_millis, 50.0), (p90_millis, 90.0), (p99_millis, 99.0), (p999_millis, 99.9), (max_millis, 100.0)]
        {
            assert!((seen - truth).abs() <= truth / 1000.0, "{seen} for {truth}");
        }
    }

    #[test]
    fn what_is_beyond_the_bounds_is_counted_at_them() {
        let mut latencies = Latencies::new().unwrap();
        latencies.record(Duration::ZERO);
        latencies.record(Duration::from_hours(5));
        let seen = latencies.quantiles();
        assert!((seen.p50_millis - 0.001).abs() < 1e-9, "{seen:?}");
        assert!((seen.max_millis - 3_600_000.0).abs() < 3_600.0, "{seen:?}");
    }
}
