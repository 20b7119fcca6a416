//! Every gate of the wanted direction. A closed one is always shown with its whole value and countdown.

use jiff::Timestamp;
use ratatui::text::Line;

use crate::console::theme;
use crate::console::view::words;
use crate::console::view::wrap::{Styled, side_by_side, wrapped};
use crate::model::gate::GateResult;
use crate::model::ladder::Direction;
use crate::model::snapshot::DatabaseView;

/// How much room the gates take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Closed ones side by side, open ones by name.
    Dense,
    /// Closed ones on lines of their own, open ones by name.
    Names,
    /// Open ones with their values too.
    Values,
}

pub(super) fn lines(now: Timestamp, view: &DatabaseView, width: usize, detail: Detail) -> Vec<Line<'static>> {
    let direction = view.decision.as_ref().and_then(|decision| decision.verdict.wanted()).unwrap_or(Direction::Up);
    let (open, closed): (Vec<&GateResult>, Vec<&GateResult>) = view.gates(direction).iter().partition(|gate| gate.open);
    let closed: Vec<Styled> = closed.into_iter().map(|gate| closed_words(gate, now)).collect();
    let mut lines = match detail {
        Detail::Dense => side_by_side(&closed, width),
        Detail::Names | Detail::Values => wrapped(&closed, width, 2),
    };
    let open: Vec<Styled> = open.into_iter().map(|gate| open_words(gate, detail)).collect();
    lines.extend(side_by_side(&open, width));
    lines
}

fn closed_words(result: &GateResult, now: Timestamp) -> Styled {
    let opens = match result.opens_at {
        Some(at) if at > now => format!(", opens in {}", words::between(now, at)),
        Some(_) => ", opens at the next look".to_owned(),
        None => String::new(),
    };
    (format!("✘ {result}{opens}"), theme::DANGER)
}

fn open_words(result: &GateResult, detail: Detail) -> Styled {
    let text = if detail == Detail::Values { result.to_string() } else { result.gate.name().to_owned() };
    (format!("✔ {text}"), theme::OK)
}
