//! A program of the operator's: run once for each message, which it gets on its standard input.
//!
//! It has ten seconds, then it is killed with all that it has started. Of the environment it gets what is named in
//! [`About`](super::About) and nothing else, no key and no password among it.

use std::ffi::OsString;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::message::Message;
use crate::clock::Clock;

/// So long (of the machine) one message may take.
const LIMIT: Duration = Duration::from_secs(10);
/// What it said last is waited for so long once it has ended: what it has started may still hold its stderr.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// Of what it says so much is kept, in bytes; the rest is read and forgotten, so that it is never held up.
const SAID_BYTES: usize = 300;

/// A program and how it is called.
#[derive(Debug)]
pub(super) struct Program {
    path: String,
    arguments: Vec<String>,
    environment: Vec<(String, OsString)>,
}

impl Program {
    /// The program of a configured command; `None` where there is none.
    pub(super) fn of(command: &[String], environment: Vec<(String, OsString)>) -> Option<Self> {
        let (path, arguments) = command.split_first()?;
        Some(Self { path: path.clone(), arguments: arguments.to_vec(), environment })
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Runs it to its end. Anything but exit code 0 in time is a failure.
    pub(super) async fn run(&self, message: &Message, clock: &Clock) -> Result<(), String> {
        let mut child = self.start().map_err(|error| format!("it could not be started: {error}"))?;
        let group = Group(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
        let mut said = Vec::new();
        let ended = clock.bounded(LIMIT.mul_f64(clock.speed()), attend(&mut child, message, &mut said, clock)).await;
        let Some(ended) = ended else {
            drop(group);
            // What is killed is gone in no time; it must not stay behind as a zombie.
            let _ = child.wait().await;
            return Err(format!("it was killed after {} s", LIMIT.as_secs()));
        };
        group.has_ended();
        let status = ended.map_err(|error| format!("what became of it is not known: {error}"))?;
        if status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&said);
        let said = said.trim();
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        Err(format!("{status}{said}"))
    }

    fn start(&self) -> io::Result<Child> {
        Command::new(&self.path)
            .args(&self.arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
    }
}

/// The program and all that it starts, unless that makes a group of its own: it has the program's number. Dropped before
/// the program has ended, in time or because upshift ends, all of it is killed.
struct Group(Option<Pid>);

impl Group {
    /// The number may be another's from here on.
    fn has_ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended just now.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Gives it the message and waits for its end, listening to what it complains of meanwhile.
async fn attend(child: &mut Child, message: &Message, said: &mut Vec<u8>, clock: &Clock) -> io::Result<ExitStatus> {
    let (stdin, mut stderr) = (child.stdin.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // One that does not care for the message is free to end without it.
            let _ = stdin.write_all(message.body.as_bytes()).await;
            let _ = stdin.write_all(b"\n").await;
        }
        std::future::pending::<()>().await;
    };
    let listen = async {
        let mut buffer = [0; 4_096];
        while let Some(stderr) = &mut stderr
            && let Ok(count @ 1..) = stderr.read(&mut buffer).await
        {
            let room = SAID_BYTES.saturating_sub(said.len());
            said.extend_from_slice(&buffer[..count.min(room)]);
        }
    };
    let mut listen = std::pin::pin!(listen);
    let mut heard_all = false;
    let status = {
        let mut write = std::pin::pin!(write);
        let mut wait = std::pin::pin!(child.wait());
        loop {
            tokio::select! {
                biased;
                status = &mut wait => break status?,
                () = &mut listen, if !heard_all => heard_all = true,
                () = &mut write => {}
            }
        }
    };
    if !heard_all {
        clock.bounded(LAST_WORDS.mul_f64(clock.speed()), listen).await;
    }
    Ok(status)
}
