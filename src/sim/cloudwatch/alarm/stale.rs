//! What `DescribeAlarms` shows of alarms that were changed just before: CloudWatch is eventually consistent, and shows them as
//! they were.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Alarm;

/// Alarms as they were before a change that does not show yet.
#[derive(Debug, Default)]
pub(super) struct Stale {
    /// How long a change does not show.
    pub(super) shown_after: SignedDuration,
    /// When each was changed, and how it was until then; `None` where there was none.
    before: BTreeMap<String, (Timestamp, Option<Alarm>)>,
}

impl Stale {
    /// Keeps an alarm that is changed at `now`, as it shows.
    pub(super) fn keep(&mut self, now: Timestamp, name: &str, alarm: Option<&Alarm>) {
        if self.shown_after.is_zero() || self.before.get(name).is_some_and(|(at, _)| self.hides(now, *at)) {
            return;
        }
        self.before.insert(name.to_owned(), (now, alarm.cloned()));
    }

    /// The alarms as they show at `now`, in the order of their names.
    pub(super) fn shown<'a>(
        &'a self,
        now: Timestamp,
        alarms: &'a BTreeMap<String, Alarm>,
    ) -> impl Iterator<Item = &'a Alarm> {
        let names: BTreeSet<&String> = alarms.keys().chain(self.before.keys()).collect();
        names.into_iter().filter_map(move |name| {
            let before = self.before.get(name).filter(|(at, _)| self.hides(now, *at));
            before.map_or_else(|| alarms.get(name), |(_, alarm)| alarm.as_ref())
        })
    }

    /// A change that was made at `at` does not show yet.
    fn hides(&self, now: Timestamp, at: Timestamp) -> bool {
        now.duration_since(at) < self.shown_after
    }
}
