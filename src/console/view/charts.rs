//! The charts: writes with thresholds and marks, and four small ones.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::scene::Scene;
use super::{age, panel, words};
use crate::console::state::Panel;
use crate::console::theme;
use crate::console::widget::time_chart::TimeChart;
use crate::model::ladder::Direction;
use crate::model::mark::MarkKind;
use crate::model::series::{Series, SignalName, SignalSpec};
use crate::model::snapshot::DatabaseView;

/// Words for a value.
type Words = fn(f64) -> String;

/// The small charts: signal, title, words for a value.
const SMALL: [(&str, &str, Words); 4] = [
    (SignalName::CPU, "cpu %", words::short),
    (SignalName::CONNECTIONS, "connections", words::short),
    ("write_latency", "write latency", words::millis),
    ("free_memory", "free memory B", words::short),
];
/// Every kind of mark, the gravest last.
const KINDS: [MarkKind; 4] = [MarkKind::WouldScale, MarkKind::Sent, MarkKind::Verified, MarkKind::Failed];
/// A small chart of this many rows inside has one to spare for the time.
const AXIS_FROM: u16 = 5;

pub(super) fn writes(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, view: &DatabaseView) {
    let signal = age::leading_name(view);
    let unit = view.policy.signal(&signal).map(|spec| spec.unit.clone()).unwrap_or_default();
    let series = view.signal(&signal);
    let newest = age::newest_words(series, scene.at());
    let title = format!(" {}: {signal}, {unit} | {newest} | {} ", view.name(), range(scene));
    let beside = beside(view, &signal);
    let line = |direction, style: Style| Some((view.policy.threshold_line(&signal, direction)?, style));
    let thresholds = [line(Direction::Up, theme::DANGER), line(Direction::Down, theme::OK)];
    let chart = TimeChart {
        thresholds: thresholds.into_iter().flatten().collect(),
        marks: marks(view),
        time_axis: Some(right_label(scene)),
        before: view.before.as_ref().and_then(|before| Some((before.series.get(&signal)?.as_ref(), before.until))),
        beside: beside.iter().filter_map(|(_, series, style)| Some(((*series)?, *style))).collect(),
        ..chart(scene, series, words::short)
    };
    let mut block = panel(title, scene.state.panel == Panel::Writes);
    let mut sources = 0;
    if !beside.is_empty() {
        let line = sources_line(&signal, &beside, scene.at());
        sources = line.width();
        block = block.title_bottom(line.right_aligned());
    }
    let legend = Line::styled(legend(), theme::MUTED);
    if chart.shows_marks() && legend.width() + sources + 4 <= usize::from(area.width) {
        block = block.title_bottom(legend);
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    frame.render_widget(&chart, inner);
}

/// Signals that are drawn in the chart of this one, or this one in theirs: with what was read of each.
fn beside<'a>(view: &'a DatabaseView, signal: &SignalName) -> Vec<(&'a SignalSpec, Option<&'a Series>, Style)> {
    let own = view.policy.signal(signal);
    let chart = own.and_then(|own| own.shown_with.as_ref()).unwrap_or(signal);
    let is_there = |spec: &&SignalSpec| spec.name == *chart || spec.shown_with.as_ref() == Some(chart);
    let others = view.policy.signals.iter().filter(is_there).filter(|spec| spec.name != *signal);
    others.zip(theme::BESIDE).map(|(spec, style)| (spec, view.signal(&spec.name), style)).collect()
}

/// Which curve is which, and the newest of the others: a word for each, since a colour alone tells nothing.
fn sources_line(signal: &SignalName, beside: &[(&SignalSpec, Option<&Series>, Style)], at: Timestamp) -> Line<'static> {
    let mut spans = vec![Span::styled(format!(" ⠒ {signal} "), theme::SERIES)];
    for (spec, series, style) in beside {
        let newest = age::newest_words(*series, at);
        spans.push(Span::styled(format!(" ⠒ {}, {}: {newest} ", spec.name, spec.unit), *style));
    }
    Line::from(spans)
}

pub(super) fn small(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, view: &DatabaseView) {
    if area.height < 4 {
        return;
    }
    draw_small(frame, Layout::horizontal([Constraint::Fill(1); 4]).areas(area), scene, view);
}

/// The same on a screen of their own: two beside each other.
pub(super) fn small_in_rows(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, view: &DatabaseView) {
    let rows: [Rect; 2] = Layout::vertical([Constraint::Fill(1); 2]).areas(area);
    let [[a, b], [c, d]] = rows.map(|row| Layout::horizontal([Constraint::Fill(1); 2]).areas(row));
    draw_small(frame, [a, b, c, d], scene, view);
}

fn draw_small(frame: &mut Frame<'_>, areas: [Rect; 4], scene: &Scene<'_>, view: &DatabaseView) {
    let marked = scene.state.panel == Panel::Small;
    for ((name, title, label), area) in SMALL.into_iter().zip(areas) {
        let series = view.signal(&SignalName::new(name));
        let newest = series.and_then(Series::newest).map_or_else(|| "no data".to_owned(), |point| label(point.value));
        let block = panel(format!(" {title}: {newest} "), marked);
        let inner = block.inner(area);
        frame.render_widget(block, area);
        let time_axis = (inner.height >= AXIS_FROM).then(|| right_label(scene));
        let beside = beside(view, &SignalName::new(name));
        let beside = beside.into_iter().filter_map(|(_, series, style)| Some((series?, style))).collect();
        frame.render_widget(&TimeChart { beside, time_axis, ..chart(scene, series, label) }, inner);
    }
}

/// Where several fall into one column the gravest is seen: it is drawn last.
fn marks(view: &DatabaseView) -> Vec<(Timestamp, char, Style)> {
    let of = |kind: MarkKind| view.marks.iter().filter(move |mark| mark.kind == kind);
    let all = KINDS.into_iter().flat_map(of);
    all.map(|mark| (mark.at, glyph(mark.kind).0, glyph(mark.kind).1)).collect()
}

fn chart<'a>(scene: &Scene<'_>, series: Option<&'a Series>, label: Words) -> TimeChart<'a> {
    TimeChart {
        series,
        before: None,
        beside: Vec::new(),
        until: scene.right_edge(),
        range_secs: scene.state.range_secs(),
        thresholds: Vec::new(),
        marks: Vec::new(),
        time_axis: None,
        label,
    }
}

/// `last 1 h`, or `1 h to 08:30`.
fn range(scene: &Scene<'_>) -> String {
    let length = words::range(scene.state.range_secs());
    if is_now(scene) { format!("last {length}") } else { format!("{length} to {}", right_label(scene)) }
}

fn right_label(scene: &Scene<'_>) -> String {
    if is_now(scene) { "now".to_owned() } else { words::minute(scene.right_edge(), scene.now.at) }
}

fn is_now(scene: &Scene<'_>) -> bool {
    scene.state.back_secs == 0 && !scene.is_frozen()
}

/// What the marks mean; the help screen shows it too.
pub(super) fn legend() -> String {
    KINDS.map(|kind| format!(" {} {} ", glyph(kind).0, mark_words(kind))).concat()
}

fn mark_words(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::WouldScale => "would scale",
        MarkKind::Sent => "call sent",
        MarkKind::Verified => "verified",
        MarkKind::Failed => "ended otherwise",
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
