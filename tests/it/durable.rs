//! What the built binary truly asks of the kernel, by strace: the record of a call is on the disk before the call leaves,
//! and the name of a new segment is too. A journal that only says so would pass every other test.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// What matters of one system call.
#[derive(Debug, PartialEq, Eq)]
enum Act {
    /// The journal's file was made.
    Made,
    /// Its directory was synced.
    NameSynced,
    /// A record was written; that of a call, or another one.
    Written { of_call: bool },
    /// What was written was synced.
    Synced,
    /// A mutating call was handed to the network.
    Sent,
}

fn act(line: &str, directory: &str) -> Option<Act> {
    let journal = format!("<{directory}/journal-");
    let done = |name: &str| line.contains(&format!("{name}(")) && !line.contains("= -1");
    if done("openat") && line.contains(&format!("{directory}/journal-")) && line.contains("O_CREAT") {
        return (!line.contains("journal.lock")).then_some(Act::Made);
    }
    if done("fsync") && line.contains(&format!("<{directory}>")) {
        return Some(Act::NameSynced);
    }
    if (done("fdatasync") || done("fsync")) && line.contains(&journal) {
        return Some(Act::Synced);
    }
    if done("write") && line.contains(&journal) {
        return Some(Act::Written { of_call: line.contains(r#"\"kind\":\"call_sent\""#) });
    }
    let of_network = line.contains("<TCP") || line.contains("<socket:");
    (of_network && line.contains("Action=ModifyDBInstance&")).then_some(Act::Sent)
}

fn acts(directory: &Path) -> Vec<Act> {
    let trace = directory.join("trace");
    let state = directory.join("state");
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-s", "4096", "-e", "trace=openat,write,writev,sendto,sendmsg,fsync,fdatasync", "-o"]);
    command.arg(&trace).arg(env!("CARGO_BIN_EXE_upshift"));
    command.args(["--auto", "--sim", "--speed", "300", "--for", "20m", "--state-dir"]).arg(&state);
    let output = command.output().expect("strace runs: tests/tools.sh installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let state = state.canonicalize().unwrap();
    let text = std::fs::read(&trace).unwrap();
    String::from_utf8_lossy(&text).lines().filter_map(|line| act(line, state.to_str().unwrap())).collect()
}

#[test]
fn a_call_leaves_after_its_record_and_its_files_name_are_on_the_disk() {
    let directory = TempDir::new().unwrap();
    let acts = acts(directory.path());
    let mut sent = 0;
    let (mut name_is_safe, mut record_is_safe) = (false, false);
    for act in &acts {
        match act {
            Act::Made => (name_is_safe, record_is_safe) = (false, false),
            Act::NameSynced => name_is_safe = true,
            Act::Written { .. } => {
                assert!(name_is_safe, "a record was written to a file whose name can be lost: {acts:?}");
                record_is_safe = false;
            }
            Act::Synced => record_is_safe = true,
            Act::Sent => {
                sent += 1;
                assert!(record_is_safe, "a call left before its record was on the disk: {acts:?}");
            }
        }
    }
    assert!(sent > 0 && acts.contains(&Act::Written { of_call: true }), "nothing was seen: {acts:?}");
}
