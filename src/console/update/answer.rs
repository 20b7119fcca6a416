//! The keys of a dialog, and what follows from a confirmed one.

use crossterm::event::KeyCode;

use super::{ConsoleEffect, act, text};
use crate::console::question::{
    DIRECTIONS, Dialog, Field, HOLDS, HOLDS_AFTER, PERMISSIONS, Question, Removing, Scaling, find,
};
use crate::console::state::{Mode, UiState};
use crate::console::time::Now;
use crate::model::backend::Backend;
use crate::model::command::Command;
use crate::model::snapshot::Snapshot;

/// What a confirmation leads to.
enum Outcome {
    Send(Command),
    Suspend,
    Quit,
    HandOver,
    /// To a question that follows from the first.
    Ask(Question),
    /// Something is missing; the dialog stays, with a sentence where it needs one.
    Stay(Option<String>),
    /// The picture has changed: nothing is sent.
    Refuse(String),
}

/// A key in a dialog.
pub(super) fn answer(
    state: &mut UiState,
    snapshot: &Snapshot,
    mut dialog: Dialog,
    code: KeyCode,
    now: Now,
) -> Option<ConsoleEffect> {
    let mut outcome = Outcome::Stay(None);
    match code {
        KeyCode::Esc => {
            state.mode = Mode::Normal;
            return None;
        }
        KeyCode::Enter if now.machine < dialog.ready_at() => {
            outcome = Outcome::Stay(Some("too soon: that Enter was not taken; read first, then press it again".into()));
        }
        KeyCode::Enter => outcome = confirm(&mut dialog.question, snapshot),
        KeyCode::Char('d') if dialog.question == Question::Quit => outcome = hand_over(snapshot, &dialog, now),
        KeyCode::PageUp => dialog.scrolled = dialog.scrolled.min(state.reach.dialog).saturating_sub(1),
        KeyCode::PageDown => dialog.scrolled = (dialog.scrolled + 1).min(state.reach.dialog),
        code => edit(&mut dialog.question, snapshot, code),
    }
    state.mode = Mode::Normal;
    match outcome {
        Outcome::Send(command) => return Some(ConsoleEffect::Send(command)),
        Outcome::Suspend => return Some(ConsoleEffect::Suspend),
        Outcome::Quit => return Some(ConsoleEffect::Quit),
        Outcome::HandOver => return Some(ConsoleEffect::HandOver),
        Outcome::Ask(question) => state.mode = Mode::Dialog(Dialog::new(question, now.machine, snapshot.revision)),
        Outcome::Stay(notice) => {
            dialog.notice = notice;
            state.mode = Mode::Dialog(dialog);
        }
        Outcome::Refuse(sentence) => act::refuse(state, sentence, now),
    }
    None
}

/// A simulation ends with its process: there is nothing that a daemon could go on with.
fn hand_over(snapshot: &Snapshot, dialog: &Dialog, now: Now) -> Outcome {
    match snapshot.backend {
        Backend::Simulation { .. } => {
            Outcome::Stay(Some("this simulation ends with the process: no daemon can go on".into()))
        }
        Backend::Aws if now.machine < dialog.ready_at() => Outcome::Stay(Some("too soon: read first".into())),
        Backend::Aws => Outcome::HandOver,
    }
}

/// A paste in a dialog: a reason takes it, a confirmation does not.
pub(super) fn paste(dialog: &mut Dialog, pasted: &str) {
    dialog.notice = None;
    match &mut dialog.question {
        Question::Arm { reason, .. } | Question::Hold { reason, .. } => text::paste(reason, pasted),
        Question::Scale(scaling) if scaling.field == Field::Reason => text::paste(&mut scaling.reason, pasted),
        Question::RemoveOld(removing) if removing.field == Field::Reason => text::paste(&mut removing.reason, pasted),
        Question::Scale(_) | Question::RemoveOld(_) => {
            dialog.notice = Some("the name is to be typed: a paste is not taken here".to_owned());
        }
        Question::Choose { .. }
        | Question::Release { .. }
        | Question::Approve { .. }
        | Question::Suspend
        | Question::Quit => {}
    }
}

fn edit(question: &mut Question, snapshot: &Snapshot, code: KeyCode) {
    match question {
        Question::Arm { length, reason } => match code {
            KeyCode::Up | KeyCode::Down => choose(length, PERMISSIONS.len(), code),
            code => text::edit(reason, code),
        },
        Question::Scale(scaling) => match (code, scaling.field) {
            (KeyCode::Left | KeyCode::Right, _) => choose(&mut scaling.hold_for, HOLDS_AFTER.len(), code),
            (KeyCode::Tab | KeyCode::Down, Field::Reason) if wants_name(scaling, snapshot) => {
                scaling.field = Field::Name;
            }
            (KeyCode::Tab | KeyCode::BackTab | KeyCode::Up, Field::Name) => scaling.field = Field::Reason,
            (code, Field::Reason) => text::edit(&mut scaling.reason, code),
            (code, Field::Name) => text::edit(&mut scaling.name, code),
        },
        Question::RemoveOld(removing) => match (code, removing.field) {
            (KeyCode::Tab | KeyCode::Down, Field::Reason) => removing.field = Field::Name,
            (KeyCode::Tab | KeyCode::BackTab | KeyCode::Up, Field::Name) => removing.field = Field::Reason,
            (code, Field::Reason) => text::edit(&mut removing.reason, code),
            (code, Field::Name) => text::edit(&mut removing.name, code),
        },
        Question::Choose { change } => {
            let Ok((view, _)) = change.plan(snapshot) else { return };
            let here = view.plans.iter().position(|plan| plan.to == change.to).unwrap_or(0);
            let there = match code {
                KeyCode::Up => here.saturating_sub(1),
                KeyCode::Down => (here + 1).min(view.plans.len().saturating_sub(1)),
                _ => here,
            };
            change.to = view.plans.get(there).map_or_else(|| change.to.clone(), |plan| plan.to.clone());
        }
        Question::Hold { length, direction, reason, .. } => match code {
            KeyCode::Up | KeyCode::Down => choose(length, HOLDS.len(), code),
            KeyCode::Left | KeyCode::Right => choose(direction, DIRECTIONS.len(), code),
            code => text::edit(reason, code),
        },
        Question::Release { .. } | Question::Approve { .. } | Question::Suspend | Question::Quit => {}
    }
}

/// The choice before or after, of so many.
fn choose(chosen: &mut usize, of: usize, code: KeyCode) {
    *chosen = match code {
        KeyCode::Up | KeyCode::Left => chosen.saturating_sub(1),
        _ => (*chosen + 1).min(of.saturating_sub(1)),
    };
}

fn confirm(question: &mut Question, snapshot: &Snapshot) -> Outcome {
    match question {
        Question::Arm { reason, .. } if reason.trim().is_empty() => no_reason(),
        Question::Arm { length, reason } => {
            let duration = PERMISSIONS.get(*length).and_then(|(_, duration)| *duration);
            Outcome::Send(Command::Arm { reason: reason.clone(), duration })
        }
        Question::Scale(scaling) => scale(scaling, snapshot),
        Question::Choose { change } => match change.plan(snapshot) {
            Ok(_) => Outcome::Ask(Question::Scale(Scaling::new(change.clone()))),
            Err(sentence) => Outcome::Refuse(sentence),
        },
        Question::Hold { reason, .. } if reason.trim().is_empty() => no_reason(),
        Question::Hold { database, direction, length, reason } => match find(snapshot, database) {
            Ok(_) => {
                let duration = HOLDS[(*length).min(HOLDS.len() - 1)].1;
                let (database, reason) = (database.clone(), reason.clone());
                let direction = DIRECTIONS.get(*direction).and_then(|(_, direction)| *direction);
                Outcome::Send(Command::Hold { database, direction, duration, reason })
            }
            Err(sentence) => Outcome::Refuse(sentence),
        },
        Question::Release { database } => match find(snapshot, database) {
            Ok(_) => Outcome::Send(Command::Release { database: database.clone() }),
            Err(sentence) => Outcome::Refuse(sentence),
        },
        Question::Approve { database } => match find(snapshot, database) {
            Ok(_) => Outcome::Send(Command::Approve { database: database.clone() }),
            Err(sentence) => Outcome::Refuse(sentence),
        },
        Question::RemoveOld(removing) => remove_old(removing, snapshot),
        Question::Suspend => Outcome::Suspend,
        Question::Quit => Outcome::Quit,
    }
}

fn scale(scaling: &mut Scaling, snapshot: &Snapshot) -> Outcome {
    let plan = match scaling.change.plan(snapshot) {
        Ok((_, plan)) => plan,
        Err(sentence) => return Outcome::Refuse(sentence),
    };
    let database = &scaling.change.database;
    if scaling.reason.trim().is_empty() {
        scaling.field = Field::Reason;
        return no_reason();
    }
    if !plan.passes_over.is_empty() && scaling.name.trim() != database.as_str() {
        let wrong = (scaling.field == Field::Name).then(|| format!("that is not its name: type {database}"));
        scaling.field = Field::Name;
        return Outcome::Stay(wrong);
    }
    let (to, reason) = (scaling.change.to.clone(), scaling.reason.clone());
    let hold_for = HOLDS_AFTER.get(scaling.hold_for).and_then(|(_, duration)| *duration);
    Outcome::Send(Command::Scale { database: database.clone(), to, reason, hold_for })
}

fn remove_old(removing: &mut Removing, snapshot: &Snapshot) -> Outcome {
    let machine = match removing.old(snapshot) {
        Ok(old) => old.name.clone(),
        Err(sentence) => return Outcome::Refuse(sentence),
    };
    if removing.reason.trim().is_empty() {
        removing.field = Field::Reason;
        return no_reason();
    }
    if removing.name.trim() != machine.as_str() {
        let wrong = (removing.field == Field::Name).then(|| format!("that is not its name: type {machine}"));
        removing.field = Field::Name;
        return Outcome::Stay(wrong);
    }
    let Removing { database, machine: resource_id, reason, .. } = removing.clone();
    Outcome::Send(Command::RemoveOld { database, machine, resource_id, reason })
}

/// Whoever passes over closed gates types the database's name: it takes a second, and the right screen.
fn wants_name(scaling: &Scaling, snapshot: &Snapshot) -> bool {
    scaling.change.plan(snapshot).is_ok_and(|(_, plan)| !plan.passes_over.is_empty())
}

fn no_reason() -> Outcome {
    Outcome::Stay(Some("a reason is needed: it goes into the journal with your name".to_owned()))
}
