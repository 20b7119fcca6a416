//! Questions to the operator: what will happen is said before it is confirmed. What is asked for is never out of sight;
//! an explanation that has no room above it can be scrolled.

mod words;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Paragraph};

use super::scene::Scene;
use super::wrap::{Styled, wrapped};
use super::{centered, over};
use crate::console::question::{Dialog, Question};
use crate::console::theme;

/// Columns of a dialog, frame included.
const WIDTH: u16 = 78;

/// A question in words.
#[derive(Debug, Default)]
struct Asked {
    title: &'static str,
    /// What will happen.
    explanation: Vec<Styled>,
    /// What is to be typed or chosen.
    fields: Vec<Styled>,
}

/// Draws it; how many lines of the explanation there are to scroll.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, scene: &Scene<'_>, dialog: &Dialog) -> usize {
    let asked = asked(scene, &dialog.question);
    let width = WIDTH.min(area.width);
    let inner = usize::from(width.saturating_sub(2));
    let mut fields = vec![(String::new(), Style::new())];
    fields.extend(asked.fields);
    fields.extend(dialog.notice.iter().map(|notice| (format!("✘ {notice}"), theme::WARN)));
    fields.push((way_out(scene, dialog).to_owned(), theme::MUTED));
    let fields = wrapped(&fields, inner, 2);
    let mut lines = wrapped(&asked.explanation, inner, 2);
    let room = usize::from(area.height).saturating_sub(2 + fields.len());
    let mut reach = 0;
    if lines.len() > room {
        let rows = room.saturating_sub(1);
        reach = lines.len() - rows;
        let skip = dialog.scrolled.min(reach);
        let below = reach - skip;
        lines = lines.split_off(skip);
        lines.truncate(rows);
        let more = format!("… {skip} lines above, {below} below: PageUp, PageDown");
        lines.push(Line::styled(more, theme::WARN));
    }
    lines.extend(fields);
    let place = centered(area, width, lines.len() as u16 + 2);
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(lines).block(over(asked.title)), place);
    reach
}

fn asked(scene: &Scene<'_>, question: &Question) -> Asked {
    match question {
        Question::Arm { length, reason } => words::arm(scene.newest, *length, reason),
        Question::Scale(scaling) => words::scale(scene.newest, scaling),
        Question::Choose { change } => words::choose(scene.newest, change),
        Question::Hold { database, direction, length, reason } => words::hold(database, (*direction, *length), reason),
        Question::Release { database } => words::release(scene, database),
        Question::Approve { database } => words::approve(scene.newest, database),
        Question::RemoveOld(removing) => words::remove_old(scene.newest, removing),
        Question::Suspend => words::suspend(),
        Question::Quit => words::quit(),
    }
}

fn way_out(scene: &Scene<'_>, dialog: &Dialog) -> &'static str {
    if scene.now.machine < dialog.ready_at() {
        "wait a moment: an Enter at once would not be taken; Esc goes back"
    } else {
        "Enter confirms, Esc goes back"
    }
}
