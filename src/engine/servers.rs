//! What the servers themselves say: taken in with each look, and asked when a change would cut off what is open there.

use jiff::Timestamp;

use super::{Engine, preflight};
use crate::model::action::Run;
use crate::model::database::DatabaseName;
use crate::model::event::Event;
use crate::model::gate::GateResult;
use crate::model::server::{ClientsReach, ServerReading, ServerSeen};

/// A server is read each second: what is so many times as old as a look may be is not known.
const SEEN_WITHIN_FRESH_LOOKS: i32 = 2;

impl Engine {
    /// A server that cannot be seen is none that is calm: its signals have no datapoint then, and its facts are unknown.
    pub(super) fn observe_servers(&mut self, now: Timestamp, readings: Vec<(DatabaseName, ServerReading)>) {
        let limit = self.fresh_look * SEEN_WITHIN_FRESH_LOOKS;
        for (database, reading) in readings {
            // Nothing was read yet.
            let Some(seen) = reading.at(now, limit) else { continue };
            let seen = self.note(now, &format!("PostgreSQL {database}"), seen);
            self.observe_series(now, &database, reading.series);
            if let Some(watched) = self.watched.get_mut(&database) {
                watched.server = seen;
            }
        }
    }

    /// A database's server, as the newest look has it.
    pub fn server(&self, database: &DatabaseName) -> Option<&ServerSeen> {
        self.watched.get(database)?.server.as_ref()
    }

    /// What is open at the server that an action would cut off, or leave behind; absent where nothing is, or nobody looks.
    pub(super) fn in_the_way(&self, run: &Run) -> Option<String> {
        let intent = &run.intent;
        let policy = self.settings.policy(&intent.database).filter(|_| intent.removes.is_none())?;
        let direction = policy.ladder.direction(&intent.from, &intent.to);
        let gates = preflight::of_server((policy, intent.strategy), self.watched.get(&intent.database)?, direction);
        let closed: Vec<String> = gates.iter().filter(|gate| !gate.open).map(GateResult::closed_sentence).collect();
        (!closed.is_empty()).then(|| closed.join("; "))
    }

    /// Records the server that clients reach by the newest look, where it was seen.
    pub(super) fn note_server(&mut self, now: Timestamp, run: &Run, before_cut: bool) {
        let database = run.intent.database.clone();
        let Some(server) = self.server(&database).map(|seen| seen.id.clone()) else { return };
        let action = run.intent.action.clone();
        self.record(now, Event::ServerReached { action, database, server, before_cut });
    }

    /// What is known of the clients' path since the last call of an action; or why it does not lead to the new machine.
    pub(super) fn clients_reach(&self, run: &Run) -> Result<ClientsReach, String> {
        let database = &run.intent.database;
        let is_read = self.settings.policy(database).is_some_and(|policy| policy.postgres.is_some());
        let Some(call) = run.last_call().filter(|_| is_read) else { return Ok(ClientsReach::NotChecked) };
        let Some(seen) = self.server(database).filter(|seen| seen.at > call.sent_at) else {
            return Err("no session comes to a server through the endpoint of clients".to_owned());
        };
        match &run.server_before {
            Some(before) if *before == seen.id => Err(format!("clients still come to the server of before, {before}")),
            _ if !seen.is_writable => Err(format!("clients come to a server that takes no writes, {}", seen.id)),
            Some(_) => Ok(ClientsReach::AnotherServer),
            None => Ok(ClientsReach::Writable),
        }
    }

    /// Why an action that could go on does not, in a sentence.
    pub(super) fn waits_for(&self, run: &Run, is_found_done: bool) -> Option<String> {
        if is_found_done {
            let why = self.clients_reach(run).err()?;
            return Some(format!("done by AWS's words, and not verified: {why}"));
        }
        let is_ahead_of_cut = run.is_sent() && run.intent.strategy.makes_a_copy() && run.switched.is_none();
        let why = self.in_the_way(run).filter(|_| is_ahead_of_cut && run.approved.is_none())?;
        Some(format!("it does not take over now: {why}"))
    }
}
