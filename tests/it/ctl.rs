//! `upshift ctl` against real daemons: what each order answers, what a script gets, who may what.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Process, code_and_words, upshift};

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn ctl(state: &Path, words: &[&str]) -> (i32, String, String) {
    let output = upshift(state, &[&["ctl"], words].concat());
    let (code, said) = code_and_words(&output);
    (code, out(&output), said)
}

fn daemon(state: &Path) -> Process {
    Process::talking(state, &["--auto", "--sim", "--speed", "60", "--state-dir", "."])
}

#[test]
fn each_order_answers_what_happened_with_its_record_and_a_code_for_scripts() {
    let state = TempDir::new().unwrap();
    let mut running = daemon(state.path());
    running.until("ARMED from the start by --auto");
    let (code, status, _) = ctl(state.path(), &["status"]);
    assert!(code == 0 && status.starts_with("ARMED by"), "{status}");
    assert!(status.contains("you are: admin") && status.contains("SIMULATION checkpoints 60x"), "{status}");

    // Of the look that knows which classes AWS offers.
    running.until("checkpoints: hold");
    let (code, held, said) = ctl(state.path(), &["hold", "up", "2h", "--reason", "a sale"]);
    assert!(code == 0 && held.starts_with("checkpoints held up until") && held.contains("(journal #"), "{held}{said}");
    let (code, held, _) = ctl(state.path(), &["hold", "4h", "--reason", "a sale"]);
    assert!(code == 0 && held.contains("checkpoints held up and down until"), "{held}");
    let (code, released, _) = ctl(state.path(), &["release"]);
    assert!(code == 0 && released.contains("holds on checkpoints released"), "{released}");

    let (code, _, said) = ctl(state.path(), &["disarm"]);
    assert_eq!((code, said.as_str()), (0, ""));
    let (code, _, said) = ctl(state.path(), &["up", "--reason", "a sale"]);
    assert!(code == 2 && said.contains("passes over") && said.contains("--confirm checkpoints"), "{code} {said}");
    let (code, _, said) = ctl(state.path(), &["scale", "db.m5.24xlarge", "--reason", "x"]);
    assert!(code == 1 && said.contains("not on the ladder"), "{code} {said}");
    let (code, began, said) = ctl(state.path(), &["up", "--reason", "a sale", "--confirm", "checkpoints"]);
    assert!(code == 0 && began.contains("a1: checkpoints goes from db.t4g.small to db.m5.large"), "{began}{said}");
    running.until("a1: accepted by AWS");
    let (code, _, said) = ctl(state.path(), &["stop"]);
    assert!(code == 1 && said.contains("cannot be stopped"), "{code} {said}");
    let (code, _, said) = ctl(state.path(), &["approve"]);
    assert!(code == 1 && said.contains("waits for nobody's word"), "{code} {said}");
    let (code, armed, _) = ctl(state.path(), &["arm", "--reason", "back to work", "--json"]);
    let armed: Value = serde_json::from_str(&armed).unwrap();
    assert!(code == 0 && armed["answer"] == "done" && armed["seq"].as_u64().unwrap() > 5, "{armed}");
    let (code, status, _) = ctl(state.path(), &["status", "--json"]);
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!((code, &status["snapshot"]["arming"]["arming"]), (0, &Value::from("armed")));
    let pid = status["engine"]["pid"].as_u64().unwrap();
    assert_eq!(pid, u64::from(running.id()));
}

#[test]
fn without_an_engine_or_with_a_wrong_name_it_says_so() {
    let state = TempDir::new().unwrap();
    let (code, _, said) = ctl(state.path(), &["status"]);
    assert!(code == 1 && said.contains("no engine runs on"), "{code} {said}");
    let mut running = daemon(state.path());
    running.until("ARMED from the start by --auto");
    let (code, _, said) = ctl(state.path(), &["release", "--database", "orders"]);
    assert!(code == 2 && said.contains("the engine has no database orders: it has checkpoints"), "{code} {said}");
    let (code, _, said) = ctl(state.path(), &["hold", "sideways", "--reason", "x"]);
    assert!(code == 2 && said.contains("neither up, down or all, nor a time"), "{code} {said}");
    let (code, _, said) = ctl(state.path(), &["arm"]);
    assert!(code == 2 && said.contains("--reason"), "{code} {said}");
    let (code, _, said) = ctl(state.path(), &["arm", "--reason", " "]);
    assert!(code == 2 && said.contains("must say why"), "{code} {said}");
}

#[test]
fn a_second_daemon_is_refused_and_one_after_a_kill_is_found_again() {
    let state = TempDir::new().unwrap();
    let mut first = daemon(state.path());
    first.until("ARMED from the start by --auto");
    let second = upshift(state.path(), &["--auto", "--sim", "--for", "1m"]);
    let (code, said) = code_and_words(&second);
    assert!(code == 1 && said.contains(&first.id().to_string()), "{code} {said}");
    assert_eq!(ctl(state.path(), &["status"]).0, 0, "the first one still answers");

    first.kill();
    let (code, _, said) = ctl(state.path(), &["status"]);
    assert!(code == 1 && said.contains("no engine runs on"), "{code} {said}");
    let mut third = daemon(state.path());
    third.until("DISARMED since");
    let (code, status, _) = ctl(state.path(), &["status"]);
    assert!(code == 0 && status.contains(&format!("pid {}", third.id())), "{status}");
}

#[test]
fn a_person_who_disarms_is_not_overruled_by_a_start() {
    let state = TempDir::new().unwrap();
    let mut running = daemon(state.path());
    running.until("ARMED from the start by --auto");
    assert_eq!(ctl(state.path(), &["disarm"]).0, 0);
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "disarmed by a person is how it is meant to be: {said}");
    let mut again = daemon(state.path());
    again.until("DISARMED since");
    let (code, status, _) = ctl(state.path(), &["status"]);
    assert!(code == 0 && status.starts_with("DISARMED since"), "{status}");
    assert!(!again.said.iter().any(|line| line.contains("ARMED from the start")), "{:?}", again.said);
    // Of its first look: without that nobody arms it.
    again.until("checkpoints: hold");
    assert_eq!(ctl(state.path(), &["arm", "--reason", "all is well"]).0, 0);
    assert!(ctl(state.path(), &["status"]).1.starts_with("ARMED by"));
}

/// Nobody's number, on every system.
const NOBODY: u32 = 65_534;

#[test]
fn who_is_in_the_group_looks_and_disarms_and_may_no_more() {
    if !rustix::process::geteuid().is_root() {
        return; // Only root can be somebody else.
    }
    let state = TempDir::new().unwrap();
    let runtime = TempDir::new().unwrap();
    fs::set_permissions(runtime.path(), fs::Permissions::from_mode(0o750)).unwrap();
    chown(runtime.path(), None, Some(NOBODY)).unwrap();
    let group = "[control]\ngroup = \"nogroup\"\nadmins = \"root\"\n";
    let one = "[[database]]\nid = \"checkpoints\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n";
    fs::write(state.path().join("config.toml"), format!("{group}{one}")).unwrap();
    let words = ["--auto", "--sim", "--speed", "60", "--state-dir", ".", "--config", "config.toml"];
    let mut running = Process::with(state.path(), &words, &[("RUNTIME_DIRECTORY", runtime.path().to_str().unwrap())]);
    running.until("ARMED from the start by --auto");
    let socket = fs::symlink_metadata(runtime.path().join("control.sock")).unwrap();
    assert_eq!(socket.permissions().mode() & 0o7777, 0o660);

    // The program itself may lie where nobody else may go.
    let program = runtime.path().join("upshift");
    fs::copy(env!("CARGO_BIN_EXE_upshift"), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let as_nobody = |words: &[&str]| {
        let id = NOBODY.to_string();
        let mut command = Command::new("setpriv");
        command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]).arg(&program).arg("ctl").args(words);
        let output = command.arg("--socket").arg(runtime.path()).env_clear().env("HOME", "/").output().unwrap();
        let (code, said) = code_and_words(&output);
        (code, out(&output), said)
    };
    let (code, status, said) = as_nobody(&["status"]);
    assert!(code == 0 && status.contains("you are: observer"), "{code} {status}{said}");
    let (code, _, said) = as_nobody(&["hold", "--reason", "x"]);
    assert!(code == 1 && said.contains("takes the role operator") && said.contains("role observer"), "{code} {said}");
    let (code, _, said) = as_nobody(&["log", "debug"]);
    assert!(code == 1 && said.contains("takes the role operator"), "{code} {said}");
    let (code, _, said) = as_nobody(&["arm", "--reason", "x"]);
    assert!(code == 1 && said.contains("takes the role admin"), "{code} {said}");
    let (code, disarmed, said) = as_nobody(&["disarm"]);
    assert!(code == 0 && disarmed.starts_with("disarmed"), "{code} {said}");
    running.until("DISARMED: by nobody");
}

#[test]
fn completions_and_pages_are_of_the_command_line_as_it_is() {
    let state = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = out(&upshift(state.path(), &["completions", shell]));
        assert!(script.contains("ctl") && script.contains("approve"), "{shell}: {script}");
    }
    let (code, said) = code_and_words(&upshift(state.path(), &["man", "--out", "man"]));
    assert_eq!(code, 0, "{said}");
    let page = fs::read_to_string(state.path().join("man/upshift-ctl-hold.1")).unwrap();
    assert!(page.contains("DURATION") && page.contains("reason"), "{page}");
    assert!(out(&upshift(state.path(), &["man"])).contains(".TH upshift 1"));
}
