//! What a key or an answer changes: pure, so that every path can be tested without a terminal.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::keymap::{self, Action};
use super::state::{Dialog, HOLDS, INPUT_LIMIT, Mode, RANGES_MINS, UiState};
use crate::model::command::{Answer, Command};
use crate::model::ladder::Direction;
use crate::model::snapshot::{DatabaseView, Snapshot};

/// What the loop must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    Send(Command),
    Suspend,
    Quit,
}

/// The console after a key.
pub(super) fn key(state: &mut UiState, snapshot: &Arc<Snapshot>, event: &KeyEvent) -> Option<Effect> {
    let action = keymap::action(event);
    if state.mode != Mode::Normal && !(event.modifiers - KeyModifiers::SHIFT).is_empty() {
        // Nobody types a reason with Control held: suspending works everywhere, Ctrl-C goes back, the rest is nothing.
        match action {
            Some(Action::Suspend) => return Some(Effect::Suspend),
            Some(Action::Quit) => state.mode = Mode::Normal,
            _ => {}
        }
        return None;
    }
    match state.mode.clone() {
        Mode::Normal => action.and_then(|action| act(state, snapshot, action)),
        Mode::Help => {
            state.mode = Mode::Normal;
            None
        }
        Mode::Filter => {
            match event.code {
                KeyCode::Enter => state.mode = Mode::Normal,
                KeyCode::Esc => {
                    state.filter.clear();
                    state.mode = Mode::Normal;
                }
                code => edit(&mut state.filter, code),
            }
            None
        }
        Mode::Dialog(dialog) => answer(state, snapshot, dialog, event.code),
    }
}

/// The database that is shown.
pub(super) fn shown<'a>(state: &UiState, snapshot: &'a Snapshot) -> Option<&'a DatabaseView> {
    snapshot.databases.get(state.database).or_else(|| snapshot.databases.first())
}

fn act(state: &mut UiState, snapshot: &Arc<Snapshot>, action: Action) -> Option<Effect> {
    let database = shown(state, snapshot);
    match action {
        Action::ArmOrDisarm if snapshot.arming.is_armed() => return Some(Effect::Send(Command::Disarm)),
        Action::ArmOrDisarm => state.mode = Mode::Dialog(Dialog::Arm { reason: String::new() }),
        Action::StepUp => step(state, database, Direction::Up),
        Action::StepDown => step(state, database, Direction::Down),
        Action::ChooseClass => match database.filter(|view| !view.plans.is_empty()) {
            Some(_) => state.mode = Mode::Dialog(Dialog::Choose { index: 0 }),
            None => refuse(state, "no class can be chosen: the state of the database is not known yet"),
        },
        Action::Hold => state.mode = Mode::Dialog(Dialog::Hold { length: 1, reason: String::new() }),
        Action::Release => state.mode = Mode::Dialog(Dialog::Release),
        Action::Stop => {
            let database = database?.name().clone();
            return Some(Effect::Send(Command::Stop { database }));
        }
        Action::NarrowerRange => state.range = state.range.saturating_sub(1),
        Action::WiderRange => state.range = (state.range + 1).min(RANGES_MINS.len() - 1),
        Action::Earlier => state.back_secs = (state.back_secs + state.range_secs() / 4).min(8 * 3_600),
        Action::Later => state.back_secs = (state.back_secs - state.range_secs() / 4).max(0),
        Action::Freeze => {
            state.frozen = if state.frozen.is_some() { None } else { Some(Arc::clone(snapshot)) };
        }
        Action::NextPanel => state.panel = state.panel.next(),
        Action::NextDatabase => state.database = (state.database + 1) % snapshot.databases.len().max(1),
        Action::ScrollUp => state.scrolled = (state.scrolled + 1).min(snapshot.tail.len().saturating_sub(1)),
        Action::ScrollDown => state.scrolled = state.scrolled.saturating_sub(1),
        Action::Filter => state.mode = Mode::Filter,
        Action::Help => state.mode = Mode::Help,
        Action::Suspend => return Some(Effect::Suspend),
        Action::Quit => {
            if !snapshot.databases.iter().any(under_way) {
                return Some(Effect::Quit);
            }
            state.mode = Mode::Dialog(Dialog::Quit);
        }
    }
    None
}

fn under_way(view: &DatabaseView) -> bool {
    view.run.as_ref().is_some_and(|run| !run.is_ended())
}

fn step(state: &mut UiState, database: Option<&DatabaseView>, direction: Direction) {
    let target = database.and_then(|view| {
        let class = &view.state.as_ref()?.class;
        view.policy.ladder.step(class, direction).cloned()
    });
    match target {
        Some(to) => state.mode = Mode::Dialog(Dialog::Scale { to, reason: String::new() }),
        None => refuse(state, &format!("there is no class one step {} on the ladder", direction.word())),
    }
}

fn refuse(state: &mut UiState, sentence: &str) {
    state.message = Some(Answer::Refused { sentence: sentence.to_owned() });
}

fn answer(state: &mut UiState, snapshot: &Snapshot, dialog: Dialog, code: KeyCode) -> Option<Effect> {
    if code == KeyCode::Esc {
        state.mode = Mode::Normal;
        return None;
    }
    let (next, command) = match dialog {
        Dialog::Arm { mut reason } => {
            let confirmed = typed(&mut reason, code);
            let command = confirmed.then(|| Command::Arm { reason: reason.clone() });
            (Dialog::Arm { reason }, command)
        }
        Dialog::Scale { to, mut reason } => {
            let confirmed = typed(&mut reason, code);
            let database = shown(state, snapshot)?.name().clone();
            let command = confirmed.then(|| Command::Scale { database, to: to.clone(), reason: reason.clone() });
            (Dialog::Scale { to, reason }, command)
        }
        Dialog::Choose { index } => return choose(state, snapshot, index, code),
        Dialog::Hold { mut length, mut reason } => {
            match code {
                KeyCode::Up => length = length.saturating_sub(1),
                KeyCode::Down => length = (length + 1).min(HOLDS.len() - 1),
                _ => {}
            }
            let confirmed = typed(&mut reason, code);
            let database = shown(state, snapshot)?.name().clone();
            let duration = HOLDS[length].1;
            let command =
                confirmed.then(|| Command::Hold { database, direction: None, duration, reason: reason.clone() });
            (Dialog::Hold { length, reason }, command)
        }
        Dialog::Release => {
            let database = shown(state, snapshot)?.name().clone();
            (Dialog::Release, (code == KeyCode::Enter).then_some(Command::Release { database }))
        }
        Dialog::Quit => return (code == KeyCode::Enter).then_some(Effect::Quit),
    };
    state.mode = if command.is_some() { Mode::Normal } else { Mode::Dialog(next) };
    command.map(Effect::Send)
}

fn choose(state: &mut UiState, snapshot: &Snapshot, index: usize, code: KeyCode) -> Option<Effect> {
    let plans = &shown(state, snapshot)?.plans;
    let index = match code {
        KeyCode::Up => index.saturating_sub(1),
        KeyCode::Down => (index + 1).min(plans.len().saturating_sub(1)),
        _ => index,
    };
    state.mode = match (code, plans.get(index)) {
        (KeyCode::Enter, Some(plan)) => Mode::Dialog(Dialog::Scale { to: plan.to.clone(), reason: String::new() }),
        _ => Mode::Dialog(Dialog::Choose { index }),
    };
    None
}

/// Edits a reason; true when it is confirmed, which takes some text.
fn typed(reason: &mut String, code: KeyCode) -> bool {
    edit(reason, code);
    code == KeyCode::Enter && !reason.trim().is_empty()
}

fn edit(text: &mut String, code: KeyCode) {
    match code {
        KeyCode::Char(c) if !c.is_control() && text.chars().count() < INPUT_LIMIT => text.push(c),
        KeyCode::Backspace => drop(text.pop()),
        _ => {}
    }
}
