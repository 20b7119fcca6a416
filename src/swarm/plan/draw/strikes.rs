//! When the faults of the wire strike.

use super::{Drawer, Strike, pick};
use crate::sim::rng::Rng;
use crate::swarm::faults::Fault;

impl Drawer<'_> {
    pub(super) fn strikes(&mut self) -> Vec<Strike> {
        let mut strikes = Vec::new();
        for fault in self.faults {
            let Some((windows, lasts, least)) = weather(*fault) else { continue };
            if matches!(fault, Fault::A3FailsAfter | Fault::A4Garbage | Fault::A2FailsBefore) {
                let (from, until) = (self.start, self.heals_at);
                strikes.push(Strike { fault: *fault, from, until, rate: 0.6, only_changes: true });
            }
            for _ in 0..=pick(&mut self.rng, windows) {
                let from = self.some_time();
                let lasts = self.minutes(lasts.0, lasts.1);
                let until = from.saturating_add(lasts).unwrap_or(from).min(self.heals_at);
                let rate = least + (1.0 - least) * self.rng.unit();
                strikes.push(Strike { fault: *fault, from, until, rate, only_changes: false });
            }
        }
        strikes
    }

    /// Where clients go on to an old machine, for longer than an engine waits for them now and then: of a draw of its own.
    pub(super) fn remember_old_endpoints(&mut self, seed: u64, strikes: &mut Vec<Strike>) {
        let fault = Fault::R7OldEndpoint;
        if !self.faults.contains(&fault) {
            return;
        }
        let mut rng = Rng::of(seed, "swarm old endpoints", 0);
        std::mem::swap(&mut self.rng, &mut rng);
        for _ in 0..4 + pick(&mut self.rng, 8) {
            let from = self.some_time();
            let until = from.saturating_add(self.minutes(5, 100)).unwrap_or(from).min(self.heals_at);
            strikes.push(Strike { fault, from, until, rate: 1.0, only_changes: false });
        }
        std::mem::swap(&mut self.rng, &mut rng);
    }
}

/// Of a fault of the wire: windows at the most, minutes that one lasts, the least rate.
fn weather(fault: Fault) -> Option<(usize, (i64, i64), f64)> {
    Some(match fault {
        Fault::A1Throttled | Fault::A2FailsBefore | Fault::A10AccessDenied | Fault::A11ExpiredToken => {
            (6, (5, 120), 0.05)
        }
        Fault::A3FailsAfter | Fault::A4Garbage => (5, (30, 400), 0.05),
        Fault::A5Stale => (5, (20, 240), 0.2),
        Fault::A8EndlessPages | Fault::A9OddAnswer | Fault::A12ClockSkew | Fault::A13NoHost => (5, (3, 60), 0.1),
        Fault::A14RegionOut => (2, (60, 240), 1.0),
        Fault::A15OtherAccount => (3, (15, 90), 1.0),
        Fault::R1NoCapacity => (5, (30, 300), 0.4),
        Fault::R3Broken => (2, (5, 60), 1.0),
        Fault::M3Impossible => (5, (10, 200), 0.2),
        Fault::M4SilentZero => (3, (30, 200), 1.0),
        Fault::M6OtherMachine => (4, (20, 180), 0.3),
        Fault::I24HostileText => (4, (30, 300), 0.5),
        _ => return None,
    })
}
