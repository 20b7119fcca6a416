//! What RDS says of the database, and the newest value of each signal.

use std::collections::BTreeMap;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::scene::Scene;
use super::wrap::{Styled, wrapped};
use super::{panel, words};
use crate::console::state::Panel;
use crate::console::theme;
use crate::model::cluster::{Cluster, ClusterKind, Member};
use crate::model::readers::ReadersPolicy;
use crate::model::series::{Series, SignalSpec};
use crate::model::snapshot::DatabaseView;

/// Rows that the panel wants, frame included.
pub(super) fn height(scene: &Scene<'_>, view: &DatabaseView, width: u16) -> u16 {
    if width == 0 { 0 } else { lines(scene, view, width.saturating_sub(2)).len() as u16 + 2 }
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, view: &DatabaseView) {
    let lines = lines(scene, view, area.width.saturating_sub(2));
    frame.render_widget(Paragraph::new(lines).block(panel(" RDS ", scene.state.panel == Panel::Rds)), area);
}

fn lines(scene: &Scene<'_>, view: &DatabaseView, width: u16) -> Vec<Line<'static>> {
    let mut lines = state(scene, view, width);
    let longest = view.policy.signals.iter().map(|spec| spec.name.as_str().len()).max().unwrap_or(0).min(16);
    let signals = |aged: bool| {
        let newest = move |spec: &SignalSpec| newest(spec, view.signal(&spec.name), scene, aged);
        let line = move |spec: &SignalSpec| format!("{:<longest$} {}", spec.name, newest(spec));
        view.policy.signals.iter().map(line).collect::<Vec<String>>()
    };
    // Ages where there is room for all of them: the header tells the oldest anyway.
    let aged = signals(true);
    let fits = aged.iter().all(|line| line.width() <= usize::from(width));
    lines.extend((if fits { aged } else { signals(false) }).into_iter().map(Line::from));
    lines.extend(wrapped(&server(view).into_iter().collect::<Vec<_>>(), usize::from(width), 2));
    let rejected = view.policy.signals.iter().filter_map(|spec| rejected(spec, view.signal(&spec.name)?));
    lines.extend(wrapped(&rejected.collect::<Vec<_>>(), usize::from(width), 2));
    let endpoint = view.state.as_ref().and_then(|state| state.endpoint.as_ref());
    let endpoint: Vec<Styled> =
        endpoint.map(|at| (format!("clients come to {at}"), theme::MUTED)).into_iter().collect();
    lines.extend(wrapped(&endpoint, usize::from(width), 2));
    lines
}

/// What the server itself says, where it is read.
fn server(view: &DatabaseView) -> Option<Styled> {
    let seen = view.server.as_ref()?;
    let mode = if seen.is_writable { "takes writes" } else { "takes no writes" };
    let style = if seen.is_writable { theme::MUTED } else { theme::WARN };
    let (connections, open) = (words::connections(view)?, words::open_at_server(view)?);
    Some((format!("server {}, {mode}; {connections} connections; {open}", seen.id), style))
}

/// What a member is doing, where it is not just there.
fn at_work(member: &Member) -> String {
    if member.status.is_available() { String::new() } else { format!(", {}", member.status) }
}

/// The readers of Application Auto Scaling together: their names tell nobody anything, and there can be many.
fn scaled<'a>(members: impl Iterator<Item = &'a Member>) -> Option<String> {
    let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
    for member in members.filter(|member| member.is_scaled && !member.is_writer) {
        *kinds.entry(format!("{}{}", member.class, at_work(member))).or_default() += 1;
    }
    let words: Vec<String> = kinds.into_iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    (!words.is_empty()).then(|| format!("of AWS's scaling read: {}", words.join("; ")))
}

/// What Application Auto Scaling keeps of readers, and what it has last done about them.
fn scaling(scene: &Scene<'_>, view: &DatabaseView) -> Vec<Styled> {
    let Some(ReadersPolicy { min, max, metric, target, .. }) = &view.policy.readers else { return Vec::new() };
    let kept = format!("readers by AWS: {min} to {max}, {} near {target}", metric.as_str());
    let newest = view.newest_scaling.as_ref().map(|newest| {
        let style = if newest.is_trouble() { theme::WARN } else { theme::MUTED };
        (format!("{}, {} ago", newest.words(), words::between(newest.began, scene.at())), style)
    });
    std::iter::once((kept, theme::MUTED)).chain(newest).collect()
}

/// That a source tells what cannot be is a reason to look at it.
fn rejected(spec: &SignalSpec, series: &Series) -> Option<Styled> {
    let values = match series.rejected {
        0 => return None,
        1 => "1 impossible value".to_owned(),
        many => format!("{many} impossible values"),
    };
    Some((format!("{}: {values} left out", spec.name), theme::WARN))
}

/// The value and its unit, and its age if asked for.
fn newest(spec: &SignalSpec, series: Option<&Series>, scene: &Scene<'_>, aged: bool) -> String {
    let Some((value, end)) = series.and_then(|series| Some((series.newest()?.value, series.newest_end()?))) else {
        return "no data".to_owned();
    };
    let value = match spec.name.as_str() {
        "write_latency" => words::millis(value),
        _ => format!("{} {}", words::short(value), spec.unit),
    };
    if aged { format!("{value}, {} old", words::between(end, scene.at())) } else { value }
}

fn state(scene: &Scene<'_>, view: &DatabaseView, width: u16) -> Vec<Line<'static>> {
    let Some((state, seen)) = view.state.as_ref().zip(view.state_at) else {
        return vec![Line::styled(format!("{}: not seen yet", view.name()), theme::WARN)];
    };
    let status = if state.status.is_available() { theme::OK } else { theme::WARN };
    let zones = match &state.cluster {
        Some(Cluster { kind: ClusterKind::Aurora, .. }) => "a cluster",
        Some(Cluster { kind: ClusterKind::MultiAz, .. }) => "Multi-AZ DB cluster",
        None if state.multi_az => "Multi-AZ",
        None => "Single-AZ",
    };
    let what = format!(
        "{} {}, {zones}, {}",
        state.engine,
        state.engine_version,
        words::price(view.policy.price(state, &state.class))
    );
    let mut texts = vec![
        (format!("{} {}", state.class, state.status), status.patch(theme::TITLE)),
        (what, ratatui::style::Style::new()),
    ];
    let members = || state.cluster.iter().flat_map(|cluster| &cluster.members);
    texts.extend(members().filter(|member| member.is_writer || !member.is_scaled).map(|member| {
        let role = if member.is_writer { "writes" } else { "reads" };
        let whose = if member.is_scaled { ", of AWS's scaling" } else { "" };
        let status = at_work(member);
        (format!("{} {role}: {}{status}{whose}", member.name, member.class), ratatui::style::Style::new())
    }));
    texts.extend(scaled(members()).map(|words| (words, ratatui::style::Style::new())));
    texts.extend(scaling(scene, view));
    if !state.pending.is_empty() {
        let pending: Vec<String> = state.pending.iter().map(|(name, value)| format!("{name}={value}")).collect();
        texts.push((format!("pending: {}", pending.join(", ")), theme::WARN));
    }
    texts.push((format!("seen {} ago", words::between(seen, scene.at())), theme::MUTED));
    wrapped(&texts, usize::from(width), 2)
}
