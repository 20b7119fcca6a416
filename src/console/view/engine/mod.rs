//! The engine: what it thinks, what is under way, which gates are closed and until when, what comes next.
//!
//! The order is that of need: what may be scrolled out of sight in a small terminal comes last.

mod alarms;
mod gates;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::age::{self, Unseen};
use super::scene::Scene;
use super::wrap::{Styled, wrapped};
use super::{panel, words};
use crate::console::state::Panel;
use crate::console::theme;
use crate::model::decision::{RuleResult, Verdict};
use crate::model::expiry::{AtExpiry, Would};
use crate::model::outage::Outage;
use crate::model::snapshot::DatabaseView;
use crate::model::step::{ActionStep, Progress};
use gates::Detail;

/// Rows, frame included, in which everything but the rules that ask for nothing can be seen.
pub(super) fn least_height(scene: &Scene<'_>, view: &DatabaseView, width: u16) -> u16 {
    needs(scene, view, usize::from(width.saturating_sub(2)), Detail::Dense).len() as u16 + 2
}

/// Rows, frame included, in which everything can be seen at ease.
pub(super) fn height(scene: &Scene<'_>, view: &DatabaseView, width: u16) -> u16 {
    lines(scene, view, usize::from(width.saturating_sub(2)), Detail::Names).len() as u16 + 2
}

/// Draws it; how many lines there are to scroll. `alone`: RDS has no panel beside it.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, view: &DatabaseView, alone: bool) -> usize {
    let chosen = scene.state.panel == Panel::Engine;
    let (width, rows) = (usize::from(area.width.saturating_sub(2)), usize::from(area.height.saturating_sub(2)));
    let mut all = lines(scene, view, width, Detail::Dense);
    for detail in [Detail::Names, Detail::Values] {
        let wider = lines(scene, view, width, detail);
        if wider.len() <= rows {
            all = wider;
        }
    }
    let reach = all.len().saturating_sub(rows);
    let skip = scene.state.engine_down.min(reach);
    let title = match &view.state {
        Some(state) if alone => format!(" engine | RDS: {} {} ", state.class, state.status),
        _ => " engine ".to_owned(),
    };
    let mut block = panel(title, chosen);
    if reach > 0 {
        let below = reach - skip;
        let how = if chosen { "↑ ↓" } else { "Tab, then ↑ ↓" };
        block = block.title_bottom(Line::styled(format!(" {skip} above, {below} below: {how} "), theme::WARN));
    }
    frame.render_widget(Paragraph::new(all.split_off(skip)).block(block), area);
    reach
}

fn lines(scene: &Scene<'_>, view: &DatabaseView, width: usize, detail: Detail) -> Vec<Line<'static>> {
    let mut lines = needs(scene, view, width, detail);
    lines.extend(wrapped(&rules(view, false), width, 2));
    lines.extend(wrapped(&alarms::others(scene, view), width, 2));
    lines
}

/// Everything but the rules that ask for nothing.
fn needs(scene: &Scene<'_>, view: &DatabaseView, width: usize, detail: Detail) -> Vec<Line<'static>> {
    let mut texts = vec![verdict(view)];
    texts.extend(action(scene, view));
    texts.extend(view.steps.iter().map(|step| step_line(scene, step)));
    texts.extend(edge(view));
    texts.extend(at_expiry(scene, view));
    texts.extend(view.waits_for.as_ref().map(|why| (format!("  {why}"), theme::WARN)));
    texts.extend(rules(view, true));
    texts.extend(alarms::urgent(scene, view));
    let mut lines = wrapped(&texts, width, 2);
    lines.extend(gates::lines(scene.at(), view, width, detail));
    lines.extend(wrapped(&next_look(scene, view), width, 2));
    lines
}

fn verdict(view: &DatabaseView) -> Styled {
    let Some(decision) = &view.decision else { return ("no evaluation yet".to_owned(), theme::MUTED) };
    let holds = decision.verdict == Verdict::Hold;
    let (words, style) = match age::unseen(view).filter(|_| holds) {
        Some(Unseen::Database(why)) => (format!("hold: the database is out of sight: {why}"), theme::WARN),
        Some(Unseen::Load(why)) => (format!("hold: its load is not seen: {why}"), theme::WARN),
        None => (decision.words(), if holds { theme::OK } else { theme::WARN }),
    };
    (words, style.patch(theme::TITLE))
}

fn action(scene: &Scene<'_>, view: &DatabaseView) -> Option<Styled> {
    let run = view.run.as_ref()?;
    let intent = &run.intent;
    let action = &intent.action.0;
    let what = match &intent.removes {
        Some(removal) => format!("delete {}", removal.name),
        None => format!("{} to {}", intent.from, intent.to),
    };
    let stop = if run.stop_requested.is_some() && !run.is_ended() { ", stop asked" } else { "" };
    let took = match &run.ended {
        Some((ended, _)) => {
            let outage = Outage::of(run).map_or_else(String::new, |outage| format!("; {}", outage.words()));
            format!("took {}{outage}", words::between(run.began, *ended))
        }
        None => words::between(run.began, scene.at()),
    };
    let waits = run.awaits_approval(&view.policy.copy);
    let phase = if waits { "ready to take over; waits for your word (c)".to_owned() } else { run.phase_words() };
    let text = format!("{action} {what}: {phase}{stop} ({took})");
    Some((text, if run.is_ended() { theme::MUTED } else { theme::WARN }))
}

/// `✔ make the copy (14 min)`, `> switch over, no way back (12 s of 20 to 120 s)`, `· verify (60 to 180 s)`.
fn step_line(scene: &Scene<'_>, step: &ActionStep) -> Styled {
    let no_way_back = if step.is_irreversible { ", no way back" } else { "" };
    let (words, expected) = (&step.words, step.expected);
    match step.progress {
        Progress::Done { began, ended } => (format!("  ✔ {words} ({})", words::between(began, ended)), theme::MUTED),
        Progress::Now { began } => {
            let elapsed = words::between(began, scene.at());
            (format!("  > {words}{no_way_back} ({elapsed}; {expected} is usual)"), theme::WARN)
        }
        Progress::Ahead => {
            let style = if step.is_irreversible { theme::DANGER } else { theme::MUTED };
            (format!("  · {words}{no_way_back} ({expected})"), style)
        }
    }
}

/// What a person wants to know before it takes over, while it waits for the word.
fn edge(view: &DatabaseView) -> Option<Styled> {
    view.run.as_ref().filter(|run| run.awaits_approval(&view.policy.copy))?;
    let lag = view.copy_lag_secs.map_or_else(|| "not known".to_owned(), |secs| format!("{secs:.1} s"));
    let connections = words::connections(view).unwrap_or_else(|| "not known".to_owned());
    let open = words::open_at_server(view).unwrap_or_else(|| "long transactions are not seen".to_owned());
    let text = format!("  at the edge: lag {lag}; {connections} connections would be cut; {open}");
    Some((text, theme::WARN))
}

/// `when the hold ends at 15:00:00 (59 min 12 s) it would go down to db.t4g.small by what it sees now`.
fn at_expiry(scene: &Scene<'_>, view: &DatabaseView) -> Option<Styled> {
    let AtExpiry { at, would } = view.at_expiry.as_ref()?;
    let (end, left) = (words::clock(*at, scene.at()), words::between(scene.at(), *at));
    let style = if *would == Would::Nothing { theme::MUTED } else { theme::WARN };
    Some((format!("when the hold ends at {end} ({left}) it would {would}"), style))
}

fn next_look(scene: &Scene<'_>, view: &DatabaseView) -> Vec<Styled> {
    let Some(wake) = &view.next_look else { return Vec::new() };
    let why = wake.why.words();
    let text = if let Some(secs) = scene.unanswered_secs() {
        format!("looking since {}: {why}", words::seconds(secs))
    } else if wake.at > scene.at() {
        format!("next look in {}: {why}", words::between(scene.at(), wake.at))
    } else {
        format!("looking now: {why}")
    };
    vec![(text, theme::MUTED)]
}

/// The rules that hold, or those that do not.
fn rules(view: &DatabaseView, holding: bool) -> Vec<Styled> {
    let Some(decision) = &view.decision else { return Vec::new() };
    let rule = |result: &RuleResult| {
        let (glyph, style) = if result.holds { ('✔', theme::WARN) } else { ('·', theme::MUTED) };
        let missing = if result.missing > 0 { format!(", {} missing", result.missing) } else { String::new() };
        let now = if result.rule.signal.alarm().is_some() {
            if result.missing > 0 { " (CloudWatch does not know)".to_owned() } else { String::new() }
        } else {
            format!(" (now {}{missing})", result.beyond)
        };
        let alarm = alarms::beside(view, &result.rule);
        let text = format!("{glyph} {} if {}{now}{alarm}", result.direction.word(), result.rule);
        (text, style)
    };
    decision.rules.iter().filter(|result| result.holds == holding).map(rule).collect()
}
