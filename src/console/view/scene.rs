//! What the regions of the screen are drawn from.

use std::time::Duration;

use jiff::Timestamp;

use crate::console::state::UiState;
use crate::console::time::Now;
use crate::model::database::DatabaseName;
use crate::model::event::Event;
use crate::model::limits::{LONGEST_LOOK, SLOW_LOOK};
use crate::model::snapshot::{DatabaseView, Snapshot};

/// A look that is out for longer (of the machine) is not out: it is the engine that does not answer.
const LOST_LOOK: Duration = LONGEST_LOOK.saturating_add(Duration::from_secs(30));

/// A picture, the console's own state, and the time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    /// The newest picture: what is safe and what fails is always told from it.
    pub(super) newest: &'a Snapshot,
    /// The picture on the screen: the newest, or the one that is frozen.
    pub(super) picture: &'a Snapshot,
    pub(super) state: &'a UiState,
    pub(super) now: Now,
}

impl<'a> Scene<'a> {
    pub(super) fn new(newest: &'a Snapshot, state: &'a UiState, now: Now) -> Self {
        Self { newest, picture: state.frozen.as_deref().unwrap_or(newest), state, now }
    }

    /// What ages and countdowns of the picture are counted to: the clock, or where the picture is frozen its moment. Not
    /// the newest picture's own moment: behind an engine that is stuck everything would look fresh for ever.
    pub(super) fn at(&self) -> Timestamp {
        if self.is_frozen() { self.picture.at } else { self.now.at }
    }

    /// For how long AWS has not answered the look under way, in seconds of the clock in use; `None` while that is no
    /// reason to worry, and when it is so long that it is not AWS.
    pub(super) fn unanswered_secs(&self) -> Option<i64> {
        let out = self.now.at.duration_since(self.newest.looking_since?);
        let of_machine_secs = out.as_secs_f64() / self.now.speed;
        (SLOW_LOOK.as_secs_f64()..LOST_LOOK.as_secs_f64()).contains(&of_machine_secs).then(|| out.as_secs())
    }

    pub(super) fn is_frozen(&self) -> bool {
        self.state.frozen.is_some()
    }

    /// The right edge of the charts.
    pub(super) fn right_edge(&self) -> Timestamp {
        let back = jiff::SignedDuration::from_secs(self.state.back_secs);
        self.at().checked_sub(back).unwrap_or(self.at())
    }

    /// The database on the screen.
    pub(super) fn shown(&self) -> Option<&'a DatabaseView> {
        self.state.shown(self.picture)
    }

    /// `journal #12 #13`: the newest records of which `about` holds, or where to look for older ones.
    pub(super) fn records(&self, database: &DatabaseName, about: impl Fn(&Event) -> bool) -> String {
        let own = |event: &Event| event.database().is_none_or(|other| other == database);
        let found = self.newest.tail.iter().filter(|entry| own(&entry.event) && about(&entry.event));
        let mut seqs: Vec<String> = found.map(|entry| format!("#{}", entry.seq)).collect();
        seqs.drain(..seqs.len().saturating_sub(3));
        if seqs.is_empty() { "`upshift journal show`".to_owned() } else { format!("journal {}", seqs.join(" ")) }
    }
}
