//! The journal as a whole: what is written is read, what is damaged is found, what is torn is repaired.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::model::event::Event;

fn now() -> Timestamp {
    "2026-01-05T09:00:00Z".parse().unwrap()
}

fn event(number: usize) -> Event {
    Event::EngineStopped { why: format!("reason {number} \"quoted\" ,\"hash\":\" \u{1b}[2J") }
}

fn written(records: usize) -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let (mut journal, entries) = Journal::open(directory.path(), now()).unwrap();
    assert!(entries.is_empty());
    for number in 0..records {
        journal.append(now(), event(number)).unwrap();
    }
    journal.sync().unwrap();
    let path = directory.path().join("journal-00000000000000000001.jsonl");
    (directory, path)
}

#[test]
fn what_was_written_is_read_and_the_chain_goes_on() {
    let (directory, _) = written(3);
    let (mut journal, entries) = Journal::open(directory.path(), now()).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(entries[1].event, event(1));
    journal.append(now(), event(3)).unwrap();
    let verified = verify(directory.path()).unwrap();
    assert_eq!((verified.records, verified.segments, verified.head.as_str()), (4, 1, journal.head()));
}

#[test]
fn a_second_writer_is_refused_and_told_who_has_it() {
    let (directory, _) = written(1);
    let _first = Journal::open(directory.path(), now()).unwrap();
    match Journal::open(directory.path(), now()) {
        Err(OpenError::Locked { pid, .. }) => assert_eq!(pid, Some(std::process::id())),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_torn_last_record_is_cut_off_and_said() {
    let (directory, path) = written(3);
    let whole = fs::read(&path).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for cut in last..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let (journal, entries) = Journal::open(directory.path(), now()).unwrap();
        let repaired = matches!(entries.last().unwrap().event, Event::JournalRepaired { .. });
        assert_eq!((entries.len(), repaired), if cut == last { (2, false) } else { (3, true) }, "cut at {cut}");
        drop(journal);
        verify(directory.path()).unwrap();
    }
}

#[test]
fn a_record_taken_out_or_exchanged_is_found() {
    let (directory, path) = written(4);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for order in [[0, 2, 3].as_slice(), &[0, 2, 1, 3], &[1, 2, 3], &[0, 1, 1, 2, 3]] {
        let changed: String = order.iter().flat_map(|at| [lines[*at], "\n"]).collect();
        fs::write(&path, changed).unwrap();
        assert!(matches!(verify(directory.path()), Err(Damage::Record { .. })), "{order:?}");
        assert!(matches!(Journal::open(directory.path(), now()), Err(OpenError::Damaged(_))), "{order:?}");
    }
}

#[test]
fn a_full_disk_breaks_it_for_good() {
    let directory = TempDir::new().unwrap();
    let mut journal = write::tests_only_open(directory.path(), Path::new("/dev/full"));
    let error = journal.append(now(), event(0)).unwrap_err();
    assert!(error.to_string().contains("No space left"), "{error}");
    assert!(journal.broken().is_some());
    assert_eq!(journal.append(now(), event(1)).unwrap_err(), error);
    assert_eq!(journal.seq(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_damaged_byte_is_found(at in 0.0..1.0_f64, change in 1_u8..=255) {
        let (directory, path) = written(4);
        let mut bytes = fs::read(&path).unwrap();
        let at = (at * bytes.len() as f64) as usize;
        bytes[at] ^= change;
        fs::write(&path, &bytes).unwrap();
        prop_assert!(verify(directory.path()).is_err());
        prop_assert!(read(directory.path()).is_err());
    }
}
