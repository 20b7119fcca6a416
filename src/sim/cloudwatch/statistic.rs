//! Samples, and what the samples of one period come to. Owned by the simulated CloudWatch.

use jiff::Timestamp;

use crate::model::series::CLOUDWATCH_UNITS as UNITS;

/// The statistics that have a name of their own; all others are percentiles.
pub(super) const NAMED: [&str; 5] = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

/// One of [`UNITS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Unit(u8);

impl Unit {
    /// A unit by its name.
    pub(super) fn of(name: &str) -> Option<Self> {
        UNITS.iter().position(|unit| *unit == name).and_then(|place| u8::try_from(place).ok()).map(Self)
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        UNITS.get(usize::from(self.0)).copied().unwrap_or("None")
    }
}

/// Values that arrived together, as CloudWatch keeps them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    /// No reader sees it before.
    pub(super) visible_at: Timestamp,
    pub(super) unit: Unit,
    pub(super) sum: f64,
    pub(super) minimum: f64,
    pub(super) maximum: f64,
    pub(super) count: f64,
}

impl Sample {
    /// `count` equal values.
    pub(super) fn of(value: f64, count: f64, unit: Unit, visible_at: Timestamp) -> Self {
        Self { visible_at, unit, sum: value * count, minimum: value, maximum: value, count }
    }
}

/// What to make of the samples of a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Statistic {
    Average,
    Sum,
    Minimum,
    Maximum,
    SampleCount,
    /// Above 0, up to 100.
    Percentile(f64),
}

impl Statistic {
    /// A statistic by its name in the API, such as `Average` or `p99.9`. Trimmed means and the like are not simulated.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "Average" => Self::Average,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            "SampleCount" => Self::SampleCount,
            other => {
                let percent = other.strip_prefix('p')?;
                let is_plain = percent.starts_with(|c: char| c.is_ascii_digit());
                let percent: f64 = percent.parse().ok().filter(|_| is_plain)?;
                return (percent > 0.0 && percent <= 100.0).then_some(Self::Percentile(percent));
            }
        })
    }

    /// Its name in the API.
    pub(super) fn name(self) -> String {
        match self {
            Self::Percentile(percent) => format!("p{percent}"),
            plain => format!("{plain:?}"),
        }
    }

    /// The value of a period. `None` without samples, and for a percentile of values that were not kept one by one or
    /// that are negative.
    pub(super) fn over(self, samples: &[Sample]) -> Option<f64> {
        if samples.is_empty() {
            return None;
        }
        let total = |of: fn(&Sample) -> f64| samples.iter().map(of).sum::<f64>();
        let count = total(|sample| sample.count);
        match self {
            // A value that went in alone comes out as it was, without a multiplication and a division between.
            Self::Average if samples.len() == 1 && is_single(&samples[0]) => Some(samples[0].minimum),
            Self::Average => (count > 0.0).then(|| total(|sample| sample.sum) / count),
            Self::Sum => Some(total(|sample| sample.sum)),
            Self::SampleCount => Some(count),
            Self::Minimum => samples.iter().map(|sample| sample.minimum).reduce(f64::min),
            Self::Maximum => samples.iter().map(|sample| sample.maximum).reduce(f64::max),
            Self::Percentile(percent) => percentile(samples, percent, count),
        }
    }
}

/// Whether all values of a sample are the same one.
fn is_single(sample: &Sample) -> bool {
    sample.minimum.to_bits() == sample.maximum.to_bits()
}

/// The smallest value that at least `percent` of all values do not exceed.
fn percentile(samples: &[Sample], percent: f64, count: f64) -> Option<f64> {
    if !samples.iter().all(|sample| is_single(sample) && sample.minimum >= 0.0) {
        return None;
    }
    let mut sorted: Vec<&Sample> = samples.iter().collect();
    sorted.sort_by(|a, b| a.minimum.total_cmp(&b.minimum));
    let wanted = count * percent / 100.0;
    let mut seen = 0.0;
    let found = sorted.iter().find(|sample| {
        seen += sample.count;
        seen >= wanted
    });
    found.or(sorted.last()).map(|sample| sample.minimum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[f64]) -> Vec<Sample> {
        values.iter().map(|value| Sample::of(*value, 1.0, Unit::default(), Timestamp::UNIX_EPOCH)).collect()
    }

    #[test]
    fn each_statistic_is_what_its_name_says() {
        let some = samples(&[4.0, 1.0, 7.0]);
        let all: Vec<Option<f64>> = NAMED.iter().map(|name| Statistic::of(name).unwrap().over(&some)).collect();
        assert_eq!(all, [Some(3.0), Some(4.0), Some(12.0), Some(1.0), Some(7.0)]);
        assert!(NAMED.iter().all(|name| Statistic::of(name).unwrap().name() == *name));
        assert_eq!(Statistic::Sum.over(&[]), None);
    }

    #[test]
    fn percentiles_need_the_single_values() {
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(Statistic::of("p99").unwrap().over(&samples(&hundred)), Some(99.0));
        assert_eq!(Statistic::of("p0.5").unwrap().over(&samples(&hundred)), Some(1.0));
        let mut set = samples(&[5.0]);
        set[0].maximum = 6.0;
        assert_eq!(Statistic::Percentile(50.0).over(&set), None);
        assert_eq!(Statistic::Percentile(50.0).over(&samples(&[-1.0])), None);
    }

    #[test]
    fn names_that_mean_nothing_are_no_statistics() {
        for name in ["", "p", "p0", "p101", "pNaN", "p-3", "average", "tm90", "p+5"] {
            assert_eq!(Statistic::of(name), None, "{name}");
        }
        assert_eq!(Statistic::of("p99.9").unwrap().name(), "p99.9");
    }

    #[test]
    fn units_keep_their_names() {
        assert!(UNITS.iter().all(|name| Unit::of(name).unwrap().name() == *name));
        assert_eq!(Unit::of("Furlongs"), None);
    }
}
