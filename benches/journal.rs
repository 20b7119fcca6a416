//! How fast the journal takes records, and how fast it can be checked.
#![expect(clippy::expect_used, reason = "a benchmark without a journal has nothing to measure")]

use jiff::Timestamp;
use upshift::journal::{self, Journal};
use upshift::model::event::Event;

/// Records in the journal that is checked.
const RECORDS: u64 = 10_000;

fn main() {
    divan::main();
}

/// One record and its sync: what stands before every mutating call.
#[divan::bench]
fn append_and_sync(bencher: divan::Bencher<'_, '_>) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (mut journal, _) = Journal::open(dir.path(), Timestamp::UNIX_EPOCH).expect("a journal");
    bencher.bench_local(|| {
        journal.append(Timestamp::UNIX_EPOCH, event()).expect("an append");
        journal.sync().expect("a sync");
    });
}

/// The whole chain from the disk.
#[divan::bench(sample_count = 10)]
fn verify(bencher: divan::Bencher<'_, '_>) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (mut journal, _) = Journal::open(dir.path(), Timestamp::UNIX_EPOCH).expect("a journal");
    for _ in 0..RECORDS {
        journal.append(Timestamp::UNIX_EPOCH, event()).expect("an append");
    }
    bencher
        .counter(divan::counter::ItemsCount::new(RECORDS))
        .bench_local(|| journal::verify(dir.path()).expect("a whole chain"));
}

fn event() -> Event {
    Event::EngineStopped { why: "x".repeat(600) }
}
