//! The screen: one small file per region. A view has no input but the snapshot, the console's own state and the time.
//!
//! ```text
//!   ┌ header: armed?, ages, world; then what must not be overlooked ┐
//!   │ databases, one line each (only where there are several)       │
//!   │ writes ───────────────────────────────────────────────────────│
//!   │ cpu │ connections │ write latency │ free memory (if room)     │
//!   │ engine: verdict, action, gates, rules ──────│ RDS state ──────│
//!   │ journal ──────────────────────────────────────────────────────│
//!   └ answers or keys ──────────────────────────────────────────────┘
//! ```

mod age;
mod alerts;
mod charts;
mod dialog;
mod engine;
mod fleet;
mod footer;
mod header;
mod help;
mod journal;
mod rds;
mod scene;
mod words;
mod wrap;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph};

use super::state::{Extent, Mode, Panel, Reach, Room, UiState};
use super::theme;
use super::time::Now;
use crate::model::snapshot::{DatabaseView, Snapshot};
use scene::Scene;

/// From this height on the small charts have room.
const TALL: u16 = 34;
/// The engine panel and RDS beside it.
const BESIDE: [Constraint; 2] = [Constraint::Fill(3), Constraint::Fill(2)];
/// The same where the engine has much to say: what RDS says then stands in its title.
const ALONE: [Constraint; 2] = [Constraint::Fill(1), Constraint::Length(0)];

/// Draws everything; how far each part can be scrolled.
pub(super) fn view(frame: &mut Frame<'_>, newest: &Snapshot, state: &UiState, now: Now) -> Reach {
    let area = frame.area();
    let mut reach = Reach::default();
    if Room::of(area.width, area.height) == Room::TooSmall {
        too_small(frame, area, newest, state);
        return reach;
    }
    let scene = Scene::new(newest, state, now);
    let alerts = alerts::lines(&scene, area);
    let footer = footer::lines(&scene, area.width);
    match state.extent {
        Extent::Overview => overview(frame, &scene, alerts, footer, &mut reach),
        Extent::Whole => whole(frame, &scene, footer, &mut reach),
    }
    match &state.mode {
        Mode::Help => help::draw(frame, area),
        Mode::Dialog(dialog) => reach.dialog = dialog::draw(frame, area, &scene, dialog),
        Mode::Normal | Mode::Filter => {}
    }
    theme::clean_symbols(frame.buffer_mut());
    reach
}

fn overview(
    frame: &mut Frame<'_>,
    scene: &Scene<'_>,
    alerts: Vec<Line<'static>>,
    footer: Vec<Line<'static>>,
    reach: &mut Reach,
) {
    let area = frame.area();
    let plan = plan(scene, area, alerts.len() as u16, footer.len() as u16);
    let [top, alarm, fleet, writes, small, middle, journal, bottom] = Layout::vertical(plan.rows).areas(area);
    header::draw(frame, top, scene);
    alerts::draw(frame, alarm, alerts);
    fleet::draw(frame, fleet, scene);
    match scene.shown() {
        Some(view) => {
            if !writes.is_empty() {
                charts::writes(frame, writes, scene, view);
            }
            charts::small(frame, small, scene, view);
            let [left, right] = Layout::horizontal(plan.middle).areas(middle);
            reach.engine = engine::draw(frame, left, scene, view, right.is_empty());
            rds::draw(frame, right, scene, view);
        }
        None => nothing_yet(frame, writes),
    }
    reach.journal = journal::draw(frame, journal, scene);
    footer::draw(frame, bottom, footer);
}

/// The marked panel alone between header and footer, below as much of alerts and databases as a low screen has lines
/// for.
fn whole(frame: &mut Frame<'_>, scene: &Scene<'_>, footer: Vec<Line<'static>>, reach: &mut Reach) {
    let area = frame.area();
    let panel = scene.state.panel;
    let low = Rect { height: Room::LEAST.1, ..area };
    let alerts = if panel == Panel::Alerts { Vec::new() } else { alerts::lines(scene, low) };
    let rows = [
        Constraint::Length(2),
        Constraint::Length(alerts.len() as u16),
        Constraint::Length(fleet::height(scene, low.height)),
        Constraint::Fill(1),
        Constraint::Length(footer.len() as u16),
    ];
    let [top, alarm, fleet, body, bottom] = Layout::vertical(rows).areas(area);
    header::draw(frame, top, scene);
    alerts::draw(frame, alarm, alerts);
    fleet::draw(frame, fleet, scene);
    match (panel, scene.shown()) {
        (Panel::Alerts, _) => reach.alerts = alerts::draw_whole(frame, body, scene),
        (Panel::Journal, _) => reach.journal = journal::draw(frame, body, scene),
        (Panel::Writes, Some(view)) => charts::writes(frame, body, scene, view),
        (Panel::Small, Some(view)) => charts::small_in_rows(frame, body, scene, view),
        (Panel::Engine, Some(view)) => reach.engine = engine::draw(frame, body, scene, view, true),
        (Panel::Rds, Some(view)) => rds::draw(frame, body, scene, view),
        (_, None) => nothing_yet(frame, body),
    }
    footer::draw(frame, bottom, footer);
}

fn nothing_yet(frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(Paragraph::new(" waiting for the engine's first look").style(theme::MUTED), area);
}

/// Where the regions go.
struct Regions {
    rows: [Constraint; 8],
    middle: [Constraint; 2],
}

/// One way to share the rows: small charts, split of the middle, least rows of the writes chart and of the journal.
type Step = (u16, [Constraint; 2], u16, u16);

/// What the engine has to say outranks the small charts, the journal, RDS and the chart, in this order: what may go
/// wrong now is of more weight than how it came. Each step gives it more room; the first that is enough is taken.
fn plan(scene: &Scene<'_>, area: Rect, alerts: u16, footer: u16) -> Regions {
    let fleet = fleet::height(scene, area.height);
    let small = if area.height >= TALL { (area.height / 6).clamp(7, 12) } else { 0 };
    let at_ease: [Step; 2] = [(small, BESIDE, 8, 5), (small, BESIDE, 8, 3)];
    let last: Step = (0, ALONE, 0, 0);
    let in_need: [Step; 4] = [(0, BESIDE, 8, 3), (0, BESIDE, 6, 3), (0, ALONE, 6, 3), (0, ALONE, 5, 0)];
    let room = |(small, _, writes, journal): Step| {
        area.height.saturating_sub(2 + alerts + fleet + small + writes + journal + footer)
    };
    let widths = |middle| -> [u16; 2] {
        let areas: [Rect; 2] = Layout::horizontal(middle).areas(Rect { height: 1, ..area });
        areas.map(|area| area.width)
    };
    let view = scene.shown();
    let engine = |step: Step, height: fn(&Scene<'_>, &DatabaseView, u16) -> u16| {
        view.map_or(8, |view| height(scene, view, widths(step.1)[0]))
    };
    let whole = at_ease.into_iter().find(|step| engine(*step, engine::height) <= room(*step));
    let least = || at_ease.into_iter().chain(in_need).find(|step| engine(*step, engine::least_height) <= room(*step));
    let step = whole.or_else(least).unwrap_or(last);
    // On a low screen the chart is of more use than the last lines about RDS.
    let beside = view.filter(|_| area.height >= TALL);
    let beside = beside.map_or(0, |view| rds::height(scene, view, widths(step.1)[1]));
    let middle = Constraint::Length(engine(step, engine::height).max(beside).min(room(step)));
    let least = |rows: u16, share| if rows == 0 { Constraint::Length(0) } else { Constraint::Fill(share) };
    let rows = [
        Constraint::Length(2),
        Constraint::Length(alerts),
        Constraint::Length(fleet),
        least(step.2, 2),
        Constraint::Length(step.0),
        if step.2 == 0 { Constraint::Fill(1) } else { middle },
        least(step.3, 1),
        Constraint::Length(footer),
    ];
    Regions { rows, middle: step.1 }
}

fn too_small(frame: &mut Frame<'_>, area: Rect, newest: &Snapshot, state: &UiState) {
    let (width, height) = Room::LEAST;
    let (arming, disarm) = if newest.arming.is_armed() { ("ARMED", "a disarms, ") } else { ("DISARMED", "") };
    let leave = if newest.has_active_run() && state.link.engine().is_none() {
        "to leave during an action enlarge it"
    } else {
        "q quits"
    };
    let words = format!(
        "terminal too small: {}x{}, needs {width}x{height}; engine {arming}; {disarm}{leave}",
        area.width, area.height
    );
    frame.render_widget(Paragraph::new(words).wrap(ratatui::widgets::Wrap { trim: true }), area);
}

/// A panel's frame; the marked one is bold, and pointed at for where bold is not seen.
fn panel(title: impl Into<String>, marked: bool) -> Block<'static> {
    let title = title.into();
    if marked {
        Block::bordered().title(format!(">{title}")).border_style(theme::TITLE)
    } else {
        Block::bordered().title(title).border_style(theme::MUTED)
    }
}

/// The frame of what lies over the panels.
fn over(title: &'static str) -> Block<'static> {
    Block::bordered().title(title).border_style(theme::TITLE)
}

/// A box in the middle, no larger than the screen.
fn centered(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}
