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
#[derive(Debug, Clone)]
pub struct Tally(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    decisions: Counts,
    actions: Counts,
}

impl Tally {
    /// Nothing of these databases yet: a count that is there from the beginning shows its first step as one.
    pub fn of(databases: &[&DatabaseName]) -> Self {
        let zeros = |words: &[&'static str]| {
            let of_each = databases.iter().flat_map(|name| words.iter().map(|word| (((*name).clone(), *word), 0)));
            of_each.collect()
        };
        Self(Arc::new(Mutex::new(Inner { decisions: zeros(&VERDICTS), actions: zeros(&RESULTS) })))
    }

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

    /// Recorded decisions, by verdict.
    pub(super) fn decisions(&self) -> Counts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).decisions.clone()
    }

    /// Actions that are over, by result.
    pub(super) fn actions(&self) -> Counts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).actions.clone()
    }
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
