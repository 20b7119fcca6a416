//! What a key, a paste, an answer or the passing of time changes: pure, so that every path can be tested without a
//! terminal.

mod act;
mod answer;
mod blind;
mod text;

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::keymap::{self, KeyAction};
use super::state::{Message, Mode, Room, UiState};
use super::time::Now;
use crate::model::command::{Answer, Command};
use crate::model::snapshot::Snapshot;
pub(super) use blind::resized;

/// How long an answer stays on the screen when no key is pressed (of the machine).
const MESSAGE_STAYS: Duration = Duration::from_secs(10);
/// Answers on the screen at once.
const MESSAGES: usize = 3;

/// What the loop must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ConsoleEffect {
    Send(Command),
    Suspend,
    Quit,
    /// A daemon goes on with what is under way.
    HandOver,
}

/// The console after a key.
pub(super) fn key(state: &mut UiState, snapshot: &Arc<Snapshot>, event: &KeyEvent, now: Now) -> Option<ConsoleEffect> {
    state.messages.clear();
    let action = keymap::action(event);
    if state.room == Room::TooSmall {
        return blind::key(state, action, snapshot);
    }
    if state.mode != Mode::Normal && !(event.modifiers - KeyModifiers::SHIFT).is_empty() {
        // Nobody types a reason with Control held: Ctrl-Z works everywhere, Ctrl-C goes back, the rest is nothing.
        match action {
            Some(KeyAction::Suspend) => return act::act(state, snapshot, KeyAction::Suspend, now),
            Some(KeyAction::Quit) => state.mode = Mode::Normal,
            _ => {}
        }
        return None;
    }
    match state.mode.clone() {
        Mode::Normal => action.and_then(|action| act::act(state, snapshot, action, now)),
        Mode::Help => {
            state.mode = Mode::Normal;
            None
        }
        Mode::Filter => {
            filter(state, event.code);
            None
        }
        Mode::Dialog(dialog) => answer::answer(state, snapshot, dialog, event.code, now),
    }
}

/// The console after a paste. It is text or nothing: what a clipboard holds gives no orders.
pub(super) fn paste(state: &mut UiState, pasted: &str) {
    match &mut state.mode {
        Mode::Filter => text::paste(&mut state.filter, pasted),
        Mode::Dialog(dialog) => answer::paste(dialog, pasted),
        Mode::Normal | Mode::Help => {}
    }
}

/// The console after an order was answered.
pub(super) fn answered(state: &mut UiState, answer: Answer, now: Now) {
    state.messages.push(Message { answer, since: now.machine });
    let surplus = state.messages.len().saturating_sub(MESSAGES);
    state.messages.drain(..surplus);
}

/// The console after some time: what was said long ago makes room for the keys.
pub(super) fn tick(state: &mut UiState, now: Now) {
    state.messages.retain(|message| now.machine < message.since.saturating_add(MESSAGE_STAYS));
}

/// The machine time at which [`tick`] or a dialog changes something, where there is one ahead.
pub(super) fn deadline(state: &UiState, now: Now) -> Option<Duration> {
    let messages = state.messages.iter().map(|message| message.since.saturating_add(MESSAGE_STAYS));
    let dialog = match &state.mode {
        Mode::Dialog(dialog) => Some(dialog.ready_at()),
        _ => None,
    };
    messages.chain(dialog).filter(|at| *at > now.machine).min()
}

fn filter(state: &mut UiState, code: KeyCode) {
    match code {
        KeyCode::Enter => state.mode = Mode::Normal,
        KeyCode::Esc => {
            state.filter.clear();
            state.mode = Mode::Normal;
        }
        code => text::edit(&mut state.filter, code),
    }
    state.journal_back = 0;
}
