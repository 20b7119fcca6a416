//! The console in a real pseudo-terminal. What is waited for is always something on the parsed screen, or the process.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::mpsc::channel;
use std::time::Duration;

use rustix::process::{Signal, WaitOptions, waitpid};

use crate::pty::Console;

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
