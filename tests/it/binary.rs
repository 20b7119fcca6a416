//! The built binary, as a script would use it.

use std::fs;

use jiff::Timestamp;
use tempfile::TempDir;
use upshift::journal::Journal;
use upshift::model::action::ActionId;
use upshift::model::database::DatabaseName;
use upshift::model::event::Event;
use upshift::model::pooler::PoolerStep;

use crate::process::{code_and_words, first_segment, upshift};

#[test]
fn a_headless_run_ends_healthy_and_leaves_a_journal_that_verifies_until_it_is_touched() {
    let state = TempDir::new().unwrap();
    let run = upshift(state.path(), &["--auto", "--sim", "--speed", "1000", "--for", "1h"]);
    let (code, words) = code_and_words(&run);
    assert_eq!(code, 0, "{words}");
    assert!(words.contains("verified, class db.m5.large"), "{words}");
    let verified = upshift(state.path(), &["journal", "verify"]);
    assert!(verified.status.success() && String::from_utf8_lossy(&verified.stdout).contains("records"));
    let shown = upshift(state.path(), &["journal", "show", "--json"]);
    for line in String::from_utf8_lossy(&shown.stdout).lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        for field in ["seq", "at", "kind", "data", "prev", "hash"] {
            assert!(record.get(field).is_some(), "{field} is missing in {line}");
        }
    }
    let journal = first_segment(state.path());
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, text.replacen("db.m5.large", "db.m5.xlarg", 1)).unwrap();
    let (code, words) = code_and_words(&upshift(state.path(), &["journal", "verify"]));
    assert_eq!(code, 1);
    assert!(words.contains("record ") && words.contains("damaged"), "{words}");
    let (code, words) = code_and_words(&upshift(state.path(), &["--auto", "--sim", "--for", "1h"]));
    assert_eq!(code, 1, "a damaged journal must not be armed over: {words}");
    assert!(words.contains("not armed"), "{words}");
}

#[test]
fn bad_usage_and_configuration_end_with_2_and_start_nothing() {
    let state = TempDir::new().unwrap();
    fs::write(state.path().join("wrong.toml"), "[[database]]\nid = 3\nladdr = []\n").unwrap();
    fs::write(state.path().join("latin1.toml"), b"[[database]]\nid = \"gr\xfcn\"\n").unwrap();
    for (words, expected) in [
        (vec!["--auto"], "config.toml"),
        (vec!["--auto", "--config", "wrong.toml"], "wrong.toml:2:6"),
        (vec!["--auto", "--sim", "nothing-of-that-name"], "checkpoints"),
        (vec!["--sim"], "needs a terminal"),
        (vec!["--speed", "fast"], "not a number"),
        (vec!["--auto", "--sim", "--for", "0s"], "above zero"),
        (vec!["--auto", "--sim", "--for", "1 month"], "a day is 24 h"),
        (vec!["--auto", "--for", "20d"], "no configuration can be read from config.toml"),
        (vec!["--auto", "--config", "latin1.toml"], "latin1.toml:2:9"),
        (vec!["sim", "--listen", "0.0.0.0:0"], "loopback only"),
    ] {
        let (code, said) = code_and_words(&upshift(state.path(), &words));
        assert_eq!(code, 2, "{words:?}: {said}");
        assert!(said.contains(expected), "{words:?}: `{expected}` is not in: {said}");
    }
    assert!(!state.path().join("journal.lock").exists(), "nothing may have been started");
}

#[test]
fn without_a_home_or_a_state_directory_nothing_is_written_anywhere() {
    let here = TempDir::new().unwrap();
    for variables in
        [&[][..], &[("HOME", "")], &[("HOME", "relative"), ("XDG_STATE_HOME", "too"), ("UPSHIFT_STATE_DIR", "")]]
    {
        for words in [&["--auto", "--sim", "--for", "1m"][..], &["journal", "verify"]] {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_upshift"));
            command.args(words).env_clear().envs(variables.iter().copied()).current_dir(here.path());
            let (code, said) = code_and_words(&command.output().unwrap());
            assert_eq!(code, 2, "{variables:?} {words:?}: {said}");
            assert!(said.contains("give --state-dir DIR"), "{said}");
        }
    }
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0);
}

#[test]
fn a_state_directory_that_cannot_be_used_refuses_to_arm() {
    let state = TempDir::new().unwrap();
    let file = state.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let words = ["--auto", "--sim", "--for", "1h", "--state-dir", file.to_str().unwrap()];
    let (code, said) = code_and_words(&upshift(state.path(), &words));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("not armed") && said.contains("writable directory"), "{said}");
}

#[test]
fn a_start_that_fails_at_its_configuration_says_whose_clients_may_be_held() {
    let state = TempDir::new().unwrap();
    let (mut journal, _) = Journal::open(state.path(), Timestamp::UNIX_EPOCH).unwrap();
    let pausing = |database: &str, step| Event::Pooler {
        action: ActionId("a1".to_owned()),
        database: DatabaseName::new(database),
        step,
    };
    for event in [
        pausing("orders", PoolerStep::Pausing { max_pause_secs: 30 }),
        pausing("users", PoolerStep::Pausing { max_pause_secs: 30 }),
        pausing("users", PoolerStep::Resumed { held_millis: Some(400), why: "over".to_owned() }),
    ] {
        journal.append(Timestamp::UNIX_EPOCH, event).unwrap();
    }
    fs::write(state.path().join("config.toml"), "[[database]\n").unwrap();
    // While an engine has the journal it is that one's to do.
    let (code, said) = code_and_words(&upshift(state.path(), &["--auto"]));
    assert!(code == 2 && !said.contains("may still hold"), "{said}");
    drop(journal);
    let (code, said) = code_and_words(&upshift(state.path(), &["--auto"]));
    assert!(code == 2 && said.contains("the pooler of orders may still hold its clients"), "{said}");
    assert!(!said.contains("users"), "{said}");
}
