//! The newest records of the journal.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::{panel, words};
use crate::console::state::{Mode, Panel, UiState};
use crate::console::theme;
use crate::model::action::ActionResult;
use crate::model::decision::Verdict;
use crate::model::event::{Entry, Event};
use crate::model::snapshot::Snapshot;
use crate::model::text::clean;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, state: &UiState) {
    let mut title = format!(" journal, record {} ", snapshot.journal.seq);
    if state.mode == Mode::Filter || !state.filter.is_empty() {
        let cursor = if state.mode == Mode::Filter { "_" } else { "" };
        title = format!(" journal, only /{}{cursor} ", state.filter);
    }
    if state.scrolled > 0 {
        title = format!("{title}| {} newer below ", state.scrolled);
    }
    let block = panel(title, state.panel == Panel::Journal);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let needle = state.filter.to_lowercase();
    let all: Vec<Line<'static>> = snapshot
        .tail
        .iter()
        .map(|entry| line(entry))
        .filter(|line| needle.is_empty() || line.to_string().to_lowercase().contains(&needle))
        .collect();
    let end = all.len().saturating_sub(state.scrolled);
    let begin = end.saturating_sub(usize::from(inner.height));
    frame.render_widget(Paragraph::new(all[begin..end].to_vec()), inner);
}

fn line(entry: &Entry) -> Line<'static> {
    let text = format!("{} #{} {}", words::clock(entry.at), entry.seq, clean(&entry.event.words(), 300));
    Line::styled(text, style(&entry.event))
}

fn style(event: &Event) -> ratatui::style::Style {
    match event {
        Event::ActionEnded { result: ActionResult::Verified, .. } => theme::OK,
        Event::ActionEnded { .. } | Event::ReadFailed(_) | Event::ForeignChange { .. } => theme::DANGER,
        Event::CallSent { .. } | Event::ActionIntended { .. } | Event::Armed { .. } | Event::HoldSet { .. } => {
            theme::WARN
        }
        Event::Decision { decision, .. } if decision.verdict == Verdict::Hold => theme::MUTED,
        _ => ratatui::style::Style::new(),
    }
}
