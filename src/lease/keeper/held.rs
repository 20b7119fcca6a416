//! The lease while it is held: until when, by the clock that says most.

use std::time::Duration;

use super::left;
use crate::clock::Readings;
use crate::model::guard::{Guard, Guards};
use crate::model::lease::{LeasePermission, LeaseSettings, LeaseStamp};

/// A lease that this engine holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// As it stands in the table.
    pub stamp: LeaseStamp,
    /// What the clocks showed before the newest write that arrived was asked: it counts from here.
    pub since: Readings,
    /// What they showed when it was known to be acquired.
    pub acquired: Readings,
    /// As it stands in the table.
    pub permission: LeasePermission,
}

impl Held {
    /// Whether a call may leave at `now`: the quiet time is over, and enough is left for the whole call and a margin.
    ///
    /// # Errors
    /// Why not.
    pub fn may_send(&self, now: &Readings, terms: &LeaseSettings, guards: Guards) -> Result<(), String> {
        if !guards.stand(Guard::LeaseBeforeSend) {
            return Ok(());
        }
        let quiet_left = terms.quiet().saturating_sub(now.least_since(&self.acquired));
        if guards.stand(Guard::LeaseQuiet) && !quiet_left.is_zero() {
            return Err(format!("the lease was acquired a moment ago: nothing is sent for {} s", quiet_left.as_secs()));
        }
        if left(self, now, terms, guards).is_none() {
            let elapsed = now.most_since(&self.since).as_secs();
            let ttl = terms.ttl.as_secs();
            return Err(format!("the lease was renewed {elapsed} s ago, and of its {ttl} s too little is left"));
        }
        Ok(())
    }

    /// It was not renewed in time.
    pub(super) fn is_over(&self, now: &Readings, ttl: Duration) -> bool {
        now.most_since(&self.since) >= ttl
    }
}
