//! The whole screen from a snapshot and the console's state, one file per region.

mod charts;
mod database;
mod dialog;
mod engine;
mod footer;
mod header;
mod help;
mod journal;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph, Widget};

use crate::model::snapshot::Snapshot;

use super::state::{Mode, Panel, UiState};
use super::theme::{Look, Role};

/// Below this the screen says so instead of showing half of the truth.
const LEAST_WIDTH: u16 = 60;
const LEAST_HEIGHT: u16 = 20;

/// Paints one frame over all of `buffer`.
pub(crate) fn view(snapshot: &Snapshot, state: &UiState, look: &Look, buffer: &mut Buffer) {
    let area = buffer.area;
    if area.width < LEAST_WIDTH || area.height < LEAST_HEIGHT {
        let lines = [Line::from("terminal too small"), Line::from(format!("it needs {LEAST_WIDTH}x{LEAST_HEIGHT}"))];
        Paragraph::new(lines.to_vec()).render(area, buffer);
    } else {
        screen(snapshot, state, look, area, buffer);
    }
    look.glyphs.enforce(buffer);
}

fn screen(snapshot: &Snapshot, state: &UiState, look: &Look, area: Rect, buffer: &mut Buffer) {
    let problems = (snapshot.problems.len() + usize::from(snapshot.journal.broken.is_some())).min(3) as u16;
    let rows = [
        Constraint::Length(2),
        Constraint::Length(problems),
        Constraint::Fill(1),
        Constraint::Length(1),
        Constraint::Length(1),
    ];
    let [header, trouble, middle, notice, keys] = Layout::vertical(rows).areas(area);
    header::draw(snapshot, state, look, header, buffer);
    header::problems(snapshot, state, look, trouble, buffer);
    if let Mode::Help(scroll) = state.mode {
        help::draw(scroll, look, middle, buffer);
    } else {
        panels(snapshot, state, look, middle, buffer);
    }
    if let Mode::Dialog(open) = &state.mode {
        dialog::draw(open, snapshot, look, middle, buffer);
    }
    footer::notice(state, look, notice, buffer);
    footer::keys(snapshot, state, look, keys, buffer);
}

fn panels(snapshot: &Snapshot, state: &UiState, look: &Look, area: Rect, buffer: &mut Buffer) {
    match state.panel {
        Panel::Overview => overview(snapshot, state, look, area, buffer),
        Panel::Charts => charts::draw(snapshot, state, look, area, buffer),
        Panel::Engine => engine::draw_full(snapshot, state, look, area, buffer),
        Panel::Journal => journal::draw(snapshot, state, look, area, buffer),
    }
}

/// ```text
///   writes chart           │ RDS state
///   four small charts      │ engine
///   ───────────────────────┴──────────
///   journal
/// ```
fn overview(snapshot: &Snapshot, state: &UiState, look: &Look, area: Rect, buffer: &mut Buffer) {
    let journal_height = (area.height / 4).clamp(4, 14);
    let [upper, lower] = Layout::vertical([Constraint::Fill(1), Constraint::Length(journal_height)]).areas(area);
    let side = (area.width * 2 / 5).clamp(34, 64);
    let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(side)]).areas(upper);
    let rds = if upper.height >= 24 { 7 } else { 4 };
    let [top, bottom] = Layout::vertical([Constraint::Length(rds), Constraint::Fill(1)]).areas(right);
    charts::draw(snapshot, state, look, left, buffer);
    database::draw(snapshot, state, look, top, buffer);
    engine::draw(snapshot, state, look, bottom, buffer);
    journal::draw(snapshot, state, look, lower, buffer);
}

/// A framed panel; returns its inside.
fn panel(title: Line<'_>, look: &Look, area: Rect, buffer: &mut Buffer) -> Rect {
    let block = Block::bordered().border_set(look.glyphs.border).border_style(look.style(Role::Muted)).title(title);
    let inside = block.inner(area);
    block.render(area, buffer);
    inside
}

fn lines_in(lines: Vec<Line<'_>>, area: Rect, buffer: &mut Buffer) {
    Paragraph::new(lines).render(area, buffer);
}
