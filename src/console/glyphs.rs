//! The characters that the console draws with: one set for Unicode terminals, one of pure ASCII.

use ratatui::buffer::Buffer;
use ratatui::symbols::border;

use crate::model::snapshot::MarkKind;

/// One set of characters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Glyphs {
    /// Nothing outside ASCII may reach the terminal.
    pub ascii: bool,
    /// Frames of panels.
    pub border: border::Set<'static>,
    /// A condition holds.
    pub yes: &'static str,
    /// A condition does not hold.
    pub no: &'static str,
    /// From one thing to another.
    pub arrow: &'static str,
    /// Between parts of a line.
    pub dot: &'static str,
    /// Needs attention.
    pub alert: &'static str,
    /// The selected one of several.
    pub pointer: &'static str,
    /// A threshold line.
    pub threshold: &'static str,
    /// The time axis where there is data.
    pub axis: &'static str,
    /// The time axis where a datapoint is missing.
    pub axis_gap: &'static str,
    /// The value axis.
    pub wall: &'static str,
    /// Where the axes meet.
    pub corner: &'static str,
    /// The moment of a mark, through the plot.
    pub mark_line: &'static str,
}

const ASCII_BORDER: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// Line drawing, braille, and signs that common fonts have.
pub(crate) const UNICODE: Glyphs = Glyphs {
    ascii: false,
    border: border::PLAIN,
    yes: "✔",
    no: "✘",
    arrow: "→",
    dot: "·",
    alert: "▲",
    pointer: "▶",
    threshold: "╌",
    axis: "─",
    axis_gap: "·",
    wall: "│",
    corner: "└",
    mark_line: "┊",
};

/// ASCII alone.
pub(crate) const ASCII: Glyphs = Glyphs {
    ascii: true,
    border: ASCII_BORDER,
    yes: "+",
    no: "x",
    arrow: "->",
    dot: "|",
    alert: "!",
    pointer: ">",
    threshold: "-",
    axis: "_",
    axis_gap: ".",
    wall: "|",
    corner: "+",
    mark_line: ":",
};

impl Glyphs {
    /// The sign of a condition.
    pub(crate) fn sign(&self, holds: bool) -> &'static str {
        if holds { self.yes } else { self.no }
    }

    /// The sign of a mark on the time axis.
    pub(crate) fn mark(&self, kind: MarkKind) -> &'static str {
        match (kind, self.ascii) {
            (MarkKind::WouldScale, false) => "◇",
            (MarkKind::WouldScale, true) => "?",
            (MarkKind::Sent, false) => "▲",
            (MarkKind::Sent, true) => "^",
            (MarkKind::Verified, _) => self.yes,
            (MarkKind::Failed, _) => self.no,
        }
    }

    /// Dots per cell that a plot has, across and down.
    pub(crate) fn dots(&self) -> (usize, usize) {
        if self.ascii { (1, 1) } else { (2, 4) }
    }

    /// The last word before a frame leaves: in ASCII mode no cell keeps anything else, wherever it came from.
    pub(crate) fn enforce(&self, buffer: &mut Buffer) {
        if !self.ascii {
            return;
        }
        for cell in &mut buffer.content {
            if !cell.symbol().is_ascii() {
                let nearest = nearest_ascii(cell.symbol());
                cell.set_char(nearest);
            }
        }
    }
}

fn nearest_ascii(symbol: &str) -> char {
    match symbol {
        "…" => '~',
        "–" | "—" | "─" | "−" => '-',
        "‘" | "’" => '\'',
        "“" | "”" => '"',
        "→" => '>',
        "←" => '<',
        "↑" => '^',
        "×" => 'x',
        "µ" => 'u',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::*;

    #[test]
    fn foreign_text_loses_what_is_not_ascii() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, "Zoë → 漢 e\u{301}…", ratatui::style::Style::new());
        ASCII.enforce(&mut buffer);
        let text: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(text.is_ascii(), "{text:?}");
        assert!(text.starts_with("Zo? > ? "), "{text:?}");
    }
}
