//! Lines on stderr that must not keep a process from ending: a stalled terminal takes none, for ever.

use std::io::Write;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// Waited for a terminal to take a line (of the machine).
const PATIENCE: Duration = Duration::from_secs(1);

/// Writes a line to stderr. Returns when it is written, or after a second when nobody takes it.
pub(super) fn say(line: &str) {
    let line = format!("{line}\n");
    let (done, written) = sync_channel(1);
    let writer = std::thread::Builder::new().name("last words".to_owned()).spawn(move || {
        // With stderr closed there is nobody left to tell.
        drop(std::io::stderr().write_all(line.as_bytes()));
        let _ = done.try_send(());
    });
    if writer.is_ok() {
        let _ = written.recv_timeout(PATIENCE);
    }
}
