//! What the controller shows: snapshots for its clients, and a line of diagnostics for each record.

use std::sync::Arc;

use super::Controller;
use crate::model::action::ActionResult;
use crate::model::call::CallOutcome;
use crate::model::event::{Entry, Event};
use crate::model::pooler::PoolerStep;
use crate::model::snapshot::{DatabaseView, JournalHealth, Snapshot};
use crate::model::text::clean;

impl Controller {
    /// Publishes the present state to everybody who watches.
    pub(super) fn publish(&mut self) {
        let now = self.clock.now();
        if let Some(lease) = &self.lease {
            lease.tell(self.engine.lease_permission());
        }
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
            backend: self.backend.clone(),
            identity: self.engine.identity().cloned(),
            arming: self.engine.arming().clone(),
            lease: self.engine.lease().cloned(),
            journal,
            databases: self.engine.databases(now, &self.wake),
            problems: self.engine.problems(),
            tail: self.tail.iter().cloned().collect(),
            stopping: self.stopping,
            configuration: self.engine.configuration().clone(),
            looking_since: self.looking_since,
            notify: self.outward.ways(),
        };
        self.server.snapshots.send_replace(Arc::new(snapshot));
    }
}

/// Long enough for a hold with all of its reasons.
const LOG_LENGTH: usize = 1_000;

/// One line of diagnostics for a record, with its sequence, so that log and journal can be joined.
pub(super) fn log(entry: &Entry) {
    let seq = entry.seq;
    let words = clean(&entry.event.words(), LOG_LENGTH);
    match loudness(&entry.event) {
        Loudness::NeedsPerson => tracing::error!(seq, at = %entry.at, "{words}"),
        Loudness::WorthKnowing => tracing::warn!(seq, at = %entry.at, "{words}"),
        Loudness::Routine => tracing::info!(seq, at = %entry.at, "{words}"),
    }
}

/// The holds that a start finds in force: who reads the log from here on must not have to look for them.
pub(super) fn log_holds(databases: &[DatabaseView]) {
    for view in databases {
        for hold in &view.holds {
            let words = clean(
                &Event::HoldSet { database: view.name().clone(), hold: hold.clone(), supersedes: Vec::new() }.words(),
                LOG_LENGTH,
            );
            if hold.waits_for_person() {
                tracing::error!("still in force: {words}");
            } else {
                tracing::warn!("still in force: {words}");
            }
        }
    }
}

/// How loud a record is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loudness {
    /// Nothing goes on until somebody has looked.
    NeedsPerson,
    /// Something was done, is in doubt, or does not work.
    WorthKnowing,
    /// What it does all day.
    Routine,
}

fn loudness(event: &Event) -> Loudness {
    match event {
        Event::ActionEnded { result: ActionResult::Held { .. }, .. } => Loudness::NeedsPerson,
        Event::Pooler { step: PoolerStep::NotResumed { .. }, .. } => Loudness::NeedsPerson,
        Event::HoldSet { hold, .. } if hold.waits_for_person() => Loudness::NeedsPerson,
        Event::ScalingActivity { activity, .. } if activity.is_trouble() => Loudness::WorthKnowing,
        Event::HoldSet { .. }
        | Event::Disarmed { .. }
        | Event::JournalRepaired { .. }
        | Event::ReadFailed(_)
        | Event::LeaseAcquired { .. }
        | Event::LeaseLost { .. }
        | Event::LeaseHeldElsewhere { .. }
        | Event::ConfigReloaded { .. }
        | Event::ConfigRefused { .. }
        | Event::ForeignChange { .. }
        | Event::CallSent { .. }
        | Event::CallAnswered { outcome: CallOutcome::Unknown { .. } | CallOutcome::Refused { .. }, .. }
        | Event::CallAdopted { .. }
        | Event::SwitchedOver { .. }
        | Event::Pooler { .. }
        | Event::AlarmFollows { .. }
        | Event::AlarmFollowed { why: Some(_), .. }
        | Event::ActionResumed { .. }
        | Event::ActionEnded { .. } => Loudness::WorthKnowing,
        Event::EngineStarted { .. }
        | Event::EngineStopped { .. }
        | Event::IdentityConfirmed { .. }
        | Event::Armed { .. }
        | Event::CommandRefused { .. }
        | Event::HoldReleased { .. }
        | Event::Decision { .. }
        | Event::ActionIntended { .. }
        | Event::CallAnswered { .. }
        | Event::ActionObserved { .. }
        | Event::DeploymentObserved { .. }
        | Event::ReaderObserved { .. }
        | Event::ServerReached { .. }
        | Event::CutApproved { .. }
        | Event::StopRequested { .. }
        | Event::ScalingActivity { .. }
        | Event::RdsEvent(_)
        | Event::AlarmChanged { .. }
        | Event::AlarmFollowed { .. }
        | Event::ReadRecovered { .. } => Loudness::Routine,
    }
}
