//! How a daemon gets along with the machine that it runs on: what systemd is told, SIGTERM, SIGHUP, its log, its directory.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use upshift::clock::Stopwatch;

use crate::process::{Process, code_and_words, upshift};

const ONE: &str = "[[database]]\nid = \"checkpoints\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n";

fn ctl(state: &Path, words: &[&str]) -> (i32, String) {
    let output = upshift(state, &[&["ctl"], words].concat());
    let (code, said) = code_and_words(&output);
    (code, format!("{}{said}", String::from_utf8_lossy(&output.stdout)))
}

fn looked(state: &Path) -> Value {
    let (code, said) = ctl(state, &["status", "--json"]);
    assert_eq!(code, 0, "{said}");
    serde_json::from_str::<Value>(&said).unwrap()["snapshot"].clone()
}

/// What a service manager is told.
struct Manager {
    socket: UnixDatagram,
    heard: Vec<String>,
}

impl Manager {
    fn listen(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(Duration::from_mins(2))).unwrap();
        Self { socket, heard: Vec::new() }
    }

    fn next(&mut self) -> Option<String> {
        let mut bytes = [0; 4096];
        let length = self.socket.recv(&mut bytes).ok()?;
        let words = String::from_utf8_lossy(&bytes[..length]).into_owned();
        self.heard.push(words.clone());
        Some(words)
    }

    #[track_caller]
    fn until(&mut self, what: &str) -> String {
        while let Some(words) = self.next() {
            if words.contains(what) {
                return words;
            }
        }
        panic!("`{what}` was never told: {:?}", self.heard)
    }

    /// Whether nothing more comes for so long.
    fn is_silent_for(&mut self, time: Duration) -> bool {
        self.socket.set_read_timeout(Some(time)).unwrap();
        let silent = self.next().is_none();
        self.socket.set_read_timeout(Some(Duration::from_mins(2))).unwrap();
        silent
    }
}

#[test]
fn the_service_manager_is_told_that_it_is_ready_what_it_does_that_it_lives_and_that_it_ends() {
    let state = TempDir::new().unwrap();
    let path = state.path().join("notify");
    let mut manager = Manager::listen(&path);
    let environment: [(&str, &Path); 2] = [("NOTIFY_SOCKET", &path), ("WATCHDOG_USEC", Path::new("400000"))];
    let words = ["--auto", "--sim", "quiet", "--speed", "60", "--state-dir", "."];
    let daemon = Process::with(state.path(), &words, &environment);
    let ready = manager.until("READY=1");
    assert!(ready.contains("STATUS=DISARMED: "), "{ready}");
    let (code, said) = ctl(state.path(), &["status"]);
    assert_eq!(code, 0, "what is ready answers: {said}");
    manager.until("STATUS=ARMED by ");
    manager.until("WATCHDOG=1");

    daemon.tell("-HUP");
    let reloading = manager.until("RELOADING=1");
    let since = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")).unwrap();
    assert!(since.parse::<u64>().unwrap() > 0, "{reloading}");
    manager.until("READY=1");
    assert_eq!(ctl(state.path(), &["disarm"]).0, 0);
    manager.until("STATUS=DISARMED since ");

    // One that stands still is not told to live: more than the whole time passes without a word.
    daemon.tell("-STOP");
    while !manager.is_silent_for(Duration::from_millis(500)) {}
    assert!(manager.is_silent_for(Duration::from_millis(400)), "{:?}", manager.heard);
    daemon.tell("-CONT");
    manager.until("WATCHDOG=1");
    daemon.tell("-TERM");
    let stopping = manager.until("STOPPING=1");
    assert!(stopping.contains("STATUS=ended by SIGTERM"), "{stopping}");
    daemon.end();
}

#[test]
fn sighup_takes_a_configuration_whole_or_not_at_all() {
    let state = TempDir::new().unwrap();
    let config = state.path().join("config.toml");
    fs::write(&config, ONE).unwrap();
    let words = ["--auto", "--sim", "quiet", "--speed", "60", "--state-dir", ".", "--config", "config.toml"];
    let mut daemon = Process::talking(state.path(), &words);
    daemon.until("ARMED from the start by --auto");
    let before = looked(state.path());
    let hold = ["hold", "down", "2h", "--reason", "a sale"];
    assert_eq!(ctl(state.path(), &hold).0, 0);

    for (text, expected) in [
        ("[[database]]\nid = \"checkpoints\"\nladder = [\"db.t4g.small\",", "config.toml:3"),
        (&*format!("{ONE}max_actions_per_day = 0\n"), "max_actions_per_day"),
        ("", "no database is configured"),
        (
            &format!("[aws]\nregion = \"eu-west-1\"\n[control]\ngroup = \"root\"\n{ONE}max_actions_per_day = 9\n"),
            "[aws], [control] cannot change",
        ),
        (
            &format!("{ONE}[database.postgres]\ndsn = \"postgresql://u@localhost/b\"\n"),
            "[database.postgres] of checkpoints cannot change",
        ),
    ] {
        fs::write(&config, text).unwrap();
        daemon.tell("-HUP");
        daemon.until("reload refused, the configuration of before stays in force");
        assert!(daemon.said.iter().any(|line| line.contains(expected)), "`{expected}`: {:?}", daemon.said);
        let now = looked(state.path());
        assert_eq!(now["configuration"]["digest"], before["configuration"]["digest"]);
        assert!(now["configuration"]["refused"]["why"].is_string(), "{now}");
        let (_, status) = ctl(state.path(), &["status"]);
        assert!(status.starts_with("ARMED by") && status.contains("RELOAD refused at"), "{status}");
    }
    // What is no file is not waited for.
    fs::remove_file(&config).unwrap();
    fs::create_dir(&config).unwrap();
    daemon.tell("-HUP");
    daemon.until("reload refused, the configuration of before stays in force");
    fs::remove_dir(&config).unwrap();

    let orders = ONE.replace("checkpoints", "orders");
    fs::write(&config, format!("[engine]\nevaluate_every = \"20s\"\n{ONE}max_actions_per_day = 9\n{orders}")).unwrap();
    daemon.tell("-HUP");
    daemon.until("reload: configuration");
    let now = looked(state.path());
    assert_ne!(now["configuration"]["digest"], before["configuration"]["digest"]);
    assert_eq!(now["configuration"]["refused"], Value::Null);
    assert_eq!(now["databases"][0]["policy"]["max_actions_per_day"], 9);
    assert_eq!(now["databases"][0]["holds"].as_array().unwrap().len(), 1, "a hold stays");
    assert_eq!(now["databases"][1]["policy"]["database"], "orders");
    let armed = |snapshot: &Value| (snapshot["arming"]["arming"].clone(), snapshot["arming"]["since"].clone());
    assert_eq!(armed(&now), armed(&before));
    daemon.terminate();
    let shown = upshift(state.path(), &["journal", "show", "--json"]);
    let shown = String::from_utf8_lossy(&shown.stdout);
    let count = |kind: &str| shown.lines().filter(|line| line.contains(&format!("\"kind\":\"{kind}\""))).count();
    assert_eq!((count("config_refused"), count("config_reloaded")), (6, 1), "{shown}");
    assert!(shown.contains("[engine], orders added, checkpoints (max_actions_per_day)"), "{shown}");
}

/// Forwards to a simulation until somebody changes a class: that, and all that follows on the connection, goes nowhere.
fn swallowing_changes(to: &str) -> String {
    let to = to.strip_prefix("http://").unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(&to) else { return };
            let (mut back, mut answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut answers, &mut back));
            std::thread::spawn(move || forward(client, server));
        }
    });
    endpoint
}

fn forward(mut client: TcpStream, mut server: TcpStream) {
    let (mut bytes, mut is_swallowed) = ([0; 16 * 1024], false);
    while let Ok(length @ 1..) = client.read(&mut bytes) {
        is_swallowed |= String::from_utf8_lossy(&bytes[..length]).contains("Action=ModifyDBInstance");
        if !is_swallowed && server.write_all(&bytes[..length]).is_err() {
            return;
        }
    }
}

#[test]
fn it_is_gone_within_fifteen_seconds_while_a_call_is_out_and_its_action_is_in_a_recorded_state() {
    let state = TempDir::new().unwrap();
    let words = ["sim", "--scenario", "quiet"];
    let mut sim = Process::start(state.path(), &words, |child| Box::new(child.stdout.take().unwrap()));
    sim.until("endpoint");
    let said: Value = serde_json::from_str(&sim.said[0]).unwrap();
    let endpoint = swallowing_changes(said["endpoint"].as_str().unwrap());
    fs::write(
        state.path().join("config.toml"),
        format!("[aws]\nendpoint_url = \"{endpoint}\"\n[engine]\nevaluate_every = \"2s\"\n{ONE}"),
    )
    .unwrap();
    let mut daemon = Process::talking(state.path(), &["--auto", "--state-dir", "."]);
    daemon.until("ARMED from the start by --auto");
    // What AWS offers is known by the second look.
    while looked(state.path())["databases"][0]["plans"][0]["blocked_by"].as_array().is_none_or(|by| !by.is_empty()) {}
    let up = ["scale", "db.m5.large", "--reason", "a test", "--confirm", "checkpoints"];
    let (code, said) = ctl(state.path(), &up);
    assert_eq!(code, 0, "{said}");
    daemon.until("sending");
    let asked = Stopwatch::start();
    daemon.terminate();
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(15), "{took:?}");
    let (code, shown) = code_and_words(&upshift(state.path(), &["journal", "verify"]));
    assert_eq!(code, 0, "{shown}");
    let shown = upshift(state.path(), &["journal", "show", "--json"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    let kinds: Vec<String> = shown
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].as_str().unwrap().to_owned())
        .collect();
    assert!(kinds.iter().any(|kind| kind == "call_sent"), "{kinds:?}");
    assert_eq!(kinds.last().map(String::as_str), Some("engine_stopped"), "{kinds:?}");
    assert!(!kinds.iter().any(|kind| kind == "action_ended"), "it is left to the next start: {kinds:?}");
    assert!(took > Duration::from_secs(5), "the answer was waited for: {took:?}");
}

#[test]
fn the_log_tells_more_and_less_while_it_runs() {
    let state = TempDir::new().unwrap();
    let mut daemon = Process::talking(state.path(), &["--auto", "--sim", "quiet", "--speed", "60", "--state-dir", "."]);
    daemon.until("ARMED from the start by --auto");
    assert!(!daemon.said.iter().any(|line| line.contains("DEBUG")), "{:?}", daemon.said);
    let (code, said) = ctl(state.path(), &["log", "trace"]);
    assert!(code == 0 && said.contains("the log tells trace") && said.contains("before: info"), "{code} {said}");
    daemon.until("looking at AWS");
    let (code, said) = ctl(state.path(), &["log", "error", "--json"]);
    assert_eq!((code, said.trim()), (0, "{\"before\":\"trace\",\"now\":\"error\"}"));
    let (code, said) = ctl(state.path(), &["log", "loud"]);
    assert!(code == 2 && said.contains("must be one of error, warn, info, debug, trace"), "{code} {said}");
    daemon.until("the log tells error");
    // A record that is told at other levels.
    assert_eq!(ctl(state.path(), &["disarm"]).0, 0);
    let (_, said) = daemon.terminate();
    let (_, after) = said.split_once("the log tells error").unwrap();
    assert!(!after.contains("DISARMED: by"), "{after}");
}

#[test]
fn a_state_directory_that_others_can_write_to_is_refused() {
    let state = TempDir::new().unwrap();
    let place = state.path().join("state");
    fs::create_dir(&place).unwrap();
    for mode in [0o770, 0o707] {
        fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
        for words in [
            &["--auto", "--sim", "quiet", "--for", "5m", "--state-dir", "state"][..],
            &["ctl", "status", "--state-dir", "state"],
            &["ctl", "disarm", "--state-dir", "state"],
        ] {
            let (code, said) = code_and_words(&upshift(state.path(), words));
            assert!(code == 1 && said.contains("can be written to by others"), "{words:?}: {code} {said}");
            assert!(!said.contains("ARMED from the start"), "{said}");
        }
    }
}
