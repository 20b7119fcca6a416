//! What other hands did to a database: told by what is seen, put on record, and held. Nothing of it is ever mended.

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseName, ResourceId};
use crate::model::event::Event;
use crate::model::hold::{Hold, HoldCause};

/// RDS can fail to find what is there for a look or two.
const GONE_LOOKS: u32 = 3;

impl Engine {
    /// Seen on two looks running, and held once: a person who releases it while the deployment is there is told again.
    pub(super) fn hold_for_deployment(
        &mut self,
        now: Timestamp,
        database: &DatabaseName,
        deployment: &str,
        (resource_id, class): (ResourceId, InstanceClass),
    ) {
        let what =
            format!("it is the source of the blue/green deployment {deployment}, which no action under way made");
        let cause = HoldCause::ForeignChange { what: what.clone() };
        let holds = &self.memory.of(database).holds;
        if holds.iter().any(|hold| hold.cause == cause || matches!(hold.cause, HoldCause::Unclear { .. })) {
            return;
        }
        let event = Event::ForeignChange { database: database.clone(), resource_id, class, what };
        self.record(now, event);
        let hold = Hold { direction: None, until: None, cause };
        self.record(now, Event::HoldSet { database: database.clone(), hold, supersedes: Vec::new() });
    }

    /// Seen on two looks running: `DescribeDBInstances` can answer with an old picture once.
    pub(super) fn record_foreign_change(
        &mut self,
        now: Timestamp,
        database: &DatabaseName,
        known: &(ResourceId, InstanceClass),
        here: (ResourceId, InstanceClass),
    ) {
        let of_cluster = self.watched.get(database).and_then(|watched| watched.seen.as_ref()?.state.cluster.as_ref());
        let soon = self.after_manual(now, database);
        let (what, until) = if known.0 == here.0 {
            // A change by hand, at AWS: it is not undone for a while.
            (format!("the class is {} and not {}", here.1, known.1), soon)
        } else if of_cluster.is_some_and(|cluster| cluster.member(&known.0).is_some()) {
            // RDS fails a cluster over by itself, too: both instances are still its own.
            (format!("another instance of the cluster writes now: {} and not {}", here.0, known.0), soon)
        } else {
            (format!("the name now belongs to another machine: {} and not {}", here.0, known.0), None)
        };
        let (resource_id, class) = here;
        let event = Event::ForeignChange { database: database.clone(), resource_id, class, what: what.clone() };
        self.record(now, event);
        let hold = Hold { direction: None, until, cause: HoldCause::ForeignChange { what } };
        self.record(now, Event::HoldSet { database: database.clone(), hold, supersedes: Vec::new() });
    }

    /// A change pends that no action under way has ordered: seen on two looks running, and held once. It is not waited for
    /// in silence, since it would be applied with the next change of ours.
    pub(super) fn hold_for_pending(&mut self, now: Timestamp, database: &DatabaseName, pending: Option<String>) {
        let Some(watched) = self.watched.get_mut(database) else { return };
        let before = std::mem::replace(&mut watched.pending, pending.clone());
        if pending.is_none() {
            watched.held_pending = None;
        }
        let Some(pending) = pending.filter(|pending| before.as_ref() == Some(pending)) else { return };
        if watched.held_pending.as_ref() == Some(&pending) {
            return;
        }
        watched.held_pending = Some(pending.clone());
        let unclear = |hold: &Hold| matches!(hold.cause, HoldCause::Unclear { .. });
        // It can be of an action of ours whose end a person is asked to look at.
        if self.memory.of(database).holds.iter().any(unclear) {
            return;
        }
        self.hold_for_a_while(now, database, format!("a change is pending that no action under way made: {pending}"));
    }

    /// The name was not found by this look. A database that was known and is not found any more was deleted or renamed.
    pub(super) fn count_gone(&mut self, now: Timestamp, database: &DatabaseName) {
        let Some(watched) = self.watched.get_mut(database) else { return };
        watched.gone_looks = watched.gone_looks.saturating_add(1);
        let acts = self.memory.of(database).moving().is_some();
        if watched.gone_looks == GONE_LOOKS && !acts {
            let what = "no database has its name any more: it was deleted or renamed".to_owned();
            self.hold_for_a_while(now, database, what);
        }
    }

    /// Records what other hands did to a database that is known, and leaves it alone for a while.
    fn hold_for_a_while(&mut self, now: Timestamp, database: &DatabaseName, what: String) {
        let Some((resource_id, class)) = self.memory.of(database).known.clone() else { return };
        let until = self.after_manual(now, database);
        self.record(now, Event::ForeignChange { database: database.clone(), resource_id, class, what: what.clone() });
        let hold = Hold { direction: None, until, cause: HoldCause::ForeignChange { what } };
        self.record(now, Event::HoldSet { database: database.clone(), hold, supersedes: Vec::new() });
    }

    /// Until when what was changed by hand is left alone.
    fn after_manual(&self, now: Timestamp, database: &DatabaseName) -> Option<Timestamp> {
        let policy = self.settings.policy(database);
        let wait = policy.and_then(|policy| SignedDuration::try_from(policy.hold_after_manual).ok());
        wait.and_then(|wait| now.checked_add(wait).ok())
    }
}
