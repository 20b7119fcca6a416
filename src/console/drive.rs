//! The console without a terminal: keys in, the screen and the orders out, by the very code that runs behind a real
//! one. For scenarios, and for whoever throws random keys at it.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::KeyEvent;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::state::UiState;
use super::time::Now;
use super::update::{self, ConsoleEffect};
use super::view;
use crate::model::command::Command;
use crate::model::snapshot::Snapshot;

/// Machine time between two keys: longer than a fresh dialog ignores Enter, so that every key counts.
const BETWEEN_KEYS: Duration = Duration::from_secs(2);

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driven {
    /// The last screen, line by line, each without the spaces at its end.
    pub screen: Vec<String>,
    /// Orders that would have been sent, oldest first. None was, and none was answered.
    pub commands: Vec<Command>,
    /// A key ended the console; those behind it were not pressed.
    pub quit: bool,
}

/// Shows `snapshot` on a screen of `size` (columns, rows) and presses `keys`, one every two seconds, each followed by a
/// frame as behind a real terminal. The clock stands at `snapshot.at`. A key that suspends does nothing here.
pub fn drive(snapshot: &Snapshot, keys: impl Iterator<Item = KeyEvent>, size: (u16, u16)) -> Driven {
    let snapshot = Arc::new(snapshot.clone());
    let mut state = UiState::default();
    let mut now = Now { at: snapshot.at, machine: BETWEEN_KEYS, speed: 1.0 };
    let mut driven = Driven { screen: Vec::new(), commands: Vec::new(), quit: false };
    let Ok(mut terminal) = Terminal::new(TestBackend::new(size.0, size.1));
    update::resized(&mut state, size, now);
    show(&mut terminal, &snapshot, &mut state, now);
    for key in keys {
        now.machine = now.machine.saturating_add(BETWEEN_KEYS);
        match update::key(&mut state, &snapshot, &key, now) {
            Some(ConsoleEffect::Send(command)) => driven.commands.push(command),
            Some(ConsoleEffect::Quit) => {
                driven.quit = true;
                break;
            }
            Some(ConsoleEffect::Suspend | ConsoleEffect::HandOver) | None => {}
        }
        show(&mut terminal, &snapshot, &mut state, now);
    }
    driven.screen = lines(terminal.backend().buffer());
    driven
}

fn show(terminal: &mut Terminal<TestBackend>, snapshot: &Snapshot, state: &mut UiState, now: Now) {
    update::tick(state, now);
    let mut reach = state.reach;
    let Ok(_) = terminal.draw(|frame| reach = view::view(frame, snapshot, state, now));
    state.reach = reach;
}

/// A screen's text, line by line, each without the spaces at its end.
pub(super) fn lines(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width).max(1);
    let line = |cells: &[ratatui::buffer::Cell]| {
        let line: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
        line.trim_end().to_owned()
    };
    buffer.content.chunks(width).map(line).collect()
}
