//! The built binary: run to its end, or followed line by line.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

/// Of no worth, and a region.
const CREDENTIALS: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "TEST"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")];

/// Runs it to its end in `state`, which is also its state directory; with no other environment.
pub(crate) fn upshift(state: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_upshift"));
    command.args(words).env_clear().env("HOME", state).env("UPSHIFT_STATE_DIR", state).current_dir(state);
    command.output().unwrap()
}

/// The segment that a journal begins with.
pub(crate) fn first_segment(directory: &Path) -> PathBuf {
    directory.join("journal-00000000000000000001.jsonl")
}

/// The exit code and what was said on stderr.
pub(crate) fn code_and_words(output: &Output) -> (i32, String) {
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A process that is killed with the test, and the lines that it prints.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
    /// What it has said so far.
    pub(crate) said: Vec<String>,
}

impl Process {
    /// Starts it in `directory`, with credentials of no worth, and follows one of its streams.
    pub(crate) fn start(directory: &Path, words: &[&str], stream: fn(&mut Child) -> Box<dyn Read + Send>) -> Self {
        Self::start_in::<&str>(directory, words, &[], stream)
    }

    /// The same, following what it says to people, with more environment.
    pub(crate) fn with<V: AsRef<OsStr>>(directory: &Path, words: &[&str], environment: &[(&str, V)]) -> Self {
        Self::start_in(directory, words, environment, |child| Box::new(child.stderr.take().unwrap()))
    }

    /// The same in an environment that says more.
    pub(crate) fn start_in<V: AsRef<OsStr>>(
        directory: &Path,
        words: &[&str],
        environment: &[(&str, V)],
        stream: fn(&mut Child) -> Box<dyn Read + Send>,
    ) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_upshift"));
        command
            .args(words)
            .current_dir(directory)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.envs(CREDENTIALS);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        let mut child = command.spawn().unwrap();
        let reader = BufReader::new(stream(&mut child));
        let (sender, lines) = channel();
        std::thread::spawn(move || reader.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines, said: Vec::new() }
    }

    /// The same, following what it says to people.
    pub(crate) fn talking(directory: &Path, words: &[&str]) -> Self {
        Self::start(directory, words, |child| Box::new(child.stderr.take().unwrap()))
    }

    /// Reads on until a line says it.
    pub(crate) fn until(&mut self, what: &str) {
        loop {
            match self.lines.recv_timeout(Duration::from_mins(3)) {
                Ok(line) => self.said.push(line),
                Err(error) => panic!("`{what}` was never said ({error}):\n{}", self.said.join("\n")),
            }
            if self.said.last().is_some_and(|line| line.contains(what)) {
                return;
            }
        }
    }

    /// Its number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; the exit code and all that was said.
    pub(crate) fn terminate(self) -> (i32, String) {
        self.signal("-TERM")
    }

    /// SIGINT, as Ctrl-C; the exit code and all that was said.
    pub(crate) fn interrupt(self) -> (i32, String) {
        self.signal("-INT")
    }

    /// Sends it a signal, such as `-INT`.
    pub(crate) fn tell(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    fn signal(self, signal: &str) -> (i32, String) {
        self.tell(signal);
        self.end()
    }

    /// Waits for its end; the exit code and all that was said.
    pub(crate) fn end(mut self) -> (i32, String) {
        self.said.extend(self.lines.iter());
        (self.child.wait().unwrap().code().unwrap_or(-1), self.said.join("\n"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The built binary at a terminal, where somebody types.
pub(crate) struct AtATerminal {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    /// The terminal is gone when this is.
    _terminal: Box<dyn portable_pty::MasterPty + Send>,
    screen: Box<dyn Read + Send>,
    keys: Box<dyn Write + Send>,
    said: String,
}

impl AtATerminal {
    /// Starts it in `directory`, with credentials of no worth.
    pub(crate) fn start(directory: &Path, words: &[&str]) -> Self {
        let size = PtySize { rows: 40, cols: 200, pixel_width: 0, pixel_height: 0 };
        let pty = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_upshift"));
        command.args(words);
        command.cwd(directory);
        command.env_clear();
        for (name, value) in CREDENTIALS {
            command.env(name, value);
        }
        let child = pty.slave.spawn_command(command).unwrap();
        let (screen, keys) = (pty.master.try_clone_reader().unwrap(), pty.master.take_writer().unwrap());
        Self { child, _terminal: pty.master, screen, keys, said: String::new() }
    }

    /// Reads on until it is on the screen.
    pub(crate) fn until(&mut self, what: &str) {
        let mut chunk = [0; 4_096];
        while !self.said.contains(what) {
            let count = self.screen.read(&mut chunk).unwrap();
            assert!(count > 0, "`{what}` was never said: {}", self.said);
            self.said.push_str(&String::from_utf8_lossy(&chunk[..count]));
        }
    }

    /// Types something; the exit code and all that it says until its end.
    pub(crate) fn answer(mut self, keys: &str) -> (u32, String) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        let mut chunk = [0; 4_096];
        while let Ok(count @ 1..) = self.screen.read(&mut chunk) {
            self.said.push_str(&String::from_utf8_lossy(&chunk[..count]));
        }
        (self.child.wait().unwrap().exit_code(), self.said)
    }
}
