//! The time of a run: offsets from its beginning, steady even when the machine's clock is set meanwhile.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::clock::{Clock, Stopwatch};

/// Begins when it is made. All clones tell the same.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    clock: Clock,
    origin: Timestamp,
    watch: Stopwatch,
}

impl Timeline {
    pub(super) fn start(clock: Clock) -> Self {
        Self { origin: clock.now(), watch: Stopwatch::start(), clock }
    }

    /// The time of offset zero.
    pub(super) fn origin(&self) -> Timestamp {
        self.origin
    }

    /// The present offset.
    pub(super) fn passed(&self) -> Duration {
        self.watch.elapsed().mul_f64(self.clock.speed())
    }

    /// The time of an offset.
    pub(super) fn at(&self, offset: Duration) -> Timestamp {
        self.origin.saturating_add(offset).unwrap_or(Timestamp::MAX)
    }

    /// The same as the driver writes a `timestamptz`.
    pub(super) fn system_time(&self, offset: Duration) -> SystemTime {
        self.at(offset).try_into().unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Returns at an offset, at once if it has passed; the timer's grain makes it up to 2 ms later.
    pub(super) async fn until(&self, offset: Duration) {
        let left = offset.saturating_sub(self.passed());
        if !left.is_zero() {
            self.clock.sleep(left).await;
        }
    }

    /// Runs `work` until an offset. `None` when that passed first; `work` is then dropped.
    pub(super) async fn bounded<T>(&self, until: Duration, work: impl Future<Output = T>) -> Option<T> {
        self.clock.bounded(until.saturating_sub(self.passed()), work).await
    }
}
