//! `upshift simulate`: the swarm outside the test harness, on all cores.

mod deaths;
mod guards;
mod seeds;

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{CommandError, stdout};
use crate::cli::SimulateArgs;

/// Runs what was asked for and says what came of it. The first broken promise ends it with exit code 1.
pub(super) fn run(args: &SimulateArgs) -> Result<(), CommandError> {
    if args.deaths {
        deaths::run(args)
    } else if args.guards {
        guards::run(args)
    } else {
        seeds::run(args)
    }
}

/// Does `job` for every number below `count` on all cores, in order of the numbers as far as there are hands. A job
/// that returns false lets no further ones begin. Progress goes to a terminal on stderr.
fn on_all_cores(count: usize, what: &str, job: impl Fn(usize) -> bool + Sync) {
    let (next, done, over) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        while !over.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                break;
            }
            if !job(at) {
                over.store(true, Ordering::Relaxed);
            }
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, count, what);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores.min(count) {
            scope.spawn(work);
        }
    });
}

fn progress(done: usize, count: usize, what: &str) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        let end = if done == count { "\n" } else { "" };
        drop(write!(stderr, "\r[{:<40}] {done}/{count} {what}{end}", "#".repeat(done * 40 / count.max(1))));
    }
}
