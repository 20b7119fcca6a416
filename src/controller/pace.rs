//! Whether the clock goes as the machine does: one that was set does not tell how old things are.

use jiff::{SignedDuration, Timestamp};

use crate::clock::{Clock, Stopwatch};

/// A clock that is slewed, and a task that is not run between two readings, are this far apart at most, in real time.
const LEEWAY: SignedDuration = SignedDuration::from_secs(1);

/// Compares a clock with the machine's steady time from reading to reading.
#[derive(Debug)]
pub(super) struct Pace {
    shown: Timestamp,
    since: Stopwatch,
    held_since_look: bool,
}

impl Pace {
    /// From now on.
    pub(super) fn new(clock: &Clock) -> Self {
        Self { shown: clock.now(), since: Stopwatch::start(), held_since_look: true }
    }

    /// Whether the clock was set since this was asked last; it shows `now`.
    pub(super) fn was_set(&mut self, clock: &Clock, now: Timestamp) -> bool {
        let scaled = |real: SignedDuration| real.as_secs_f64() * clock.speed();
        let steady = self.since.elapsed().as_secs_f64() * clock.speed();
        let off = now.duration_since(self.shown).as_secs_f64() - steady;
        (self.shown, self.since) = (now, Stopwatch::start());
        let was_set = off.abs() > scaled(LEEWAY);
        self.held_since_look &= !was_set;
        was_set
    }

    /// A look begins.
    pub(super) fn begin_look(&mut self) {
        self.held_since_look = true;
    }

    /// Whether the clock was not set since the last look began.
    pub(super) fn held_since_look(&self) -> bool {
        self.held_since_look
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_is_noticed_once_and_never_one_that_goes_on() {
        let clock = Clock::scaled(Timestamp::UNIX_EPOCH, 30.0);
        let mut pace = Pace::new(&clock);
        pace.begin_look();
        clock.sleep(Duration::from_hours(2)).await;
        assert!(!pace.was_set(&clock, clock.now()));
        clock.set_by(SignedDuration::from_secs(-240));
        clock.sleep(Duration::from_secs(241)).await;
        assert!(pace.was_set(&clock, clock.now()));
        assert!(!pace.held_since_look());
        assert!(!pace.was_set(&clock, clock.now()));
    }
}
