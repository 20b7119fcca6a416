//! People are told of what the engine does, by the built binary: a program that takes it, ways that do not, and the engine
//! that acts on all the while.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;
use upshift::clock::Clock;
use upshift::sim::Sim;
use upshift::sim::scenario::Scenario;

use crate::aws_cli::serve_on;
use crate::process::{Process, code_and_words, upshift};
use crate::sim_account::Account;

const ONE: &str = "[[database]]\nid = \"checkpoints\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n";

fn configured(notify: &str, more: &str) -> TempDir {
    let state = TempDir::new().unwrap();
    fs::write(state.path().join("config.toml"), format!("{more}[notify]\n{notify}\n{ONE}")).unwrap();
    state
}

/// A program that adds what it gets to a file.
fn into_file(file: &Path) -> String {
    format!("command = [\"/bin/sh\", \"-c\", \"cat >> {}\"]", file.display())
}

fn told(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The records that people are told of.
fn to_tell(state: &Path) -> Vec<Value> {
    let shown = upshift(state, &["journal", "show", "--json"]).stdout;
    let records = String::from_utf8(shown).unwrap();
    let records = records.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let is_told = |record: &Value| match record["kind"].as_str().unwrap() {
        "action_intended" | "action_ended" | "hold_set" => true,
        "disarmed" => record["data"]["by"].is_null(),
        _ => false,
    };
    records.filter(is_told).collect()
}

#[test]
fn a_program_gets_what_the_engine_does_as_the_journal_has_it() {
    let directory = TempDir::new().unwrap();
    let heard = directory.path().join("heard");
    let state = configured(&into_file(&heard), "");
    let words = ["--auto", "--sim", "--speed", "600", "--for", "3h", "--config", "config.toml"];
    let (code, said) = code_and_words(&upshift(state.path(), &words));
    assert_eq!(code, 0, "{said}");
    let (told, records) = (told(&heard), to_tell(state.path()));
    assert!(records.iter().any(|record| record["data"]["result"] == "verified"), "{said}");
    assert_eq!(told.len(), records.len(), "{told:#?}");
    for (told, record) in told.iter().zip(&records) {
        for field in ["seq", "at", "kind", "data"] {
            assert_eq!(told[field], record[field]);
        }
        assert_eq!((&told["account"], &told["region"]), (&"111122223333".into(), &"us-east-1".into()));
        assert_eq!((&told["database"], &told["simulation"]), (&"checkpoints".into(), &"checkpoints".into()));
        assert!(!told["host"].as_str().unwrap().is_empty() && told["sentence"].as_str().unwrap().len() > 10);
        assert!(told.get("not_told").is_none(), "{told}");
    }
}

/// A program that hangs and a topic that is not there: the engine does its work, and says that nobody hears of it.
#[test]
fn nobody_takes_it_and_the_engine_acts_all_the_same() {
    let topic = "topic = \"arn:aws:sns:us-east-1:111122223333:nobody\"";
    let state = configured(&format!("{topic}\ncommand = [\"/bin/sh\", \"-c\", \"exec sleep 1000\"]"), "");
    let words = ["--auto", "--sim", "--speed", "300", "--config", "config.toml", "--state-dir", "."];
    let mut engine = Process::talking(state.path(), &words);
    engine.until("Publish: there is no such topic; make it, or correct `topic` under [notify]");
    engine.until("a1: verified, class db.m5.large");
    engine.until("it was killed after 10 s");
    let status = upshift(state.path(), &["ctl", "status"]).stdout;
    let status = String::from_utf8(status).unwrap();
    assert!(status.contains("NOBODY IS TOLD by topic arn:aws:sns:us-east-1:111122223333:nobody"), "{status}");
    assert!(status.contains("NOBODY IS TOLD by command /bin/sh, 1 failed in a row: it was killed"), "{status}");
    assert!(status.contains("tells by topic") && status.contains("0 told, never yet"), "{status}");
    let (code, said) = engine.terminate();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("messages were not told before the end; the journal has them"), "{said}");
}

#[test]
fn a_program_that_fails_is_seen_with_its_own_words() {
    let state = configured("command = [\"/bin/sh\", \"-c\", \"echo no route to the pager >&2; exit 7\"]", "");
    let words = ["--auto", "--sim", "--speed", "60", "--config", "config.toml", "--state-dir", "."];
    let mut engine = Process::talking(state.path(), &words);
    engine.until("ARMED from the start by --auto");
    let (code, said) = code_and_words(&upshift(state.path(), &["ctl", "hold", "--reason", "a sale"]));
    assert_eq!(code, 0, "{said}");
    engine.until("did not tell anybody of `upshift (simulation) checkpoints: HELD`");
    let line = engine.said.last().unwrap();
    assert!(line.contains("exit status: 7: no route to the pager"), "{line}");
    assert_eq!(engine.terminate().0, 0);
}

/// As on AWS: a topic of the account, and a role that may publish to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_gets_it_with_a_subject_and_what_waits_at_the_end_is_told() {
    let mut scenario = Scenario::builtin("checkpoints").unwrap().unwrap();
    scenario.start = Clock::system().now();
    let sim = Sim::new(&scenario, None, Clock::scaled(scenario.start, 1.0));
    Account::on(&sim).sns.create_topic().name("upshift").send().await.unwrap();
    serve_on(sim.clone(), async |cli| {
        let aws = format!("[aws]\nregion = \"us-east-1\"\nendpoint_url = \"{}\"\n", cli.endpoint);
        let state = configured("topic = \"arn:aws:sns:us-east-1:111122223333:upshift\"", &aws);
        tokio::task::spawn_blocking(move || {
            let mut engine = Process::talking(state.path(), &["--auto", "--state-dir", "."]);
            engine.until("ARMED from the start by --auto");
            let (code, said) = code_and_words(&upshift(state.path(), &["ctl", "hold", "--reason", "a sale"]));
            assert_eq!(code, 0, "{said}");
            let (_, said) = engine.terminate();
            assert!(!said.contains("did not tell anybody"), "{said}");
        })
        .await
        .unwrap();
    })
    .await;
    let sent: Vec<_> = sim.world().published().cloned().collect();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0].subject.as_deref(), Some("upshift checkpoints: HELD"));
    let message: Value = serde_json::from_str(&sent[0].message).unwrap();
    assert_eq!((&message["kind"], &message["simulation"]), (&"hold_set".into(), &Value::Null));
    assert!(message["at"].as_str().unwrap().parse::<Timestamp>().unwrap() >= scenario.start);
}
