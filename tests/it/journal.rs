//! The journal from outside: damage is found, a torn tail is repaired, one writer only.

use std::fs;

use jiff::Timestamp;
use proptest::prelude::*;
use tempfile::TempDir;
use upshift::journal::{self, Journal, NO_HASH, OpenError, ReadError};
use upshift::model::action::{ActionId, ActionResult, CallId, Intent};
use upshift::model::call::{CallOutcome, MutatingCall};
use upshift::model::class::InstanceClass;
use upshift::model::database::{DatabaseName, ResourceId};
use upshift::model::decision::{Decision, RuleResult, UsedDatapoint, Verdict};
use upshift::model::event::Event;
use upshift::model::ladder::Direction;
use upshift::model::operator::{Actor, Operator};
use upshift::model::policy::{Comparison, Rule, Strategy};
use upshift::model::series::SignalName;

use crate::process::first_segment;

const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn stopped(why: impl Into<String>) -> Event {
    Event::EngineStopped { why: why.into() }
}

fn journal_of(whys: &[String]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, entries) = Journal::open(dir.path(), AT).unwrap();
    assert!(entries.is_empty());
    for why in whys {
        journal.append(AT, stopped(why)).unwrap();
    }
    journal.sync().unwrap();
    dir
}

fn three() -> TempDir {
    journal_of(&["one".to_owned(), "two".to_owned(), "three".to_owned()])
}

#[test]
fn what_was_written_is_read_again_by_a_later_owner() {
    let dir = three();
    let (mut journal, entries) = Journal::open(dir.path(), AT).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(entries[2].event, stopped("three"));
    journal.append(AT, stopped("four")).unwrap();
    let read = journal::read(dir.path()).unwrap();
    assert_eq!(read.len(), 4);
    assert_eq!(read[..3].iter().map(|(entry, _)| entry.clone()).collect::<Vec<_>>(), entries);
    let text = fs::read_to_string(first_segment(dir.path())).unwrap();
    assert_eq!(read.iter().map(|(_, raw)| raw.as_str()).collect::<Vec<_>>(), text.lines().collect::<Vec<_>>());
    assert!(text.contains(NO_HASH));
    assert_eq!(journal::verify(dir.path()).unwrap().head, journal.head());
}

fn decision(value: f64) -> Event {
    let signal = SignalName::new("writes");
    let datapoints = vec![UsedDatapoint { signal: signal.clone(), start: AT, value, age_secs: 60 }];
    let rule = Rule { signal, comparison: Comparison::Above, threshold: 0.1, datapoints: 2, periods: 3 };
    let decision = Decision {
        database: DatabaseName::new("checkpoints"),
        resource_id: None,
        class: InstanceClass::known("db.t4g.small"),
        verdict: Verdict::WouldScale { direction: Direction::Up, to: None },
        rules: vec![RuleResult { direction: Direction::Up, rule, beyond: 2, missing: 1, holds: true, period_secs: 60 }],
        gates: vec![],
        choices: vec![],
        datapoints,
        policy_digest: "0123456789ab".to_owned(),
    };
    Event::Decision { decision: Box::new(decision), repeats: 3 }
}

#[test]
fn the_nested_records_come_back_as_they_were() {
    let by = Operator { user: "ann".to_owned(), ssh_client: Some("192.0.2.1".to_owned()), peer: None };
    let action = ActionId("a1".to_owned());
    let class = InstanceClass::observed("db.m5.large");
    let database = DatabaseName::new("checkpoints");
    let intent = Intent {
        action: action.clone(),
        database: database.clone(),
        resource_id: ResourceId::new("db-ABC"),
        strategy: Strategy::InPlace,
        from: InstanceClass::observed("db.t4g.small"),
        to: class.clone(),
        actor: Actor::Person { operator: by.clone(), reason: "drill".to_owned() },
        removes: None,
        hold_for: None,
    };
    let id = CallId { action: action.clone(), step: 1 };
    let call = MutatingCall::ModifyDbInstanceClass {
        database: database.clone(),
        class: class.clone(),
        capacity_reservation: None,
    };
    let events = [
        Event::ActionIntended { intent, passed_over: vec!["cooldown".to_owned()] },
        Event::CallSent { id: id.clone(), database: database.clone(), call },
        Event::CallAnswered { id, database: database.clone(), outcome: CallOutcome::Accepted { request_id: None } },
        Event::ActionEnded {
            action,
            database,
            class: Some(class),
            outage_secs: None,
            outage_by: None,
            clients: None,
            result: ActionResult::Stopped { by },
        },
        decision(521.033_333_333_333_3),
    ];
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path(), AT).unwrap();
    for event in &events {
        journal.append(AT, event.clone()).unwrap();
    }
    let read = journal::read(dir.path()).unwrap();
    assert_eq!(read.into_iter().map(|(entry, _)| entry.event).collect::<Vec<_>>(), events);
}

#[test]
fn a_record_that_json_cannot_hold_is_refused_before_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path(), AT).unwrap();
    let error = journal.append(AT, decision(f64::NAN)).unwrap_err();
    assert!(error.why.contains("could not be read again"), "{error}");
    assert_eq!(journal::verify(dir.path()).unwrap().records, 0);
}

#[test]
fn the_directory_is_made_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("state/upshift");
    let _journal = Journal::open(&dir, AT).unwrap();
    assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(first_segment(&dir)).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_second_opener_is_refused_and_told_who_the_first_is() {
    let dir = tempfile::tempdir().unwrap();
    let first = Journal::open(dir.path(), AT).unwrap();
    let error = Journal::open(dir.path(), AT).unwrap_err();
    assert!(matches!(error, OpenError::Locked { pid: Some(pid), .. } if pid == std::process::id()), "{error}");
    drop(first);
    Journal::open(dir.path(), AT).unwrap();
}

/// Where the bytes of a torn third record go.
const CUT: &str = "journal-00000000000000000001.jsonl.cut-3";

#[test]
fn a_last_record_torn_at_any_byte_is_cut_off_and_the_chain_goes_on() {
    let whole = fs::read(first_segment(three().path())).unwrap();
    let second_end = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for length in second_end..=whole.len() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(first_segment(dir.path()), &whole[..length]).unwrap();
        let torn = length != second_end && length != whole.len();
        assert_eq!(journal::verify(dir.path()).is_err(), torn, "at byte {length}");
        let (mut journal, entries) = Journal::open(dir.path(), AT).unwrap();
        let cut = (length - second_end) as u64;
        let expected = match (torn, length == whole.len()) {
            (true, _) => Event::JournalRepaired { bytes_cut: cut, kept_in: Some(CUT.to_owned()) },
            (false, true) => stopped("three"),
            (false, false) => stopped("two"),
        };
        assert_eq!(entries.last().unwrap().event, expected, "at byte {length}");
        let kept = fs::read(dir.path().join(CUT)).ok();
        assert_eq!(kept.as_deref(), torn.then_some(&whole[second_end..length]), "at byte {length}");
        journal.append(AT, stopped("after")).unwrap();
        let verified = journal::verify(dir.path()).unwrap();
        assert_eq!((verified.records, verified.head.as_str()), (entries.len() as u64 + 1, journal.head()));
    }
}

#[test]
fn a_second_torn_record_at_the_same_place_is_kept_beside_the_first() {
    use std::os::unix::fs::PermissionsExt as _;
    let whole = fs::read(first_segment(three().path())).unwrap();
    let dir = tempfile::tempdir().unwrap();
    for (name, tail) in [(CUT.to_owned(), "{\"seq\":3,"), (format!("{CUT}-2"), "{"), (format!("{CUT}-3"), "{\"s")] {
        let second_end = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        fs::write(first_segment(dir.path()), [&whole[..second_end], tail.as_bytes()].concat()).unwrap();
        let (_, entries) = Journal::open(dir.path(), AT).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join(&name)).unwrap(), tail);
        assert_eq!(fs::metadata(dir.path().join(&name)).unwrap().permissions().mode() & 0o777, 0o600);
        let words = entries.last().unwrap().event.words();
        assert!(words.ends_with(&format!("of {} bytes was cut off; it is kept in {name}", tail.len())), "{words}");
    }
}

#[test]
fn a_record_of_a_newer_version_is_named_as_such() {
    let dir = journal_of(&["one".to_owned()]);
    let segment = first_segment(dir.path());
    let line = fs::read_to_string(&segment).unwrap();
    let body = line.split_once(",\"hash\":\"").unwrap().0.replace("engine_stopped", "moon_landed");
    let sealed = sealed_by_hand(&body);
    fs::write(&segment, sealed).unwrap();
    journal::verify(dir.path()).unwrap();
    let error = journal::read(dir.path()).unwrap_err();
    assert!(matches!(&error, ReadError::UnknownKind(unknown) if unknown.kind == "moon_landed"), "{error}");
    assert!(error.to_string().contains("newer upshift"));
    assert!(matches!(Journal::open(dir.path(), AT).unwrap_err(), OpenError::Read(ReadError::UnknownKind(_))));
}

/// Seals a body with another implementation of SHA-256 than the program's: coreutils.
fn sealed_by_hand(body: &str) -> String {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let mut tool = Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    tool.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
    let output = String::from_utf8(tool.wait_with_output().unwrap().stdout).unwrap();
    format!("{body},\"hash\":\"{}\"}}\n", output.split_whitespace().next().unwrap())
}

#[test]
fn records_that_were_taken_out_are_missed() {
    let dir = three();
    let segment = first_segment(dir.path());
    let text = fs::read_to_string(&segment).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    fs::write(&segment, format!("{}\n{}\n", lines[0], lines[2])).unwrap();
    let OpenError::Read(ReadError::Damaged(damage)) = Journal::open(dir.path(), AT).unwrap_err() else {
        panic!("a record is missing")
    };
    assert_eq!((damage.line, damage.seq, damage.segment.as_str()), (2, 2, "journal-00000000000000000001.jsonl"));
    fs::write(&segment, "").unwrap();
    fs::write(dir.path().join("journal-00000000000000000003.jsonl"), format!("{}\n", lines[2])).unwrap();
    assert!(matches!(journal::verify(dir.path()).unwrap_err(), ReadError::Damaged(damage) if damage.seq == 1));
}

#[test]
fn a_place_that_cannot_be_written_is_refused_in_words() {
    let base = tempfile::tempdir().unwrap();
    let file = base.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Journal::open(&file.join("state"), AT).unwrap_err().to_string();
    assert!(error.contains("--state-dir") && error.contains("file/state"), "{error}");
    let dir = base.path().join("device");
    fs::create_dir(&dir).unwrap();
    std::os::unix::fs::symlink("/dev/full", first_segment(&dir)).unwrap();
    let error = Journal::open(&dir, AT).unwrap_err().to_string();
    assert!(error.contains("symbolic link"), "{error}");
}

#[test]
fn a_place_where_others_could_change_the_evidence_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = three();
    for mode in [0o720, 0o702, 0o777, 0o1777] {
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(mode)).unwrap();
        let error = Journal::open(dir.path(), AT).unwrap_err().to_string();
        assert!(error.contains(&format!("mode {mode:04o}")) && error.contains("chmod go-w"), "{error}");
    }
    journal::verify(dir.path()).expect("whoever checks a copy need not keep it to themselves");
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    Journal::open(dir.path(), AT).expect("others may read");
}

#[test]
fn only_a_file_of_the_directory_itself_is_a_segment() {
    let (dir, elsewhere) = (three(), three());
    let segment = first_segment(dir.path());
    let refused = |what: &str| {
        for error in [
            journal::verify(dir.path()).unwrap_err().to_string(),
            Journal::open(dir.path(), AT).unwrap_err().to_string(),
        ] {
            assert!(error.contains(what) && error.contains("journal-00000000000000000001.jsonl"), "{error}");
        }
    };
    fs::remove_file(&segment).unwrap();
    std::os::unix::fs::symlink(first_segment(elsewhere.path()), &segment).unwrap();
    refused("symbolic link");
    fs::remove_file(&segment).unwrap();
    // A reader of a pipe would wait for a writer.
    let made = std::process::Command::new("mkfifo").arg(&segment).status().unwrap();
    assert!(made.success());
    refused("not a regular file");
    fs::remove_file(&segment).unwrap();
    fs::create_dir(&segment).unwrap();
    refused("not a regular file");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Else a replay of the journal could decide otherwise than the engine did.
    #[test]
    fn every_number_comes_back_bit_for_bit(value in prop::num::f64::NORMAL | prop::num::f64::ZERO) {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(dir.path(), AT).unwrap();
        let written = journal.append(AT, decision(value)).unwrap();
        prop_assert_eq!(&journal::read(dir.path()).unwrap()[0].0, &*written);
    }
}
