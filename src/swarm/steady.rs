//! Constant load, for I9: some seeds have nothing else until everything is mended. Whatever goes wrong on such a day, a
//! database that has found its class has no reason to leave it again.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::fault::Fault;
use super::witness::Witness;
use crate::model::action::Intent;
use crate::model::operator::Actor;
use crate::sim::rng::Rng;

/// One seed in so many.
const ONE_IN: u64 = 8;
/// Writes per second: from calm to far over the up line, and about each line, where noise alone goes to and fro over it.
const LEVELS: [(f64, f64); 3] = [(60.0, 760.0), (450.0, 550.0), (200.0, 250.0)];

/// How often the engine has changed each database since other hands last did.
pub(super) type Changes = BTreeMap<String, (u32, Timestamp)>;

/// The load of a steady day; `None` on the others. Drawn apart: the other days are what they were without it.
pub(super) fn writes_per_sec(seed: u64) -> Option<f64> {
    let mut rng = Rng::of(seed, "swarm steady", 0);
    let (least, most) = LEVELS[(rng.draw() % LEVELS.len() as u64) as usize];
    rng.draw().is_multiple_of(ONE_IN).then(|| least + (most - least) * rng.unit())
}

/// An action of the engine is verified: on a steady day a database has one of them at the most, until other hands, ours or
/// somebody else's, change it.
pub(super) fn on_verified(witness: &mut Witness, intent: &Intent) {
    let now = witness.clock.now();
    let is_steady = writes_per_sec(witness.plan.seed).is_some() && now < witness.plan.heals_at;
    // A source that says zero for hours is no constant load to whoever believes it, and a second witness may bear it out.
    if !is_steady || witness.plan.faults.contains(&Fault::M4SilentZero) {
        return;
    }
    let database = intent.database.to_string();
    let foreign_at = witness.foreign.get(&database).copied();
    let entry = witness.steady_changes.entry(database.clone()).or_insert((0, now));
    if intent.actor != Actor::Engine || foreign_at.is_some_and(|at| at > entry.1) {
        *entry = (0, now);
    }
    if intent.actor == Actor::Engine {
        *entry = (entry.0 + 1, now);
    }
    let changes = entry.0;
    if changes > 1 {
        witness.break_promise(format!("I9: {database} was changed {changes} times under constant load"));
    }
}
