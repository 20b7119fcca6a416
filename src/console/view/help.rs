//! The help screen, made from the keymap.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Paragraph};

use super::{centered, panel};
use crate::console::keymap::BINDINGS;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect) {
    let mut lines: Vec<Line<'static>> =
        BINDINGS.iter().map(|binding| Line::from(format!(" {:>8}  {}", binding.chord.name(), binding.help))).collect();
    lines.push(Line::from(" on the chart: ? would scale  ! call sent  ✔ verified  ✘ ended otherwise"));
    let place = centered(area, 76, lines.len() as u16 + 2);
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(lines).block(panel(" keys (any key closes) ", true)), place);
}
