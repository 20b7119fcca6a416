//! The two times that a console lives in: the clock in use, from which ages and countdowns are told, and the machine's
//! own steady time, in which eyes and hands live.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Clock, Stopwatch};

/// A moment on both.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    /// On the clock in use.
    pub(super) at: Timestamp,
    /// Of the machine, since the console began.
    pub(super) machine: Duration,
    /// Seconds of the clock in use per second of the machine.
    pub(super) speed: f64,
}

/// Tells and waits for time.
#[derive(Debug)]
pub(super) struct ConsoleTime {
    clock: Clock,
    began: Stopwatch,
}

impl ConsoleTime {
    /// Machine time begins here.
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, began: Stopwatch::start() }
    }

    pub(super) fn now(&self) -> Now {
        Now { at: self.clock.now(), machine: self.began.elapsed(), speed: self.clock.speed() }
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
