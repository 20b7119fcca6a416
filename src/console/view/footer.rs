//! The last line: the answer to the last order, or the keys.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::console::keymap::BINDINGS;
use crate::console::state::UiState;
use crate::console::theme;
use crate::model::command::Answer;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &UiState) {
    let line = match &state.message {
        Some(Answer::Done { sentence, seq }) => Line::styled(format!("✔ {sentence} (journal #{seq})"), theme::OK),
        Some(Answer::Refused { sentence }) => Line::styled(format!("✘ {sentence}"), theme::DANGER),
        None => keys(),
    };
    frame.render_widget(Paragraph::new(line), area);
}

fn keys() -> Line<'static> {
    let named = BINDINGS.iter().filter_map(|binding| Some((binding.chord.name(), binding.short?)));
    let spans = named
        .flat_map(|(key, short)| [Span::styled(key, theme::TITLE), Span::styled(format!(" {short}  "), theme::MUTED)]);
    Line::from(spans.collect::<Vec<_>>())
}
