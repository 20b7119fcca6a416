//! What the servers themselves say: taken in with each look, and asked when a change would cut off what is open there.

use jiff::Timestamp;

use super::Engine;
use crate::model::database::DatabaseName;
use crate::model::server::ServerReading;

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
}
