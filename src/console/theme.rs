//! Colours by role, and what is done for terminals without colours or without Unicode. No state is told by colour
//! alone: each has a word or a glyph too.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use crate::model::text::clean_lines;

/// In order, allowed.
pub(super) const OK: Style = Style::new().fg(Color::Green);
/// Look here.
pub(super) const WARN: Style = Style::new().fg(Color::Yellow);
/// Dangerous or broken.
pub(super) const DANGER: Style = Style::new().fg(Color::Red);
/// Of less weight.
pub(super) const MUTED: Style = Style::new().fg(Color::DarkGray);
/// The data.
pub(super) const SERIES: Style = Style::new().fg(Color::Cyan);
/// The same thing from other sources, drawn with it.
pub(super) const BESIDE: [Style; 2] = [Style::new().fg(Color::Magenta), Style::new().fg(Color::Blue)];
/// Headings.
pub(super) const TITLE: Style = Style::new().add_modifier(Modifier::BOLD);
/// What the keys act on.
pub(super) const SELECTED: Style = Style::new().add_modifier(Modifier::REVERSED);

/// Takes what could drive a terminal or fool an eye out of a finished frame. Every string is cleaned where it comes in;
/// this holds for what somebody forgets, and for what is typed here.
pub(super) fn clean_symbols(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            let kept = clean_lines(cell.symbol());
            if kept.is_empty() {
                cell.set_char(' ');
            } else if kept != cell.symbol() {
                cell.set_symbol(&kept);
            }
        }
    }
}

/// Takes every colour out of a finished frame; bold and reverse stay.
pub(super) fn without_colors(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        cell.fg = Color::Reset;
        cell.bg = Color::Reset;
    }
}

/// Replaces everything beyond ASCII in a finished frame, so that no byte above 127 reaches the terminal.
pub(super) fn ascii_only(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            let replacement = cell.symbol().chars().next().map_or(' ', ascii);
            cell.set_char(replacement);
        }
    }
}

fn ascii(c: char) -> char {
    match c {
        '│' | '┃' => '|',
        '─' | '━' => '-',
        // Lines across a chart must not look like its data.
        '┄' => '.',
        '┌' | '┐' | '└' | '┘' | '╭' | '╮' | '╰' | '╯' | '├' | '┤' => '+',
        '✔' => '+',
        '✘' => 'x',
        '…' => '~',
        '→' => '>',
        '←' => '<',
        '↑' => '^',
        '↓' => 'v',
        '·' => '.',
        '\u{2800}' => ' ',
        '\u{2801}'..='\u{28ff}' => braille(c),
        _ => '?',
    }
}

/// The dots of a braille cell by where most of them are: top, middle, bottom.
fn braille(c: char) -> char {
    let bits = c as u32 - 0x2800;
    let top = (bits & 0b0000_1001).count_ones();
    let middle = (bits & 0b0011_0110).count_ones();
    let bottom = (bits & 0b1100_0000).count_ones();
    if top > middle && top > bottom {
        '"'
    } else if bottom > middle && bottom >= top {
        '_'
    } else if bits.count_ones() > 4 {
        '#'
    } else {
        '-'
    }
}
