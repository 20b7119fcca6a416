//! What was seen of the item, and for how long it has been so, by the clock that says least.

use std::time::Duration;

use crate::clock::Readings;
use crate::model::lease::{LeaseItem, LeaseStamp};

/// An item that was not looked at for so long can have been another one meanwhile and be itself again: tables can be restored.
/// A holder holds it longer than this before it sends anything, and so is seen.
const OUT_OF_SIGHT: Duration = Duration::from_secs(6);

/// The item, unchanged since.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// `None`: there is none.
    pub(super) item: Option<LeaseItem>,
    /// When it was first seen to be so.
    pub(super) since: Readings,
    /// When it was last seen to be.
    pub(super) read: Readings,
    /// What the clocks showed last.
    shown: Readings,
}

impl Seen {
    pub(super) fn new(item: Option<LeaseItem>, now: &Readings) -> Self {
        Self { item, since: *now, read: *now, shown: *now }
    }

    /// It was read again.
    pub(super) fn see(&mut self, item: Option<LeaseItem>, asked: &Readings, now: &Readings) {
        let stamp = |item: &Option<LeaseItem>| -> Option<LeaseStamp> { item.as_ref().map(|item| item.stamp.clone()) };
        let is_same = stamp(&item) == stamp(&self.item);
        if !is_same || asked.most_since(&self.read) > OUT_OF_SIGHT {
            self.since = *now;
        }
        self.item = item;
        self.read = *now;
    }

    /// A wall clock that was set back says that a clock is not to be trusted: the wait begins anew.
    pub(super) fn notice_set_back(&mut self, now: &Readings) {
        if now.was_set_back_since(&self.shown) {
            self.since = *now;
        }
        self.shown = *now;
    }

    /// It was not read for too long to be taken by what is known of it.
    pub(super) fn is_out_of_sight(&self, now: &Readings) -> bool {
        now.most_since(&self.read) > OUT_OF_SIGHT
    }

    /// How long whoever has it must still be waited for; `ttl` are the terms on this side, and the longer ones count.
    pub(super) fn left(&self, now: &Readings, ttl: Duration) -> Duration {
        let ttl = match &self.item {
            Some(item) if item.released => return Duration::ZERO,
            Some(item) => item.ttl.max(ttl),
            None => ttl,
        };
        ttl.saturating_sub(now.least_since(&self.since))
    }
}
