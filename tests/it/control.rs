//! The control socket of a running daemon, by its bytes: what is wrong, hostile, stale or slow does no harm to it or to others.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{Process, code_and_words, upshift};

/// A daemon that can be commanded, in a directory of its own.
fn daemon() -> (TempDir, Process) {
    let state = TempDir::new().unwrap();
    let mut daemon = Process::talking(state.path(), &["--auto", "--sim", "--speed", "60", "--state-dir", "."]);
    daemon.until("ARMED from the start by --auto");
    (state, daemon)
}

/// A line to it, and its first word.
fn line(state: &Path) -> (UnixStream, Value) {
    let mut stream = UnixStream::connect(state.join("run/control.sock")).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let hello = read(&mut stream).unwrap()["hello"].clone();
    (stream, hello)
}

/// The next frame; `None` when the line is closed.
fn read(stream: &mut UnixStream) -> Option<Value> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut frame = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut frame).ok()?;
    Some(serde_json::from_slice(&frame).unwrap())
}

fn write(stream: &mut UnixStream, frame: &[u8]) {
    let length = u32::try_from(frame.len()).unwrap().to_be_bytes();
    // A daemon that has closed the line already takes no more: what it said is looked at.
    drop(stream.write_all(&[&length, frame].concat()));
}

fn answer(stream: &mut UnixStream, frame: &Value) -> Value {
    write(stream, frame.to_string().as_bytes());
    read(stream).unwrap()
}

fn order(nonce: &Value, seen_revision: &Value, command: &Value) -> Value {
    json!({ "order": { "nonce": nonce, "seen_revision": seen_revision, "command": command, "ssh_client": "192.0.2.9" } })
}

fn revision(state: &Path) -> Value {
    let (mut stream, _) = line(state);
    answer(&mut stream, &json!("look"))["snapshot"]["revision"].clone()
}

#[test]
fn ten_thousand_hostile_connections_and_half_messages_leave_it_serving() {
    let (state, daemon) = daemon();
    let mut open = std::collections::VecDeque::new();
    for number in 0..10_000_u32 {
        let mut stream = UnixStream::connect(state.path().join("run/control.sock")).unwrap();
        let half: &[u8] = match number % 6 {
            0 => b"",
            1 => b"\0\0",
            2 => b"\xff\xff\xff\xff",
            3 => b"\0\0\0\x10{\"order",
            4 => b"\0\0\0\x05\"wat\xff",
            _ => b"\0\x01\0\0AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        };
        // Those that it has turned away already are closed.
        drop(stream.write_all(half));
        open.push_back(stream);
        if open.len() > 200 {
            open.pop_front();
        }
    }
    let (code, said) = code_and_words(&upshift(state.path(), &["ctl", "disarm"]));
    assert_eq!((code, said.as_str()), (0, ""), "with 200 of them still open it takes an order");
    let status = upshift(state.path(), &["ctl", "status"]);
    assert!(String::from_utf8_lossy(&status.stdout).starts_with("DISARMED since"), "{status:?}");
    let (code, said) = daemon.terminate();
    assert!(!said.contains("panic") && !said.contains("was lost"), "{code}: {said}");
}

#[test]
fn an_order_counts_once_on_its_own_line_and_in_sight_of_the_engine() {
    let (state, _daemon) = daemon();
    let hold = json!({ "command": "hold", "database": "checkpoints", "direction": "up",
                       "for": { "secs": 600, "nanos": 0 }, "reason": "a test" });
    let seen = revision(state.path());
    let (mut first, hello) = line(state.path());
    assert_eq!(hello["role"], "admin");
    let taken = answer(&mut first, &order(&hello["nonce"], &seen, &hold));
    assert_eq!(taken["reply"]["answer"], "done", "{taken}");
    assert!(read(&mut first).is_none(), "a line is for one order");

    // The same bytes on another line.
    let (mut second, _) = line(state.path());
    let replayed = answer(&mut second, &order(&hello["nonce"], &seen, &hold));
    assert!(replayed["refused"]["sentence"].as_str().unwrap().contains("nonce of another connection"), "{replayed}");

    // Given on the picture from before the first one.
    let (mut third, hello) = line(state.path());
    let stale = answer(&mut third, &order(&hello["nonce"], &seen, &hold));
    let sentence = stale["reply"]["sentence"].as_str().unwrap();
    assert!(stale["reply"]["answer"] == "refused" && sentence.contains("meanwhile"), "{stale}");

    let (mut fourth, hello) = line(state.path());
    let blind = answer(&mut fourth, &order(&hello["nonce"], &Value::Null, &hold));
    assert!(blind["refused"]["sentence"].as_str().unwrap().contains("which state of the engine"), "{blind}");

    // To disarm is right on any picture.
    let (mut fifth, hello) = line(state.path());
    let disarmed = answer(&mut fifth, &order(&hello["nonce"], &Value::Null, &json!({ "command": "disarm" })));
    assert_eq!(disarmed["reply"]["answer"], "done", "{disarmed}");

    let shown = upshift(state.path(), &["journal", "show", "--json"]);
    let shown = String::from_utf8_lossy(&shown.stdout);
    let held: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let held: Vec<&Value> = held.iter().filter(|record| record["kind"] == "hold_set").collect();
    assert_eq!(held.len(), 1, "{shown}");
    let by = &held[0]["data"]["by"];
    let uid = rustix::process::geteuid().as_raw();
    assert_eq!((&by["peer"]["uid"], &by["ssh_client"]), (&json!(uid), &json!("192.0.2.9")), "{by}");
}

#[test]
fn what_is_no_request_is_told_so_and_what_is_too_long_is_not_read() {
    let (state, _daemon) = daemon();
    let (mut stream, hello) = line(state.path());
    let mut wrong = order(&hello["nonce"], &json!(1), &json!({ "command": "disarm" }));
    wrong["order"]["as"] = json!("root");
    let refused = answer(&mut stream, &wrong);
    assert!(refused["refused"]["sentence"].as_str().unwrap().contains("unknown field `as`"), "{refused}");

    let (mut stream, _) = line(state.path());
    write(&mut stream, &vec![b' '; 64 * 1024 + 1]);
    assert!(read(&mut stream).is_none());
}

#[test]
fn as_many_watch_as_there_is_room_for_and_those_who_do_not_read_hold_nobody_up() {
    let (state, _daemon) = daemon();
    let mut watching = Vec::new();
    for _ in 0..24 {
        let (mut stream, _) = line(state.path());
        assert!(answer(&mut stream, &json!("watch")).get("snapshot").is_some());
        // None of them reads on.
        watching.push(stream);
    }
    let (mut one_more, _) = line(state.path());
    let refused = answer(&mut one_more, &json!("watch"));
    assert!(refused["refused"]["sentence"].as_str().unwrap().contains("close one"), "{refused}");
    let (code, said) = code_and_words(&upshift(state.path(), &["ctl", "disarm"]));
    assert_eq!((code, said.as_str()), (0, ""));
}

/// Pictures that nobody reads fill the sockets of those who asked for them, and each would hold its place until it is dropped.
#[test]
fn who_only_looks_keeps_nobody_from_disarming() {
    let (state, _daemon) = daemon();
    let mut looking = Vec::new();
    for _ in 0..40 {
        // One for which another had to go may be closed already.
        if let Ok(mut stream) = UnixStream::connect(state.path().join("run/control.sock")) {
            write(&mut stream, json!("look").to_string().as_bytes());
            looking.push(stream);
        }
    }
    let (code, said) = code_and_words(&upshift(state.path(), &["ctl", "disarm"]));
    assert_eq!((code, said.as_str()), (0, ""));
}
