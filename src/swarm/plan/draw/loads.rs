//! What clients ask for.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Drawer, Load, pick};
use crate::swarm::faults::Fault;

const USUAL_CONNECTIONS: f64 = 24.0;
/// Few, or more than the small class has room for.
const CONNECTIONS: [f64; 6] = [USUAL_CONNECTIONS, USUAL_CONNECTIONS, USUAL_CONNECTIONS, 90.0, 160.0, 260.0];
/// Loads that matter: calm, at the down line, between the lines, at the up line, over it, far over.
const LEVELS: [f64; 12] = [60.0, 120.0, 180.0, 215.0, 235.0, 330.0, 470.0, 490.0, 515.0, 620.0, 720.0, 1_100.0];

impl Drawer<'_> {
    /// Piecewise constant, so that what was true at a moment is plain to see.
    pub(super) fn loads(&mut self) -> BTreeMap<String, Vec<(Timestamp, Load)>> {
        let together = self.faults.contains(&Fault::M7Together).then(|| self.load());
        let of = |drawer: &mut Self| together.clone().unwrap_or_else(|| drawer.load());
        self.names.iter().map(|name| (name.clone(), of(self))).collect()
    }

    /// The same all day, until the end makes clear what is wanted.
    pub(super) fn steady_loads(&mut self, writes: f64) -> BTreeMap<String, Vec<(Timestamp, Load)>> {
        let usual = |writes| Load { writes, connections: USUAL_CONNECTIONS };
        let last = if writes > LEVELS[LEVELS.len() / 2] { 620.0 } else { 100.0 };
        let steps = vec![(self.start, usual(writes)), (self.heals_at, usual(last))];
        self.names.iter().map(|name| (name.clone(), steps.clone())).collect()
    }

    fn load(&mut self) -> Vec<(Timestamp, Load)> {
        let mut at = self.start;
        let usual = |writes| Load { writes, connections: USUAL_CONNECTIONS };
        let mut steps = vec![(at, usual(120.0))];
        while at < self.heals_at {
            if self.faults.contains(&Fault::M5Sawtooth) && self.rng.unit() < 0.4 {
                let (low, high, every) = [(490.0, 515.0, 2), (120.0, 620.0, 10), (215.0, 235.0, 5), (180.0, 720.0, 61)]
                    [pick(&mut self.rng, 4)];
                for tooth in 0..20 {
                    at = at.saturating_add(SignedDuration::from_mins(every)).unwrap_or(at);
                    steps.push((at, usual(if tooth % 2 == 0 { high } else { low })));
                }
            }
            let wait = self.minutes(4, 170);
            at = at.saturating_add(wait).unwrap_or(at);
            let writes = LEVELS[pick(&mut self.rng, LEVELS.len())];
            let connections = CONNECTIONS[pick(&mut self.rng, CONNECTIONS.len())];
            steps.push((at, Load { writes, connections }));
        }
        steps.retain(|(at, _)| *at < self.heals_at);
        // At the end it is clear what is wanted: plainly calm, or plainly too much.
        steps.push((self.heals_at, usual(if self.rng.draw().is_multiple_of(2) { 100.0 } else { 620.0 })));
        steps
    }
}
