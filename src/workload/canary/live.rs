//! What can be seen of a run while it goes on, and what its ways tell each other.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::series::Outcome;
use super::timeline::Timeline;
use crate::model::availability::ClientPath;

/// The state of a run.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// Each way to the database.
    pub paths: BTreeMap<ClientPath, LivePath>,
    /// Machines that have acknowledged a write so far, one that started anew counted anew.
    pub writers: usize,
}

/// The state of one way.
#[derive(Debug, Clone, Copy, Default)]
pub struct LivePath {
    /// Attempts that are over.
    pub attempts: u64,
    /// Of these, acknowledged.
    pub acknowledged: u64,
    /// Of these, without an answer.
    pub unknown: u64,
    /// What came of the one that was over last.
    pub last: Option<Outcome>,
    /// How long the last acknowledged one took, from its schedule.
    pub last_latency: Option<Duration>,
    /// There was no acknowledgement since then. The final result can begin it earlier, when an attempt of before has had its
    /// deadline.
    pub out_since: Option<Timestamp>,
    /// An attempt waits for so long that something may be wrong, or the last one failed.
    is_suspect: bool,
    newest_acknowledgement: Duration,
}

impl Live {
    /// Whether anything may be wrong: then every way tries at every tick. With `OldWriter` alone nothing is wrong, after a
    /// move it must fail.
    pub(super) fn is_suspect(&self) -> bool {
        self.paths.iter().any(|(path, live)| live.is_suspect && *path != ClientPath::OldWriter)
    }
}

/// Where a way tells what it sees, and learns what the others see.
#[derive(Debug, Clone)]
pub(super) struct Board {
    live: watch::Sender<Live>,
    path: ClientPath,
}

impl Board {
    pub(super) fn new(live: watch::Sender<Live>, path: ClientPath) -> Self {
        live.send_modify(|live| {
            live.paths.insert(path, LivePath::default());
        });
        Self { live, path }
    }

    /// An attempt is over.
    pub(super) fn over(&self, timeline: &Timeline, due: Duration, done: Duration, outcome: Outcome) {
        self.live.send_modify(|live| {
            let path = live.paths.entry(self.path).or_default();
            path.attempts += 1;
            path.last = Some(outcome);
            path.is_suspect = !outcome.is_success();
            if outcome.is_success() {
                path.acknowledged += 1;
                path.last_latency = Some(done.saturating_sub(due));
                path.newest_acknowledgement = path.newest_acknowledgement.max(done);
                path.out_since = path.out_since.filter(|since| *since >= timeline.at(due));
            } else {
                path.unknown += u64::from(outcome == Outcome::Unknown);
                // One that was scheduled before the newest acknowledgement and had its deadline now is of the past.
                if due >= path.newest_acknowledgement {
                    let due = timeline.at(due);
                    path.out_since = Some(path.out_since.map_or(due, |since| since.min(due)));
                }
            }
            if let Outcome::Written(writer) = outcome {
                live.writers = live.writers.max(usize::from(writer) + 1);
            }
        });
    }

    /// The oldest attempt under way waits for too long.
    pub(super) fn waits(&self) {
        self.live.send_if_modified(|live| {
            let path = live.paths.entry(self.path).or_default();
            !std::mem::replace(&mut path.is_suspect, true)
        });
    }

    /// Whether a slow way must try at every tick.
    pub(super) fn is_alert(&self) -> bool {
        let live = self.live.borrow();
        live.is_suspect() || (self.path == ClientPath::OldWriter && live.writers > 1)
    }
}
