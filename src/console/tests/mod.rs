//! The console without a terminal: keys in, orders and screens out.

mod hostile;
mod questions;
mod scenarios;
mod screens;
mod whole;

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::drive::{Driven, drive, lines};
use super::state::UiState;
use super::time::Now;
use super::update::{self, ConsoleEffect};
use super::{theme, view};
use crate::model::snapshot::Snapshot;

/// A text in which `<enter>`, `<esc>`, `<tab>`, `<up>`, `<down>`, `<left>`, `<right>`, `<pgdn>` stand for the keys.
fn keys(text: &str) -> Vec<KeyEvent> {
    let names = [
        ("<enter>", KeyCode::Enter),
        ("<left>", KeyCode::Left),
        ("<right>", KeyCode::Right),
        ("<esc>", KeyCode::Esc),
        ("<tab>", KeyCode::Tab),
        ("<up>", KeyCode::Up),
        ("<down>", KeyCode::Down),
        ("<pgdn>", KeyCode::PageDown),
    ];
    let mut events = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let named = names.into_iter().find(|(name, _)| rest.starts_with(name));
        let (length, code) = named.map_or((c.len_utf8(), KeyCode::Char(c)), |(name, code)| (name.len(), code));
        events.push(KeyEvent::new(code, KeyModifiers::NONE));
        rest = &rest[length..];
    }
    events
}

/// What becomes of the keys behind `snapshot` at 120x40.
fn driven(snapshot: &Snapshot, text: &str) -> Driven {
    drive(snapshot, keys(text).into_iter(), (120, 40))
}

/// So much machine time after the start, on a clock that stands at the snapshot.
fn now(snapshot: &Snapshot, millis: u64) -> Now {
    Now { at: snapshot.at, machine: Duration::from_millis(millis), speed: 1.0 }
}

/// Types at one moment of machine time.
fn press_at(state: &mut UiState, snapshot: &Arc<Snapshot>, text: &str, millis: u64) -> Vec<ConsoleEffect> {
    let now = now(snapshot, millis);
    keys(text).iter().filter_map(|key| update::key(state, snapshot, key, now)).collect()
}

/// A console ten seconds after its start, after some keys of the ninth.
fn after(snapshot: &Arc<Snapshot>, text: &str) -> UiState {
    let mut state = UiState::default();
    press_at(&mut state, snapshot, text, 9_000);
    state
}

fn drawn(width: u16, height: u16, snapshot: &Snapshot, state: &UiState, plain: bool) -> Buffer {
    drawn_at(width, height, snapshot, state, plain, now(snapshot, 10_000))
}

fn drawn_at(width: u16, height: u16, snapshot: &Snapshot, state: &UiState, plain: bool, now: Now) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let draw = |frame: &mut ratatui::Frame<'_>| {
        view::view(frame, snapshot, state, now);
        if plain {
            theme::without_colors(frame.buffer_mut());
            theme::ascii_only(frame.buffer_mut());
        }
    };
    terminal.draw(draw).unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    lines(buffer).join("\n")
}
