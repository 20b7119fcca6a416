//! The console in a real pseudo-terminal. What is waited for is always something on the parsed screen.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};
use tempfile::TempDir;

/// A console, its keyboard and its screen.
struct Console {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    bytes: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    seen: Vec<u8>,
    _state: TempDir,
}

fn screen() -> vt100::Parser {
    let size = |cells: u16| std::num::NonZero::new(cells).unwrap();
    vt100::Parser::new(size(40), size(120), 0)
}

impl Console {
    fn start(words: &[&str], environment: &[(&str, &str)]) -> Self {
        let state = TempDir::new().unwrap();
        let pty =
            native_pty_system().openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_upshift"));
        command.args(words);
        command.env_clear();
        command.env("UPSHIFT_STATE_DIR", state.path());
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
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let _master = pty.master;
            let mut chunk = vec![0; 65_536];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                if sender.send(chunk[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keys, bytes, screen: screen(), seen: Vec::new(), _state: state }
    }

    /// Reads on until the screen shows it.
    fn until(&mut self, what: &str) {
        while !self.screen.screen().contents().contains(what) {
            match self.bytes.recv_timeout(Duration::from_mins(1)) {
                Ok(bytes) => self.take(&bytes),
                Err(error) => panic!("`{what}` never showed ({error}):\n{}", self.screen.screen().contents()),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.screen.process(bytes);
        self.seen.extend_from_slice(bytes);
        assert!(self.seen.len() < 64 << 20, "the console writes without end");
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Reads to the end; the exit code.
    fn end(&mut self) -> u32 {
        while let Ok(bytes) = self.bytes.recv() {
            self.take(&bytes);
        }
        let code = self.child.wait().unwrap().exit_code();
        assert!(!self.screen.screen().alternate_screen(), "the alternate screen was not left");
        assert!(!self.screen.screen().hide_cursor(), "the cursor stayed hidden");
        code
    }
}

#[test]
fn it_arms_scales_up_is_scaled_down_by_hand_and_restores_the_terminal() {
    let mut console = Console::start(&["--sim", "--speed", "150"], &[]);
    console.until("DISARMED");
    console.until("db.t4g.small available");
    console.press("a");
    console.until("arm the engine?");
    console.press("sale\r");
    console.until("ARMED");
    console.until("a1: verified, class db.m5.large");
    console.until("db.m5.large available");
    console.press("d");
    console.until("outage");
    console.until("$0.178/h now, $0.032/h then");
    console.press("test over\r");
    console.until("a2: verified, class db.t4g.small");
    console.press("q");
    assert_eq!(console.end(), 0);
}

#[test]
fn a_panic_restores_the_terminal_and_is_no_success() {
    let mut console = Console::start(&["--sim", "--panic-in-console"], &[]);
    assert_ne!(console.end(), 0);
    assert!(String::from_utf8_lossy(&console.seen).contains("asked for by --panic-in-console"));
}

#[test]
fn a_panic_of_the_engine_ends_the_process_and_restores_the_terminal_too() {
    let mut console = Console::start(&["--sim", "--panic-in-engine"], &[]);
    assert_ne!(console.end(), 0);
    let seen = String::from_utf8_lossy(&console.seen);
    assert!(seen.contains("\u{1b}[?1049h"), "the console was on the screen");
    assert!(seen.contains("asked for by --panic-in-engine"));
}

#[test]
fn sigterm_restores_the_terminal() {
    let mut console = Console::start(&["--sim"], &[]);
    console.until("db.t4g.small available");
    let pid = console.child.process_id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(console.end(), 0);
}

#[test]
fn without_unicode_and_colour_no_byte_is_above_127_and_no_colour_is_set() {
    let mut console = Console::start(&["--sim"], &[("LANG", "C"), ("NO_COLOR", "1")]);
    console.until("db.t4g.small available");
    console.press("?");
    console.until("would scale");
    console.press("?q");
    assert_eq!(console.end(), 0);
    assert!(console.seen.iter().all(u8::is_ascii));
    let text = String::from_utf8_lossy(&console.seen).into_owned();
    for color in ["\u{1b}[31m", "\u{1b}[38;5;", "\u{1b}[38;2;", "\u{1b}[;m"] {
        assert!(!text.contains(color), "{color:?} was written");
    }
}
