//! All databases at a glance, one line each; only where there is more than one.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::age::{self, Unseen};
use super::scene::Scene;
use super::words;
use super::wrap::cut;
use crate::console::theme;
use crate::model::decision::Verdict;
use crate::model::hold::Hold;
use crate::model::snapshot::DatabaseView;

/// Rows that the strip wants.
pub(super) fn height(scene: &Scene<'_>, screen: u16) -> u16 {
    match scene.picture.databases.len() as u16 {
        0 | 1 => 0,
        databases => databases.min((screen / 8).max(2)),
    }
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>) {
    let databases = &scene.picture.databases;
    let shown = scene.state.shown_index(scene.picture);
    let rows = usize::from(area.height);
    // The shown one stays in sight.
    let skip = (shown + 1).saturating_sub(rows);
    let cells: Vec<[String; 4]> = databases.iter().map(|view| cells(scene, view)).collect();
    let width = |column: usize| cells.iter().map(|cells| cells[column].width()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3].map(width);
    let hidden = databases.len().saturating_sub(rows);
    let line = |(at, view): (usize, &DatabaseView)| {
        let mark = if at == shown { '>' } else { ' ' };
        let (word, style) = doing(scene, view);
        let mut text = mark.to_string();
        for (cell, width) in cells[at].iter().zip(widths) {
            text.push(' ');
            text.push_str(cell);
            text.push_str(&" ".repeat(width - cell.width()));
        }
        let more = if hidden > 0 && at + 1 == skip + rows { format!(" (+{hidden} more: n)") } else { String::new() };
        let room = usize::from(area.width).saturating_sub(more.width());
        let text = format!("{}{more}", cut(&format!("{text}  {word}"), room));
        Line::styled(text, if at == shown { style.patch(theme::TITLE) } else { style })
    };
    let lines: Vec<Line<'static>> = databases.iter().enumerate().skip(skip).take(rows).map(line).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

/// Name, class, status, newest writes.
fn cells(scene: &Scene<'_>, view: &DatabaseView) -> [String; 4] {
    let known = view.state.as_ref();
    [
        cut(view.name().as_str(), 24),
        known.map_or("not seen yet".to_owned(), |state| state.class.to_string()),
        known.map_or_else(String::new, |state| state.status.to_string()),
        age::newest_words(age::leading(view), scene.at()),
    ]
}

/// What goes on, in a few words: acting before held before wanting.
fn doing(scene: &Scene<'_>, view: &DatabaseView) -> (String, Style) {
    if let Some(run) = view.active_run() {
        return (format!("! {} to {}: {}", run.intent.action.0, run.intent.to, run.phase_words()), theme::WARN);
    }
    if view.holds.iter().any(Hold::waits_for_person) {
        return ("✘ HELD, R releases".to_owned(), theme::DANGER);
    }
    if let Some(until) = view.holds.iter().filter_map(|hold| hold.until).max() {
        return (format!("held {} more", words::between(scene.at(), until)), theme::WARN);
    }
    match view.decision.as_ref().map(|decision| &decision.verdict) {
        None => ("no evaluation yet".to_owned(), theme::MUTED),
        Some(verdict) => match age::unseen(view) {
            Some(Unseen::Database(_)) => ("✘ OUT OF SIGHT".to_owned(), theme::DANGER),
            Some(Unseen::Load(_)) => ("✘ LOAD NOT SEEN".to_owned(), theme::DANGER),
            None => wanting(scene, verdict),
        },
    }
}

fn wanting(scene: &Scene<'_>, verdict: &Verdict) -> (String, Style) {
    match verdict {
        Verdict::Hold if scene.picture.arming.is_armed() => ("✔ steady, armed".to_owned(), theme::OK),
        Verdict::Hold => ("✔ steady".to_owned(), theme::OK),
        verdict => (verdict.words(), theme::WARN),
    }
}
