//! Keys as a person types them, through `update`, to the orders that come out.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::fixture;
use super::state::{Dialog, Effect, Mode, Msg, Panel, UiState};
use super::update::update;
use crate::model::class::InstanceClass;
use crate::model::command::{Answer, Command};
use crate::model::database::DatabaseName;
use crate::model::snapshot::{Arming, Snapshot};

/// Types `keys`: characters, and names in angle brackets.
pub(super) fn type_keys(state: &mut UiState, snapshot: &Arc<Snapshot>, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        let (name, after) = match rest.strip_prefix('<').and_then(|tail| tail.split_once('>')) {
            Some((name, after)) => (Some(name), after),
            None => (None, &rest[first.len_utf8()..]),
        };
        let code = match name {
            None => KeyCode::Char(first),
            Some("enter") => KeyCode::Enter,
            Some("esc") => KeyCode::Esc,
            Some("tab") => KeyCode::Tab,
            Some("left") => KeyCode::Left,
            Some("right") => KeyCode::Right,
            Some("up") => KeyCode::Up,
            Some("down") => KeyCode::Down,
            Some("bs") => KeyCode::Backspace,
            Some(other) => panic!("no key {other}"),
        };
        let event = KeyEvent::new(code, KeyModifiers::NONE);
        effects.extend(update(state, Msg::Key(event), snapshot));
        rest = after;
    }
    effects
}

fn start() -> (UiState, Arc<Snapshot>) {
    (UiState::new(fixture::now()), Arc::new(fixture::snapshot()))
}

fn checkpoints() -> DatabaseName {
    DatabaseName::new("checkpoints")
}

#[test]
fn arming_asks_for_a_reason_and_disarming_does_not() {
    let (mut state, snapshot) = start();
    assert_eq!(type_keys(&mut state, &snapshot, "a<enter>  <enter>"), []);
    assert!(state.notice.as_ref().unwrap().refused);
    let effects = type_keys(&mut state, &snapshot, "quiet nightt<bs><enter>");
    assert_eq!(effects, [Effect::Send(Command::Arm { reason: "quiet night".to_owned() })]);
    assert_eq!(state.mode, Mode::Normal);

    let armed = Arming::Armed { by: fixture::operator(), since: fixture::now() };
    let armed = Arc::new(Snapshot { arming: armed, ..Snapshot::clone(&snapshot) });
    assert_eq!(type_keys(&mut state, &armed, "a"), [Effect::Send(Command::Disarm)]);
}

#[test]
fn escape_leaves_every_dialog_without_an_order() {
    let (mut state, snapshot) = start();
    for keys in ["aq<esc>", "uq<esc>", "o<esc>", "Hq<esc>", "R<esc>", "/q<esc>", "?<esc>"] {
        assert_eq!(type_keys(&mut state, &snapshot, keys), [], "{keys}");
        assert_eq!(state.mode, Mode::Normal, "{keys}");
    }
    assert_eq!(state.filter, "");
}

#[test]
fn a_step_goes_to_the_next_rung_and_not_beyond_the_ladder() {
    let (mut state, snapshot) = start();
    let to = InstanceClass::known("db.m5.large").unwrap();
    let order = Effect::Send(Command::Scale { database: checkpoints(), to, reason: "load".to_owned() });
    assert_eq!(type_keys(&mut state, &snapshot, "uload<enter>"), std::slice::from_ref(&order));
    assert_eq!(type_keys(&mut state, &snapshot, "o<enter>load<enter>"), [order]);
    assert_eq!(type_keys(&mut state, &snapshot, "d"), []);
    assert_eq!(state.mode, Mode::Normal);
    assert!(state.notice.unwrap().text.contains("no rung down"));
}

#[test]
fn a_dialog_keeps_its_target_when_the_world_moves_on() {
    let (mut state, snapshot) = start();
    type_keys(&mut state, &snapshot, "u");
    let mut moved = Snapshot::clone(&snapshot);
    moved.databases[0].plans.clear();
    moved.databases[0].state = None;
    let effects = type_keys(&mut state, &Arc::new(moved), "why<enter>");
    assert!(matches!(&effects[..], [Effect::Send(Command::Scale { to, .. })] if to.as_str() == "db.m5.large"));
}

#[test]
fn holds_have_a_length_and_a_direction() {
    let (mut state, snapshot) = start();
    let effects = type_keys(&mut state, &snapshot, "H<right><right><right><down>x<enter>");
    let [Effect::Send(Command::Hold { duration, direction, .. })] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(*duration, Duration::from_hours(4));
    assert_eq!(*direction, Some(crate::model::ladder::Direction::Up));
    let released = Effect::Send(Command::Release { database: checkpoints() });
    assert_eq!(type_keys(&mut state, &snapshot, "R<enter>"), [released]);
    let stopped = Effect::Send(Command::Stop { database: checkpoints() });
    assert_eq!(type_keys(&mut state, &snapshot, "x"), [stopped]);
}

#[test]
fn answers_show_with_their_place_in_the_journal() {
    let (mut state, snapshot) = start();
    type_keys(&mut state, &snapshot, "x");
    let done = Answer::Done { sentence: "armed".to_owned(), seq: 42 };
    update(&mut state, Msg::Answered(done), &snapshot);
    assert_eq!(state.notice.as_ref().unwrap().text, "armed (journal #42)");
    assert_eq!(state.awaiting, 0);
    update(&mut state, Msg::Answered(Answer::Refused { sentence: "no".to_owned() }), &snapshot);
    assert!(state.notice.unwrap().refused);
}

#[test]
fn looking_around_gives_no_order() {
    let (mut state, snapshot) = start();
    assert_eq!(type_keys(&mut state, &snapshot, "++++-----------<left><left><right>f<tab><up><down>]"), []);
    assert_eq!((state.panel, state.frozen.is_some(), state.selected), (Panel::Charts, true, 0));
    assert_eq!(type_keys(&mut state, &snapshot, "/verified<enter>"), []);
    assert_eq!(state.filter, "verified");
    assert_eq!(type_keys(&mut state, &snapshot, "q"), [Effect::Quit]);
}

#[test]
fn typed_text_is_bounded() {
    let (mut state, snapshot) = start();
    type_keys(&mut state, &snapshot, &format!("a{}", "z".repeat(5_000)));
    let Mode::Dialog(Dialog::Arm { reason }) = &state.mode else { panic!("{:?}", state.mode) };
    assert_eq!(reason.len(), super::state::MAX_TYPED);
}
