//! How long a record takes to be safe, and how fast a journal can be checked: on the records of a real run.
//!
//! A harness of its own, because what a person waits for is the slow end, and that is a percentile.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, measures real time, and has nothing to measure without a journal"
)]

mod percentiles;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tempfile::TempDir;
use upshift::journal::{self, Journal};
use upshift::model::event::Event;

/// Records that are made safe one by one.
const APPENDS: usize = 5_000;
/// Records in the journal that is checked.
const RECORDS: usize = 100_000;
/// How often it is checked.
const VERIFICATIONS: usize = 20;

fn main() {
    let events = events_of_a_real_run();
    append_and_sync(&events);
    verify(&events);
}

/// One record and its sync: what stands before every mutating call.
fn append_and_sync(events: &[Event]) {
    let (dir, mut journal) = empty_journal();
    let mut times: Vec<Duration> = Vec::with_capacity(APPENDS);
    for event in events.iter().cycle().take(APPENDS) {
        let event = event.clone();
        let began = Instant::now();
        journal.append(Timestamp::UNIX_EPOCH, event).expect("an append");
        journal.sync().expect("a sync");
        times.push(began.elapsed());
    }
    println!("append + sync of one record: {}", percentiles::words(times));
    drop(dir);
}

/// The whole chain, from the page cache.
fn verify(events: &[Event]) {
    let (dir, mut journal) = empty_journal();
    for event in events.iter().cycle().take(RECORDS) {
        journal.append(Timestamp::UNIX_EPOCH, event.clone()).expect("an append");
    }
    journal.sync().expect("a sync");
    let mut times: Vec<Duration> = (0..VERIFICATIONS)
        .map(|_| {
            let began = Instant::now();
            journal::verify(dir.path()).expect("a whole chain");
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    let bytes = bytes_in(dir.path());
    let rate = |time: Duration| RECORDS as f64 / time.as_secs_f64();
    println!(
        "verify: {:.0} records/s, {:.0} MB/s in the median of {VERIFICATIONS} (fastest {:.0}, slowest {:.0} records/s); \
         {RECORDS} records of {} bytes on average",
        rate(times[VERIFICATIONS / 2]),
        bytes as f64 / 1e6 / times[VERIFICATIONS / 2].as_secs_f64(),
        rate(times[0]),
        rate(times[VERIFICATIONS - 1]),
        bytes / RECORDS as u64
    );
}

/// Half a day of the scenario `checkpoints`: mostly decisions, and all that belongs to a few actions.
fn events_of_a_real_run() -> Vec<Event> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let words = ["--auto", "--sim", "--speed", "5000", "--for", "12h", "--state-dir"];
    let run = Command::new(env!("CARGO_BIN_EXE_upshift")).args(words).arg(dir.path()).output().expect("a run");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let records = journal::read(dir.path()).expect("its journal");
    records.into_iter().map(|(entry, _)| entry.event).collect()
}

fn empty_journal() -> (TempDir, Journal) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (journal, _) = Journal::open(dir.path(), Timestamp::UNIX_EPOCH).expect("a journal");
    (dir, journal)
}

fn bytes_in(dir: &Path) -> u64 {
    let files = std::fs::read_dir(dir).expect("the directory");
    files.map(|file| file.and_then(|file| file.metadata()).expect("a file").len()).sum()
}
