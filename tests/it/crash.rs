//! `kill -9` of the real process in the middle of an action: the simulation lives on in a process of its own.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::process::{Process, first_segment};

/// Over the threshold from the start, and an AWS in a hurry.
pub(crate) const SCENARIO: &str = r#"
name = "crash"
history = "2h"

[[instance]]
id = "checkpoints"
class = "db.t4g.small"

[[demand]]
at = "0s"
writes = 620

[timing]
status_flip = "2s"
preparation = "2s"
outage = "4s"
settle = "1s"
"#;

fn engine(directory: &Path) -> Process {
    Process::talking(directory, &["--auto", "--config", "config.toml", "--state-dir", "state"])
}

#[test]
fn killed_in_the_middle_it_finishes_the_action_without_sending_twice() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("crash.toml"), SCENARIO).unwrap();
    let words = ["sim", "--scenario", "crash.toml"];
    let mut sim = Process::start(directory.path(), &words, |child| Box::new(child.stdout.take().unwrap()));
    sim.until("endpoint");
    let ready: serde_json::Value = serde_json::from_str(&sim.said[0]).unwrap();
    let config = format!(
        "[aws]\nendpoint_url = {}\n[engine]\nevaluate_every = \"5s\"\n\
         [[database]]\nid = \"checkpoints\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n\
         clear_of_windows = \"0s\"\n",
        ready["endpoint"]
    );
    fs::write(directory.path().join("config.toml"), config).unwrap();

    let mut first = engine(directory.path());
    // Not sooner: killed between the record and the send, the call never leaves, and that takes ten minutes to be
    // sure of. The tests of the playbook have that case.
    first.until("a1: accepted by AWS");
    first.kill();
    let mut second = engine(directory.path());
    second.until("a1: found under way at start");
    second.until("a1: verified, class db.m5.large");
    second.kill();

    let journal = fs::read_to_string(first_segment(&directory.path().join("state"))).unwrap();
    let count = |what: &str| journal.matches(what).count();
    assert_eq!(count(r#""kind":"call_sent""#), 1);
    assert_eq!(count("Applying modification to database instance class"), 1, "AWS saw it once");
}
