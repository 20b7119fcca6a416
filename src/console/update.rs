//! What a message does to the console's state. Pure: whatever touches the world comes back as an [`Effect`].

use std::sync::Arc;

use crossterm::event::KeyEvent;

use crate::model::command::{Answer, Command};
use crate::model::ladder::Direction;
use crate::model::snapshot::{DatabaseView, Snapshot};
use crate::model::text::clean;

use super::keymap::{self, Action};
use super::state::{
    Dialog, Effect, Frozen, HOLD_DIRECTIONS, HOLDS, MAX_SCROLL_MIN, MAX_TYPED, Mode, Msg, RANGES_MIN, UiState,
};

/// Takes in one message.
pub(crate) fn update(state: &mut UiState, msg: Msg, snapshot: &Arc<Snapshot>) -> Vec<Effect> {
    match msg {
        Msg::Key(event) => on_key(state, event, snapshot),
        Msg::Tick(now) => {
            state.now = now;
            Vec::new()
        }
        Msg::Answered(answer) => {
            state.awaiting = state.awaiting.saturating_sub(1);
            match answer {
                Answer::Done { sentence, seq } => state.say(format!("{sentence} (journal #{seq})")),
                Answer::Refused { sentence } => state.refuse(sentence),
            }
            Vec::new()
        }
        Msg::Unanswered => {
            state.awaiting = state.awaiting.saturating_sub(1);
            state.refuse("no answer: the engine has ended; the journal says whether it was done");
            Vec::new()
        }
    }
}

fn on_key(state: &mut UiState, event: KeyEvent, snapshot: &Arc<Snapshot>) -> Vec<Effect> {
    let action = keymap::action_of(state.mode.context(), event);
    match action {
        Some(Action::Quit) => return vec![Effect::Quit],
        Some(Action::Suspend) => return vec![Effect::Suspend],
        Some(Action::Redraw) => return vec![Effect::Redraw],
        _ => {}
    }
    match (&mut state.mode, action) {
        (Mode::Normal, Some(action)) => on_normal(state, action, snapshot),
        (Mode::Help(scroll), Some(action)) => {
            match action {
                Action::ScrollUp => *scroll = scroll.saturating_sub(1),
                Action::ScrollDown => *scroll = scroll.saturating_add(1).min(keymap::BINDINGS.len() as u16),
                _ => state.mode = Mode::Normal,
            }
            Vec::new()
        }
        (Mode::Filter, action) => {
            on_filter(state, action, event);
            Vec::new()
        }
        (Mode::Dialog(dialog), action) => {
            let dialog = dialog.clone();
            on_dialog(state, dialog, action, event, snapshot)
        }
        (Mode::Normal | Mode::Help(_), None) => Vec::new(),
    }
}

fn on_normal(state: &mut UiState, action: Action, snapshot: &Arc<Snapshot>) -> Vec<Effect> {
    let database = state.database(snapshot);
    match action {
        Action::ToggleArming if snapshot.arming.is_armed() => return send(state, Command::Disarm),
        Action::ToggleArming => state.mode = Mode::Dialog(Dialog::Arm { reason: String::new() }),
        Action::StepUp => step(state, database, Direction::Up),
        Action::StepDown => step(state, database, Direction::Down),
        Action::ChooseClass => choose(state, database),
        Action::Hold | Action::Release | Action::Stop => return order(state, action, database),
        Action::ZoomIn => state.range = state.range.saturating_sub(1),
        Action::ZoomOut => state.range = (state.range + 1).min(RANGES_MIN.len() - 1),
        Action::Back => state.scroll_min = (state.scroll_min + scroll_step(state)).min(MAX_SCROLL_MIN),
        Action::Forward => state.scroll_min = (state.scroll_min - scroll_step(state)).max(0),
        Action::Freeze => {
            state.frozen = match state.frozen {
                Some(_) => None,
                None => Some(Frozen { snapshot: Arc::clone(snapshot), at: state.now }),
            }
        }
        Action::NextPanel => state.panel = state.panel.next(),
        Action::NextDatabase => state.selected = (state.selected + 1) % snapshot.databases.len().max(1),
        Action::ScrollUp => state.journal_back = (state.journal_back + 1).min(snapshot.tail.len().saturating_sub(1)),
        Action::ScrollDown => state.journal_back = state.journal_back.saturating_sub(1),
        Action::Filter => state.mode = Mode::Filter,
        Action::Help => state.mode = Mode::Help(0),
        _ => {}
    }
    Vec::new()
}

/// Orders that name the database alone.
fn order(state: &mut UiState, action: Action, database: Option<&DatabaseView>) -> Vec<Effect> {
    let Some(database) = database.map(|view| view.name().clone()) else {
        state.refuse("there is no database to act on");
        return Vec::new();
    };
    match action {
        Action::Hold => {
            state.mode = Mode::Dialog(Dialog::Hold { database, length: 1, direction: 0, reason: String::new() });
        }
        Action::Release => state.mode = Mode::Dialog(Dialog::Release { database }),
        _ => return send(state, Command::Stop { database }),
    }
    Vec::new()
}

fn step(state: &mut UiState, database: Option<&DatabaseView>, direction: Direction) {
    let Some((view, known)) = database.and_then(|view| Some((view, view.state.as_ref()?))) else {
        state.refuse("the database has not been seen yet: its class is unknown");
        return;
    };
    match view.policy.ladder.step(&known.class, direction) {
        Some(to) => {
            let (database, to) = (view.name().clone(), to.clone());
            state.mode = Mode::Dialog(Dialog::Scale { database, to, reason: String::new() });
        }
        None => {
            state.refuse(format!(
                "no rung {} from {} on the ladder; `o` lists the classes",
                direction.word(),
                known.class
            ));
        }
    }
}

fn choose(state: &mut UiState, database: Option<&DatabaseView>) {
    match database {
        Some(view) if !view.plans.is_empty() => {
            state.mode = Mode::Dialog(Dialog::Choose { database: view.name().clone(), selected: 0 });
        }
        _ => state.refuse("no class to choose yet: the database has not been seen"),
    }
}

fn on_filter(state: &mut UiState, action: Option<Action>, event: KeyEvent) {
    match action {
        Some(Action::Accept) => state.mode = Mode::Normal,
        Some(Action::Cancel) => {
            state.filter.clear();
            state.mode = Mode::Normal;
        }
        _ => edit(&mut state.filter, action, event),
    }
    state.journal_back = 0;
}

fn on_dialog(
    state: &mut UiState,
    mut dialog: Dialog,
    action: Option<Action>,
    event: KeyEvent,
    snapshot: &Arc<Snapshot>,
) -> Vec<Effect> {
    match action {
        Some(Action::Cancel) => {
            state.mode = Mode::Normal;
            state.notice = None;
            return Vec::new();
        }
        Some(Action::Accept) => return accept(state, dialog, snapshot),
        Some(Action::Previous | Action::Next | Action::Shorter | Action::Longer) => {
            turn(&mut dialog, action, snapshot);
        }
        _ => {
            if let Some(reason) = dialog.reason_mut() {
                edit(reason, action, event);
            }
        }
    }
    state.notice = None;
    state.mode = Mode::Dialog(dialog);
    Vec::new()
}

/// Moves a choice within a dialog.
fn turn(dialog: &mut Dialog, action: Option<Action>, snapshot: &Snapshot) {
    let moved = |place: usize, count: usize| match action {
        Some(Action::Previous | Action::Shorter) => place.saturating_sub(1),
        _ => (place + 1).min(count.saturating_sub(1)),
    };
    match dialog {
        Dialog::Choose { database, selected } => {
            let plans = snapshot.databases.iter().find(|view| view.name() == database).map_or(0, |v| v.plans.len());
            *selected = moved(*selected, plans);
        }
        Dialog::Hold { length, direction, .. } => match action {
            Some(Action::Shorter | Action::Longer) => *length = moved(*length, HOLDS.len()),
            _ => *direction = moved(*direction, HOLD_DIRECTIONS.len()),
        },
        Dialog::Arm { .. } | Dialog::Scale { .. } | Dialog::Release { .. } => {}
    }
}

fn accept(state: &mut UiState, mut dialog: Dialog, snapshot: &Snapshot) -> Vec<Effect> {
    if let Some(reason) = dialog.reason_mut() {
        *reason = clean(reason.trim(), MAX_TYPED);
        if reason.is_empty() {
            state.refuse("type a reason first: it goes into the journal with your name");
            return Vec::new();
        }
    }
    let command = match dialog {
        Dialog::Arm { reason } => Command::Arm { reason },
        Dialog::Scale { database, to, reason } => Command::Scale { database, to, reason },
        Dialog::Hold { database, length, direction, reason } => {
            let (duration, _) = HOLDS[length.min(HOLDS.len() - 1)];
            let (direction, _) = HOLD_DIRECTIONS[direction.min(HOLD_DIRECTIONS.len() - 1)];
            Command::Hold { database, direction, duration, reason }
        }
        Dialog::Release { database } => Command::Release { database },
        Dialog::Choose { database, selected } => {
            let view = snapshot.databases.iter().find(|view| *view.name() == database);
            state.mode = match view.and_then(|view| view.plans.get(selected)) {
                Some(plan) => Mode::Dialog(Dialog::Scale { database, to: plan.to.clone(), reason: String::new() }),
                None => Mode::Normal,
            };
            return Vec::new();
        }
    };
    state.mode = Mode::Normal;
    send(state, command)
}

fn send(state: &mut UiState, command: Command) -> Vec<Effect> {
    state.awaiting += 1;
    state.say("sent, awaiting the engine's answer");
    vec![Effect::Send(command)]
}

fn edit(text: &mut String, action: Option<Action>, event: KeyEvent) {
    match action {
        Some(Action::Erase) => {
            text.pop();
        }
        Some(Action::EraseAll) => text.clear(),
        _ => {
            if let Some(c) = keymap::typed(event)
                && text.chars().count() < MAX_TYPED
            {
                text.push(c);
            }
        }
    }
}

/// A quarter of the range shown.
fn scroll_step(state: &UiState) -> i64 {
    (RANGES_MIN[state.range] / 4).max(1)
}
