//! What a load of writes was, and what came of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::availability::Latency;

/// A load from its beginning to its end. Writes are scheduled at the rate that is wanted, whatever came of those before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadRun {
    /// The first write was scheduled then.
    pub from: Timestamp,
    /// The last one was over then.
    pub until: Timestamp,
    /// Writes per second that were wanted, after the ramp; the highest rate, where it was changed.
    pub target_writes_per_sec: f64,
    /// Sessions that wrote.
    pub connections: u32,
    /// The table that was written to, with its schema.
    pub table: String,
    /// Writes that were scheduled.
    pub scheduled: u64,
    /// Acknowledged by the server.
    pub acknowledged: u64,
    /// Inserts among the acknowledged.
    pub inserted: u64,
    /// Updates among the acknowledged.
    pub updated: u64,
    /// Deletes among the acknowledged.
    pub deleted: u64,
    /// Refused, or lost on the way.
    pub failed: u64,
    /// Scheduled and not begun when the time was over.
    pub not_begun: u64,
    /// Why writes failed, with how many: the server's words or those of the way to it.
    pub failures: Vec<(String, u64)>,
    /// Acknowledged writes per second, after the ramp and while writes were due; zero for a run that ended within it.
    pub achieved_writes_per_sec: f64,
    /// Latency of the acknowledged ones, from the schedule to the acknowledgement.
    pub latency: Latency,
    /// One for each second.
    pub seconds: Vec<LoadSecond>,
}

/// What happened within one second of a load.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LoadSecond {
    /// Its beginning.
    pub at: Timestamp,
    /// Writes that were scheduled in it.
    pub scheduled: u32,
    /// Writes that were acknowledged in it.
    pub acknowledged: u32,
    /// Writes that failed in it.
    pub failed: u32,
    /// The slowest of the acknowledged ones; absent when there are none.
    pub max_millis: Option<f64>,
}

impl LoadRun {
    /// The same with every moment on another clock. How long things took stays as clients felt it.
    pub fn redated(mut self, date: impl Fn(Timestamp) -> Timestamp) -> Self {
        (self.from, self.until) = (date(self.from), date(self.until));
        for second in &mut self.seconds {
            second.at = date(second.at);
        }
        self
    }
}
