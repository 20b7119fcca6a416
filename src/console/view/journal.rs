//! The newest journal records, filtered and scrolled.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::console::state::{Mode, UiState};
use crate::console::theme::{Look, Role};
use crate::console::words;
use crate::model::snapshot::Snapshot;

use super::{lines_in, panel};

pub(super) fn draw(snapshot: &Snapshot, state: &UiState, look: &Look, area: Rect, buffer: &mut Buffer) {
    let mut title = vec![Span::styled(" journal ", look.style(Role::Title))];
    if state.mode == Mode::Filter || !state.filter.is_empty() {
        title.push(Span::styled(format!("/{}", state.filter), look.style(Role::Strong)));
        let cursor = if state.mode == Mode::Filter { Role::Selected } else { Role::Text };
        title.push(Span::styled(" ", look.style(cursor)));
    }
    if state.journal_back > 0 {
        title.push(Span::styled(format!(" {} newer below ", state.journal_back), look.style(Role::Muted)));
    }
    let inside = panel(Line::from(title), look, area, buffer);
    let (shown, _) = state.shown(snapshot);
    let needle = state.filter.to_lowercase();
    let newest_first = shown.tail.iter().rev().map(|entry| (entry, words::entry(entry)));
    let matching = newest_first.filter(|(_, (_, text))| text.to_lowercase().contains(&needle));
    let page: Vec<_> = matching.skip(state.journal_back).take(usize::from(inside.height)).collect();
    if page.is_empty() {
        let text = if shown.tail.is_empty() { "nothing recorded yet" } else { "no record matches the filter" };
        lines_in(vec![Line::styled(text, look.style(Role::Muted))], inside, buffer);
        return;
    }
    let line = |(entry, (role, text)): (&std::sync::Arc<crate::model::event::Entry>, (Role, String))| {
        let stamp = format!("{} #{} ", words::time(entry.at), entry.seq);
        Line::from(vec![Span::styled(stamp, look.style(Role::Muted)), Span::styled(text, look.style(role))])
    };
    lines_in(page.into_iter().rev().map(line).collect(), inside, buffer);
}
