//! Questions: everything that a person should know before Enter.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph, Widget, Wrap};

use crate::console::state::{Dialog, HOLD_DIRECTIONS, HOLDS};
use crate::console::theme::{Look, Role};
use crate::model::class::{InstanceClass, PRICES_AS_OF, PRICES_REGION};
use crate::model::database::DatabaseName;
use crate::model::plan::OverridePlan;
use crate::model::snapshot::{DatabaseView, Snapshot};

use super::panel;

const WIDTH: u16 = 74;

pub(super) fn draw(dialog: &Dialog, snapshot: &Snapshot, look: &Look, area: Rect, buffer: &mut Buffer) {
    let (title, lines) = match dialog {
        Dialog::Arm { reason } => {
            let mut lines = vec![
                Line::from("The engine may then change the class of every database here by itself."),
                Line::from("`a` disarms it at any time, at once and without a question."),
                Line::default(),
            ];
            lines.push(reason_line(reason, look));
            (" arm the engine? ".to_owned(), lines)
        }
        Dialog::Choose { database, selected } => {
            (format!(" scale {database} to "), choices(find(snapshot, database), *selected, look))
        }
        Dialog::Scale { database, to, reason } => {
            let mut lines = plan_lines(find(snapshot, database), to, look);
            lines.push(Line::default());
            lines.push(reason_line(reason, look));
            (format!(" scale {database} to {to} by hand? "), lines)
        }
        Dialog::Hold { database, length, direction, reason } => {
            let lines = vec![
                choice_line("for        ", HOLDS.iter().map(|(_, word)| *word), *length, look),
                choice_line("direction  ", HOLD_DIRECTIONS.iter().map(|(_, word)| *word), *direction, look),
                Line::styled("left and right change the time, up and down the direction", look.style(Role::Muted)),
                Line::default(),
                reason_line(reason, look),
            ];
            (format!(" hold {database}? "), lines)
        }
        Dialog::Release { database } => {
            (format!(" release every hold on {database}? "), holds(find(snapshot, database)))
        }
    };
    let width = WIDTH.min(area.width);
    let wrapped = Paragraph::new(lines.clone()).wrap(Wrap { trim: false });
    let rows: usize = lines.iter().map(|line| line.width().div_ceil(usize::from(width - 2)).max(1)).sum();
    let height = (rows as u16 + 3).min(area.height);
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    Clear.render(place, buffer);
    wrapped.render(panel(Line::styled(title, look.style(Role::Strong)), look, place, buffer), buffer);
}

fn find<'a>(snapshot: &'a Snapshot, database: &DatabaseName) -> Option<&'a DatabaseView> {
    snapshot.databases.iter().find(|view| view.name() == database)
}

fn plan_lines(view: Option<&DatabaseView>, to: &InstanceClass, look: &Look) -> Vec<Line<'static>> {
    let Some(plan) = view.and_then(|view| view.plans.iter().find(|plan| plan.to == *to)) else {
        let text = "outage, price and gates are not known at the moment; the engine checks them";
        return vec![Line::styled(text, look.style(Role::Warn))];
    };
    let from = view.and_then(|view| view.state.as_ref()).map_or("?", |known| known.class.as_str());
    let mut lines = vec![
        Line::from(format!("class      {from} {} {to}", look.glyphs.arrow)),
        Line::from(format!("strategy   {}", plan.strategy.as_str())),
        Line::from(vec![
            Span::from("outage     "),
            Span::styled(format!("{} without the database expected", plan.outage), look.style(Role::Warn)),
        ]),
        Line::from(format!("price      {}", prices(plan, look))),
    ];
    let over = if plan.passes_over.is_empty() { "nothing".to_owned() } else { plan.passes_over.join(", ") };
    lines.push(Line::from(format!("passes over {over}")));
    if plan.blocked_by.is_empty() {
        lines.push(Line::styled(format!("{} nothing blocks it now", look.glyphs.yes), look.style(Role::Ok)));
    } else {
        let text = format!("{} BLOCKED now, will be refused: {}", look.glyphs.no, plan.blocked_by.join("; "));
        lines.push(Line::styled(text, look.style(Role::Danger)));
    }
    lines
}

fn prices(plan: &OverridePlan, look: &Look) -> String {
    let price = |usd: Option<f64>| usd.map_or_else(|| "unknown".to_owned(), |usd| format!("${usd:.3}/h"));
    let (before, after) = (price(plan.price_before_usd_per_hour), price(plan.price_after_usd_per_hour));
    format!("{before} {} {after} (Single-AZ, {PRICES_REGION}, {PRICES_AS_OF})", look.glyphs.arrow)
}

fn choices(view: Option<&DatabaseView>, selected: usize, look: &Look) -> Vec<Line<'static>> {
    let plans = view.map_or(&[][..], |view| &view.plans);
    let line = |(place, plan): (usize, &OverridePlan)| {
        let chosen = place == selected;
        let pointer = if chosen { look.glyphs.pointer } else { " " };
        let blocked = if plan.blocked_by.is_empty() { "" } else { ", BLOCKED now" };
        let price = plan.price_after_usd_per_hour.map_or_else(String::new, |usd| format!(" ${usd:.3}/h"));
        let text = format!("{pointer} {:<16}{price}  outage {}{blocked}", plan.to, plan.outage);
        Line::styled(text, look.style(if chosen { Role::Selected } else { Role::Text }))
    };
    plans.iter().enumerate().map(line).collect()
}

fn choice_line<'a>(label: &'a str, words: impl Iterator<Item = &'a str>, chosen: usize, look: &Look) -> Line<'a> {
    let mut spans = vec![Span::from(label)];
    for (place, word) in words.enumerate() {
        let (text, role) =
            if place == chosen { (format!("[{word}]"), Role::Selected) } else { (format!(" {word} "), Role::Text) };
        spans.push(Span::styled(text, look.style(role)));
    }
    Line::from(spans)
}

fn holds(view: Option<&DatabaseView>) -> Vec<Line<'static>> {
    let holds = view.map_or(&[][..], |view| &view.holds);
    if holds.is_empty() {
        return vec![Line::from("there is none at the moment")];
    }
    holds.iter().map(|hold| Line::from(format!("held: {}", hold.reason))).collect()
}

fn reason_line<'a>(reason: &str, look: &Look) -> Line<'a> {
    let spans = vec![
        Span::styled("reason     ", look.style(Role::Strong)),
        Span::from(reason.to_owned()),
        Span::styled(" ", look.style(Role::Selected)),
    ];
    Line::from(spans)
}
