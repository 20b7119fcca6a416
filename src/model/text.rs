//! Cleaning of strings that come from outside, so that none can move a cursor, hide text or fill a screen.
//!
//! Hostile are control characters (C0, C1, DEL), everything that shows nothing or turns the direction of what follows
//! (Unicode's `Default_Ignorable_Code_Point`, bidirectional formatting among it, and line and paragraph separators), and
//! combining marks beyond two in a row.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A number of things: the plural of `one` is made with an `s`.
pub fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// `text` without anything hostile. At most `limit` characters; what is cut shows as `…`. White space becomes one space.
pub fn clean(text: &str, limit: usize) -> String {
    let mut out = String::new();
    let spaced = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let kept = judged(spaced).filter(|(_, hostile)| !hostile).map(|(c, _)| c);
    let mut count = 0;
    for c in kept {
        if c == ' ' && out.ends_with(' ') {
            continue;
        }
        if count == limit {
            out.push('…');
            break;
        }
        out.push(c);
        count += 1;
    }
    out
}

/// The same for words of several lines that are laid out already: line feeds and the number of spaces stay.
pub fn clean_lines(text: &str) -> String {
    let spaced = text.chars().map(|c| if c == '\t' { ' ' } else { c });
    judged(spaced).filter(|(c, hostile)| *c == '\n' || !hostile).map(|(c, _)| c).collect()
}

/// `text` of the same length in bytes, each byte of what is hostile replaced by `?`: so spans into it still hold. Line
/// feeds and tabs stay; a carriage return becomes a space.
pub fn mask(text: &str) -> Cow<'_, str> {
    let is_kept = |c: char, hostile: bool| !hostile || c == '\n' || c == '\t';
    if judged(text.chars()).all(|(c, hostile)| is_kept(c, hostile)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for (c, hostile) in judged(text.chars()) {
        match c {
            '\r' => out.push(' '),
            c if is_kept(c, hostile) => out.push(c),
            c => out.extend(std::iter::repeat_n('?', c.len_utf8())),
        }
    }
    Cow::Owned(out)
}

/// A JSON text that says the same with everything hostile written as `\u…`. White space between values becomes spaces.
pub fn escape_json(json: &str) -> Cow<'_, str> {
    let is_plain = || json.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_plain() || judged(json.chars()).all(|(_, hostile)| !hostile) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 64);
    for (c, hostile) in judged(json.chars()) {
        match c {
            // Within a string JSON wants these escaped, so they stand between values.
            '\t' | '\n' | '\r' => out.push(' '),
            c if !hostile => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    Cow::Owned(out)
}

/// Each character, and whether it is hostile where it stands.
fn judged(chars: impl Iterator<Item = char>) -> impl Iterator<Item = (char, bool)> {
    let mut marks = 0;
    chars.map(move |c| {
        // Nothing hostile can be hidden among these, and most texts have no others.
        if matches!(c, ' '..='~') {
            marks = 0;
            return (c, false);
        }
        if c.is_control() || is_invisible(c) {
            return (c, true);
        }
        marks = if is_combining(c) { marks + 1 } else { 0 };
        (c, marks > 2)
    })
}

/// `Default_Ignorable_Code_Point` of Unicode 16, and the separators of lines and paragraphs.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_combining(c: char) -> bool {
    unicode_width::UnicodeWidthChar::width(c) == Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_drives_a_terminal_survives() {
        let hostile = "a\x1b[2Jb\u{9b}31mc\u{202e}d\u{200b}\n\te\u{fe0f}";
        assert_eq!(clean(hostile, 100), "a[2Jb31mcd e");
        let stacked = format!("x{}", "\u{301}".repeat(5_000));
        assert_eq!(clean(&stacked, 100).chars().count(), 3);
        assert_eq!(clean("abcdef", 3), "abc…");
    }

    #[test]
    fn lines_and_columns_of_a_layout_stay() {
        assert_eq!(clean_lines("a:\r\n\t  b\u{1b}[m\u{2028}\n  ^\u{7f}"), "a:\n   b[m\n  ^");
    }

    #[test]
    fn what_is_masked_keeps_its_length() {
        let hostile = "é\u{1b}\u{9b}\u{202e}\u{e0001}x\u{301}\u{301}\u{301}\r\n\t";
        let masked = mask(hostile);
        assert_eq!(masked, "é??".to_owned() + "?" + "???" + "????" + "x\u{301}\u{301}??" + " \n\t");
        assert_eq!(masked.len(), hostile.len());
        assert!(matches!(mask("plain\n\ttext é"), Cow::Borrowed(_)));
    }

    #[test]
    fn escaped_json_says_the_same() {
        let hostile = "\u{7f}\u{9b}\u{202e}\u{e0001}x\u{301}\u{301}\u{301} é \u{1b}\"\\";
        let json = serde_json::to_string(&[hostile]).unwrap();
        let escaped = escape_json(&json);
        assert_eq!(serde_json::from_str::<[String; 1]>(&escaped).unwrap()[0], hostile);
        assert_eq!(clean_lines(&escaped), escaped);
        assert_eq!(escape_json("{\t\"a\":\r\n1}"), "{ \"a\":  1}");
    }
}
