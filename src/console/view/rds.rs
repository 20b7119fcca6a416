//! What RDS says of the database, and the newest value of each signal.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::charts::newest_words;
use super::{panel, words};
use crate::console::theme;
use crate::model::snapshot::{DatabaseView, Snapshot};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, view: &DatabaseView) {
    let block = panel(" RDS ", false);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let mut lines = state(snapshot, view);
    for spec in &view.policy.signals {
        let newest = newest_words(view.series.get(&spec.name), snapshot);
        let value = match spec.name.as_str() {
            "write_latency" => {
                view.series.get(&spec.name).and_then(|series| series.newest()).map(|point| words::millis(point.value))
            }
            _ => None,
        };
        let (value, unit) = value.map_or((newest, spec.unit.as_str()), |value| (value, ""));
        lines.push(Line::from(format!("{:<14}{value} {unit}", spec.name)));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

fn state(snapshot: &Snapshot, view: &DatabaseView) -> Vec<Line<'static>> {
    let Some((state, seen)) = view.state.as_ref().zip(view.state_at) else {
        return vec![Line::styled(format!("{}: not seen yet", view.name()), theme::WARN)];
    };
    let status = if state.status.is_available() { theme::OK } else { theme::WARN };
    let mut lines = vec![
        Line::styled(format!("{} {}", state.class, state.status), status.patch(theme::TITLE)),
        Line::from(format!(
            "{} {}, {}, {}",
            state.engine,
            state.engine_version,
            if state.multi_az { "Multi-AZ" } else { "Single-AZ" },
            words::price(state.price_usd_per_hour(&state.class))
        )),
    ];
    if !state.pending.is_empty() {
        let pending: Vec<String> = state.pending.iter().map(|(name, value)| format!("{name}={value}")).collect();
        lines.push(Line::styled(format!("pending: {}", pending.join(", ")), theme::WARN));
    }
    lines.push(Line::styled(format!("seen {} ago", words::between(seen, snapshot.at)), theme::MUTED));
    lines
}
