//! How far a physical copy of a database is behind it, in the time of what it has still to replay.

use super::capacity::Capacity;

/// Replay is one process: it reaches about so much of what the class writes for clients. An assumption of this simulation.
const REPLAY_PART: f64 = 0.9;
/// A copy begins as far behind as its making took, less what it could fetch meanwhile.
const OPEN_PART: f64 = 0.5;
/// What is left of the lag of a copy that keeps up, in seconds.
const LEAST_SECS: f64 = 0.05;

/// The backlog of one copy, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lag(f64);

impl Lag {
    /// Of a copy that was begun `age_secs` ago and follows from now on.
    pub(super) fn after_making(age_secs: f64) -> Self {
        Self(age_secs.max(0.0) * OPEN_PART)
    }

    /// Of a copy that has kept up for long.
    pub(super) fn none() -> Self {
        Self(0.0)
    }

    /// One more minute in which the original wrote `writes` rows per second, and the copy was up for the part `served` of
    /// it. The seconds that it is behind at its end.
    pub(super) fn minute(&mut self, writes: f64, served: f64, capacity: &Capacity) -> f64 {
        let replayed = capacity.writes * REPLAY_PART / writes.max(1.0);
        self.0 = (self.0 + 60.0 * (1.0 - replayed * served)).max(0.0);
        let load = (1.0 / replayed).min(1.0);
        self.0 + LEAST_SECS + load * load * 0.4
    }
}

/// Milliseconds that an Aurora reader is behind: its pages come from the volume, so that only the cache lags.
pub(super) fn aurora_millis(writes: f64, capacity: &Capacity) -> f64 {
    let load = (writes / capacity.writes).min(1.5);
    12.0 + 10.0 * load + 60.0 * (load - 0.9).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_copy_catches_up_and_falls_behind_again_when_the_writes_come_close_to_what_it_can_replay() {
        let small = crate::sim::world::capacity::of("db.t4g.small", &BTreeMap::new());
        let mut lag = Lag::after_making(700.0);
        let calm: Vec<f64> = (0..12).map(|_| lag.minute(300.0, 1.0, &small)).collect();
        assert!(calm[0] > 200.0 && calm.windows(2).all(|pair| pair[1] <= pair[0]), "{calm:?}");
        assert!(calm[11] < 1.0, "{calm:?}");
        let rush: Vec<f64> = (0..12).map(|_| lag.minute(690.0, 1.0, &small)).collect();
        assert!(rush.windows(2).all(|pair| pair[1] > pair[0]) && rush[11] > 30.0, "{rush:?}");
    }

    #[test]
    fn an_aurora_reader_lags_by_milliseconds() {
        let medium = crate::sim::world::capacity::of("db.t4g.medium", &BTreeMap::new());
        assert!(aurora_millis(0.0, &medium) < aurora_millis(1400.0, &medium));
        assert!((10.0..60.0).contains(&aurora_millis(1400.0, &medium)));
    }
}
