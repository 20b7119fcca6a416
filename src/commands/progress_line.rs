//! How a command that takes its time says on stderr where it is: one line that is written over on a terminal, else lines.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{SyncSender, sync_channel};

/// Written by a thread of its own: a terminal that takes nothing must not hold up what is due. What it does not take is left
/// out. A line that is written over is cleared when this is dropped.
pub(super) struct ProgressLine {
    sender: Option<SyncSender<String>>,
    /// Lines are written over.
    pub(super) rewrites: bool,
}

/// What becomes of a line when the next one comes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stays {
    Yes,
    No,
}

impl ProgressLine {
    /// A line that says nothing yet.
    pub(super) fn new() -> Self {
        let (sender, lines) = sync_channel::<String>(4);
        let write = move || lines.iter().try_for_each(|line| std::io::stderr().write_all(line.as_bytes()));
        let thread = std::thread::Builder::new().name("progress".to_owned()).spawn(write);
        Self { sender: thread.is_ok().then_some(sender), rewrites: std::io::stderr().is_terminal() }
    }

    /// Says where it is.
    pub(super) fn say(&self, words: &str, stays: Stays) {
        let end = if stays == Stays::Yes { "\n" } else { "" };
        // Back to the beginning, and what was there is cleared.
        let start = if self.rewrites { "\r\u{1b}[K" } else { "" };
        if let Some(sender) = &self.sender {
            drop(sender.try_send(format!("{start}{words}{end}")));
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.rewrites {
            self.say("", Stays::No);
        }
    }
}
