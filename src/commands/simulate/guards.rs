//! Each guard taken away in turn: some seed must break a promise without it, or the suite has a hole.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{CommandError, on_all_cores, stdout};
use crate::cli::SimulateArgs;
use crate::model::guard::Guard;
use crate::swarm::{Trial, can_miss, lease, run as run_trial};

/// The seeds that a guard's absence needs most days for: they are tried before all others, or each run would look for
/// them anew through hundreds of days. A seed that no longer shows it costs one day, and the search goes on from the first.
const TRIED_FIRST: [(Guard, u64); 12] = [
    (Guard::FreshData, 919),
    (Guard::UpRulesComplete, 355),
    (Guard::TargetOrderable, 282),
    (Guard::MissingMetric, 101),
    (Guard::SameAccount, 37),
    (Guard::CpuFits, 28),
    (Guard::EventsReadable, 7),
    (Guard::StatusAvailable, 64),
    (Guard::SettleWindow, 24),
    (Guard::ClassAsOrdered, 56),
    (Guard::NothingPending, 13),
    (Guard::ConnectionsFit, 6),
];

/// Says for each guard which seed noticed its absence.
pub(super) fn run(args: &SimulateArgs) -> Result<(), CommandError> {
    let mut unmissed = Vec::new();
    for guard in Guard::ALL {
        match first_to_miss(guard, args) {
            Some(seed) => stdout::line(&format!("without {:<18} seed {seed} breaks a promise", guard.name()))?,
            None => unmissed.push(guard.name()),
        }
    }
    if unmissed.is_empty() {
        return stdout::line(&format!("{} guards, each missed when it is gone", Guard::ALL.len()));
    }
    let why = format!("nobody misses {} in {} seeds: the suite has a hole there", unmissed.join(", "), args.seeds);
    Err(CommandError::Failed(why))
}

fn first_to_miss(guard: Guard, args: &SimulateArgs) -> Option<u64> {
    let seeds = args.first..args.first + args.seeds;
    let remembered = TRIED_FIRST.iter().find(|(of, seed)| *of == guard && seeds.contains(seed)).map(|(_, seed)| *seed);
    if remembered.is_some_and(|seed| misses(guard, seed, args)) {
        return remembered;
    }
    let found = AtomicU64::new(u64::MAX);
    on_all_cores(args.seeds as usize, guard.name(), |at| {
        let seed = args.first + at as u64;
        let missed = misses(guard, seed, args);
        if missed {
            found.fetch_min(seed, Ordering::Relaxed);
        }
        !missed
    });
    Some(found.into_inner()).filter(|seed| *seed != u64::MAX)
}

/// Whether the day of this seed breaks a promise without the guard. A trial that could not be run has missed nothing.
fn misses(guard: Guard, seed: u64, args: &SimulateArgs) -> bool {
    if Guard::OF_LEASE.contains(&guard) {
        return !lease::run(seed, Some(guard)).broken.is_empty();
    }
    let trial = Trial { seed, hours: args.hours, without: Some(guard) };
    can_miss(trial) && run_trial(trial).is_ok_and(|report| !report.broken.is_empty())
}
