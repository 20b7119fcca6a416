//! The keys of the main screen.

use std::sync::Arc;

use super::ConsoleEffect;
use crate::console::keymap::KeyAction;
use crate::console::question::{Change, Dialog, Question, Removing, Scaling};
use crate::console::state::{Extent, Message, Mode, Panel, RANGES_MINS, UiState};
use crate::console::time::Now;
use crate::model::command::{Answer, Command};
use crate::model::ladder::Direction;
use crate::model::snapshot::{DatabaseView, Snapshot};

pub(super) fn act(state: &mut UiState, snapshot: &Arc<Snapshot>, action: KeyAction, now: Now) -> Option<ConsoleEffect> {
    match action {
        KeyAction::ArmOrDisarm
        | KeyAction::StepUp
        | KeyAction::StepDown
        | KeyAction::ChooseClass
        | KeyAction::Hold
        | KeyAction::Release
        | KeyAction::Approve
        | KeyAction::RemoveOld
        | KeyAction::Stop => match order(state, snapshot, action) {
            Ok(Next::Ask(question)) => state.mode = Mode::Dialog(Dialog::new(question, now.machine, snapshot.revision)),
            Ok(Next::Send(command)) => return Some(ConsoleEffect::Send(command)),
            Err(sentence) => refuse(state, sentence, now),
        },
        KeyAction::Freeze => {
            state.frozen = if state.frozen.is_some() { None } else { Some(Arc::clone(snapshot)) };
        }
        KeyAction::Filter => state.mode = Mode::Filter,
        KeyAction::Help => state.mode = Mode::Help,
        KeyAction::Suspend | KeyAction::Quit => {
            let (effect, question) = match action {
                KeyAction::Suspend => (ConsoleEffect::Suspend, Question::Suspend),
                _ => (ConsoleEffect::Quit, Question::Quit),
            };
            // An engine in another process goes on without this console.
            if state.link.engine().is_some() || !snapshot.has_active_run() {
                return Some(effect);
            }
            state.mode = Mode::Dialog(Dialog::new(question, now.machine, snapshot.revision));
        }
        _ => look(state, snapshot, action),
    }
    None
}

/// Says on the screen why nothing was done.
pub(super) fn refuse(state: &mut UiState, sentence: String, now: Now) {
    state.messages.push(Message { answer: Answer::Refused { sentence }, since: now.machine });
}

/// What an order needs first.
enum Next {
    Ask(Question),
    Send(Command),
}

fn order(state: &UiState, snapshot: &Snapshot, action: KeyAction) -> Result<Next, String> {
    if action == KeyAction::ArmOrDisarm {
        let question = Question::Arm { length: 0, reason: String::new() };
        return Ok(if snapshot.arming.is_armed() { Next::Send(Command::Disarm) } else { Next::Ask(question) });
    }
    let view = state.shown(snapshot).ok_or("no database has been seen yet")?;
    let database = view.name().clone();
    Ok(match action {
        KeyAction::StepUp => Next::Ask(step(view, Direction::Up)?),
        KeyAction::StepDown => Next::Ask(step(view, Direction::Down)?),
        KeyAction::ChooseClass => Next::Ask(choose(view)?),
        KeyAction::Hold => Next::Ask(Question::Hold { database, direction: 0, length: 1, reason: String::new() }),
        KeyAction::Release => Next::Ask(Question::Release { database }),
        KeyAction::Approve => Next::Ask(approve(view)?),
        KeyAction::RemoveOld => Next::Ask(remove_old(view)?),
        _ => Next::Send(Command::Stop { database }),
    })
}

fn approve(view: &DatabaseView) -> Result<Question, String> {
    let waits = view.run.as_ref().is_some_and(|run| run.awaits_approval(&view.policy.copy));
    let database = view.name().clone();
    if waits { Ok(Question::Approve { database }) } else { Err(format!("nothing on {database} waits for your word")) }
}

/// Of several, the one that is there longest.
fn remove_old(view: &DatabaseView) -> Result<Question, String> {
    let database = view.name().clone();
    let old = view.old_machines.iter().min_by_key(|old| old.since);
    let old = old.ok_or_else(|| format!("no machine is there that an action on {database} has left"))?;
    Ok(Question::RemoveOld(Removing::new(database, old.resource_id.clone())))
}

fn step(view: &DatabaseView, direction: Direction) -> Result<Question, String> {
    let from = view.state.as_ref().map(|state| state.class.clone());
    let from = from.ok_or_else(|| format!("the class of {} is not known yet", view.name()))?;
    let to = view.policy.ladder.step(&from, direction).cloned();
    let to = to.ok_or_else(|| format!("there is no class one step {} on the ladder", direction.word()))?;
    Ok(Question::Scale(Scaling::new(Change { database: view.name().clone(), from, to })))
}

fn choose(view: &DatabaseView) -> Result<Question, String> {
    let unknown = || format!("no class can be chosen: the state of {} is not known yet", view.name());
    let from = view.state.as_ref().map(|state| state.class.clone()).ok_or_else(unknown)?;
    let to = view.plans.first().map(|plan| plan.to.clone()).ok_or_else(unknown)?;
    Ok(Question::Choose { change: Change { database: view.name().clone(), from, to } })
}

/// The keys that change only what is looked at.
fn look(state: &mut UiState, snapshot: &Snapshot, action: KeyAction) {
    match action {
        KeyAction::NarrowerRange => state.range = state.range.saturating_sub(1),
        KeyAction::WiderRange => state.range = (state.range + 1).min(RANGES_MINS.len() - 1),
        KeyAction::Earlier => state.back_secs = (state.back_secs + state.range_secs() / 4).min(8 * 3_600),
        KeyAction::Later => state.back_secs = (state.back_secs - state.range_secs() / 4).max(0),
        KeyAction::NextPanel => state.panel = state.panel.next(state.extent),
        KeyAction::WholePanel => extend(state),
        KeyAction::NextDatabase => {
            let next = (state.shown_index(snapshot) + 1).checked_rem(snapshot.databases.len()).unwrap_or(0);
            state.database = snapshot.databases.get(next).map(|view| view.name().clone());
            state.engine_down = 0;
        }
        KeyAction::ScrollUp => match state.panel {
            Panel::Writes | Panel::Small => state.range = state.range.saturating_sub(1),
            Panel::Alerts => state.alerts_down = state.alerts_down.min(state.reach.alerts).saturating_sub(1),
            Panel::Rds => {}
            Panel::Engine => state.engine_down = state.engine_down.min(state.reach.engine).saturating_sub(1),
            Panel::Journal => state.journal_back = (state.journal_back + 1).min(state.reach.journal),
        },
        KeyAction::ScrollDown => match state.panel {
            Panel::Writes | Panel::Small => state.range = (state.range + 1).min(RANGES_MINS.len() - 1),
            Panel::Alerts => state.alerts_down = (state.alerts_down + 1).min(state.reach.alerts),
            Panel::Rds => {}
            Panel::Engine => state.engine_down = (state.engine_down + 1).min(state.reach.engine),
            Panel::Journal => state.journal_back = state.journal_back.min(state.reach.journal).saturating_sub(1),
        },
        _ => {}
    }
}

/// Gives the marked panel the whole screen, or takes it back; each begins at its top, or at its newest.
fn extend(state: &mut UiState) {
    state.extent = match state.extent {
        Extent::Overview => Extent::Whole,
        Extent::Whole => Extent::Overview,
    };
    (state.engine_down, state.alerts_down, state.journal_back) = (0, 0, 0);
    if state.extent == Extent::Overview {
        state.panel = match state.panel {
            Panel::Small => Panel::Writes,
            Panel::Alerts | Panel::Rds => Panel::Engine,
            panel => panel,
        };
    }
}
