//! What must not be overlooked, each on lines of its own under the header: what it is first, what a person can do next,
//! details last. The gravest first.

use jiff::SignedDuration;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::scene::Scene;
use super::words;
use super::wrap::{Styled, cut, wrapped};
use crate::console::theme;
use crate::model::action::{ActionResult, CallState, Run};
use crate::model::event::Event;
use crate::model::hold::Hold;
use crate::model::ladder::Direction;
use crate::model::snapshot::DatabaseView;

/// A picture is late when the engine let its own next look pass by so much of the clock in use: three evaluations at
/// the default rhythm, and longer than one read from AWS may take.
const LATE: SignedDuration = SignedDuration::from_secs(45);
/// And by so much of the machine's time: at high speed a busy machine alone passes the other limit.
const LATE_MACHINE_SECS: f64 = 3.0;
/// An answer to a call that is out longer than this is not coming: the call itself gives up earlier.
const ANSWER: SignedDuration = SignedDuration::from_secs(30);

/// Screens lower than this have a line for each and no more.
const TALL: u16 = 34;
/// Lines on a low screen and on a tall one. The gravest come first, and the fleet and the gates tell of each too.
const MOST: (usize, usize) = (4, 8);

/// Every alert, as lines for a screen of this size.
pub(super) fn lines(scene: &Scene<'_>, screen: Rect) -> Vec<Line<'static>> {
    let (all, width) = (all(scene), usize::from(screen.width));
    let (mut lines, most) = if screen.height < TALL {
        (all.iter().map(|(text, style)| Line::styled(cut(text, width), *style)).collect::<Vec<_>>(), MOST.0)
    } else {
        (wrapped(&all, width, 2), MOST.1)
    };
    if lines.len() > most {
        let hidden = lines.len() - most + 1;
        lines.truncate(most - 1);
        lines.push(Line::styled(format!("… {hidden} lines more; n shows the next database"), theme::DANGER));
    }
    lines
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'static>>) {
    frame.render_widget(Paragraph::new(lines), area);
}

fn all(scene: &Scene<'_>) -> Vec<Styled> {
    let newest = scene.newest;
    let loud = theme::DANGER.patch(theme::TITLE);
    let mut alerts = Vec::new();
    if let Some(why) = &newest.journal.broken {
        alerts.push((format!("✘ JOURNAL takes no records, nothing can be started: {why}"), loud));
    }
    alerts.extend(late(scene).map(|text| (text, loud)));
    for view in &newest.databases {
        alerts.extend(answer_lost(scene, view).map(|text| (text, loud)));
        let held = view.holds.iter().filter(|hold| hold.waits_for_person());
        alerts.extend(held.map(|hold| (held_words(scene, view, hold), loud)));
    }
    if let Some(problem) = newest.problems.first() {
        let more = newest.problems.len() - 1;
        let more = if more > 0 { format!(" (+{more})") } else { String::new() };
        let since = words::between(problem.since, scene.now.at);
        alerts.push((format!("✘ for {since}{more}: {}", problem.failure.sentence), theme::DANGER));
    }
    for view in &newest.databases {
        for hold in &view.holds {
            let Some(until) = hold.until else { continue };
            let left = words::between(scene.now.at, until);
            let until = words::clock(until, scene.now.at);
            let (name, which) = (view.name(), direction(hold));
            alerts
                .push((format!("HOLD {name} {which} until {until} ({left}), R releases: {}", hold.cause), theme::WARN));
        }
    }
    alerts
}

/// The engine's picture is older than it should ever be.
fn late(scene: &Scene<'_>) -> Option<String> {
    let newest = scene.newest;
    let planned = newest.databases.iter().filter_map(|view| view.next_look.as_ref().map(|wake| wake.at)).min();
    let late = scene.now.at.duration_since(planned.unwrap_or(newest.at).max(newest.at));
    if late <= LATE || late.as_secs_f64() <= LATE_MACHINE_SECS * scene.now.speed {
        return None;
    }
    let age = words::between(newest.at, scene.now.at);
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
    let (action, name, to) = (&run.intent.action.0, view.name(), &run.intent.to);
    Some(format!(
        "✘ ANSWER LOST {action} {name} to {to}: see {records} and RDS itself; it may have happened: the engine looks, \
         and sends nothing twice"
    ))
}

fn is_answer_lost(run: &Run, now: jiff::Timestamp) -> bool {
    let waits_too_long = |call: &crate::model::action::CallRecord| {
        call.state == CallState::Sent && now.duration_since(call.sent_at) > ANSWER
    };
    !run.is_ended() && (run.looking().is_some() || run.last_call().is_some_and(waits_too_long))
}
