//! The console as the window of a daemon: in a real pseudo-terminal, with the daemon killed, ended and replaced beneath it.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::crash::SCENARIO;
use crate::process::{Process, upshift};
use crate::pty::Console;

/// A simulation in a process of its own, which outlives engines, and a configuration that leads to it.
fn world(state: &Path, words: &[&str]) -> Process {
    let words = [&["sim"], words].concat();
    let mut world = Process::start(state, &words, |child| Box::new(child.stdout.take().unwrap()));
    world.until("endpoint");
    let ready: Value = serde_json::from_str(world.said.last().unwrap()).unwrap();
    let config = format!(
        "[aws]\nregion = \"us-east-1\"\nendpoint_url = {}\n[engine]\nevaluate_every = \"1s\"\nwatch_every = \"5s\"\n\
         [[database]]\nid = \"checkpoints\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\nclear_of_windows = \"0s\"\n",
        ready["endpoint"]
    );
    fs::write(state.join("config.toml"), config).unwrap();
    world
}

fn daemon(state: &Path) -> Process {
    Process::talking(state, &["--auto", "--state-dir", ".", "--config", "config.toml"])
}

const CREDENTIALS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "TEST"), ("AWS_SECRET_ACCESS_KEY", "test")];

#[test]
fn consoles_are_windows_of_one_engine_which_no_end_of_theirs_ends() {
    let state = TempDir::new().unwrap();
    let _world = world(state.path(), &[]);
    let mut engine = daemon(state.path());
    engine.until("ARMED from the start by --auto");
    let words = format!("attached to daemon pid {}", engine.id());
    let mut consoles = [Console::start_in(state.path(), &[], &[]), Console::start_in(state.path(), &[], &[])];
    for console in &mut consoles {
        console.until(&words);
        console.until(" ARMED ");
    }
    let [mut first, mut second] = consoles;
    first.press("a");
    first.until(" DISARMED ");
    second.until(" DISARMED ");
    engine.until("DISARMED");
    first.press("q");
    assert_eq!(first.end(), 0);
    assert!(String::from_utf8_lossy(&first.seen).contains("it goes on"), "it says that the daemon goes on");
    second.signal(Signal::HUP);
    assert_eq!(second.end(), 0);
    let status = upshift(state.path(), &["ctl", "status"]);
    assert!(status.status.success(), "the daemon goes on: {status:?}");
}

#[test]
fn a_console_outlives_its_daemon_shows_its_own_age_and_finds_the_next_one() {
    let state = TempDir::new().unwrap();
    let _world = world(state.path(), &[]);
    let mut first = daemon(state.path());
    first.until("ARMED from the start by --auto");
    let mut console = Console::start_in(state.path(), &[], &[]);
    console.until(&format!("attached to daemon pid {}", first.id()));
    first.kill();
    console.until("NO LINE to the daemon");
    console.press("a");
    console.until("nothing was sent: no engine listens");
    let mut second = daemon(state.path());
    second.until("DISARMED since");
    console.until(&format!("attached to daemon pid {}", second.id()));
    console.until_screen("no alert of a lost line", |screen| !screen.contents().contains("NO LINE"));
    console.until("DISARMED");
    console.press("q");
    assert_eq!(console.end(), 0);
}

#[test]
fn an_action_is_handed_over_to_a_daemon_that_brings_it_to_its_end_and_arms_nothing() {
    let state = TempDir::new().unwrap();
    fs::write(state.path().join("hurry.toml"), SCENARIO).unwrap();
    let _world = world(state.path(), &["--scenario", "hurry.toml"]);
    let mut console = Console::start_in(state.path(), &["--config", "config.toml"], &CREDENTIALS);
    // All but the permission that a person passes over.
    console.until("(closed: armed)");
    console.press("u");
    console.until("outage");
    console.press("a sale\tcheckpoints");
    console.confirm();
    console.until("a1 db.t4g.small to db.m5.large");
    console.press("q");
    console.until("d hands it over");
    console.until("Enter confirms");
    console.press("d");
    assert_eq!(console.end(), 0);
    let said = String::from_utf8_lossy(&console.seen).into_owned();
    assert!(said.contains("handed over to the daemon pid"), "{said}");
    let status = upshift(state.path(), &["ctl", "status", "--json"]);
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    let _daemon = EndedWithTest(status["engine"]["pid"].as_u64().unwrap());
    assert_eq!(status["snapshot"]["arming"]["arming"], "disarmed", "nobody has armed it");
    // It takes a minute of looks until it is sure.
    let mut records = Process::start(state.path(), &["ctl", "watch", "--state-dir", "."], |child| {
        Box::new(child.stdout.take().unwrap())
    });
    records.until("a1: verified, class db.m5.large");
    let status = upshift(state.path(), &["ctl", "status"]);
    assert!(String::from_utf8_lossy(&status.stdout).starts_with("DISARMED"), "nobody has armed it: {status:?}");
}

/// A process that is no child of the test.
struct EndedWithTest(u64);

impl Drop for EndedWithTest {
    fn drop(&mut self) {
        drop(std::process::Command::new("kill").arg(self.0.to_string()).status());
    }
}
