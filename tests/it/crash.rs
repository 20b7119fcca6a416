//! `kill -9` of the real process in the middle of an action: the simulation lives on in a process of its own.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Over the threshold from the start, and an AWS in a hurry.
const SCENARIO: &str = r#"
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

/// A process that is killed with the test, and the lines that it prints.
struct Process {
    child: Child,
    lines: Box<dyn Iterator<Item = String>>,
    said: Vec<String>,
}

impl Process {
    fn start(directory: &Path, words: &[&str], stream: fn(&mut Child) -> Box<dyn Read>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_upshift"));
        command.args(words).current_dir(directory).env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
        command.envs([("AWS_ACCESS_KEY_ID", "TEST"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")]);
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(stream(&mut child)).lines().map_while(Result::ok);
        Self { child, lines: Box::new(lines), said: Vec::new() }
    }

    fn engine(directory: &Path) -> Self {
        let words = ["--auto", "--config", "config.toml", "--state-dir", "state"];
        Self::start(directory, &words, |child| Box::new(child.stderr.take().unwrap()))
    }

    /// Reads on until a line says it.
    fn until(&mut self, what: &str) {
        for line in self.lines.by_ref() {
            self.said.push(line);
            if self.said.last().is_some_and(|line| line.contains(what)) {
                return;
            }
        }
        panic!("`{what}` was never said:\n{}", self.said.join("\n"));
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
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
         [[database]]\nid = \"checkpoints\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n",
        ready["endpoint"]
    );
    fs::write(directory.path().join("config.toml"), config).unwrap();

    let mut first = Process::engine(directory.path());
    // Not sooner: killed between the record and the send, the call never leaves, and that takes 5 minutes to be sure
    // of. The tests of the playbook have that case.
    first.until("a1: accepted by AWS");
    first.kill();
    let mut second = Process::engine(directory.path());
    second.until("a1: found under way at start");
    second.until("a1: verified, class db.m5.large");
    second.kill();

    let journal = fs::read_to_string(directory.path().join("state/journal-00000000000000000001.jsonl")).unwrap();
    let count = |what: &str| journal.matches(what).count();
    assert_eq!(count(r#""kind":"call_sent""#), 1);
    assert_eq!(count("Applying modification to database instance class"), 1, "AWS saw it once");
}
