//! The last lines: the answers to the last orders, or the keys.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::scene::Scene;
use super::wrap::wrapped;
use crate::console::keymap::BINDINGS;
use crate::console::theme;
use crate::model::command::Answer;

/// What it shows at this width.
pub(super) fn lines(scene: &Scene<'_>, width: u16) -> Vec<Line<'static>> {
    let messages = scene.state.messages.iter().map(|message| match &message.answer {
        Answer::Done { sentence, seq } => (format!("✔ {sentence} (journal #{seq})"), theme::OK),
        Answer::Refused { sentence } => (format!("✘ {sentence}"), theme::DANGER),
        Answer::Unknown { sentence } => (format!("? {sentence}"), theme::DANGER),
    });
    let messages: Vec<_> = messages.collect();
    if messages.is_empty() { vec![keys()] } else { wrapped(&messages, usize::from(width), 2) }
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'static>>) {
    frame.render_widget(Paragraph::new(lines), area);
}

fn keys() -> Line<'static> {
    let named = BINDINGS.iter().filter_map(|binding| Some((binding.chord.name(), binding.short?)));
    let spans = named
        .flat_map(|(key, short)| [Span::styled(key, theme::TITLE), Span::styled(format!(" {short}  "), theme::MUTED)]);
    Line::from(spans.collect::<Vec<_>>())
}
