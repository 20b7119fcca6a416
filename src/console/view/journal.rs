//! The newest records of the journal.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::scene::Scene;
use super::wrap::{Styled, cut, wrapped};
use super::{panel, words};
use crate::console::state::{Extent, Mode, Panel};
use crate::console::theme;
use crate::model::action::ActionResult;
use crate::model::decision::Verdict;
use crate::model::event::{Entry, Event};
use crate::model::text::clean;

/// Long enough for a hold with all of its reasons.
const LENGTH: usize = 1_000;

/// Draws it; how many records there are to scroll.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) -> usize {
    let (snapshot, state) = (scene.picture, scene.state);
    let mut title = format!(" journal, record {} ", snapshot.journal.seq);
    if state.mode == Mode::Filter || !state.filter.is_empty() {
        let cursor = if state.mode == Mode::Filter { "_" } else { "" };
        title = format!(" journal, only /{}{cursor} ", state.filter);
    }
    let needle = state.filter.to_lowercase();
    let found: Vec<Styled> = snapshot
        .tail
        .iter()
        .map(|entry| text(entry, scene.at()))
        .filter(|(text, _)| needle.is_empty() || text.to_lowercase().contains(&needle))
        .collect();
    let width = usize::from(area.width.saturating_sub(2));
    let all: Vec<Line<'static>> = match state.extent {
        Extent::Overview => found.iter().map(|(text, style)| Line::styled(cut(text, width), *style)).collect(),
        Extent::Whole => wrapped(&found, width, 2),
    };
    let rows = usize::from(area.height.saturating_sub(2));
    let reach = all.len().saturating_sub(rows);
    let back = state.journal_back.min(reach);
    if back > 0 {
        title = format!("{title}| {back} newer below ");
    }
    let end = all.len() - back;
    let lines = all[end.saturating_sub(rows)..end].to_vec();
    frame.render_widget(Paragraph::new(lines).block(panel(title, state.panel == Panel::Journal)), area);
    reach
}

fn text(entry: &Entry, today: Timestamp) -> Styled {
    let text = format!("{} #{} {}", words::clock(entry.at, today), entry.seq, clean(&entry.event.words(), LENGTH));
    (text, style(&entry.event))
}

fn style(event: &Event) -> ratatui::style::Style {
    match event {
        Event::ActionEnded { result: ActionResult::Verified, .. } => theme::OK,
        Event::ActionEnded { .. } | Event::ReadFailed(_) | Event::ForeignChange { .. } => theme::DANGER,
        Event::ScalingActivity { activity, .. } if activity.is_trouble() => theme::WARN,
        Event::CallSent { .. } | Event::ActionIntended { .. } | Event::Armed { .. } | Event::HoldSet { .. } => {
            theme::WARN
        }
        Event::Decision { decision, .. } if decision.verdict == Verdict::Hold => theme::MUTED,
        _ => ratatui::style::Style::new(),
    }
}
