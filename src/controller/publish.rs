//! What the controller shows: snapshots for its clients, and a line of diagnostics for each record.

use std::sync::Arc;

use super::Controller;
use crate::model::event::{Entry, Event};
use crate::model::snapshot::{JournalHealth, Snapshot};

impl Controller {
    /// Publishes the present state to everybody who watches.
    pub(super) fn publish(&mut self) {
        let now = self.clock.now();
        let journal = match &self.journal {
            Ok(journal) => JournalHealth { seq: journal.seq(), head: journal.head().to_owned(), broken: None },
            Err(why) => JournalHealth {
                seq: self.tail.back().map_or(0, |entry| entry.seq),
                head: String::new(),
                broken: Some(why.clone()),
            },
        };
        let snapshot = Snapshot {
            revision: self.engine.revision(),
            at: now,
            world: self.world.clone(),
            identity: self.engine.identity().cloned(),
            arming: self.engine.arming().clone(),
            journal,
            databases: self.engine.databases(now, &self.wake),
            problems: self.engine.problems(),
            tail: self.tail.iter().cloned().collect(),
            stopping: self.stopping,
        };
        self.server.snapshots.send_replace(Arc::new(snapshot));
    }
}

/// One line of diagnostics for a record, with its sequence, so that log and journal can be joined.
pub(super) fn log(entry: &Entry) {
    let seq = entry.seq;
    let words = crate::model::text::clean(&entry.event.words(), 400);
    match &entry.event {
        Event::ActionEnded { result: crate::model::action::ActionResult::Held { .. }, .. } => {
            tracing::error!(seq, at = %entry.at, "{words}");
        }
        Event::ReadFailed(_) | Event::ForeignChange { .. } | Event::CallSent { .. } | Event::ActionEnded { .. } => {
            tracing::warn!(seq, at = %entry.at, "{words}");
        }
        _ => tracing::info!(seq, at = %entry.at, "{words}"),
    }
}
