//! The chart of the signal that the rules look at, and four small ones.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::console::state::{RANGES_MIN, UiState};
use crate::console::theme::{Look, Role};
use crate::console::widget::time_chart::{TimeChart, TimeMark, ValueLine};
use crate::console::words;
use crate::model::ladder::Direction;
use crate::model::series::SignalSpec;
use crate::model::snapshot::{DatabaseView, MarkKind, Snapshot};

use super::panel;

/// The signals of the small charts, in their order.
const SMALL: [&str; 4] = ["cpu", "connections", "write_latency", "free_memory"];

pub(super) fn draw(snapshot: &Snapshot, state: &UiState, look: &Look, area: Rect, buffer: &mut Buffer) {
    let (shown, _) = state.shown(snapshot);
    let Some(view) = state.database(shown) else {
        panel(Line::styled(" no database ", look.style(Role::Title)), look, area, buffer);
        return;
    };
    let small: Vec<_> =
        SMALL.iter().filter_map(|name| view.policy.signals.iter().find(|spec| spec.name.as_str() == *name)).collect();
    let rows = small.len().div_ceil(2) as u16;
    let small_height = (area.height / 5).clamp(3, 10);
    let [large, below] = Layout::vertical([Constraint::Fill(1), Constraint::Length(rows * small_height)]).areas(area);
    let main = view.policy.up.first().and_then(|rule| view.policy.signal(&rule.signal)).or(view.policy.signals.first());
    if let Some(spec) = main {
        chart(view, spec, snapshot, state, look, true, large, buffer);
    }
    let half = below.width / 2;
    for (place, spec) in small.into_iter().enumerate() {
        let (column, row) = (place as u16 % 2, place as u16 / 2);
        let width = if column == 0 { half } else { below.width - half };
        let cell = Rect::new(below.x + column * half, below.y + row * small_height, width, small_height);
        chart(view, spec, snapshot, state, look, false, cell, buffer);
    }
}

#[expect(clippy::too_many_arguments, reason = "one call site shape for both sizes reads better than a struct for it")]
fn chart(
    view: &DatabaseView,
    spec: &SignalSpec,
    snapshot: &Snapshot,
    state: &UiState,
    look: &Look,
    large: bool,
    area: Rect,
    buffer: &mut Buffer,
) {
    let (_, now) = state.shown(snapshot);
    let series = view.series.get(&spec.name);
    let newest = series.and_then(|series| series.newest());
    let newest = newest.map_or_else(|| "no data".to_owned(), |point| words::value(point.value, &spec.unit));
    let mut title = vec![
        Span::styled(format!(" {} ", spec.name), look.style(Role::Title)),
        Span::styled(format!("{newest} "), look.style(Role::Strong)),
    ];
    if large {
        title.push(Span::styled(format!("{} {} ", look.glyphs.dot, range_words(state)), look.style(Role::Muted)));
    }
    let inside = panel(Line::from(title), look, area, buffer);
    let back = jiff::SignedDuration::from_mins(state.scroll_min);
    let chart = TimeChart {
        series,
        end: now.saturating_sub(back).unwrap_or(now),
        span_secs: RANGES_MIN[state.range] * 60,
        unit: &spec.unit,
        lines: value_lines(view, spec, look),
        marks: if large { marks(view, look) } else { Vec::new() },
        axes: large,
        curve: look.style(Role::Curve),
        muted: look.style(Role::Muted),
        glyphs: &look.glyphs,
    };
    chart.render(inside, buffer);
}

fn range_words(state: &UiState) -> String {
    let range = words::span(RANGES_MIN[state.range] * 60);
    match state.scroll_min {
        0 => format!("last {range}"),
        back => format!("{range}, ending {} ago", words::span(back * 60)),
    }
}

fn value_lines(view: &DatabaseView, spec: &SignalSpec, look: &Look) -> Vec<ValueLine> {
    let line = |direction: Direction, role| {
        let value = view.policy.threshold_line(&spec.name, direction)?;
        let label = format!("{} {} ", direction.word(), words::axis_value(value, &spec.unit));
        Some(ValueLine { value, label, style: look.style(role) })
    };
    [line(Direction::Down, Role::DownLine), line(Direction::Up, Role::UpLine)].into_iter().flatten().collect()
}

fn marks(view: &DatabaseView, look: &Look) -> Vec<TimeMark> {
    let mark = |mark: &crate::model::snapshot::Mark| {
        let role = match mark.kind {
            MarkKind::WouldScale => Role::Warn,
            MarkKind::Sent => Role::Strong,
            MarkKind::Verified => Role::Ok,
            MarkKind::Failed => Role::Danger,
        };
        TimeMark { at: mark.at, sign: look.glyphs.mark(mark.kind), style: look.style(role) }
    };
    view.marks.iter().map(mark).collect()
}
