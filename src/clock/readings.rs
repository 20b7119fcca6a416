//! The clocks of a machine side by side. Each has its own way to be wrong: the monotonic one stands still while the machine
//! sleeps, the wall's is set by people and by NTP. Who must not believe that little time has passed takes the most that any
//! of them says; who must not believe that much has passed takes the least.

use std::time::Duration;

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// What they showed at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readings {
    /// `CLOCK_MONOTONIC`: since an arbitrary moment; it stands still while the machine is suspended.
    pub monotonic: Duration,
    /// `CLOCK_BOOTTIME`: since the boot; it goes on meanwhile.
    pub boottime: Duration,
    /// `CLOCK_REALTIME`: it can be set.
    pub wall: Timestamp,
}

impl Readings {
    /// Of this machine, whose wall clock shows `wall`.
    pub(super) fn of_machine(wall: Timestamp) -> Self {
        let read = |id| Duration::try_from(clock_gettime(id)).unwrap_or_default();
        // What other systems call monotonic goes on during sleep.
        #[cfg(target_os = "linux")]
        let boottime = ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        let boottime = ClockId::Monotonic;
        Self { monotonic: read(ClockId::Monotonic), boottime: read(boottime), wall }
    }

    /// The most that any clock says has passed since `earlier`.
    pub fn most_since(&self, earlier: &Self) -> Duration {
        self.steady(earlier).into_iter().chain([self.by_wall(earlier)]).max().unwrap_or_default()
    }

    /// The least that a clock which cannot be set says has passed since `earlier`. The wall's is no witness for that: it can
    /// be set back by hours, see [`was_set_back_since`](Self::was_set_back_since).
    pub fn least_since(&self, earlier: &Self) -> Duration {
        self.steady(earlier).into_iter().min().unwrap_or_default()
    }

    /// The wall clock shows less than it did.
    pub fn was_set_back_since(&self, earlier: &Self) -> bool {
        self.wall < earlier.wall
    }

    fn steady(&self, earlier: &Self) -> [Duration; 2] {
        [self.monotonic.saturating_sub(earlier.monotonic), self.boottime.saturating_sub(earlier.boottime)]
    }

    fn by_wall(&self, earlier: &Self) -> Duration {
        Duration::try_from(self.wall.duration_since(earlier.wall)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn at(monotonic: u64, boottime: u64, wall: i64) -> Readings {
        let secs = Duration::from_secs;
        Readings { monotonic: secs(monotonic), boottime: secs(boottime), wall: Timestamp::from_second(wall).unwrap() }
    }

    #[test]
    fn a_sleep_and_a_clock_set_forward_count_for_whom_it_is_the_worse() {
        let before = at(10, 10, 1_000);
        let slept = at(11, 3_611, 4_601);
        assert_eq!((slept.most_since(&before).as_secs(), slept.least_since(&before).as_secs()), (3_601, 1));
        let set_back = at(15, 15, 400);
        assert_eq!((set_back.most_since(&before).as_secs(), set_back.least_since(&before).as_secs()), (5, 5));
        assert!(set_back.was_set_back_since(&before) && !slept.was_set_back_since(&before));
    }

    #[test]
    fn the_clocks_of_this_machine_go() {
        let clock = Clock::system();
        let before = clock.readings();
        let after = clock.readings();
        assert!(before.monotonic > Duration::ZERO && after.monotonic >= before.monotonic);
        assert!(after.boottime >= after.monotonic && before.wall.as_second() > 1_700_000_000);
    }
}
