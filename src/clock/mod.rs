//! The clock: the one room that may ask what time it is. Everything else is handed a [`Clock`].
//!
//! Four kinds of time come out of the same two calls, `now` and `sleep`:
//! - **system**: wall time, for real AWS;
//! - **scaled**: starts at a given instant and runs `speed` times as fast as the machine, for `--sim`;
//! - **settable**: a scaled clock that can be set while it runs, as NTP or a person does with a machine's;
//! - **paused**: a scaled clock inside a tokio runtime whose time is paused, for tests. It moves only when every
//!   task waits, and then jumps to the next deadline, so a simulated day costs no waiting.
//!
//! A lease rests on none of them alone: [`Clock::readings`] reads all the clocks that the machine has.

mod readings;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use readings::Readings;

/// A source of time that can be cloned freely; all clones tell the same time.
#[derive(Debug, Clone)]
pub struct Clock {
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    System,
    Scaled { origin: Timestamp, started: tokio::time::Instant, speed: f64, set_by_millis: Arc<AtomicI64> },
}

impl Clock {
    /// Wall time in UTC.
    pub fn system() -> Self {
        Self { source: Source::System }
    }

    /// A clock that reads `origin` at this moment and then runs `speed` times as fast as the runtime's own time.
    ///
    /// `speed` must be finite and above zero; anything else is taken as 1. Under a paused tokio runtime this is the
    /// deterministic clock of the tests.
    #[expect(clippy::disallowed_methods, reason = "this room is the owner of time")]
    pub fn scaled(origin: Timestamp, speed: f64) -> Self {
        let speed = if speed.is_finite() && speed > 0.0 { speed } else { 1.0 };
        let started = tokio::time::Instant::now();
        Self { source: Source::Scaled { origin, started, speed, set_by_millis: Arc::default() } }
    }

    /// A clock at speed 1 for runs that must be repeatable to the last bit, in a paused runtime. The timer of such a
    /// runtime begins a random part of a millisecond before the instant that it is paused at; one first sleep brings
    /// both together, and whole milliseconds then stay whole.
    #[expect(clippy::disallowed_methods, reason = "this room is the owner of time")]
    pub async fn repeatable(origin: Timestamp) -> Self {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Self::scaled(origin, 1.0)
    }

    /// Sets a scaled clock and all its clones forward or back by so much. Sleeps that are under way are as long as
    /// they were: they are of the machine's steady time, as on a real machine. The system clock is not ours to set.
    pub fn set_by(&self, step: SignedDuration) {
        if let Source::Scaled { set_by_millis, .. } = &self.source {
            set_by_millis.fetch_add(i64::try_from(step.as_millis()).unwrap_or_default(), Ordering::Relaxed);
        }
    }

    /// Another clock that goes like this one and cannot be set by [`set_by`](Self::set_by) on this one.
    pub fn unset(&self) -> Self {
        match &self.source {
            Source::System => Self::system(),
            Source::Scaled { origin, started, speed, .. } => Self {
                source: Source::Scaled {
                    origin: *origin,
                    started: *started,
                    speed: *speed,
                    set_by_millis: Arc::default(),
                },
            },
        }
    }

    /// The time on this clock, UTC.
    #[expect(clippy::disallowed_methods, reason = "this room is the owner of time")]
    pub fn now(&self) -> Timestamp {
        match &self.source {
            Source::System => Timestamp::now(),
            Source::Scaled { origin, started, speed, set_by_millis } => {
                let passed = SignedDuration::try_from(started.elapsed().mul_f64(*speed)).unwrap_or(SignedDuration::MAX);
                let passed = passed.saturating_add(SignedDuration::from_millis(set_by_millis.load(Ordering::Relaxed)));
                origin.saturating_add(passed).unwrap_or(Timestamp::MAX)
            }
        }
    }

    /// What all the clocks of the machine show, neither scaled nor in step with each other.
    pub fn readings(&self) -> Readings {
        match &self.source {
            Source::System => Readings::of_machine(self.now()),
            Source::Scaled { origin, started, set_by_millis, .. } => {
                let passed = started.elapsed();
                let set_by = SignedDuration::from_millis(set_by_millis.load(Ordering::Relaxed));
                let wall = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX).saturating_add(set_by);
                let wall = origin.saturating_add(wall).unwrap_or(Timestamp::MAX);
                Readings { monotonic: passed, boottime: passed, wall }
            }
        }
    }

    /// How many seconds of this clock pass in one second of the machine: 1 for the system clock.
    pub fn speed(&self) -> f64 {
        match self.source {
            Source::System => 1.0,
            Source::Scaled { speed, .. } => speed,
        }
    }

    /// Returns once `duration` of this clock has passed.
    #[expect(clippy::disallowed_methods, reason = "this room is the owner of time")]
    pub async fn sleep(&self, duration: Duration) {
        // A year of the machine is for ever; longer ones overflow the timer.
        let longest = Duration::from_hours(24 * 365).as_secs_f64();
        let secs = (duration.as_secs_f64() / self.speed()).min(longest);
        tokio::time::sleep(whole_millis(Duration::from_secs_f64(secs))).await;
    }

    /// Returns once this clock shows `deadline`, at once if it already does.
    pub async fn sleep_until(&self, deadline: Timestamp) {
        let left = deadline.duration_since(self.now());
        if let Ok(left) = Duration::try_from(left) {
            self.sleep(left).await;
        }
    }

    /// Runs `work` for at most `limit` of this clock. `None` when the limit passed first; `work` is then dropped.
    pub async fn bounded<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.sleep(limit) => None,
        }
    }
}

/// Steady time of the machine since it was started, neither scaled nor set: for what a person's hands or a terminal
/// take, whatever the clock in use shows.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch {
    started: tokio::time::Instant,
}

impl Stopwatch {
    /// A stopwatch that runs from now on.
    #[expect(clippy::disallowed_methods, reason = "this room is the owner of time")]
    pub fn start() -> Self {
        Self { started: tokio::time::Instant::now() }
    }

    /// What has passed since; it never goes back.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Rounded up to the grain of tokio's timer, which does the same but counts from its own beginning: so it is the same
/// on every run.
fn whole_millis(duration: Duration) -> Duration {
    Duration::from_millis(duration.as_nanos().div_ceil(1_000_000).try_into().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_scaled_clock_covers_speed_times_the_runtime_time() {
        let origin: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let clock = Clock::scaled(origin, 30.0);
        let twin = clock.clone();
        clock.sleep(Duration::from_hours(1)).await;
        let passed = twin.now().duration_since(origin);
        assert!((passed.as_secs_f64() - 3600.0).abs() < 0.1, "passed {passed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_moves_its_clones_and_no_sleep() {
        let clock = Clock::scaled(Timestamp::from_second(10_000).unwrap(), 1.0);
        let (twin, unset) = (clock.clone(), clock.unset());
        clock.set_by(SignedDuration::from_hours(-1));
        clock.sleep(Duration::from_secs(5)).await;
        assert_eq!((twin.now().as_second(), unset.now().as_second()), (6_405, 10_005));
    }

    #[tokio::test(start_paused = true)]
    async fn bounded_gives_up_at_the_limit() {
        let clock = Clock::scaled(Timestamp::UNIX_EPOCH, 1.0);
        let never = std::future::pending::<()>();
        assert!(clock.bounded(Duration::from_secs(5), never).await.is_none());
        assert_eq!(clock.now().as_second(), 5);
    }

    #[test]
    fn nonsense_speeds_are_taken_as_real_time() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
                assert!((Clock::scaled(Timestamp::UNIX_EPOCH, speed).speed() - 1.0).abs() < f64::EPSILON);
            }
        });
    }
}
