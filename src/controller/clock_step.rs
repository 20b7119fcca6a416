//! Whether the clock goes as the machine does: one that was set does not tell how old things are.

use jiff::{SignedDuration, Timestamp};

use crate::clock::Stopwatch;

/// Of the machine: NTP slews a clock by less between two readings, and a task is interrupted for less within one.
const LEEWAY_SECS: f64 = 1.0;

/// Compares a clock with the machine's steady time from reading to reading.
#[derive(Debug)]
pub(super) struct ClockStepDetector {
    /// The clock's seconds in one of the machine.
    speed: f64,
    shown: Timestamp,
    since: Stopwatch,
    set_since_look: bool,
}

impl ClockStepDetector {
    /// Of a clock of that speed, which shows `now`.
    pub(super) fn new(now: Timestamp, speed: f64) -> Self {
        Self { speed, shown: now, since: Stopwatch::start(), set_since_look: false }
    }

    /// The clock is read and shows `now`. By how much it was set since it was read last, forward or back, where it was.
    pub(super) fn read(&mut self, now: Timestamp) -> Option<SignedDuration> {
        let shown_secs = now.duration_since(self.shown).as_secs_f64() / self.speed;
        let passed_secs = self.since.elapsed().as_secs_f64();
        (self.shown, self.since) = (now, Stopwatch::start());
        let set_by_secs = shown_secs - passed_secs;
        let was_set = set_by_secs.abs() > LEEWAY_SECS;
        self.set_since_look |= was_set;
        was_set.then(|| SignedDuration::try_from_secs_f64(set_by_secs * self.speed).unwrap_or_default())
    }

    /// A look begins.
    pub(super) fn begin_look(&mut self) {
        self.set_since_look = false;
    }

    /// Whether a reading since the last look began found the clock set.
    pub(super) fn was_set_since_look(&self) -> bool {
        self.set_since_look
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Clock;

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_is_noticed_once_and_never_one_that_goes_on() {
        let clock = Clock::scaled(Timestamp::UNIX_EPOCH, 30.0);
        let mut clock_step = ClockStepDetector::new(clock.now(), clock.speed());
        clock.sleep(Duration::from_hours(2)).await;
        assert!(clock_step.read(clock.now()).is_none() && !clock_step.was_set_since_look());
        // Afterwards it shows about what it showed before.
        clock.set_by(SignedDuration::from_secs(-240));
        clock.sleep(Duration::from_secs(241)).await;
        let by = clock_step.read(clock.now()).unwrap().as_secs();
        assert!((-243..=-237).contains(&by) && clock_step.read(clock.now()).is_none(), "{by}");
        assert!(clock_step.was_set_since_look());
        clock_step.begin_look();
        assert!(!clock_step.was_set_since_look());
    }
}
