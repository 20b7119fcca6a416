//! Each guard taken away in turn: some seed must break a promise without it, or the suite has a hole.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{CommandError, on_all_cores, stdout};
use crate::cli::SimulateArgs;
use crate::model::guard::Guard;
use crate::swarm::{Trial, can_miss, run as run_trial};

/// Says for each guard after how many seeds its absence was noticed.
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
    let found = AtomicU64::new(u64::MAX);
    on_all_cores(args.seeds as usize, guard.name(), |at| {
        let seed = args.first + at as u64;
        let trial = Trial { seed, hours: args.hours, without: Some(guard) };
        if !can_miss(trial) {
            return true;
        }
        // A trial that could not be run has missed nothing.
        let missed = run_trial(trial).is_ok_and(|report| !report.broken.is_empty());
        if missed {
            found.fetch_min(seed, Ordering::Relaxed);
        }
        !missed
    });
    Some(found.into_inner()).filter(|seed| *seed != u64::MAX)
}
