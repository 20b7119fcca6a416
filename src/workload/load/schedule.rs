//! When writes are due: an integral of a rate over time, in virtual time alone.
//!
//! Write *k* is due when the integral of the rate from the beginning reaches *k* + ½. The half keeps the count of a whole
//! number of seconds exact: 600/s for 10 min are 360,000 writes, whatever is lost to rounding. What became of the writes
//! before never matters here; that is what makes a load open-loop.

use std::time::Duration;

/// The most writes per second that are scheduled.
pub const MOST_WRITES_PER_SEC: f64 = 100_000.0;

/// Which write is due when. Times are counted from the beginning.
#[derive(Debug, Clone)]
pub struct Schedule {
    ramp_secs: f64,
    /// The rate after the ramp, since the change at `since_secs`.
    writes_per_sec: f64,
    since_secs: f64,
    /// The integral up to that change.
    sum: f64,
    /// Writes that were handed out.
    taken: u64,
}

impl Schedule {
    /// At time zero, for a rate after the ramp. Within the ramp the rate is as much less as the ramp is not over.
    pub fn new(writes_per_sec: f64, ramp: Duration) -> Self {
        Self {
            ramp_secs: ramp.as_secs_f64(),
            writes_per_sec: bounded(writes_per_sec),
            since_secs: 0.0,
            sum: 0.0,
            taken: 0,
        }
    }

    /// From `at` on the rate is another one; times before the last change count as that. Beyond 0 to
    /// [`MOST_WRITES_PER_SEC`] it is the nearer of both.
    pub fn set_rate(&mut self, at: Duration, writes_per_sec: f64) {
        let at_secs = at.as_secs_f64().max(self.since_secs);
        self.sum = self.sum_at(at_secs);
        self.since_secs = at_secs;
        self.writes_per_sec = bounded(writes_per_sec);
    }

    /// The rate at a time since the last change, the ramp considered.
    pub fn rate_at(&self, at: Duration) -> f64 {
        self.writes_per_sec * if self.ramp_secs > 0.0 { (at.as_secs_f64() / self.ramp_secs).min(1.0) } else { 1.0 }
    }

    /// When the next write is due as things are; `None` when none ever is.
    pub fn next_at(&self) -> Option<Duration> {
        if self.writes_per_sec <= 0.0 {
            return None;
        }
        let missing = self.taken as f64 + 0.5 - self.sum;
        // A time on a line that is as steep as the rate after the ramp.
        let flat = flat(self.since_secs, self.ramp_secs) + missing / self.writes_per_sec;
        Duration::try_from_secs_f64(steep(flat, self.ramp_secs).max(self.since_secs)).ok()
    }

    /// Takes the next write if it is due before `until`: when that is.
    pub fn take_before(&mut self, until: Duration) -> Option<Duration> {
        let next = self.next_at().filter(|next| *next < until)?;
        self.taken += 1;
        Some(next)
    }

    fn sum_at(&self, at_secs: f64) -> f64 {
        self.sum + self.writes_per_sec * (flat(at_secs, self.ramp_secs) - flat(self.since_secs, self.ramp_secs))
    }
}

/// How long the full rate takes to give what the ramp and the time behind it have given by then.
fn flat(at_secs: f64, ramp_secs: f64) -> f64 {
    if at_secs < ramp_secs { at_secs * at_secs / (2.0 * ramp_secs) } else { at_secs - ramp_secs / 2.0 }
}

/// The way back.
fn steep(flat_secs: f64, ramp_secs: f64) -> f64 {
    if flat_secs < ramp_secs / 2.0 { (2.0 * ramp_secs * flat_secs).sqrt() } else { flat_secs + ramp_secs / 2.0 }
}

fn bounded(writes_per_sec: f64) -> f64 {
    if writes_per_sec.is_nan() { 0.0 } else { writes_per_sec.clamp(0.0, MOST_WRITES_PER_SEC) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all_before(schedule: &mut Schedule, until: Duration) -> Vec<Duration> {
        std::iter::from_fn(|| schedule.take_before(until)).collect()
    }

    #[test]
    fn a_constant_rate_is_exact_and_even() {
        let mut schedule = Schedule::new(600.0, Duration::ZERO);
        let due = all_before(&mut schedule, Duration::from_mins(10));
        assert_eq!(due.len(), 360_000);
        assert!((due[0].as_secs_f64() - 0.5 / 600.0).abs() < 1e-9, "{:?}", due[0]);
        for pair in due.windows(2) {
            assert!((pair[1].as_secs_f64() - pair[0].as_secs_f64() - 1.0 / 600.0).abs() < 1e-6, "{pair:?}");
        }
    }

    #[test]
    fn a_ramp_rises_in_a_straight_line() {
        let mut schedule = Schedule::new(1000.0, Duration::from_secs(10));
        // The integral: 1000/10 · t² / 2.
        assert_eq!(all_before(&mut schedule, Duration::from_secs(1)).len(), 50);
        assert_eq!(all_before(&mut schedule, Duration::from_secs(5)).len(), 1_250 - 50);
        assert_eq!(all_before(&mut schedule, Duration::from_secs(10)).len(), 5_000 - 1_250);
        assert_eq!(all_before(&mut schedule, Duration::from_secs(11)).len(), 1_000);
        assert!((schedule.rate_at(Duration::from_secs(5)) - 500.0).abs() < 1e-9);
    }

    #[test]
    fn a_rate_can_change_and_stand_still() {
        let mut schedule = Schedule::new(100.0, Duration::ZERO);
        assert_eq!(all_before(&mut schedule, Duration::from_secs(2)).len(), 200);
        schedule.set_rate(Duration::from_secs(2), 0.0);
        assert_eq!(schedule.next_at(), None);
        assert_eq!(all_before(&mut schedule, Duration::from_hours(1)).len(), 0);
        schedule.set_rate(Duration::from_mins(50), 10.0);
        assert_eq!(all_before(&mut schedule, Duration::from_secs(3_003)).len(), 30);
        schedule.set_rate(Duration::from_secs(3_003), f64::NAN);
        assert_eq!(schedule.next_at(), None);
    }

    proptest! {
        /// However it is changed and asked: what was handed out is the integral, each time is within its bounds, none is
        /// before the one ahead of it.
        #[test]
        fn what_is_handed_out_is_the_integral(
            ramp_millis in 0_u64..5_000,
            steps in prop::collection::vec((1_u64..2_000, 0.0_f64..5_000.0), 1..20),
        ) {
            let ramp = Duration::from_millis(ramp_millis);
            let mut schedule = Schedule::new(0.0, ramp);
            let (mut now, mut count, mut area, mut last) = (Duration::ZERO, 0_u64, 0.0, Duration::ZERO);
            for (millis, rate) in steps {
                schedule.set_rate(now, rate);
                for _ in 0..millis {
                    let until = now + Duration::from_millis(1);
                    // The ramp's line is straight, so its middle is its mean, but for the one step with the bend in it.
                    area += schedule.rate_at(now + Duration::from_micros(500)) / 1000.0;
                    for at in all_before(&mut schedule, until) {
                        prop_assert!(at >= last && at < until, "{at:?} not in {last:?}..{until:?}");
                        prop_assert!(at + Duration::from_micros(1) >= now, "{at:?} was due before {now:?}");
                        last = at;
                        count += 1;
                    }
                    now = until;
                }
            }
            prop_assert!((count as f64 - area).abs() <= 0.51 + 0.01, "{count} for {area}");
        }
    }
}
