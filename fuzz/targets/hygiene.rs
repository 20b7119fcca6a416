//! What must never be in a text that is printed or drawn. Written down here once more, and otherwise than in
//! `model::text`, so that a slip there is seen.

/// Panics unless `text` is free of control characters (line feeds are allowed in `lines`), of bidirectional and
/// zero-width formatting, and of more than two combining marks in a row. `what` names the text.
pub fn must_be_clean(what: &str, text: &str) {
    if let Some(found) = hostile_in(text, false) {
        panic!("{what} holds {found}: {text:?}");
    }
}

/// The same for text of several lines.
pub fn lines_must_be_clean(what: &str, text: &str) {
    if let Some(found) = hostile_in(text, true) {
        panic!("{what} holds {found}: {text:?}");
    }
}

/// The first thing that could fool a terminal or an eye.
pub fn hostile_in(text: &str, lines: bool) -> Option<String> {
    let mut marks = 0;
    for c in text.chars() {
        let code = u32::from(c);
        let control = code < 0x20 || (0x7f..0xa0).contains(&code);
        if control && !(lines && c == '\n') {
            return Some(format!("the control character U+{code:04X}"));
        }
        if FORMATTING.contains(&c) || (0xe0000..0xe1000).contains(&code) {
            return Some(format!("the invisible U+{code:04X}"));
        }
        marks = if is_mark(code) { marks + 1 } else { 0 };
        if marks > 2 {
            return Some(format!("{marks} combining marks in a row"));
        }
    }
    None
}

/// Bidirectional overrides, embeddings, isolates and marks; joiners and spaces of no width; separators of lines; fillers.
const FORMATTING: [char; 28] = [
    '\u{ad}', '\u{34f}', '\u{61c}', '\u{115f}', '\u{1160}', '\u{180e}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}',
    '\u{200f}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2060}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}', '\u{3164}', '\u{fe0f}', '\u{feff}', '\u{ffa0}', '\u{fff9}',
];

/// The blocks of combining diacritical marks.
fn is_mark(code: u32) -> bool {
    matches!(code, 0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5bd | 0x610..=0x61a | 0x64b..=0x65f | 0x1ab0..=0x1ace
        | 0x1dc0..=0x1dff | 0x20d0..=0x20f0 | 0xfe20..=0xfe2f)
}
