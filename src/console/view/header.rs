//! The header: whether the engine may act, how old what is shown is, and where we are.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::scene::Scene;
use super::wrap::cut;
use super::{age, words};
use crate::console::theme;
use crate::control::Link;
use crate::model::arming::Arming;
use crate::model::backend::Backend;
use crate::model::lease::LeaseStanding;
use crate::model::limits::STATE_LIMIT;
use crate::model::snapshot::Snapshot;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    frame.render_widget(Paragraph::new(vec![first(scene, area.width), second(scene, area.width)]), area);
}

/// What may be cut off comes last: why and by whom.
fn first(scene: &Scene<'_>, width: u16) -> Line<'static> {
    let newest = scene.newest;
    let (word, style, why) = match &newest.arming {
        Arming::Armed { by, since, .. } => {
            (" ARMED ", theme::WARN, format!("by {by} {}", words::clock(*since, scene.now.at)))
        }
        Arming::Disarmed { why, .. } => (" DISARMED ", theme::OK, why.clone()),
    };
    // Of an engine that does not answer it is only known what it was.
    let word = if matches!(scene.state.link, Link::Lost { .. }) { word.replace(' ', "?") } else { word.to_owned() };
    let mut spans = vec![Span::styled("upshift ", theme::TITLE), Span::styled(word, style.patch(theme::SELECTED))];
    spans.push(Span::raw(" "));
    if let Some(until) = newest.arming.until() {
        spans.push(Span::styled(format!("{} left  ", words::between(scene.now.at, until)), theme::WARN));
    }
    spans.extend(ages(newest, scene.now.at));
    spans.push(Span::styled(format!(", {} UTC  ", words::clock(scene.now.at, scene.now.at)), theme::MUTED));
    if scene.is_frozen() {
        let moment = words::clock(scene.picture.at, scene.now.at);
        let age = words::between(scene.picture.at, scene.now.at);
        spans.push(Span::styled(format!("FROZEN {age} AGO, at {moment} (f)  "), theme::WARN));
    }
    if newest.stopping {
        spans.push(Span::styled("ENDING  ", theme::WARN));
    }
    let left = usize::from(width).saturating_sub(Line::from(spans.clone()).width());
    spans.push(Span::raw(cut(&why, left)));
    Line::from(spans)
}

/// The age of the data and of the last look at RDS, of the database where each is oldest; and how many have none.
fn ages(newest: &Snapshot, now: Timestamp) -> Vec<Span<'static>> {
    if newest.databases.is_empty() {
        return vec![Span::styled("nothing seen yet", theme::WARN)];
    }
    let stale_after = newest.databases.iter().map(|view| view.policy.stale_after.as_secs() as i64).min();
    let data = newest.databases.iter().map(|view| age::data_secs(view, now));
    let state = newest.databases.iter().map(|view| view.state_at.map(|at| now.duration_since(at).as_secs()));
    vec![told("data", data, stale_after), Span::raw(", "), told("RDS", state, Some(STATE_LIMIT.as_secs()))]
}

fn told(name: &str, ages: impl Iterator<Item = Option<i64>>, limit: Option<i64>) -> Span<'static> {
    let (known, unknown): (Vec<Option<i64>>, Vec<Option<i64>>) = ages.partition(Option::is_some);
    let Some(oldest) = known.into_iter().flatten().max() else {
        return Span::styled(format!("no {name} yet"), theme::WARN);
    };
    let none = if unknown.is_empty() { String::new() } else { format!(" ({} without)", unknown.len()) };
    let age = words::seconds(oldest);
    if limit.is_some_and(|limit| oldest > limit) {
        Span::styled(format!("{name} STALE, {age} old{none}"), theme::DANGER)
    } else {
        let style = if unknown.is_empty() { ratatui::style::Style::new() } else { theme::WARN };
        Span::styled(format!("{name} {age} old{none}"), style)
    }
}

/// Whose engine this is, and whether it is the one that acts, come first.
fn second(scene: &Scene<'_>, width: u16) -> Line<'static> {
    let newest = scene.newest;
    let account = newest.identity.as_ref().map_or_else(
        || "account not confirmed yet".to_owned(),
        |identity| format!("account {} {}", identity.account, identity.region),
    );
    let backend = match &newest.backend {
        Backend::Aws => "AWS".to_owned(),
        Backend::Simulation { scenario, speed, endpoint } => {
            format!("SIMULATION {scenario} {speed}x {endpoint}")
        }
    };
    let window = match &scene.state.link {
        Link::Embedded => String::new(),
        Link::Attached { engine } | Link::Lost { engine, .. } => {
            let since = words::minute(engine.since, scene.now.at);
            format!("attached to {}, since {since} | ", engine.words())
        }
    };
    let Some(lease) = newest.lease.as_ref().map(|lease| lease_words(&lease.standing, scene.now.at)) else {
        return Line::styled(cut(&format!("{window}{account} | {backend}"), usize::from(width)), theme::MUTED);
    };
    let style = if newest.lease.as_ref().is_some_and(|lease| lease.standing.held_epoch().is_some()) {
        theme::MUTED
    } else {
        theme::WARN
    };
    let lease = cut(&lease, usize::from(width));
    let left = usize::from(width).saturating_sub(Line::raw(lease.as_str()).width());
    Line::from(vec![
        Span::styled(lease, style),
        Span::styled(cut(&format!(" | {window}{account} | {backend}"), left), theme::MUTED),
    ])
}

/// `lease: held, epoch 7, renewed 3 s ago`, or who has it.
fn lease_words(standing: &LeaseStanding, now: Timestamp) -> String {
    let ago = |at: Timestamp| words::between(at, now);
    match standing {
        LeaseStanding::Held { renewed_at, .. } => {
            format!("lease: {}, renewed {} ago", standing.words(), ago(*renewed_at))
        }
        LeaseStanding::Elsewhere { renewed_at, .. } => {
            format!("observer: lease {}, renewed {} ago", standing.words(), ago(*renewed_at))
        }
        LeaseStanding::Nobody { .. } | LeaseStanding::SetBack { .. } => format!("observer: {}", standing.words()),
    }
}
