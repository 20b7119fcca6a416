//! What the engine wants, what stands in its way, what it is doing, and when it looks again.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use crate::console::state::UiState;
use crate::console::theme::{Look, Role};
use crate::console::words;
use crate::model::action::{ActionResult, Phase};
use crate::model::decision::Verdict;
use crate::model::gate::GateResult;
use crate::model::ladder::Direction;
use crate::model::snapshot::{DatabaseView, Snapshot};
use crate::model::text::clean;

use super::{lines_in, panel};

/// The panel of the overview: the gates of the direction that the rules ask for, closed ones first when room is short.
pub(super) fn draw(snapshot: &Snapshot, state: &UiState, look: &Look, area: Rect, buffer: &mut Buffer) {
    let inside = panel(Line::styled(" engine ", look.style(Role::Title)), look, area, buffer);
    let Some(view) = state.database(snapshot) else { return };
    let mut lines = situation(view, state, look);
    let height = usize::from(inside.height);
    let direction = wanted(view);
    let gates = view.gates(direction);
    let rules = rules(view, look);
    if lines.len() + rules.len() + gates.len() < height {
        lines.extend(rules);
    }
    let heading = format!("gates {}", direction.word());
    let room = height.saturating_sub(lines.len());
    if gates.len() < room {
        lines.push(Line::styled(heading, look.style(Role::Muted)));
        lines.extend(gates.iter().map(|gate| gate_line(gate, state, look)));
    } else {
        let mut ordered: Vec<_> = gates.iter().filter(|gate| !gate.open).collect();
        ordered.extend(gates.iter().filter(|gate| gate.open));
        let shown = room.saturating_sub(1).min(ordered.len());
        lines.extend(ordered[..shown].iter().map(|gate| gate_line(gate, state, look)));
        let rest = &ordered[shown..];
        let closed = rest.iter().filter(|gate| !gate.open).count();
        if !rest.is_empty() {
            let text = format!("{} more gates {}, {closed} closed (Tab)", rest.len(), direction.word());
            lines.push(Line::styled(text, look.style(if closed > 0 { Role::Warn } else { Role::Muted })));
        }
    }
    lines_in(lines, inside, buffer);
}

/// The panel alone on the screen: rules, and the gates of both directions side by side.
pub(super) fn draw_full(snapshot: &Snapshot, state: &UiState, look: &Look, area: Rect, buffer: &mut Buffer) {
    let title = Line::styled(" engine: the whole reasoning ", look.style(Role::Title));
    let inside = panel(title, look, area, buffer);
    let Some(view) = state.database(snapshot) else { return };
    let mut lines = situation(view, state, look);
    let gates = view.gates_up.len().max(view.gates_down.len()) as u16 + 1;
    lines.extend(rules(view, look));
    let height = (lines.len() as u16).min(inside.height.saturating_sub(gates));
    let [top, below] = Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(inside);
    lines_in(lines, top, buffer);
    let halves: [Rect; 2] = Layout::horizontal([Constraint::Fill(1); 2]).areas(below);
    for (direction, half) in [Direction::Up, Direction::Down].into_iter().zip(halves) {
        let mut lines = vec![Line::styled(format!("gates {}", direction.word()), look.style(Role::Muted))];
        lines.extend(view.gates(direction).iter().map(|gate| gate_line(gate, state, look)));
        lines_in(lines, half, buffer);
    }
}

fn wanted(view: &DatabaseView) -> Direction {
    view.decision.as_ref().and_then(|decision| decision.verdict.wanted()).unwrap_or(Direction::Up)
}

/// Holds, action, verdict, next look: what a person asks first.
fn situation<'a>(view: &DatabaseView, state: &UiState, look: &Look) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for hold in &view.holds {
        let way = hold.direction.map_or("both ways", Direction::word);
        let until = hold
            .until
            .map_or_else(|| "until released (R)".to_owned(), |at| format!("for {}", words::until(at, state.now)));
        let text = format!("{} HELD {way} {until}: {}", look.glyphs.alert, clean(&hold.reason, 200));
        lines.push(Line::styled(text, look.style(Role::Warn)));
    }
    if let Some(run) = &view.run {
        let (role, word) = match &run.phase {
            Phase::Ended { result: ActionResult::Verified, .. } => (Role::Ok, "last action"),
            Phase::Ended { .. } => (Role::Danger, "last action"),
            _ => (Role::Strong, "ACTION"),
        };
        let (id, from, to) = (&run.intent.action.0, &run.intent.from, &run.intent.to);
        let phase = clean(&run.phase_words(), 200);
        let stop = if run.stop_requested.is_some() && !run.is_ended() { ", stop asked for" } else { "" };
        let since = match &run.phase {
            Phase::Ended { at, .. } => format!("{} ago", words::until(state.now, *at)),
            _ => format!("for {}", words::until(state.now, run.began)),
        };
        lines.push(Line::styled(format!("{word} {id}: {phase}{stop}"), look.style(role)));
        lines.push(Line::styled(format!("  {from} {} {to} {since}", look.glyphs.arrow), look.style(role)));
    }
    lines.push(match &view.decision {
        None => Line::styled("no evaluation yet", look.style(Role::Muted)),
        Some(decision) => {
            let role = match decision.verdict {
                Verdict::Hold => Role::Text,
                Verdict::Scale { .. } => Role::Ok,
                Verdict::WouldScale { .. } => Role::Warn,
            };
            Line::styled(decision.verdict.words(), look.style(role))
        }
    });
    if let Some(wake) = &view.next_look {
        let text = format!("next look in {}: {}", words::until(wake.at, state.now), wake.why.words());
        lines.push(Line::styled(text, look.style(Role::Muted)));
    }
    lines
}

fn rules<'a>(view: &DatabaseView, look: &Look) -> Vec<Line<'a>> {
    let rules = view.decision.iter().flat_map(|decision| &decision.rules);
    let rule = |result: &crate::model::decision::RuleResult| {
        let missing = if result.missing == 0 { String::new() } else { format!(", {} missing", result.missing) };
        let text = format!(
            "{} {} if {}: {}{missing}",
            look.glyphs.sign(result.holds),
            result.direction.word(),
            result.rule,
            result.beyond
        );
        Line::styled(text, look.style(if result.holds { Role::Strong } else { Role::Text }))
    };
    rules.map(rule).collect()
}

fn gate_line<'a>(result: &GateResult, state: &UiState, look: &Look) -> Line<'a> {
    let role = if result.open { Role::Ok } else { Role::Danger };
    let mut spans = vec![
        Span::styled(look.glyphs.sign(result.open), look.style(role)),
        Span::from(format!(" {}", clean(&result.to_string(), 200))),
    ];
    if let Some(at) = result.opens_at.filter(|_| !result.open) {
        spans.push(Span::styled(format!(" opens in {}", words::until(at, state.now)), look.style(Role::Warn)));
    }
    Line::from(spans)
}
