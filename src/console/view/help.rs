//! The help page, made from the keymap.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use crate::console::keymap::{Context, rows};
use crate::console::theme::{Look, Role};

use super::panel;

const SECTIONS: [(Context, &str); 6] = [
    (Context::Normal, "on the screen"),
    (Context::Everywhere, "everywhere"),
    (Context::Reason, "in a dialog that asks for a reason"),
    (Context::Choose, "in the list of classes"),
    (Context::Confirm, "in a question"),
    (Context::Filter, "while the filter is typed"),
];

pub(super) fn draw(scroll: u16, look: &Look, area: Rect, buffer: &mut Buffer) {
    let inside = panel(Line::styled(" help ", look.style(Role::Title)), look, area, buffer);
    let mut lines = Vec::new();
    for (context, heading) in SECTIONS {
        lines.push(Line::styled(heading, look.style(Role::Title)));
        for row in rows(context) {
            let chord = format!("  {:<10}", row.chord.label(look.glyphs.ascii));
            lines.push(Line::from(vec![Span::styled(chord, look.style(Role::Key)), Span::from(row.help)]));
        }
    }
    Paragraph::new(lines).scroll((scroll, 0)).render(inside, buffer);
}
