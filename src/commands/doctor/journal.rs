//! The state directory: whether it takes records, and how long one takes to be durable. Nothing is left there, and no lock
//! is taken: an engine that runs, or starts now, notices nothing.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::clock::{Clock, Stopwatch};
use crate::commands::CommandError;
use crate::commands::state::known;
use crate::journal;
use crate::model::finding::{Check, Finding};
use crate::model::text::clean;

/// A disk that takes longer than this is none.
const LIMIT: Duration = Duration::from_secs(10);
/// So many records, one after the other.
const RECORDS: usize = 20;
/// As long as most are.
const RECORD_BYTES: usize = 1_024;
/// From here on a record takes as long as a call to AWS.
const SLOW: Duration = Duration::from_millis(100);
/// Longest words that are shown.
const SHOWN_CHARS: usize = 300;

/// Looks at it in a thread of its own: one that waits for a disk can be left behind.
pub(super) async fn look(clock: &Clock, directory: Result<PathBuf, CommandError>) -> Finding {
    let directory = match directory {
        Ok(directory) => directory,
        Err(error) => return Finding::told(Check::Journal, error.words(), "give --state-dir DIR"),
    };
    let (tell, told) = oneshot::channel();
    let thread = std::thread::Builder::new().name("doctor".to_owned());
    // Whoever waits may have gone.
    let started = thread.spawn(move || drop(tell.send(judge(&directory))));
    if let Err(error) = started {
        return Finding::not_seen(
            Check::Journal,
            format!("no thread to look with: {error}"),
            "free some of the machine",
        );
    }
    let late = || {
        let seen = format!("the disk did not answer within {} s", LIMIT.as_secs());
        Finding::fails(Check::Journal, seen, "look at the disk, or give another with --state-dir DIR")
    };
    clock.bounded(LIMIT.mul_f64(clock.speed()), told).await.and_then(Result::ok).unwrap_or_else(late)
}

fn judge(directory: &Path) -> Finding {
    let is_there = directory.is_dir();
    if is_there {
        if let Err(error) = journal::guarded(directory) {
            return fails(&error.to_string(), "");
        }
        if let Err(error) = known(directory) {
            return fails(error.words(), "keep the directory as evidence, and give another one with --state-dir");
        }
    }
    // The first of those above it that is there is where it would be made.
    let Some(place) = directory.ancestors().find(|place| place.is_dir() || place.as_os_str().is_empty()) else {
        return fails("no directory of the path exists", "give another one with --state-dir DIR");
    };
    let place = if place.as_os_str().is_empty() { Path::new(".") } else { place };
    let shown = clean(&directory.display().to_string(), SHOWN_CHARS);
    let syncs = match measure(place) {
        Ok(syncs) => syncs,
        Err(error) => {
            let place = clean(&place.display().to_string(), SHOWN_CHARS);
            let remedy = "let this user write there, or give another directory with --state-dir DIR";
            return fails(&format!("nothing can be written to {place}: {error}"), remedy);
        }
    };
    let state = match (is_there, journal::holder(directory)) {
        (_, Some(pid)) => format!(" (an engine runs on it: process {pid})"),
        (true, None) => String::new(),
        (false, None) => " (not there yet; a start makes it)".to_owned(),
    };
    let (median, most) = (syncs[syncs.len() / 2], syncs[syncs.len() - 1]);
    let seen = format!("{shown}{state}: a record is durable in {}, {} at most", millis(median), millis(most));
    if median >= SLOW {
        return Finding::warning(Check::Journal, seen, "a disk of this machine is quicker than one over the network");
    }
    Finding::ok(Check::Journal, seen)
}

/// How long each record took to be durable, the shortest first; never empty.
fn measure(place: &Path) -> std::io::Result<Vec<Duration>> {
    // It has no name, so that nothing is left however this process ends.
    let mut file = tempfile::tempfile_in(place)?;
    let mut syncs = Vec::new();
    for _ in 0..RECORDS {
        let stopwatch = Stopwatch::start();
        file.write_all(&[b'\n'; RECORD_BYTES])?;
        file.sync_data()?;
        syncs.push(stopwatch.elapsed());
    }
    syncs.sort();
    Ok(syncs)
}

fn fails(words: &str, remedy: &str) -> Finding {
    Finding::told(Check::Journal, &clean(words, SHOWN_CHARS), remedy)
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}
