//! A console in a real pseudo-terminal, with its keyboard and its screen. What is waited for is always something on the parsed
//! screen, or the process.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use upshift::clock::Stopwatch;

/// Nothing that is waited for takes longer on the slowest machine.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// A console, its keyboard and its screen.
pub(crate) struct Console {
    pub(crate) child: Box<dyn Child + Send + Sync>,
    pub(crate) master: Box<dyn MasterPty + Send>,
    pub(crate) keys: Box<dyn Write + Send>,
    pub(crate) bytes: Receiver<Vec<u8>>,
    pub(crate) screen: vt100::Parser,
    pub(crate) seen: Vec<u8>,
    _state: Option<TempDir>,
}

pub(crate) fn screen() -> vt100::Parser {
    let size = |cells: u16| std::num::NonZero::new(cells).unwrap();
    vt100::Parser::new(size(40), size(120), 0)
}

impl Console {
    /// In a state directory of its own.
    pub(crate) fn start(words: &[&str], environment: &[(&str, &str)]) -> Self {
        let state = TempDir::new().unwrap();
        let console = Self::start_in(state.path(), words, environment);
        Self { _state: Some(state), ..console }
    }

    /// In a state directory that others may have too.
    pub(crate) fn start_in(state: &Path, words: &[&str], environment: &[(&str, &str)]) -> Self {
        let pty =
            native_pty_system().openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_upshift"));
        command.args(words);
        command.cwd(state);
        command.env_clear();
        command.env("UPSHIFT_STATE_DIR", state);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("USER", "ada");
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().unwrap();
        let keys = pty.master.take_writer().unwrap();
        // Without a place in the queue: what nobody takes here is not read from the terminal either.
        let (sender, bytes) = sync_channel(0);
        std::thread::spawn(move || {
            let mut chunk = vec![0; 65_536];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                if sender.send(chunk[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, master: pty.master, keys, bytes, screen: screen(), seen: Vec::new(), _state: None }
    }

    /// Reads on until the screen shows it.
    pub(crate) fn until(&mut self, what: &str) {
        self.until_screen(what, |screen| screen.contents().contains(what));
    }

    /// Reads on until the screen is as it should.
    pub(crate) fn until_screen(&mut self, what: &str, is: impl Fn(&vt100::Screen) -> bool) {
        let waiting = Stopwatch::start();
        while !is(self.screen.screen()) {
            match self.bytes.recv_timeout(DEADLINE.saturating_sub(waiting.elapsed())) {
                Ok(bytes) => self.take(&bytes),
                Err(error) => panic!("`{what}` never showed ({error}):\n{}", self.screen.screen().contents()),
            }
        }
    }

    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.screen.process(bytes);
        self.seen.extend_from_slice(bytes);
        assert!(self.seen.len() < 64 << 20, "the console writes without end");
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Answers the dialog: Enter does not count until it says so.
    pub(crate) fn confirm(&mut self) {
        self.until("Enter confirms");
        self.press("\r");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.process_id().unwrap().cast_signed()).unwrap()
    }

    /// Whether the terminal collects lines, as a shell wants it and no console does.
    pub(crate) fn collects_lines(&self) -> bool {
        const ICANON: u32 = 2;
        self.master.get_termios().unwrap().local_flags.bits() & ICANON != 0
    }

    /// Reads to the end; the exit code.
    pub(crate) fn end(&mut self) -> u32 {
        let waiting = Stopwatch::start();
        loop {
            match self.bytes.recv_timeout(DEADLINE.saturating_sub(waiting.elapsed())) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(error) => panic!("it never ended ({error}):\n{}", self.screen.screen().contents()),
            }
        }
        let code = self.child.wait().unwrap().exit_code();
        self.restored();
        code
    }

    pub(crate) fn restored(&self) {
        assert!(!self.screen.screen().alternate_screen(), "the alternate screen was not left");
        assert!(!self.screen.screen().hide_cursor(), "the cursor stayed hidden");
        assert!(!self.screen.screen().bracketed_paste(), "pastes stayed bracketed");
        let (begun, ended) = (count(&self.seen, b"\x1b[?2026h"), count(&self.seen, b"\x1b[?2026l"));
        assert!(begun <= ended, "a synchronised update was left open: {begun} begun, {ended} ended");
    }
}

pub(crate) fn count(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).filter(|window| *window == what).count()
}
