//! What is recorded of an action while it is watched: each status, deployment and reader that differs from the last record.

use jiff::Timestamp;

use super::Engine;
use super::watched::Seen;
use crate::model::action::Run;
use crate::model::database::{DatabaseName, DatabaseState};
use crate::model::event::Event;
use crate::model::policy::Strategy;

impl Engine {
    /// Records the status of the database of an action when it differs from the last one recorded.
    pub(super) fn note_progress(&mut self, now: Timestamp, database: &DatabaseName) {
        let Some(run) = self.memory.of(database).active() else { return };
        let Some(call) = run.last_call() else { return };
        let Some(watched) = self.watched.get(database).filter(|watched| watched.look_is_new) else { return };
        // By looks, as what is done next: a clock that was set back since the call would keep the record behind.
        let is_since = |seen: &&Seen| watched.looks_since(Some(call.sent_at), seen) > 0;
        let Some(seen) = watched.seen.as_ref().filter(is_since) else { return };
        let observed = &seen.deployments;
        let (action, deployment) = (run.intent.action.clone(), observed.own.clone());
        let copy = seen.copy.as_ref().map(|copy| copy.resource_id.clone());
        let known = run.deployment.as_ref().filter(|_| !run.is_deployment_gone);
        let same = known == deployment.as_ref() && (copy.is_none() || run.copy == copy);
        // Of other actions no deployment is there, and none is gone.
        let by_deployment = run.intent.strategy == Strategy::BlueGreen;
        let event = (by_deployment && observed.is_read && !same).then(|| Event::DeploymentObserved {
            action,
            database: database.clone(),
            deployment,
            copy,
        });
        let state = &seen.state;
        let of_reader = seen.copy.as_ref().and_then(|reader| reader_event(run, reader));
        let event_of_status = self.status_event(database, state);
        for event in event.into_iter().chain(of_reader).chain(event_of_status) {
            self.record(now, event);
        }
    }

    /// The record of a status that differs from the last one recorded.
    fn status_event(&self, database: &DatabaseName, state: &DatabaseState) -> Option<Event> {
        let run = self.memory.of(database).active()?;
        if run.seen.last().is_some_and(|(_, status)| *status == state.status) {
            return None;
        }
        Some(Event::ActionObserved {
            action: run.intent.action.clone(),
            database: database.clone(),
            status: state.status.clone(),
            class: state.class.clone(),
            pending: state.class_pending().is_some(),
        })
    }
}

/// The record of a reader that was made, where it differs from the last one.
fn reader_event(run: &Run, reader: &DatabaseState) -> Option<Event> {
    if run.intent.strategy != Strategy::ReaderFailover || reader.name != run.reader_name() {
        return None;
    }
    let known = run.reader.as_ref();
    let same = known.is_some_and(|known| known.class == reader.class && known.status == reader.status);
    (!same).then(|| Event::ReaderObserved {
        action: run.intent.action.clone(),
        database: run.intent.database.clone(),
        name: reader.name.clone(),
        resource_id: reader.resource_id.clone(),
        class: reader.class.clone(),
        status: reader.status.clone(),
    })
}
