//! The last word to the operator, and the keys that mean something now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::console::keymap::{self, Action};
use crate::console::state::UiState;
use crate::console::theme::{Look, Role};
use crate::model::snapshot::Snapshot;
use crate::model::text::clean;

pub(super) fn notice(state: &UiState, look: &Look, area: Rect, buffer: &mut Buffer) {
    let Some(notice) = &state.notice else { return };
    let (sign, role) = if notice.refused {
        (format!("{} not done: ", look.glyphs.no), Role::Danger)
    } else if state.awaiting > 0 {
        (format!("{} ", look.glyphs.dot), Role::Strong)
    } else {
        (format!("{} ", look.glyphs.yes), Role::Ok)
    };
    let text = clean(&notice.text, 400);
    Line::from(vec![Span::styled(sign, look.style(role)), Span::from(text)]).render(area, buffer);
}

pub(super) fn keys(snapshot: &Snapshot, state: &UiState, look: &Look, area: Rect, buffer: &mut Buffer) {
    let mut spans = Vec::new();
    for row in keymap::rows(state.mode.context()) {
        let word = match row.action {
            Action::ToggleArming if snapshot.arming.is_armed() => "disarm",
            _ => match row.footer {
                Some(word) => word,
                None => continue,
            },
        };
        spans.push(Span::styled(row.chord.label(look.glyphs.ascii), look.style(Role::Key)));
        spans.push(Span::from(format!(" {word} ")));
    }
    Line::from(spans).render(area, buffer);
}
