//! The charts: writes with thresholds and marks, and four small ones.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;

use super::{panel, words};
use crate::console::state::{Panel, UiState};
use crate::console::theme;
use crate::console::widget::time_chart::TimeChart;
use crate::model::ladder::Direction;
use crate::model::series::{Series, SignalName};
use crate::model::snapshot::{DatabaseView, MarkKind, Snapshot};

/// Words for a value.
type Words = fn(f64) -> String;

/// The small charts: signal, title, words for a value.
const SMALL: [(&str, &str, Words); 4] = [
    ("cpu", "cpu %", words::short),
    ("connections", "connections", words::short),
    ("write_latency", "write latency", words::millis),
    ("free_memory", "free memory B", words::short),
];

pub(super) fn writes(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, view: &DatabaseView, state: &UiState) {
    let signal = view.policy.up.first().map_or_else(|| SignalName::new("writes"), |rule| rule.signal.clone());
    let unit = view.policy.signal(&signal).map(|spec| spec.unit.clone()).unwrap_or_default();
    let series = view.series.get(&signal);
    let title = format!(
        " {}: {signal}, {unit} | {} | last {} ",
        view.name(),
        newest_words(series, snapshot),
        words::seconds(state.range_secs())
    );
    let block = panel(title, state.panel == Panel::Writes);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let line = |direction, style: Style| Some((view.policy.threshold_line(&signal, direction)?, style));
    let thresholds = [line(Direction::Up, theme::DANGER), line(Direction::Down, theme::OK)];
    let chart = TimeChart {
        series,
        thresholds: thresholds.into_iter().flatten().collect(),
        marks: view.marks.iter().map(|mark| (mark.at, glyph(mark.kind).0, glyph(mark.kind).1)).collect(),
        ..chart(snapshot, series, state, words::short)
    };
    frame.render_widget(&chart, inner);
}

pub(super) fn small(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, view: &DatabaseView, state: &UiState) {
    if area.height < 4 {
        return;
    }
    let areas: [Rect; 4] = Layout::horizontal([Constraint::Fill(1); 4]).areas(area);
    for ((name, title, label), area) in SMALL.into_iter().zip(areas) {
        let series = view.series.get(&SignalName::new(name));
        let newest = series.and_then(Series::newest).map_or_else(|| "no data".to_owned(), |point| label(point.value));
        let block = panel(format!(" {title}: {newest} "), false);
        let inner = block.inner(area);
        frame.render_widget(block, area);
        frame.render_widget(&chart(snapshot, series, state, label), inner);
    }
}

/// `612 (age 75 s)`.
pub(super) fn newest_words(series: Option<&Series>, snapshot: &Snapshot) -> String {
    match series.and_then(|series| Some((series.newest()?.value, series.newest_end()?))) {
        Some((value, end)) => format!("{} (age {})", words::short(value), words::between(end, snapshot.at)),
        None => "no data".to_owned(),
    }
}

fn chart<'a>(snapshot: &Snapshot, series: Option<&'a Series>, state: &UiState, label: Words) -> TimeChart<'a> {
    let back = jiff::SignedDuration::from_secs(state.back_secs);
    TimeChart {
        series,
        until: snapshot.at.checked_sub(back).unwrap_or(snapshot.at),
        range_secs: state.range_secs(),
        thresholds: Vec::new(),
        marks: Vec::new(),
        label,
    }
}

fn glyph(kind: MarkKind) -> (char, Style) {
    match kind {
        MarkKind::WouldScale => ('?', theme::MUTED),
        MarkKind::Sent => ('!', theme::WARN),
        MarkKind::Verified => ('✔', theme::OK),
        MarkKind::Failed => ('✘', theme::DANGER),
    }
}
