//! Text fields: one line, no control characters, not without end.

use crossterm::event::KeyCode;

use crate::console::state::INPUT_LIMIT;

/// A key in a text field.
pub(super) fn edit(text: &mut String, code: KeyCode) {
    match code {
        KeyCode::Char(c) => push(text, c),
        KeyCode::Backspace => drop(text.pop()),
        _ => {}
    }
}

/// A paste into a text field: a line break is a space there, never an answer.
pub(super) fn paste(text: &mut String, pasted: &str) {
    for c in crate::model::text::clean(pasted.trim(), INPUT_LIMIT).chars() {
        push(text, c);
    }
}

fn push(text: &mut String, c: char) {
    if !c.is_control() && text.chars().count() < INPUT_LIMIT {
        text.push(c);
    }
}
