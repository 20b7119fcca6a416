//! Who, where, armed or not, how old the data is, what time it is; and what fails at the moment.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::console::state::UiState;
use crate::console::theme::{Look, Role};
use crate::console::words;
use crate::model::snapshot::{Arming, DatabaseView, Snapshot, World};
use crate::model::text::clean;

pub(super) fn draw(snapshot: &Snapshot, state: &UiState, look: &Look, area: Rect, buffer: &mut Buffer) {
    let first = Rect { height: 1, ..area };
    let second = Rect { y: area.y + 1, height: 1, ..area };
    let clock = Line::from(format!("{} UTC", words::date_time(state.now))).right_aligned();
    let (role, word, why) = match &snapshot.arming {
        Arming::Armed { by, since } => (Role::Armed, " ARMED ", format!(" by {by} at {}", words::time(*since))),
        Arming::Disarmed { why, .. } => (Role::Disarmed, " DISARMED ", format!(" {why}")),
    };
    let mut line = vec![Span::styled("upshift ", look.style(Role::Title))];
    line.extend(world(snapshot, look));
    if state.frozen.is_some() {
        line.push(Span::styled(" FROZEN", look.style(Role::Warn)));
    }
    if snapshot.stopping {
        line.push(Span::styled(" STOPPING", look.style(Role::Danger)));
    }
    let room = usize::from(area.width.saturating_sub(24));
    Line::from(line).render(Rect { width: room as u16, ..first }, buffer);
    clock.render(first, buffer);
    let mut line = vec![Span::styled(word, look.style(role)), Span::from(clean(&why, room / 2))];
    line.extend(ages(snapshot, state, look));
    Line::from(line).render(second, buffer);
}

/// The lines of what fails, newest last; a broken journal first of all.
pub(super) fn problems(snapshot: &Snapshot, state: &UiState, look: &Look, area: Rect, buffer: &mut Buffer) {
    let broken = snapshot.journal.broken.iter().map(|why| format!("the journal takes no records: {why}"));
    let failing = snapshot.problems.iter().map(|problem| {
        let since = words::until(state.now, problem.since);
        format!("{} (for {since})", problem.failure.sentence)
    });
    for (row, text) in area.rows().zip(broken.chain(failing)) {
        let text = format!("{} {}", look.glyphs.alert, clean(&text, 400));
        Line::styled(text, look.style(Role::Danger)).render(row, buffer);
    }
}

fn world(snapshot: &Snapshot, look: &Look) -> Vec<Span<'static>> {
    let identity = snapshot.identity.as_ref();
    match &snapshot.world {
        World::Aws { region } => {
            let account = identity.map_or("account unknown yet", |identity| identity.account.as_str());
            let region = identity.map(|identity| identity.region.as_str()).or(region.as_deref());
            vec![Span::from(format!("account {account} {}", region.unwrap_or("region unknown")))]
        }
        World::Simulation { scenario, speed, .. } => {
            vec![
                Span::styled("SIMULATION", look.style(Role::Simulation)),
                Span::from(format!(" {} at {speed}x", clean(scenario, 30))),
            ]
        }
    }
}

fn ages(snapshot: &Snapshot, state: &UiState, look: &Look) -> Vec<Span<'static>> {
    let dot = look.glyphs.dot;
    let Some(view) = state.database(snapshot) else {
        return vec![Span::styled(format!(" {dot} no database"), look.style(Role::Warn))];
    };
    let age = data_age_secs(view, state);
    let stale = age.is_none_or(|age| age > view.policy.stale_after.as_secs() as i64);
    let age = age.map_or_else(|| "no data yet".to_owned(), |age| format!("data {} old", words::span(age)));
    let role = if stale { Role::Warn } else { Role::Text };
    let mut spans = vec![Span::styled(format!(" {dot} {age}{}", if stale { " STALE" } else { "" }), look.style(role))];
    if snapshot.databases.len() > 1 {
        let place = snapshot.databases.iter().position(|other| other.name() == view.name()).unwrap_or(0) + 1;
        spans.push(Span::from(format!(" {dot} {} ({place}/{})", view.name(), snapshot.databases.len())));
    }
    spans.push(Span::styled(format!(" {dot} journal #{}", snapshot.journal.seq), look.style(Role::Muted)));
    spans
}

/// Age of the oldest of the newest datapoints of the rules' signals.
fn data_age_secs(view: &DatabaseView, state: &UiState) -> Option<i64> {
    let rules = view.policy.up.iter().chain(&view.policy.down);
    let ends = rules.map(|rule| view.series.get(&rule.signal).and_then(crate::model::series::Series::newest_end));
    let ages = ends.map(|end| Some(state.now.duration_since(end?).as_secs()));
    ages.collect::<Option<Vec<_>>>()?.into_iter().max()
}
