//! The console in a real pseudo-terminal. What is waited for is always something on the parsed screen, or the process.

use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use tempfile::TempDir;
use upshift::clock::Stopwatch;

/// Nothing that is waited for takes longer on the slowest machine.
const DEADLINE: Duration = Duration::from_mins(1);

/// A console, its keyboard and its screen.
struct Console {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
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
        Self { child, master: pty.master, keys, bytes, screen: screen(), seen: Vec::new(), _state: state }
    }

    /// Reads on until the screen shows it.
    fn until(&mut self, what: &str) {
        self.until_screen(what, |screen| screen.contents().contains(what));
    }

    /// Reads on until the screen is as it should.
    fn until_screen(&mut self, what: &str, is: impl Fn(&vt100::Screen) -> bool) {
        let waiting = Stopwatch::start();
        while !is(self.screen.screen()) {
            match self.bytes.recv_timeout(DEADLINE.saturating_sub(waiting.elapsed())) {
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

    /// Answers the dialog: Enter does not count until it says so.
    fn confirm(&mut self) {
        self.until("Enter confirms");
        self.press("\r");
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.process_id().unwrap().cast_signed()).unwrap()
    }

    /// Whether the terminal collects lines, as a shell wants it and no console does.
    fn collects_lines(&self) -> bool {
        const ICANON: u32 = 2;
        self.master.get_termios().unwrap().local_flags.bits() & ICANON != 0
    }

    /// Reads to the end; the exit code.
    fn end(&mut self) -> u32 {
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

    fn restored(&self) {
        assert!(!self.screen.screen().alternate_screen(), "the alternate screen was not left");
        assert!(!self.screen.screen().hide_cursor(), "the cursor stayed hidden");
        assert!(!self.screen.screen().bracketed_paste(), "pastes stayed bracketed");
        let (begun, ended) = (count(&self.seen, b"\x1b[?2026h"), count(&self.seen, b"\x1b[?2026l"));
        assert!(begun <= ended, "a synchronised update was left open: {begun} begun, {ended} ended");
    }
}

fn count(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).filter(|window| *window == what).count()
}

#[test]
fn it_arms_scales_up_is_scaled_down_by_hand_and_restores_the_terminal() {
    let mut console = Console::start(&["--sim", "--speed", "150"], &[]);
    console.until("DISARMED");
    console.until("db.t4g.small available");
    console.press("a");
    console.until("arm the engine?");
    console.press("sale");
    console.confirm();
    console.until(" ARMED ");
    console.until("a1: verified, class db.m5.large");
    console.until("db.m5.large available");
    console.press("d");
    console.until("outage");
    console.until("$0.178/h now, $0.032/h then");
    console.press("test over\t");
    // The cooldown is passed over: that takes the name of the database.
    console.press("checkpoints");
    console.confirm();
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
fn every_signal_that_ends_it_restores_the_terminal() {
    for signal in [Signal::TERM, Signal::INT, Signal::QUIT, Signal::HUP] {
        let mut console = Console::start(&["--sim"], &[]);
        console.until("db.t4g.small available");
        console.signal(signal);
        assert_eq!(console.end(), 0, "{signal:?}");
        assert!(console.collects_lines(), "{signal:?} left raw mode on");
    }
}

#[test]
fn stopped_by_key_or_signal_it_gives_the_terminal_back_and_draws_anew_when_continued() {
    let mut console = Console::start(&["--sim"], &[]);
    console.until("db.t4g.small available");
    for stop in ["key", "signal"] {
        match stop {
            "key" => console.press("\x1a"),
            _ => console.signal(Signal::TSTP),
        }
        console.until_screen("the shell's screen", |screen| !screen.alternate_screen());
        let (_, status) = waitpid(Some(console.pid()), WaitOptions::UNTRACED).unwrap().unwrap();
        assert!(status.stopped(), "{stop}: {status:?}");
        console.restored();
        assert!(console.collects_lines(), "{stop}: raw mode is on");
        console.signal(Signal::CONT);
        console.until_screen("the console again", |screen| {
            screen.alternate_screen() && screen.contents().contains("db.t4g.small available")
        });
        assert!(!console.collects_lines(), "{stop}: raw mode is off");
    }
    console.press("q");
    assert_eq!(console.end(), 0);
}

#[test]
fn a_paste_is_text_and_never_an_order_or_an_answer() {
    let mut console = Console::start(&["--sim"], &[]);
    console.until("db.t4g.small available");
    console.until_screen("pastes asked for in brackets", vt100::Screen::bracketed_paste);
    // Were it typed, it would quit here, and confirm there.
    console.press("\u{1b}[200~q\r\u{1b}[201~a");
    console.until("Enter confirms");
    console.press("\u{1b}[200~two\rlines\r\u{1b}[201~");
    console.until("reason: two lines_");
    console.press("\u{1b}");
    console.until_screen("the dialog closed", |screen| !screen.contents().contains("arm the engine?"));
    console.press("q");
    assert_eq!(console.end(), 0);
}

#[test]
fn a_terminal_that_takes_no_bytes_does_not_keep_it_from_ending() {
    let mut console = Console::start(&["--sim"], &[]);
    console.until("db.t4g.small available");
    // From here on nobody reads; the line is filled up from beside the console.
    let line = console.master.tty_name().unwrap();
    let nonblocking = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let flags = nonblocking.bits().cast_signed();
    let mut line = std::fs::OpenOptions::new().write(true).custom_flags(flags).open(line).unwrap();
    let mut filled = 0;
    while let Ok(written) = line.write(&[b'.'; 4_096]) {
        filled += written;
        assert!(filled < 16 << 20, "a terminal without a bound");
    }
    console.press("?");
    console.signal(Signal::TERM);
    let (done, ended) = channel();
    let mut child = console.child;
    std::thread::spawn(move || done.send(child.wait().unwrap().exit_code()));
    assert_eq!(ended.recv_timeout(Duration::from_secs(15)), Ok(0));
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
