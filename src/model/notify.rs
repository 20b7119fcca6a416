//! Telling people who do not look: what there is to tell, by which ways, and how that goes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::event::Event;
use super::identity::Identity;

/// `[notify]`: who is told of what the engine does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifySettings {
    /// The ARN of an SNS topic; its region is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// A program by its whole path, and what it is called with; it gets the JSON on its standard input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
}

/// An event at the moment when it counts: its record is on the disk, or there is no disk any more.
#[derive(Debug, Clone, Copy)]
pub struct Happened<'a> {
    /// Of its record; absent where the journal could not take one.
    pub seq: Option<u64>,
    /// On the clock in use.
    pub at: Timestamp,
    /// What happened.
    pub event: &'a Event,
    /// Whose databases these are, once AWS has said so.
    pub identity: Option<&'a Identity>,
}

/// One way of telling, and how it goes since the engine's process began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyView {
    /// `topic arn:…` or `command /path`.
    pub way: String,
    /// Messages that were taken.
    pub told: u64,
    /// Messages that were tried and not taken, as far as is known.
    pub failed: u64,
    /// Messages that were never tried: too many waited already.
    pub lost: u64,
    /// Messages that wait.
    pub waiting: u64,
    /// When the last one was taken.
    pub last_told: Option<Timestamp>,
    /// The last one that was not.
    pub last_failed: Option<NotifyFailure>,
    /// How many failed since one was taken; 0: it works, as far as is known.
    pub failures_in_a_row: u64,
}

/// A message that nobody took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyFailure {
    /// When that was clear.
    pub at: Timestamp,
    /// Why, and what to do.
    pub why: String,
}

impl NotifySettings {
    /// Nobody is told.
    pub fn is_empty(&self) -> bool {
        self.topic.is_none() && self.command.is_empty()
    }

    /// The region that a topic is in, by its ARN.
    pub fn region_of(topic: &str) -> Option<&str> {
        topic.split(':').nth(3)
    }
}

impl NotifyView {
    /// A way that nothing has gone yet.
    pub fn new(way: String) -> Self {
        Self { way, told: 0, failed: 0, lost: 0, waiting: 0, last_told: None, last_failed: None, failures_in_a_row: 0 }
    }

    /// Why people are not told at the moment, in a sentence; `None` while the last message was taken.
    pub fn problem(&self) -> Option<String> {
        let failure = self.last_failed.as_ref().filter(|_| self.failures_in_a_row > 0)?;
        let lost = if self.lost > 0 { format!(", {} more never tried", self.lost) } else { String::new() };
        let count = self.failures_in_a_row;
        Some(format!("NOBODY IS TOLD by {}, {count} failed in a row{lost}: {}", self.way, failure.why))
    }

    /// How it goes, in a line.
    pub fn words(&self) -> String {
        let Self { way, told, failed, lost, waiting, .. } = self;
        let last = self.last_told.map_or_else(|| "never yet".to_owned(), |at| format!("last at {at:.0}"));
        format!("{way}: {told} told, {last}; {failed} failed, {lost} lost, {waiting} waiting")
    }
}

/// Whether an event is one that people are told of: what begins, what came of it, what is held, and that the engine has
/// disarmed itself.
pub fn is_told(event: &Event) -> bool {
    match event {
        Event::ActionIntended { .. } | Event::ActionEnded { .. } | Event::HoldSet { .. } => true,
        Event::Disarmed { by, .. } => by.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_a_problem_from_its_first_failure_until_it_works() {
        let mut view = NotifyView::new("command /bin/tell".to_owned());
        assert_eq!(view.problem(), None);
        view.last_failed = Some(NotifyFailure { at: Timestamp::UNIX_EPOCH, why: "exit code 1".to_owned() });
        (view.failures_in_a_row, view.lost) = (2, 3);
        let said = view.problem().unwrap();
        assert!(said.contains("2 failed in a row, 3 more never tried: exit code 1"), "{said}");
        view.failures_in_a_row = 0;
        assert_eq!(view.problem(), None);
        let said = view.words();
        assert!(said.contains("3 lost") && said.contains("never yet"), "{said}");
    }
}
