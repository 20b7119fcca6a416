//! Strings from outside that would drive a terminal or fool an eye: none reaches the output of the built binary raw,
//! whichever way it comes in. What reaches the screen is tested beside the console, what AWS says in `fuzz/targets`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Output;

use jiff::Timestamp;
use proptest::prelude::*;
use tempfile::TempDir;
use upshift::journal::{self, Journal};
use upshift::model::command::Command;
use upshift::model::database::{DatabaseName, RdsEvent};
use upshift::model::event::Event;
use upshift::model::failure::{Failure, FailureKind};
use upshift::model::operator::Operator;

use crate::fuzz::targets::hygiene::lines_must_be_clean;
use crate::process::{first_segment, upshift};

const AT: Timestamp = Timestamp::UNIX_EPOCH;

/// What has fooled others: escape sequences, C1, bidirectional formatting, no width, separators, stacks of marks.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("\x1b[2J\x1b]0;owned\x07".to_owned()),
        Just("\x1b[31m".to_owned()),
        Just("\u{9b}31m\u{85}\u{90}".to_owned()),
        Just("\u{202e}\u{2066}\u{200f}\u{61c}".to_owned()),
        Just("\u{200b}\u{feff}\u{2028}\u{2029}\u{e0041}\u{3164}".to_owned()),
        Just("\r\x08\x7f\n\t\x0b".to_owned()),
        Just("e".to_owned() + &"\u{301}".repeat(5_000)),
        "[ -~]{0,8}",
        "\\PC{0,4}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(part, 1..5).prop_map(|parts| parts.concat())
}

/// Both streams are clean; returns them.
fn clean_output(what: &str, output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr].concat();
    let text = String::from_utf8(text).unwrap_or_else(|error| panic!("{what}: {error}"));
    lines_must_be_clean(what, &text);
    text
}

fn events(text: &str) -> [Event; 5] {
    let by = || Operator { user: text.to_owned(), ssh_client: Some(text.to_owned()), peer: None };
    let database = || DatabaseName::new(text);
    [
        Event::EngineStopped { why: text.to_owned() },
        Event::Armed { by: by(), reason: text.to_owned(), until: Some(AT) },
        Event::CommandRefused { by: by(), command: Command::Stop { database: database() }, why: text.to_owned() },
        Event::RdsEvent(RdsEvent {
            instance: None,
            date: AT,
            database: database(),
            message: text.to_owned(),
            categories: vec![text.to_owned()],
        }),
        Event::ReadFailed(Failure {
            kind: FailureKind::Service,
            operation: text.to_owned(),
            sentence: text.to_owned(),
            request_id: Some(text.to_owned()),
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// A journal, were it written by a version that cleans nothing: printed, as JSON too, and in its own file.
    #[test]
    fn no_field_of_a_journal_is_printed_raw(text in hostile()) {
        let state = TempDir::new().unwrap();
        let (mut journal, _) = Journal::open(state.path(), AT).unwrap();
        for event in events(&text) {
            journal.append(AT, event).unwrap();
        }
        drop(journal);
        let segment = first_segment(state.path());
        let raw = fs::read_to_string(&segment).unwrap();
        lines_must_be_clean("the segment itself", &raw);
        let written: Vec<Event> = journal::read(state.path()).unwrap().into_iter().map(|(entry, _)| entry.event).collect();
        prop_assert_eq!(&written[..], &events(&text)[..], "and yet nothing is lost");
        clean_output("journal show", &upshift(state.path(), &["journal", "show"]));
        let json = clean_output("journal show --json", &upshift(state.path(), &["journal", "show", "--json"]));
        prop_assert_eq!(json, raw, "what is printed has the hashes that it says");
        // Damage that quotes itself: the chain's own fields hold the text.
        let quoted = text.chars().filter(|c| !c.is_ascii_control());
        let mut digits = String::new();
        for c in quoted.chain("x".repeat(64).chars()) {
            if digits.len() + c.len_utf8() <= 64 {
                digits.push(c);
            }
        }
        fs::write(&segment, format!("{{\"seq\":1,\"prev\":\"{digits}\",\"hash\":\"{digits}\"}}\n")).unwrap();
        let said = clean_output("journal verify", &upshift(state.path(), &["journal", "verify"]));
        prop_assert!(said.contains("damaged"), "{}", said);
    }

    /// Files, values and words that are wrong are named, clean.
    #[test]
    fn no_error_quotes_what_is_wrong_raw(text in hostile()) {
        let state = TempDir::new().unwrap();
        let word: String = text.chars().filter(|c| !matches!(c, '\0' | '/')).take(60).collect();
        let quoted = toml_text(&text);
        let config = format!("[aws]\nregion = {quoted}\naccount_id = {quoted}\n[[database]]\nid = {quoted}\n\
                              ladder = [{quoted}, \"db.m5.large\"]\n{quoted} = 1 # {word}\n{word}\n");
        fs::write(state.path().join("c.toml"), config).unwrap();
        let scenario = format!("name = {quoted}\n{quoted} = 1\n[[instance]]\nid = {quoted}\nclass = {quoted}\n");
        fs::write(state.path().join("s.toml"), &scenario).unwrap();
        fs::write(state.path().join("t.toml"), scenario.replacen(&format!("\n{quoted} = 1"), "", 1)).unwrap();
        let typed = format!("--{word}");
        let attempts: [&[&str]; 9] = [
            &["--auto", "--config", "c.toml"],
            &["--auto", "--sim", "s.toml"],
            &["--auto", "--sim", "t.toml"],
            &["--auto", "--sim", &word],
            &["--auto", "--config", &word],
            &["--speed", &word],
            &["--for", &word],
            &["sim", "--listen", &word],
            &[&typed],
        ];
        for words in attempts {
            clean_output(&format!("{words:?}"), &upshift(state.path(), words));
        }
        let named = state.path().join(word.trim_end_matches('.'));
        if fs::create_dir(&named).is_ok() {
            fs::create_dir(first_segment(&named)).unwrap();
            let place = named.to_str().unwrap();
            for words in [["journal", "verify", "--state-dir", place], ["journal", "show", "--state-dir", place]] {
                clean_output("a state directory's name", &upshift(state.path(), &words));
            }
            let auto = ["--auto", "--sim", "--for", "1s", "--state-dir", place];
            clean_output("a run on a state directory that cannot be used", &upshift(state.path(), &auto));
        }
    }
}

/// A TOML string with everything escaped that must be.
fn toml_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => write!(out, "\\u{:04X}", u32::from(c)).unwrap(),
            c => out.push(c),
        }
    }
    out + "\""
}

/// What is logged goes to stderr and into a file.
#[test]
fn a_hostile_name_in_a_healthy_run_is_logged_clean() {
    let state = TempDir::new().unwrap();
    let name = "e\u{301}\u{301}\u{301}\u{202e}\u{200b}\u{9b}2J";
    let scenario = format!(
        "name = {}\nhistory = \"1h\"\n[[instance]]\nid = \"checkpoints\"\nclass = \"db.t4g.small\"\n[[demand]]\n\
         at = \"0s\"\nwrites = 10\n[[fault]]\nat = \"1m\"\nfor = \"20m\"\naction = \"DescribeEvents\"\nerror = \"Throttling\"\nmessage = {}\n",
        toml_text(name),
        toml_text(name)
    );
    fs::write(state.path().join("s.toml"), scenario).unwrap();
    let place = state.path().join(name);
    let place = place.to_str().unwrap();
    let words = ["--auto", "--sim", "s.toml", "--speed", "1000", "--for", "20m", "--state-dir", place];
    let said = clean_output("a run", &upshift(state.path(), &words));
    assert!(
        said.contains(concat!("engine ", env!("CARGO_PKG_VERSION"), " started")) && said.contains("evidence:"),
        "{said}"
    );
    let logs: Vec<_> = fs::read_dir(Path::new(place).join("log")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(logs.len(), 1);
    lines_must_be_clean("the log", &fs::read_to_string(&logs[0]).unwrap());
}
