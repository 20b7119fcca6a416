//! The keys of a window that is too small to show what must be read before an order is given.

use std::sync::Arc;

use super::{Effect, act};
use crate::console::keymap::Action;
use crate::console::pace::Now;
use crate::console::state::{Mode, Room, UiState};
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
pub(super) fn key(action: Option<Action>, snapshot: &Arc<Snapshot>) -> Option<Effect> {
    match action? {
        Action::ArmOrDisarm if snapshot.arming.is_armed() => Some(Effect::Send(Command::Disarm)),
        Action::Quit if !act::is_busy(snapshot) => Some(Effect::Quit),
        Action::Suspend if !act::is_busy(snapshot) => Some(Effect::Suspend),
        _ => None,
    }
}
