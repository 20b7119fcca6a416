//! Constant load, for I9: some seeds have nothing else until everything is mended. Whatever goes wrong on such a day, a
//! database that has found its class has no reason to leave it again.

use std::collections::BTreeMap;

use super::witness::Witness;
use crate::model::action::Intent;
use crate::model::operator::Actor;
use crate::sim::rng::Rng;
use crate::swarm::faults::Fault;

/// One seed in so many.
const ONE_IN: u64 = 8;
/// Writes per second: from calm to far over the up line, and about each line, where noise alone goes to and fro over it.
const LEVELS: [(f64, f64); 3] = [(60.0, 760.0), (450.0, 550.0), (200.0, 250.0)];

/// How often the engine has changed each database since other hands last did.
pub(in crate::swarm) type Changes = BTreeMap<String, u32>;

/// The load of a steady day; `None` on the others. Drawn apart: the other days are what they were without it.
pub(in crate::swarm) fn writes_per_sec(seed: u64) -> Option<f64> {
    let mut rng = Rng::of(seed, "swarm steady", 0);
    let (least, most) = LEVELS[(rng.draw() % LEVELS.len() as u64) as usize];
    rng.draw().is_multiple_of(ONE_IN).then(|| least + (most - least) * rng.unit())
}

/// Other hands, a person's of ours or somebody else's, change a database: the engine may have a reason to change it again.
pub(in crate::swarm) fn other_hands(witness: &mut Witness, database: &str) {
    witness.steady_changes.remove(database);
}

/// An action of the engine is verified: on a steady day a database has one of them at the most.
pub(in crate::swarm) fn on_verified(witness: &mut Witness, intent: &Intent) {
    let is_steady = writes_per_sec(witness.plan.seed).is_some() && witness.clock.now() < witness.plan.heals_at;
    // A source that says zero for hours is no constant load to whoever believes it, and a second witness may bear it out.
    if !is_steady || witness.plan.faults.contains(&Fault::M4SilentZero) || intent.actor != Actor::Engine {
        return;
    }
    let changes = witness.steady_changes.entry(intent.database.to_string()).or_default();
    *changes += 1;
    let changes = *changes;
    if changes > 1 {
        witness.break_promise(format!("I9: {} was changed {changes} times under constant load", intent.database));
    }
}
