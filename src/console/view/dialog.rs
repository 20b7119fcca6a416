//! Questions to the operator: what will happen is said before it is confirmed.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Paragraph, Wrap};

use super::{centered, panel, words};
use crate::console::state::{Dialog, HOLDS};
use crate::console::theme;
use crate::model::class::{InstanceClass, PRICES_AS_OF, PRICES_REGION};
use crate::model::plan::OverridePlan;
use crate::model::snapshot::{DatabaseView, Snapshot};

pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    snapshot: &Snapshot,
    view: Option<&DatabaseView>,
    dialog: &Dialog,
) {
    let (title, mut lines) = match dialog {
        Dialog::Arm { reason } => (" arm the engine? ", arm(snapshot, reason)),
        Dialog::Scale { to, reason } => (" scale by hand? ", scale(view, to, reason)),
        Dialog::Choose { index } => (" which class? ", choose(view, *index)),
        Dialog::Hold { length, reason } => (" hold? ", hold(*length, reason)),
        Dialog::Release => {
            (" release? ", vec![Line::from("Every hold on this database ends; the engine may act again.")])
        }
        Dialog::Quit => (" quit? ", quit()),
    };
    lines.push(Line::from(""));
    lines.push(Line::styled("Enter confirms, Esc goes back", theme::MUTED));
    let place = centered(area, 76, lines.len() as u16 + 4);
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }).block(panel(title, true)), place);
}

fn arm(snapshot: &Snapshot, reason: &str) -> Vec<Line<'static>> {
    let mut lines = vec![Line::from("From then on the engine changes these databases by itself:")];
    for view in &snapshot.databases {
        let rungs: Vec<String> = view.policy.ladder.rungs().iter().map(ToString::to_string).collect();
        let up: Vec<String> = view.policy.up.iter().map(ToString::to_string).collect();
        lines.push(Line::from(format!("  {}: {}, up if {}", view.name(), rungs.join(" - "), up.join(" or "))));
    }
    lines.push(input("reason", reason));
    lines
}

fn scale(view: Option<&DatabaseView>, to: &InstanceClass, reason: &str) -> Vec<Line<'static>> {
    let plan = view.and_then(|view| Some((view, view.plans.iter().find(|plan| plan.to == *to)?)));
    let Some((view, plan)) = plan else {
        return vec![Line::styled("this is not possible any more: the database has changed", theme::DANGER)];
    };
    let from = view.state.as_ref().map_or_else(String::new, |state| state.class.to_string());
    let mut lines = vec![
        Line::styled(format!("{}: {from} to {to}", view.name()), theme::TITLE),
        Line::from(format!("strategy  {}: one ModifyDBInstance, applied immediately", plan.strategy.as_str())),
        Line::styled(format!("outage    clients lose the database for {}", plan.outage), theme::WARN),
        Line::from(format!(
            "price     {} now, {} then ({PRICES_REGION}, as of {PRICES_AS_OF})",
            words::price(plan.price_before_usd_per_hour),
            words::price(plan.price_after_usd_per_hour)
        )),
    ];
    lines.extend(gates(plan));
    lines.push(Line::from("after it the engine holds, so that it does not undo you"));
    lines.push(input("reason", reason));
    lines
}

fn gates(plan: &OverridePlan) -> Vec<Line<'static>> {
    let over = if plan.passes_over.is_empty() { "no closed gate".to_owned() } else { plan.passes_over.join(", ") };
    let mut lines = vec![Line::from(format!("passes over {over}"))];
    if !plan.blocked_by.is_empty() {
        lines.push(Line::styled(format!("✘ will be refused: {}", plan.blocked_by.join("; ")), theme::DANGER));
    }
    lines
}

fn choose(view: Option<&DatabaseView>, index: usize) -> Vec<Line<'static>> {
    let plans = view.map(|view| view.plans.as_slice()).unwrap_or_default();
    let line = |(at, plan): (usize, &OverridePlan)| {
        let text = format!(
            "{} {:<16} {:<14} outage {}",
            if at == index { ">" } else { " " },
            plan.to,
            words::price(plan.price_after_usd_per_hour),
            plan.outage
        );
        Line::styled(text, if at == index { theme::SELECTED } else { ratatui::style::Style::new() })
    };
    plans.iter().enumerate().map(line).collect()
}

fn hold(length: usize, reason: &str) -> Vec<Line<'static>> {
    let mut lines = vec![Line::from("The engine starts nothing on this database, up or down, for (↑ ↓):")];
    let line = |(at, (words, _)): (usize, &(&str, std::time::Duration))| {
        let style = if at == length { theme::SELECTED } else { ratatui::style::Style::new() };
        Line::styled(format!("{} {words}", if at == length { ">" } else { " " }), style)
    };
    lines.extend(HOLDS.iter().enumerate().map(line));
    lines.push(input("reason", reason));
    lines
}

fn quit() -> Vec<Line<'static>> {
    vec![
        Line::styled("An action is under way, and this process watches over it.", theme::WARN),
        Line::from("RDS goes on with what was sent. Nobody verifies it until upshift runs again with the"),
        Line::from("same state directory; it then looks, and never sends the call a second time."),
    ]
}

fn input(name: &str, text: &str) -> Line<'static> {
    let hint = if text.is_empty() { " (needed; it goes into the journal with your name)" } else { "" };
    Line::from(format!("{name}: {text}_{hint}"))
}
