//! The machine's own steady time, in which eyes and hands live, whatever the clock in use shows.

use std::time::Duration;

use crate::clock::{Clock, Stopwatch};

/// A moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    /// Of the machine, since the console began.
    pub(super) machine: Duration,
}

/// Tells and waits for time.
#[derive(Debug)]
pub(super) struct Pace {
    clock: Clock,
    began: Stopwatch,
}

impl Pace {
    /// Machine time begins here.
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, began: Stopwatch::start() }
    }

    pub(super) fn now(&self) -> Now {
        Now { machine: self.began.elapsed() }
    }

    /// Returns once so much machine time has passed since the console began; at once if it has. May be dropped and
    /// asked again without losing what was waited already.
    pub(super) async fn until(&self, machine: Duration) {
        let left = machine.saturating_sub(self.began.elapsed());
        if !left.is_zero() {
            self.clock.sleep(left.mul_f64(self.clock.speed())).await;
        }
    }
}
