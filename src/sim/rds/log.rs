//! The event log that `DescribeEvents` reads. Events carry no id there, only words.

use jiff::{SignedDuration, Timestamp};

/// How long RDS keeps events.
pub(super) const RETENTION: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    /// The `SourceType`.
    pub kind: &'static str,
    /// Its identifier.
    pub id: String,
    /// Its ARN.
    pub arn: String,
}

impl Source {
    /// A DB instance.
    pub(super) fn instance(id: &str, arn: &str) -> Self {
        Self { kind: "db-instance", id: id.to_owned(), arn: arn.to_owned() }
    }

    /// A DB cluster.
    pub(super) fn cluster(id: &str, arn: &str) -> Self {
        Self { kind: "db-cluster", id: id.to_owned(), arn: arn.to_owned() }
    }

    /// A blue/green deployment.
    pub(super) fn deployment(name: &str, arn: &str) -> Self {
        Self { kind: "blue-green-deployment", id: name.to_owned(), arn: arn.to_owned() }
    }
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// Its number since the world began: the order of equal dates.
    pub number: u64,
    /// When it happened.
    pub date: Timestamp,
    /// What it is about.
    pub source: Source,
    /// Such as `configuration change`.
    pub category: &'static str,
    /// RDS's words.
    pub message: String,
}

/// All events that are kept, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct EventLog {
    events: Vec<Event>,
    written: u64,
}

impl EventLog {
    /// Writes an event down. `date` never goes back.
    pub(super) fn write(
        &mut self,
        date: Timestamp,
        source: Source,
        category: &'static str,
        message: impl Into<String>,
    ) {
        self.events.push(Event { number: self.written, date, source, category, message: message.into() });
        self.written += 1;
        let oldest = date.saturating_sub(RETENTION).unwrap_or(Timestamp::MIN);
        let gone = self.events.partition_point(|event| event.date < oldest);
        self.events.drain(..gone);
    }

    /// The events of `[from, to)`, oldest first.
    pub(super) fn between(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(move |event| from <= event.date && event.date < to)
    }
}
