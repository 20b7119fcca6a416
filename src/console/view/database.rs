//! The database as RDS describes it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::console::state::UiState;
use crate::console::theme::{Look, Role};
use crate::console::words;
use crate::model::snapshot::Snapshot;

use super::{lines_in, panel};

pub(super) fn draw(snapshot: &Snapshot, state: &UiState, look: &Look, area: Rect, buffer: &mut Buffer) {
    let Some(view) = state.database(snapshot) else { return };
    let title = Line::styled(format!(" RDS {} ", view.name()), look.style(Role::Title));
    let inside = panel(title, look, area, buffer);
    let Some(known) = &view.state else {
        lines_in(vec![Line::styled("not seen yet", look.style(Role::Warn))], inside, buffer);
        return;
    };
    let role = match &known.status {
        status if status.is_failed() => Role::Danger,
        status if status.is_available() => Role::Ok,
        _ => Role::Warn,
    };
    let status = known.status.as_str().to_owned();
    let first = vec![
        Span::styled(known.class.to_string(), look.style(Role::Strong)),
        Span::from(" "),
        Span::styled(format!("{} {status}", look.glyphs.sign(role == Role::Ok)), look.style(role)),
    ];
    let pending: Vec<_> = known.pending.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let pending = if pending.is_empty() {
        Line::styled("nothing pending", look.style(Role::Muted))
    } else {
        Line::styled(format!("PENDING {}", pending.join(", ")), look.style(Role::Warn))
    };
    let seen = view.state_at.map_or_else(String::new, |at| format!(", seen {} ago", words::until(state.now, at)));
    let zones = if known.multi_az { "Multi-AZ" } else { "Single-AZ" };
    let storage = known.storage_gib.map_or_else(String::new, |gib| format!(" {gib} GiB"));
    let lines = vec![
        Line::from(first),
        pending,
        Line::from(format!("{} {}, {zones}{seen}", known.engine, known.engine_version)),
        Line::from(format!("{}{storage}", known.storage_type.as_deref().unwrap_or("storage unknown"))),
        Line::styled(known.resource_id.to_string(), look.style(Role::Muted)),
    ];
    lines_in(lines, inside, buffer);
}
