//! The console without a terminal: keys in, orders and screens out.

use std::fmt::Write as _;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::fixtures::snapshot;
use super::keymap::BINDINGS;
use super::state::{Mode, UiState};
use super::update::{self, Effect};
use super::{theme, view};
use crate::model::command::Command;
use crate::model::snapshot::Snapshot;

/// Types a text in which `<enter>`, `<esc>`, `<tab>`, `<up>`, `<down>` stand for the keys.
fn press(state: &mut UiState, snapshot: &Arc<Snapshot>, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut rest = keys;
    while let Some(c) = rest.chars().next() {
        let names = [
            ("<enter>", KeyCode::Enter),
            ("<esc>", KeyCode::Esc),
            ("<tab>", KeyCode::Tab),
            ("<up>", KeyCode::Up),
            ("<down>", KeyCode::Down),
        ];
        let named = names.into_iter().find(|(name, _)| rest.starts_with(name));
        let (length, code) = named.map_or((c.len_utf8(), KeyCode::Char(c)), |(name, code)| (name.len(), code));
        effects.extend(update::key(state, snapshot, &KeyEvent::new(code, KeyModifiers::NONE)));
        rest = &rest[length..];
    }
    effects
}

fn drawn(width: u16, height: u16, snapshot: &Snapshot, state: &UiState, plain: bool) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let draw = |frame: &mut ratatui::Frame<'_>| {
        view::view(frame, snapshot, state);
        if plain {
            theme::without_colors(frame.buffer_mut());
            theme::ascii_only(frame.buffer_mut());
        }
    };
    terminal.draw(draw).unwrap();
    terminal.backend().buffer().clone()
}

/// The screen as text, and below it the runs of cells that are not in the default style.
fn styled(buffer: &Buffer) -> String {
    let mut text = String::new();
    let mut styles = String::new();
    for y in 0..buffer.area.height {
        let mut run: Option<(u16, String)> = None;
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            text.push_str(cell.symbol());
            let style = format!("{:?}/{:?}/{:?}", cell.fg, cell.bg, cell.modifier);
            if run.as_ref().is_none_or(|(_, known)| *known != style) {
                if let Some((from, known)) = run.take().filter(|(_, known)| known != "Reset/Reset/NONE") {
                    styles.extend([format!("{y},{from}-{x} {known}\n")]);
                }
                run = Some((x, style));
            }
        }
        let trimmed = text.trim_end().len();
        text.truncate(trimmed);
        text.push('\n');
    }
    format!("{text}\n{styles}")
}

#[test]
fn screens_look_as_they_should() {
    let snapshot = Arc::new(snapshot());
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        for plain in [false, true] {
            let screen = styled(&drawn(width, height, &snapshot, &UiState::default(), plain));
            insta::assert_snapshot!(format!("main_{width}x{height}{}", if plain { "_ascii" } else { "" }), screen);
        }
    }
    for (name, keys) in [("arm", "a"), ("scale", "usale"), ("choose", "o"), ("hold", "H<down>"), ("help", "?")] {
        let mut state = UiState::default();
        press(&mut state, &snapshot, keys);
        insta::assert_snapshot!(format!("dialog_{name}"), styled(&drawn(80, 24, &snapshot, &state, false)));
    }
}

#[test]
fn no_byte_beyond_ascii_and_no_colour_in_the_plain_screen() {
    let snapshot = snapshot();
    for mode in [Mode::Normal, Mode::Help] {
        let state = UiState { mode, ..UiState::default() };
        let buffer = drawn(120, 40, &snapshot, &state, true);
        assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()));
        assert!(buffer.content.iter().all(|cell| cell.fg == ratatui::style::Color::Reset));
    }
}

#[test]
fn every_size_draws_and_small_ones_say_so() {
    let snapshot = snapshot();
    for (width, height) in [(1, 1), (20, 5), (79, 24), (80, 23), (80, 24), (81, 33), (300, 100)] {
        let buffer = drawn(width, height, &snapshot, &UiState::default(), false);
        let text: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(!text.contains('\u{1b}'), "an escape reached the screen");
        if (20..80).contains(&width) {
            assert!(text.contains("too small"), "{width}x{height}: {text}");
        }
    }
}

#[test]
fn arming_asks_for_a_reason_and_disarming_does_not() {
    let mut state = UiState::default();
    let disarmed = Arc::new(snapshot());
    assert_eq!(press(&mut state, &disarmed, "a<enter>"), [], "without a reason nothing is sent");
    let sent = press(&mut state, &disarmed, "sale<enter>");
    assert_eq!(sent, [Effect::Send(Command::Arm { reason: "sale".into() })]);
    assert_eq!(state.mode, Mode::Normal);
    let by = crate::model::operator::Operator { user: "ada".into(), ssh_client: None };
    let mut armed = snapshot();
    armed.arming = crate::model::snapshot::Arming::Armed { by, since: armed.at };
    assert_eq!(press(&mut state, &Arc::new(armed), "a"), [Effect::Send(Command::Disarm)]);
}

#[test]
fn an_override_names_its_class_and_escape_sends_nothing() {
    let snapshot = Arc::new(snapshot());
    let mut state = UiState::default();
    assert_eq!(press(&mut state, &snapshot, "uq<esc>"), [], "letters go into the reason, not to the keys");
    for keys in ["usale<enter>", "o<enter>sale<enter>"] {
        match press(&mut state, &snapshot, keys).as_slice() {
            [Effect::Send(Command::Scale { to, reason, .. })] => {
                assert_eq!((to.as_str(), reason.as_str()), ("db.m5.large", "sale"));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(press(&mut state, &snapshot, "d"), []);
    assert!(matches!(state.message, Some(crate::model::command::Answer::Refused { .. })), "no smaller class");
}

#[test]
fn no_key_is_bound_twice_and_each_has_help() {
    for (at, binding) in BINDINGS.iter().enumerate() {
        assert!(!binding.help.is_empty());
        assert!(BINDINGS[..at].iter().all(|other| other.chord != binding.chord), "{}", binding.chord.name());
    }
}

#[test]
fn freezing_keeps_the_picture_and_the_filter_selects() {
    let snapshot = Arc::new(snapshot());
    let mut state = UiState::default();
    press(&mut state, &snapshot, "f/would<enter>");
    assert!(state.frozen.is_some());
    let text = styled(&drawn(120, 40, &snapshot, &state, false));
    assert!(text.contains("FROZEN") && text.contains("#2 ") && !text.contains("#1 "), "{text}");
}

#[test]
fn a_key_with_alt_or_control_is_never_taken_for_the_plain_one() {
    let snapshot = Arc::new(snapshot());
    let mut state = UiState::default();
    let chord =
        |state: &mut UiState, c, modifiers| update::key(state, &snapshot, &KeyEvent::new(KeyCode::Char(c), modifiers));
    assert_eq!(chord(&mut state, 'a', KeyModifiers::ALT), None);
    assert_eq!(state.mode, Mode::Normal);
    chord(&mut state, 'a', KeyModifiers::NONE);
    let dialog = state.mode.clone();
    chord(&mut state, 'd', KeyModifiers::ALT);
    chord(&mut state, 'x', KeyModifiers::CONTROL);
    assert_eq!(state.mode, dialog, "nothing was typed into the reason");
    assert_eq!(chord(&mut state, 'z', KeyModifiers::CONTROL), Some(Effect::Suspend));
    assert_eq!(chord(&mut state, 'c', KeyModifiers::CONTROL), None);
    assert_eq!(state.mode, Mode::Normal, "Ctrl-C goes back first");
}

/// What a hostile AWS, configuration, colleague or engine could make of every text in a snapshot.
const HOSTILE: &str =
    "\u{301}\u{1b}[31m\u{9b}2J\u{202e}x\u{2066}\u{200b}e\u{301}\u{301}\u{301}\u{301}\u{fe0f}\u{7f}\r\n\u{2028}";

/// Every string that can be replaced is: those that are words of the protocol stay.
fn hostile_snapshot() -> Snapshot {
    let mut json = serde_json::to_value(snapshot()).unwrap();
    let mut places = Vec::new();
    places_of_strings(&json, &mut String::new(), &mut places);
    let replaced = places.iter().filter(|place| {
        let was = std::mem::replace(json.pointer_mut(place).unwrap(), HOSTILE.into());
        let fits = serde_json::from_value::<Snapshot>(json.clone()).is_ok();
        if !fits {
            *json.pointer_mut(place).unwrap() = was;
        }
        fits
    });
    assert!(replaced.count() > 30);
    serde_json::from_value(json).unwrap()
}

fn places_of_strings(value: &serde_json::Value, path: &mut String, places: &mut Vec<String>) {
    let at = path.len();
    match value {
        serde_json::Value::String(_) => places.push(path.clone()),
        serde_json::Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                write!(path, "/{index}").unwrap();
                places_of_strings(item, path, places);
                path.truncate(at);
            }
        }
        serde_json::Value::Object(fields) => {
            for (name, field) in fields {
                write!(path, "/{}", name.replace('~', "~0").replace('/', "~1")).unwrap();
                places_of_strings(field, path, places);
                path.truncate(at);
            }
        }
        _ => {}
    }
}

#[test]
fn no_text_of_a_snapshot_and_no_key_reaches_the_screen_raw() {
    let mut broken = hostile_snapshot();
    broken.journal.broken = Some(HOSTILE.to_owned());
    for snapshot in [hostile_snapshot(), broken].map(Arc::new) {
        for keys in ["", "a", "u", "d", "o", "H", "R", "?", "/", "f"] {
            let mut state = UiState::default();
            press(&mut state, &snapshot, keys);
            press(&mut state, &snapshot, HOSTILE);
            state.message = Some(crate::model::command::Answer::Refused { sentence: HOSTILE.to_owned() });
            for (width, height) in [(80, 24), (200, 60)] {
                for cell in &drawn(width, height, &snapshot, &state, false).content {
                    let symbol = cell.symbol();
                    let marks = symbol.matches('\u{301}').count();
                    let hostile = |c: char| c.is_control() || "\u{202e}\u{2066}\u{200b}\u{2028}\u{fe0f}".contains(c);
                    assert!(marks <= 2 && !symbol.contains(hostile), "{symbol:?} after {keys:?}");
                }
            }
        }
    }
}
