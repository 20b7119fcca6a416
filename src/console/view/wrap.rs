//! Fitting text into a width without losing any of it.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text in one style.
pub(super) type Styled = (String, Style);

/// Breaks a text into lines of at most `width` cells, at spaces where there are any; lines behind the first begin with
/// `indent` spaces. Never empty.
pub(super) fn wrap(text: &str, width: usize, indent: usize) -> Vec<String> {
    let width = width.max(1);
    let indent = if indent < width { indent } else { 0 };
    let mut lines = vec![String::new()];
    let mut room = width;
    for (at, word) in text.split(' ').enumerate() {
        let gap = usize::from(at > 0);
        if gap + word.width() <= room {
            push(&mut lines, &mut room, &" ".repeat(gap));
            push(&mut lines, &mut room, word);
            continue;
        }
        if room < width - indent {
            lines.push(" ".repeat(indent));
            room = width - indent;
        }
        for c in word.chars() {
            let cells = c.width().unwrap_or(0);
            if cells > room {
                lines.push(" ".repeat(indent));
                room = width - indent;
            }
            push(&mut lines, &mut room, c.encode_utf8(&mut [0; 4]));
        }
    }
    lines
}

/// Texts as lines of at most `width` cells.
pub(super) fn wrapped(texts: &[Styled], width: usize, indent: usize) -> Vec<Line<'static>> {
    let lines = texts
        .iter()
        .flat_map(|(text, style)| wrap(text, width, indent).into_iter().map(move |line| Line::styled(line, *style)));
    lines.collect()
}

/// Texts side by side with two spaces between, on as many lines as they need; each in one piece where it fits.
pub(super) fn side_by_side(texts: &[Styled], width: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = Vec::new();
    for (text, style) in texts {
        let cells = text.width();
        match lines.last_mut() {
            Some(line) if line.width() + 2 + cells <= width => {
                line.spans.push(Span::raw("  "));
                line.spans.push(Span::styled(text.clone(), *style));
            }
            _ => lines.extend(wrapped(&[(text.clone(), *style)], width, 2)),
        }
    }
    // A wrapped line carries its style itself; what is put beside it must not inherit that.
    for line in &mut lines {
        let style = std::mem::take(&mut line.style);
        if let Some(first) = line.spans.first_mut() {
            first.style = style.patch(first.style);
        }
    }
    lines
}

/// The text, or as much of it as fits with an ellipsis.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if kept.width() + c.width().unwrap_or(0) + 1 > width {
            break;
        }
        kept.push(c);
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

fn push(lines: &mut [String], room: &mut usize, text: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(text);
        *room = room.saturating_sub(text.width());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_stay_whole_where_they_fit() {
        assert_eq!(wrap("not held: a sale until noon", 12, 2), ["not held: a", "  sale until", "  noon"]);
        assert_eq!(wrap("  in", 12, 0), ["  in"]);
        assert_eq!(wrap("abcdefgh", 4, 2), ["abcd", "  ef", "  gh"]);
        assert_eq!(wrap("", 4, 0), [""]);
        assert_eq!([cut("abcdef", 4), cut("abcd", 4), cut("abcd", 0)], ["abc…", "abcd", ""]);
    }

    #[test]
    fn what_fits_beside_is_put_beside() {
        let text = |text: &str| (text.to_owned(), Style::new());
        let lines = side_by_side(&[text("armed"), text("journal writable"), text("not held")], 24);
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["armed  journal writable", "not held"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_too_wide(text in "[a-z ]{0,80}", width in 1_usize..30, indent in 0_usize..4) {
            let lines = wrap(&text, width, indent);
            prop_assert!(lines.iter().all(|line| line.width() <= width));
            let letters = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
