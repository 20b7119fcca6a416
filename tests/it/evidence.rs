//! `upshift journal` on journals that are whole, damaged, torn, empty or somewhere else.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use upshift::journal::Journal;
use upshift::model::event::Event;

use crate::process::{code_and_words, first_segment, upshift};

const RECORDS: usize = 5;

fn write_journal(directory: &Path) -> PathBuf {
    let at = "2026-01-05T08:00:00Z".parse().unwrap();
    let (mut journal, _) = Journal::open(directory, at).unwrap();
    for record in 1..=RECORDS {
        journal.append(at, Event::EngineStopped { why: format!("record {record}") }).unwrap();
    }
    journal.sync().unwrap();
    first_segment(directory)
}

fn shown(state: &Path, words: &[&str]) -> (i32, Vec<String>, String) {
    let output = upshift(state, words);
    let (code, said) = code_and_words(&output);
    let lines = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    (code, lines, said)
}

#[test]
fn the_good_records_before_a_damage_are_shown() {
    let state = TempDir::new().unwrap();
    let segment = write_journal(state.path());
    let text = fs::read_to_string(&segment).unwrap();
    fs::write(&segment, text.replace("record 4", "record X")).unwrap();
    for words in [&["journal", "show"][..], &["journal", "show", "--json"]] {
        let (code, lines, said) = shown(state.path(), words);
        assert_eq!((code, lines.len()), (1, 3), "{said}");
        assert!(lines[2].contains("record 3"), "{lines:?}");
        assert!(said.contains("line 4 (record 4) is damaged"), "{said}");
    }
}

#[test]
fn a_torn_last_line_is_said_to_be_one() {
    let state = TempDir::new().unwrap();
    let segment = write_journal(state.path());
    let text = fs::read_to_string(&segment).unwrap();
    fs::write(&segment, &text[..text.len() - 40]).unwrap();
    let (code, lines, said) = shown(state.path(), &["journal", "verify"]);
    assert_eq!((code, lines.len()), (1, 0));
    for expected in ["(record 5) is incomplete", "The 4 records before it are good", "next start of upshift"] {
        assert!(said.contains(expected), "{said}");
    }
    let (code, lines, said) = shown(state.path(), &["journal", "show"]);
    assert_eq!((code, lines.len()), (1, 4));
    assert!(said.contains("is incomplete"), "{said}");
}

#[test]
fn nothing_to_verify_is_no_evidence() {
    let state = TempDir::new().unwrap();
    fs::create_dir(state.path().join("segment")).unwrap();
    fs::write(first_segment(&state.path().join("segment")), "").unwrap();
    for directory in [".", "segment", "never-made"] {
        for command in ["verify", "show"] {
            let (code, lines, said) = shown(state.path(), &["journal", command, "--state-dir", directory]);
            assert_eq!((code, lines.len()), (1, 0), "{directory}: {said}");
            assert!(said.contains("no records in"), "{said}");
        }
    }
}

#[test]
fn the_journal_of_the_newest_simulation_is_named() {
    let state = TempDir::new().unwrap();
    for name in ["20260101T100000-7", "20260301T100000-8", "20260201T100000-9"] {
        write_journal(&state.path().join("sim").join(name));
    }
    fs::create_dir(state.path().join("sim/20270101T000000-1")).unwrap();
    let (code, lines, said) = shown(state.path(), &["journal", "show"]);
    assert_eq!((code, lines.len()), (1, 0));
    let newest = state.path().join("sim/20260301T100000-8");
    assert!(said.contains(&format!("upshift journal show --state-dir {}", newest.display())), "{said}");
}
