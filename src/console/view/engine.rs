//! The engine: what it thinks, which gates are closed and until when, what is under way, what comes next.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{panel, words};
use crate::console::theme;
use crate::model::decision::Verdict;
use crate::model::gate::GateResult;
use crate::model::ladder::Direction;
use crate::model::snapshot::{DatabaseView, Snapshot};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, view: &DatabaseView, chosen: bool) {
    let block = panel(" engine ", chosen);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let mut lines = vec![verdict(view)];
    lines.extend(action(snapshot, view));
    lines.extend(
        view.holds.iter().map(|hold| Line::styled(format!("HOLD {}: {}", hold.scope(), hold.cause), theme::WARN)),
    );
    lines.extend(rules(view));
    let next = view.next_look.as_ref().map(|wake| {
        let text = format!("next look in {}: {}", words::between(snapshot.at, wake.at), wake.why.words());
        Line::styled(text, theme::MUTED)
    });
    let room = usize::from(inner.height).saturating_sub(lines.len() + usize::from(next.is_some()));
    lines.extend(gates(snapshot.at, view, room, inner.width));
    lines.extend(next);
    frame.render_widget(Paragraph::new(lines), inner);
}

fn verdict(view: &DatabaseView) -> Line<'static> {
    match &view.decision {
        None => Line::styled("no evaluation yet", theme::MUTED),
        Some(decision) => {
            let style = if decision.verdict == Verdict::Hold { theme::OK } else { theme::WARN };
            Line::styled(decision.verdict.words(), style.patch(theme::TITLE))
        }
    }
}

fn action(snapshot: &Snapshot, view: &DatabaseView) -> Option<Line<'static>> {
    let run = view.run.as_ref()?;
    let intent = &run.intent;
    let text = format!(
        "{} {} to {}: {} ({})",
        intent.action.0,
        intent.from,
        intent.to,
        run.phase_words(),
        words::between(run.began, snapshot.at)
    );
    Some(Line::styled(text, if run.is_ended() { theme::MUTED } else { theme::WARN }))
}

fn rules(view: &DatabaseView) -> Vec<Line<'static>> {
    let Some(decision) = &view.decision else { return Vec::new() };
    let rule = |result: &crate::model::decision::RuleResult| {
        let (glyph, style) = if result.holds { ('✔', theme::WARN) } else { ('·', theme::MUTED) };
        let missing = if result.missing > 0 { format!(", {} missing", result.missing) } else { String::new() };
        let text = format!("{glyph} {} if {} (now {}{missing})", result.direction.word(), result.rule, result.beyond);
        Line::styled(text, style)
    };
    decision.rules.iter().map(rule).collect()
}

/// The gates of the wanted direction, closed ones first; in two columns where one would not do.
fn gates(now: Timestamp, view: &DatabaseView, room: usize, width: u16) -> Vec<Line<'static>> {
    let direction = view.decision.as_ref().and_then(|decision| decision.verdict.wanted()).unwrap_or(Direction::Up);
    let mut gates: Vec<&GateResult> = view.gates(direction).iter().collect();
    gates.sort_by_key(|gate| gate.open);
    if room == 0 {
        return Vec::new();
    }
    let columns = gates.len().div_ceil(room).max(1);
    let column_width = usize::from(width) / columns;
    let rows = gates.len().div_ceil(columns);
    let line = |row: usize| {
        let in_row = (0..columns).filter_map(|column| gates.get(column * rows + row));
        Line::from(in_row.map(|gate| gate_words(gate, now, column_width)).collect::<Vec<_>>())
    };
    (0..rows).map(line).collect()
}

fn gate_words(result: &GateResult, now: Timestamp, width: usize) -> Span<'static> {
    let (glyph, style): (char, Style) = if result.open { ('✔', theme::OK) } else { ('✘', theme::DANGER) };
    let opens = result.opens_at.map_or(String::new(), |at| format!(", opens in {}", words::between(now, at)));
    let mut text: String = format!("{glyph} {result}{opens}");
    if text.chars().count() > width.saturating_sub(1) {
        text = text.chars().take(width.saturating_sub(2)).collect();
        text.push('…');
    }
    Span::styled(format!("{text:<width$}"), style)
}
