//! What anybody could type, on a screen of any size: the console shows something clean, and an order is only what a
//! question was asked for.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use upshift::console::drive;
use upshift::model::snapshot::Snapshot;

use super::hygiene;

/// A fleet in trouble, so that every alert, dialog and panel has something to show.
const SNAPSHOT: &str = include_str!("snapshot.json");
/// Keys that no character stands for, by the bytes from 128 on.
const SPECIAL: [KeyCode; 12] = [
    KeyCode::Enter,
    KeyCode::Esc,
    KeyCode::Tab,
    KeyCode::Backspace,
    KeyCode::Up,
    KeyCode::Down,
    KeyCode::Left,
    KeyCode::Right,
    KeyCode::PageUp,
    KeyCode::PageDown,
    KeyCode::Home,
    KeyCode::F(1),
];

/// Takes columns and rows, a byte each, then keys.
pub fn run(bytes: &[u8]) {
    let snapshot: Snapshot = serde_json::from_str(SNAPSHOT).expect("the snapshot is of this version");
    let [columns, rows, keys @ ..] = bytes else { return };
    let size = (u16::from(*columns).max(1), u16::from(*rows).max(1));
    let pressed: Vec<KeyEvent> = keys.iter().take(80).copied().map(key).collect();
    let driven = drive(&snapshot, pressed.iter().copied(), size);
    for line in &driven.screen {
        hygiene::must_be_clean("the screen", line);
    }
    let is_answer = |key: &&KeyEvent| matches!(key.code, KeyCode::Enter | KeyCode::Char('x'));
    let answers = pressed.iter().filter(is_answer).count();
    let orders = driven.commands.iter().filter(|command| command.database().is_some()).count();
    assert!(orders <= answers, "{:?} from {keys:?}", driven.commands);
}

fn key(byte: u8) -> KeyEvent {
    let control = KeyModifiers::CONTROL;
    match byte {
        byte @ 128.. => KeyEvent::new(SPECIAL[usize::from(byte) % SPECIAL.len()], KeyModifiers::NONE),
        byte @ ..32 => KeyEvent::new(KeyCode::Char(char::from(byte + 96)), control),
        byte => KeyEvent::new(KeyCode::Char(char::from(byte)), KeyModifiers::NONE),
    }
}
