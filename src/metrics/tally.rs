//! What is counted of the records: decisions and what came of actions. From zero when the process begins, and only upwards.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::action::ActionResult;
use crate::model::database::DatabaseName;
use crate::model::decision::Verdict;
use crate::model::event::Event;
use crate::model::notify::Happened;

/// Of each database and word, how often.
pub(super) type Counts = BTreeMap<(DatabaseName, &'static str), u64>;

const VERDICTS: [&str; 3] = ["hold", "scale", "would_scale"];
const RESULTS: [&str; 6] = ["verified", "failed_safe", "rolled_back", "stopped", "superseded", "held"];

/// The counts. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    decisions: Counts,
    actions: Counts,
}

impl Tally {
    /// Counts an event, if it is one of those.
    pub fn hear(&self, happened: &Happened<'_>) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match happened.event {
            Event::Decision { decision, .. } => {
                *inner.decisions.entry((decision.database.clone(), verdict(&decision.verdict))).or_default() += 1;
            }
            Event::ActionEnded { database, result: ended, .. } => {
                *inner.actions.entry((database.clone(), result(ended))).or_default() += 1;
            }
            _ => {}
        }
    }

    /// Recorded decisions, by verdict, of these databases and of those that were there before.
    pub(super) fn decisions<'a>(&self, of: impl Iterator<Item = &'a DatabaseName>) -> Counts {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner).decisions.clone();
        with_zeros(counted, of, &VERDICTS)
    }

    /// Actions that are over, by result, likewise.
    pub(super) fn actions<'a>(&self, of: impl Iterator<Item = &'a DatabaseName>) -> Counts {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner).actions.clone();
        with_zeros(counted, of, &RESULTS)
    }
}

/// A count that is there from the beginning shows its first step as one.
fn with_zeros<'a>(mut counted: Counts, of: impl Iterator<Item = &'a DatabaseName>, words: &[&'static str]) -> Counts {
    for database in of {
        for word in words {
            counted.entry((database.clone(), *word)).or_default();
        }
    }
    counted
}

fn verdict(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Hold => "hold",
        Verdict::Scale { .. } => "scale",
        Verdict::WouldScale { .. } => "would_scale",
    }
}

fn result(result: &ActionResult) -> &'static str {
    match result {
        ActionResult::Verified => "verified",
        ActionResult::FailedSafe { .. } => "failed_safe",
        ActionResult::RolledBack { .. } => "rolled_back",
        ActionResult::Stopped { .. } => "stopped",
        ActionResult::Superseded { .. } => "superseded",
        ActionResult::Held { .. } => "held",
    }
}
