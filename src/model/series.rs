//! Signals and the series of datapoints read for them.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::database::DatabaseName;
use super::failure::Failure;
use super::server::ServerMetric;

/// The name of a signal in the configuration, such as `writes`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignalName(String);

impl SignalName {
    /// The signal that the built-in rules are about.
    pub const WRITES: &str = "writes";
    /// The signal that a step down is held against by its CPU gate.
    pub const CPU: &str = "cpu";
    /// The signal that a step down is held against by its memory gate.
    pub const FREE_MEMORY: &str = "free_memory";
    /// The signal that a step down is held against by its connections gate.
    pub const CONNECTIONS: &str = "connections";

    /// What an alarm's state is called as a signal begins with this, which no name in a configuration does.
    const ALARM: &str = "alarm:";

    /// The state of an alarm as a signal.
    pub fn of_alarm(alarm: &str) -> Self {
        Self(format!("{}{alarm}", Self::ALARM))
    }

    /// The alarm whose state this is.
    pub fn alarm(&self) -> Option<&str> {
        self.0.strip_prefix(Self::ALARM)
    }

    /// A signal's name; not checked here.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SignalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Where a signal's datapoints come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum SignalSource {
    /// A CloudWatch metric of one namespace with the dimension `DBInstanceIdentifier` alone.
    Metric {
        /// Such as `AWS/RDS`.
        namespace: String,
        /// Such as `WriteIOPS`.
        metric_name: String,
    },
    /// A CloudWatch metric-math expression. `{database}` and `{resource_id}` stand for the database's own.
    Expression {
        /// Such as `DB_PERF_INSIGHTS('RDS', '{resource_id}', 'db.SQL.tup_inserted.avg')`.
        expression: String,
    },
    /// The state of a CloudWatch alarm, each minute: 1 in ALARM, 0 in OK, missing when CloudWatch does not know.
    Alarm {
        /// Its name.
        name: String,
    },
    /// The server itself, over a session of our own, each second.
    Postgres {
        /// What is read.
        metric: ServerMetric,
    },
}

/// CloudWatch's statistics that a signal can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(missing_docs, reason = "the names are CloudWatch's own")]
pub enum Statistic {
    Average,
    Maximum,
    Minimum,
    Sum,
    SampleCount,
}

impl Statistic {
    /// The word CloudWatch uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Average => "Average",
            Self::Maximum => "Maximum",
            Self::Minimum => "Minimum",
            Self::Sum => "Sum",
            Self::SampleCount => "SampleCount",
        }
    }
}

/// CloudWatch's units (`StandardUnit` of its API), in the order in which it lists them.
pub const CLOUDWATCH_UNITS: [&str; 27] = [
    "None",
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
];

/// What a signal is, from the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalSpec {
    /// Its name in rules and on the screen.
    pub name: SignalName,
    /// Where it is read.
    pub source: SignalSource,
    /// The statistic over each period.
    pub statistic: Statistic,
    /// Length of one period in seconds; of CloudWatch a multiple of 60.
    pub period_secs: u32,
    /// The unit for people, such as `writes/s`, `%`, `s`, `B`.
    pub unit: String,
    /// One of [`CLOUDWATCH_UNITS`]: what was published in another one is not asked for, and is missing then. CloudWatch
    /// converts nothing: without this, megabytes would be read as bytes. Absent: whatever was published.
    #[serde(default)]
    pub published_in: Option<String>,
    /// The signal in whose chart it is drawn: another source of the same thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_with: Option<SignalName>,
}

impl SignalSpec {
    /// The state of an alarm.
    pub fn of_alarm(alarm: &str) -> Self {
        Self {
            name: SignalName::of_alarm(alarm),
            source: SignalSource::Alarm { name: alarm.to_owned() },
            statistic: Statistic::Maximum,
            period_secs: 60,
            unit: String::new(),
            published_in: None,
            shown_with: None,
        }
    }

    /// Whether the server itself is its source.
    pub fn is_direct(&self) -> bool {
        matches!(self.source, SignalSource::Postgres { .. })
    }
}

/// One value of a series: what was measured from `start` for one period.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Datapoint {
    /// Start of the period, as CloudWatch stamps it.
    pub start: Timestamp,
    /// The statistic over the period; always finite (a NaN is dropped at the edge).
    pub value: f64,
}

/// The datapoints of one signal of one database. A missing period is absent, never zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Length of one period in seconds.
    pub period_secs: u32,
    /// Ascending by start, no start twice.
    pub points: Vec<Datapoint>,
    /// CloudWatch said `PartialData` or worse of that answer: points may be missing that exist.
    pub partial: bool,
    /// Values of the newest answer that cannot be true (not a number, below zero, above 100 %) and were left out.
    #[serde(default)]
    pub rejected: u32,
}

impl Series {
    /// An empty series of that period.
    pub fn empty(period_secs: u32) -> Self {
        Self { period_secs, points: Vec::new(), partial: false, rejected: 0 }
    }

    /// The newest datapoint.
    pub fn newest(&self) -> Option<&Datapoint> {
        self.points.last()
    }

    /// When the newest period ended.
    pub fn newest_end(&self) -> Option<Timestamp> {
        self.newest().and_then(|point| point.start.checked_add(self.period()).ok())
    }

    /// One period as a duration.
    pub fn period(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.period_secs))
    }

    /// The value of the period that starts at `start`.
    pub fn at(&self, start: Timestamp) -> Option<f64> {
        let found = self.points.binary_search_by_key(&start, |point| point.start).ok()?;
        Some(self.points[found].value)
    }

    /// The points that start before `at`, and those that do not.
    pub fn split_at(&self, at: Timestamp) -> (Series, Series) {
        let place = self.points.partition_point(|point| point.start < at);
        let (before, after) = self.points.split_at(place);
        (Self { points: before.to_vec(), ..self.clone() }, Self { points: after.to_vec(), ..self.clone() })
    }

    /// Takes in a newer answer for the same signal: its points replace those of equal start, non-finite values are
    /// dropped, and points that start before `keep_from` are forgotten.
    pub fn merge(&mut self, newer: &Series, keep_from: Timestamp) {
        for point in newer.points.iter().filter(|point| point.value.is_finite()) {
            match self.points.binary_search_by_key(&point.start, |known| known.start) {
                Ok(known) => self.points[known] = *point,
                Err(place) => self.points.insert(place, *point),
            }
        }
        self.points.retain(|point| point.start >= keep_from);
        self.partial = newer.partial;
        self.rejected = newer.rejected;
    }
}

/// What was read of a fleet: per database and signal, or why that database has none.
pub type Signals = BTreeMap<DatabaseName, Result<BTreeMap<SignalName, Series>, Failure>>;

#[cfg(test)]
mod tests {
    use super::*;

    fn point(second: i64, value: f64) -> Datapoint {
        Datapoint { start: Timestamp::from_second(second).unwrap(), value }
    }

    #[test]
    fn merging_replaces_orders_and_forgets() {
        let mut series = Series::empty(60);
        let older = Series { points: vec![point(0, 1.0), point(60, 2.0)], ..Series::empty(60) };
        series.merge(&older, Timestamp::UNIX_EPOCH);
        let newer = Series { points: vec![point(120, 4.0), point(60, 3.0), point(180, f64::NAN)], ..older };
        series.merge(&newer, Timestamp::from_second(60).unwrap());
        assert_eq!(series.points, vec![point(60, 3.0), point(120, 4.0)]);
        assert_eq!(series.at(Timestamp::from_second(60).unwrap()), Some(3.0));
        assert_eq!(series.newest_end(), Some(Timestamp::from_second(180).unwrap()));
    }
}
