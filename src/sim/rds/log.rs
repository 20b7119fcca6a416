//! The event log that `DescribeEvents` reads. Events carry no id there, only words.

use jiff::{SignedDuration, Timestamp};

/// How long RDS keeps events.
pub(super) const RETENTION: SignedDuration = SignedDuration::from_hours(14 * 24);

/// One event about one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// Its number since the world began: the order of equal dates.
    pub number: u64,
    /// When it happened.
    pub date: Timestamp,
    /// The instance's identifier.
    pub source: String,
    /// The instance's ARN.
    pub source_arn: String,
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
        source: (&str, &str),
        category: &'static str,
        message: impl Into<String>,
    ) {
        let (source, source_arn) = (source.0.to_owned(), source.1.to_owned());
        self.events.push(Event { number: self.written, date, source, source_arn, category, message: message.into() });
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
