//! The help screen, made from the keymap.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Paragraph};

use super::charts::legend;
use super::{centered, over};
use crate::console::keymap::BINDINGS;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect) {
    let mut named: Vec<(String, &str)> = Vec::new();
    for binding in &BINDINGS {
        // Two keys for one thing share a line: every line is needed in a low terminal.
        match named.iter_mut().find(|(_, help)| *help == binding.help) {
            Some((keys, _)) => *keys = format!("{keys} {}", binding.chord.name()),
            None => named.push((binding.chord.name(), binding.help)),
        }
    }
    let mut lines: Vec<Line<'static>> =
        named.into_iter().map(|(keys, help)| Line::from(format!(" {keys:>8}  {help}"))).collect();
    lines.push(Line::from(format!(" on the chart:{}", legend())));
    let place = centered(area, 76, lines.len() as u16 + 2);
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(lines).block(over(" keys (any key closes) ")), place);
}
