//! What must not be overlooked, each on lines of its own under the header: what it is first, what a person can do next,
//! details last. The gravest first.

use jiff::SignedDuration;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::scene::Scene;
use super::wrap::{Styled, cut, wrap, wrapped};
use super::{TALL, panel, words};
use crate::console::theme;
use crate::control::Link;
use crate::model::action::{ActionResult, CallState, Run};
use crate::model::arming::Arming;
use crate::model::event::Event;
use crate::model::hold::Hold;
use crate::model::ladder::Direction;
use crate::model::notify::NotifyView;
use crate::model::snapshot::DatabaseView;

/// A picture is late when the engine let its own next look pass by so much of the clock in use: three evaluations at
/// the default rhythm, and longer than one read from AWS may take.
const LATE: SignedDuration = SignedDuration::from_secs(45);
/// And by so much of the machine's time: at high speed a busy machine alone passes the other limit.
const LATE_MACHINE_SECS: f64 = 3.0;
/// An answer to a call that is out longer than this is not coming: the call itself gives up earlier.
const ANSWER: SignedDuration = SignedDuration::from_secs(30);

/// Lines on a low screen and on a tall one. The gravest come first, and the fleet and the gates tell of each too.
const MOST: (usize, usize) = (4, 8);
/// Where what was cut can be read.
const IN_FULL: &str = "… (z, Tab: alerts)";

/// Every alert, as lines for a screen of this size: each at least begun, the gravest as far as there is room.
pub(super) fn lines(scene: &Scene<'_>, screen: Rect) -> Vec<Line<'static>> {
    let most = if screen.height < TALL { MOST.0 } else { MOST.1 };
    fitted(&all(scene, ReadsShown::OldestOnly), usize::from(screen.width), most)
}

/// Every alert with all of its words, and every problem there is, on a screen of its own. How many lines there are to
/// scroll.
pub(super) fn draw_whole(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) -> usize {
    let mut texts = all(scene, ReadsShown::Each);
    if texts.is_empty() {
        texts.push(("✔ nothing: no hold, no answer outstanding, no read that fails".to_owned(), theme::OK));
    }
    let lines = wrapped(&texts, usize::from(area.width.saturating_sub(2)), 2);
    let reach = lines.len().saturating_sub(usize::from(area.height.saturating_sub(2)));
    let skip = scene.state.alerts_down.min(reach);
    let mut block = panel(" alerts ", true);
    if reach > 0 {
        block = block.title_bottom(Line::styled(format!(" {skip} above, {} below: ↑ ↓ ", reach - skip), theme::WARN));
    }
    frame.render_widget(Paragraph::new(lines[skip..].to_vec()).block(block), area);
    reach
}

/// At most `most` lines. What is left out or cut says where it can be read.
fn fitted(all: &[Styled], width: usize, most: usize) -> Vec<Line<'static>> {
    let kept = if all.len() > most { most - 1 } else { all.len() };
    let mut spare = most - kept - usize::from(all.len() > kept);
    let mut lines: Vec<Styled> = Vec::new();
    let mut last_cut = None;
    for (text, style) in &all[..kept] {
        let mut whole = wrap(text, width, 2);
        let rows = whole.len().min(1 + spare);
        spare -= rows - 1;
        if rows < whole.len() {
            last_cut = Some(lines.len() + rows - 1);
            whole.truncate(rows);
            whole[rows - 1] = begun(&whole[rows - 1], width, "…");
        }
        lines.extend(whole.into_iter().map(|line| (line, *style)));
    }
    if all.len() > kept {
        lines.push((format!("{} alerts more {IN_FULL}", all.len() - kept), theme::DANGER));
    } else if let Some(cut) = last_cut {
        lines[cut].0 = begun(lines[cut].0.trim_end_matches('…'), width, IN_FULL);
    }
    lines.into_iter().map(|(text, style)| Line::styled(text, style)).collect()
}

/// As much of a line as fits before its end is told.
fn begun(line: &str, width: usize, end: &str) -> String {
    let room = width.saturating_sub(end.width());
    let begun = if line.width() > room { cut(&format!("{line} "), room + 1) } else { line.to_owned() };
    format!("{}{end}", begun.trim_end_matches('…').trim_end())
}

/// Which of the problems are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadsShown {
    /// One, and how many there are besides: they mostly have one cause.
    OldestOnly,
    Each,
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'static>>) {
    frame.render_widget(Paragraph::new(lines), area);
}

fn all(scene: &Scene<'_>, problems: ReadsShown) -> Vec<Styled> {
    let newest = scene.newest;
    let loud = theme::DANGER.patch(theme::TITLE);
    let mut alerts = Vec::new();
    if let Some(why) = &newest.journal.broken {
        alerts.push((format!("✘ JOURNAL takes no records, nothing can be started: {why}"), loud));
    }
    alerts.extend(lost(scene).or_else(|| late(scene)).map(|text| (text, loud)));
    for view in &newest.databases {
        alerts.extend(held_clients(scene, view));
        alerts.extend(answer_lost(scene, view).map(|text| (text, loud)));
        let held = view.holds.iter().filter(|hold| hold.waits_for_person());
        alerts.extend(held.map(|hold| (held_words(scene, view, hold), loud)));
    }
    if let Arming::Disarmed { why, since: Some(_) } = &newest.arming
        && !why.starts_with("by ")
    {
        alerts.push((format!("✘ DISARMED by itself: {why}. Nothing is started until a person arms it (a)"), loud));
    }
    alerts.extend(newest.configuration.refusal().map(|text| (format!("✘ {text}"), theme::DANGER)));
    for view in &newest.databases {
        if let Some(run) = view.run.as_ref().filter(|run| run.awaits_approval(&view.policy.copy)) {
            let (action, name) = (&run.intent.action.0, view.name());
            let until = match view.approve_until {
                Some(until) => format!("; at {} it is given up", words::clock(until, scene.now.at)),
                None if !newest.arming.is_armed() => {
                    "; disarmed, it neither takes over nor is given up before it is armed (a)".to_owned()
                }
                None if !view.holds.is_empty() => {
                    "; held, it neither takes over nor is given up before that is over".to_owned()
                }
                None => String::new(),
            };
            alerts.push((
                format!(
                    "! {action} WAITS FOR YOU: what shall take over {name} is ready; c lets it, x removes it{until}"
                ),
                loud,
            ));
        }
        alerts.extend(view.wants_in_vain().map(|text| (format!("✘ {text}"), theme::DANGER)));
    }
    let told = if problems == ReadsShown::Each { newest.problems.len() } else { 1 };
    for problem in newest.problems.iter().take(told) {
        let besides = newest.problems.len() - told.min(newest.problems.len());
        let besides = if besides > 0 { format!(" (and {besides} more)") } else { String::new() };
        let since = words::between(problem.since, scene.now.at);
        alerts.push((format!("✘ for {since}{besides}: {}", problem.failure.sentence), theme::DANGER));
    }
    let untold = newest.notify.iter().filter_map(NotifyView::problem);
    alerts.extend(untold.map(|text| (format!("✘ {text}"), theme::DANGER)));
    for view in &newest.databases {
        for hold in &view.holds {
            let Some(until) = hold.until else { continue };
            let left = words::between(scene.now.at, until);
            let until = words::clock(until, scene.now.at);
            let (name, which) = (view.name(), direction(hold));
            let then = view.at_expiry.as_ref().filter(|then| Some(then.at) == hold.until);
            let then = then.map_or_else(String::new, |then| format!("; then the engine would {}", then.would));
            let text = format!("HOLD {name} {which} until {until} ({left}), R releases{then}: {}", hold.cause);
            alerts.push((text, theme::WARN));
        }
    }
    let old = newest.databases.iter().flat_map(|view| &view.old_machines);
    alerts.extend(old.map(|old| (format!("! {}", old.words()), theme::WARN)));
    alerts
}

/// The engine of another process does not answer this console: what it does meanwhile is not seen.
fn lost(scene: &Scene<'_>) -> Option<String> {
    let Link::Lost { engine, since, why } = &scene.state.link else { return None };
    let (since, age) = (words::between(*since, scene.now.at), words::between(scene.newest.at, scene.now.at));
    let engine = engine.words();
    Some(format!(
        "✘ NO LINE to the {engine} for {since}: what you see is {age} old, no order goes out, it is tried twice a second: {why}"
    ))
}

/// AWS gives no answer, or the engine's picture is older than it should ever be.
fn late(scene: &Scene<'_>) -> Option<String> {
    let newest = scene.newest;
    let age = words::between(newest.at, scene.now.at);
    if let Some(secs) = scene.unanswered_secs() {
        let out = words::seconds(secs);
        return Some(format!(
            "✘ AWS has not answered for {out}: what you see is {age} old; a read that hangs is given up and asked anew"
        ));
    }
    let planned = newest.databases.iter().filter_map(|view| view.next_look.as_ref().map(|wake| wake.at)).min();
    let late = scene.now.at.duration_since(planned.unwrap_or(newest.at).max(newest.at));
    if late <= LATE || late.as_secs_f64() <= LATE_MACHINE_SECS * scene.now.speed {
        return None;
    }
    Some(format!("✘ PICTURE {age} old: the engine does not answer; what you see may be over"))
}

fn held_words(scene: &Scene<'_>, view: &DatabaseView, hold: &Hold) -> String {
    let why = |event: &Event| {
        matches!(
            event,
            Event::HoldSet { hold: Hold { until: None, .. }, .. }
                | Event::ActionEnded { result: ActionResult::Held { .. }, .. }
        )
    };
    let (name, which) = (view.name(), direction(hold));
    let records = scene.records(view.name(), why);
    let (cause, remedy) = (&hold.cause, hold.cause.remedy());
    format!("✘ HELD {name} {which} until R releases it; see {records} first: {cause}. {remedy}")
}

/// Each second of it is felt by users, whatever becomes of the action.
fn held_clients(scene: &Scene<'_>, view: &DatabaseView) -> Option<Styled> {
    let held = view.held_clients.as_ref()?;
    let (action, name, now) = (&held.action.0, view.name(), scene.now.at);
    let since = words::clock(held.since, now);
    if let Some(why) = &held.not_resumed {
        let pooler = view.policy.pooler.as_ref().map_or("", |pooler| pooler.database.as_str());
        let text = format!(
            "✘ CLIENTS of {name} may be HELD by the pooler since {since}, and RESUME fails (tried each second); by hand, at \
             PgBouncer's console: RESUME {pooler}: {why}"
        );
        return Some((text, theme::DANGER.patch(theme::TITLE)));
    }
    if !held.is_sure {
        return Some((format!("! {action}: the pooler of {name} is asked to hold its clients"), theme::WARN));
    }
    // Clients wait in the machine's time.
    let longest = SignedDuration::try_from_secs_f64(held.max_pause_secs as f64 * scene.now.speed).unwrap_or_default();
    let until = held.since.saturating_add(longest).unwrap_or(held.since);
    let until = words::clock(until, now);
    let text =
        format!("! {action}: clients of {name} held by the pooler since {since}; they go on at {until} at the latest");
    Some((text, theme::WARN))
}

fn direction(hold: &Hold) -> &'static str {
    hold.direction.map_or("up and down", Direction::word)
}

fn answer_lost(scene: &Scene<'_>, view: &DatabaseView) -> Option<String> {
    let run = view.run.as_ref().filter(|run| is_answer_lost(run, scene.now.at))?;
    let of_run = |event: &Event| match event {
        Event::CallSent { id, .. } | Event::CallAnswered { id, .. } => id.action == run.intent.action,
        _ => false,
    };
    let records = scene.records(view.name(), of_run);
    let (action, name) = (&run.intent.action.0, view.name());
    let what = match &run.intent.removes {
        Some(removal) => format!("delete {}", removal.name),
        None => format!("{name} to {}", run.intent.to),
    };
    Some(format!(
        "✘ ANSWER LOST {action} {what}: see {records} and RDS itself; it may have happened: the engine looks, \
         and sends nothing twice"
    ))
}

fn is_answer_lost(run: &Run, now: jiff::Timestamp) -> bool {
    let waits_too_long = |call: &crate::model::action::CallRecord| {
        call.state == CallState::Sent && now.duration_since(call.sent_at) > ANSWER
    };
    !run.is_ended() && (run.looking().is_some() || run.last_call().is_some_and(waits_too_long))
}
