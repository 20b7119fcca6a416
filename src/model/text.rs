//! Cleaning of strings that come from outside, so that none can move a cursor, hide text or fill a screen.

/// `text` with everything removed that a terminal or an eye could be fooled by: control characters (C0, C1, DEL),
/// bidirectional and zero-width formatting, line and paragraph separators, and combining marks beyond two in a row.
/// At most `limit` characters; what is cut shows as `…`. White space becomes one space.
pub fn clean(text: &str, limit: usize) -> String {
    let mut out = String::new();
    let mut marks = 0;
    let mut kept = 0;
    for c in text.chars() {
        let c = if c.is_whitespace() { ' ' } else { c };
        if c.is_control() || is_invisible(c) || (c == ' ' && out.ends_with(' ')) {
            continue;
        }
        marks = if is_combining(c) { marks + 1 } else { 0 };
        if marks > 2 {
            continue;
        }
        if kept == limit {
            out.push('…');
            break;
        }
        out.push(c);
        kept += 1;
    }
    out
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_combining(c: char) -> bool {
    unicode_width::UnicodeWidthChar::width(c) == Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_drives_a_terminal_survives() {
        let hostile = "a\x1b[2Jb\u{9b}31mc\u{202e}d\u{200b}\n\te";
        assert_eq!(clean(hostile, 100), "a[2Jb31mcd e");
        let stacked = format!("x{}", "\u{301}".repeat(5_000));
        assert_eq!(clean(&stacked, 100).chars().count(), 3);
        assert_eq!(clean("abcdef", 3), "abc…");
    }
}
