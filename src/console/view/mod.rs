//! The screen: one small file per region. A view has no input but the snapshot and the console's own state.
//!
//! ```text
//!   ┌ header: world, armed?, age, problems ──────────────────────┐
//!   │ writes ────────────────────────────────────────────────────│
//!   │ cpu │ connections │ write latency │ free memory (if room)  │
//!   │ engine: verdict, gates, action ──────────│ RDS state ──────│
//!   │ journal ───────────────────────────────────────────────────│
//!   └ message or keys ───────────────────────────────────────────┘
//! ```

mod charts;
mod dialog;
mod engine;
mod footer;
mod header;
mod help;
mod journal;
mod rds;
mod words;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph};

use super::state::{Mode, Panel, UiState};
use super::theme;
use super::update::shown;
use crate::model::snapshot::Snapshot;

/// Below this the regions would lie to the reader by what they leave out.
const LEAST: (u16, u16) = (80, 24);
/// From this height on the small charts have room.
const TALL: u16 = 34;

/// Draws everything.
pub(super) fn view(frame: &mut Frame<'_>, newest: &Snapshot, state: &UiState) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let (width, height) = LEAST;
        let arming = if newest.arming.is_armed() { "ARMED" } else { "DISARMED" };
        let words =
            format!("terminal too small: {}x{}, needs {width}x{height}; engine {arming}", area.width, area.height);
        frame.render_widget(Paragraph::new(words).wrap(ratatui::widgets::Wrap { trim: true }), area);
        return;
    }
    let snapshot = state.frozen.as_deref().unwrap_or(newest);
    let small_charts = if area.height >= TALL { (area.height / 6).clamp(7, 12) } else { 0 };
    let gates = if area.height >= TALL { 14 } else { 10 };
    let [top, writes, small, middle, journal, bottom] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Fill(2),
        Constraint::Length(small_charts),
        Constraint::Length(gates.min(area.height / 2)),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(area);
    header::draw(frame, top, newest, state);
    let view = shown(state, snapshot);
    match view {
        Some(view) => {
            charts::writes(frame, writes, snapshot, view, state);
            charts::small(frame, small, snapshot, view, state);
            let [left, right] = Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).areas(middle);
            engine::draw(frame, left, snapshot, view, state.panel == Panel::Engine);
            rds::draw(frame, right, snapshot, view);
        }
        None => frame.render_widget(Paragraph::new(" waiting for the engine's first look").style(theme::MUTED), writes),
    }
    journal::draw(frame, journal, snapshot, state);
    footer::draw(frame, bottom, state);
    match &state.mode {
        Mode::Help => help::draw(frame, area),
        Mode::Dialog(dialog) => dialog::draw(frame, area, newest, shown(state, newest), dialog),
        Mode::Normal | Mode::Filter => {}
    }
    theme::clean_symbols(frame.buffer_mut());
}

/// A panel's frame; the chosen one is bold.
fn panel(title: impl Into<Line<'static>>, chosen: bool) -> Block<'static> {
    let block = Block::bordered().title(title);
    if chosen { block.border_style(theme::TITLE) } else { block.border_style(theme::MUTED) }
}

/// A box in the middle, no larger than the screen.
fn centered(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}
