//! The header: where we are, whether the engine may act, how old what is shown is, and what fails.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::words;
use crate::console::state::UiState;
use crate::console::theme;
use crate::model::snapshot::{Arming, Snapshot, World};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot, state: &UiState) {
    frame.render_widget(Paragraph::new(vec![first(snapshot, state), second(snapshot)]), area);
}

fn first(snapshot: &Snapshot, state: &UiState) -> Line<'static> {
    let arming = match &snapshot.arming {
        Arming::Armed { by, since } => {
            vec![
                Span::styled(" ARMED ", theme::WARN.patch(theme::SELECTED)),
                format!(" by {by} {}", words::clock(*since)).into(),
            ]
        }
        Arming::Disarmed { why, .. } => {
            vec![Span::styled(" DISARMED ", theme::OK.patch(theme::SELECTED)), format!(" {why}").into()]
        }
    };
    let mut spans = vec![Span::styled("upshift ", theme::TITLE)];
    spans.extend(arming);
    spans.push(Span::styled(format!("  {} UTC", words::clock(snapshot.at)), theme::MUTED));
    if state.frozen.is_some() {
        spans.push(Span::styled("  FROZEN PICTURE (f)", theme::WARN));
    }
    if snapshot.stopping {
        spans.push(Span::styled("  ENDING", theme::WARN));
    }
    Line::from(spans)
}

fn second(snapshot: &Snapshot) -> Line<'static> {
    if let Some(why) = &snapshot.journal.broken {
        return Line::styled(format!("✘ JOURNAL: {why}"), theme::DANGER);
    }
    if let Some(problem) = snapshot.problems.first() {
        let more =
            if snapshot.problems.len() > 1 { format!(" (+{})", snapshot.problems.len() - 1) } else { String::new() };
        let since = words::between(problem.since, snapshot.at);
        return Line::styled(format!("✘ for {since}{more}: {}", problem.failure.sentence), theme::DANGER);
    }
    let account = snapshot.identity.as_ref().map_or_else(
        || "account not confirmed yet".to_owned(),
        |identity| format!("account {} {}", identity.account, identity.region),
    );
    let world = match &snapshot.world {
        World::Aws { .. } => "AWS".to_owned(),
        World::Simulation { scenario, speed, endpoint } => {
            format!("SIMULATION {scenario}, {speed}x time, open to any AWS client at {endpoint}")
        }
    };
    Line::styled(format!("{account} | {world}"), theme::MUTED)
}
