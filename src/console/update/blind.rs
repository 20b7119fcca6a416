//! The keys of a window that is too small to show what must be read before an order is given.

use std::sync::Arc;

use super::{ConsoleEffect, act};
use crate::console::keymap::KeyAction;
use crate::console::state::{Mode, Room, UiState};
use crate::console::time::Now;
use crate::model::command::Command;
use crate::model::snapshot::Snapshot;

/// The console in a window of another size. What is open in one that became too small is closed: nobody may answer a
/// question that cannot be read.
pub(in crate::console) fn resized(state: &mut UiState, (width, height): (u16, u16), now: Now) {
    state.room = Room::of(width, height);
    if state.room == Room::Enough {
        return;
    }
    if let Mode::Dialog(_) = state.mode {
        act::refuse(state, "nothing was ordered: the window became too small to show the question".to_owned(), now);
    }
    state.mode = Mode::Normal;
}

/// Only what needs no reading counts: to disarm, and to leave where nothing is under way.
pub(super) fn key(state: &UiState, action: Option<KeyAction>, snapshot: &Arc<Snapshot>) -> Option<ConsoleEffect> {
    let may_leave = state.link.engine().is_some() || !snapshot.has_active_run();
    match action? {
        KeyAction::ArmOrDisarm if snapshot.arming.is_armed() => Some(ConsoleEffect::Send(Command::Disarm)),
        KeyAction::Quit if may_leave => Some(ConsoleEffect::Quit),
        KeyAction::Suspend if may_leave => Some(ConsoleEffect::Suspend),
        _ => None,
    }
}
