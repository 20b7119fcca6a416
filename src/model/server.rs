//! What a PostgreSQL server says of itself, over a session through the endpoint that its clients use; and how the
//! configuration says to get there.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::series::{Series, SignalName};

/// `[database.postgres]`: how to reach the server. There is no secret in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerAccess {
    /// A connection string without a password.
    pub dsn: String,
    /// Where the password comes from.
    pub password: PasswordSource,
    /// A PEM file of certificate authorities, where the connection string names none.
    pub ca_file: Option<String>,
    /// A transaction that is older keeps a change from starting, and a copy from taking over: what is open then is lost.
    pub max_transaction_age: Duration,
}

/// Where a password comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "source")]
pub enum PasswordSource {
    /// The server wants none.
    None,
    /// `PGPASSWORD`.
    Environment,
    /// The first line of a file that nobody else may read.
    File {
        /// Its absolute path.
        path: String,
    },
    /// A token of IAM, made for each session.
    Iam,
}

/// What can be read of a server as a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerMetric {
    /// Rows inserted, updated and deleted per second.
    RowsWrittenPerSec,
    /// Transactions committed per second.
    CommitsPerSec,
    /// Sessions, also those of the server's own workers that belong to a database.
    Connections,
}

impl ServerMetric {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::RowsWrittenPerSec, Self::CommitsPerSec, Self::Connections];

    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RowsWrittenPerSec => "rows_written_per_sec",
            Self::CommitsPerSec => "commits_per_sec",
            Self::Connections => "connections",
        }
    }

    /// The unit for people.
    pub fn unit(self) -> &'static str {
        match self {
            Self::RowsWrittenPerSec => "rows/s",
            Self::CommitsPerSec => "commits/s",
            Self::Connections => "connections",
        }
    }
}

/// Which server it is, in which life of it: one that was restarted is another one, and so is a machine that took over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerId {
    /// When its postmaster was started, by its own clock.
    pub started_at: Timestamp,
    /// The address and port that it answers from; absent over a Unix socket. A machine can have several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl ServerId {
    /// Whether this is another machine, and not another life of that one, nor another way to it.
    pub fn is_another_machine_than(&self, before: &Self) -> bool {
        let elsewhere = self.address != before.address || self.address.is_none();
        self.started_at != before.started_at && elsewhere
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address.as_deref().unwrap_or("this machine");
        write!(f, "{address}, started {:.0}", self.started_at)
    }
}

/// What is known of the way of clients to a database that an action has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientsReach {
    /// Nobody looked: no server is configured.
    NotChecked,
    /// A session through the endpoint comes to another server than before, and that one takes writes.
    AnotherServer,
    /// It comes to a server that takes writes; which one it was before is not known.
    Writable,
}

impl ClientsReach {
    /// In a few words, for a line that says that it is verified.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotChecked => "the clients' path was not checked",
            Self::AnotherServer => "clients reach the new server",
            Self::Writable => "clients reach a server that takes writes; which one it was before is not known",
        }
    }
}

/// A server at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerSeen {
    /// When, on the clock in use.
    pub at: Timestamp,
    /// Which one.
    pub id: ServerId,
    /// It takes writes: it is not in recovery, and transactions are not read-only.
    pub is_writable: bool,
    /// Sessions now.
    pub connections: u32,
    /// `max_connections` in force.
    pub max_connections: u32,
    /// The age of the oldest transaction in seconds, 0 without one; absent where the role may not see others' (`pg_monitor`).
    pub oldest_transaction_secs: Option<u32>,
    /// The age of the oldest prepared transaction in seconds; absent without one.
    pub oldest_prepared_secs: Option<u32>,
    /// Replication slots that are not RDS's own.
    pub external_slots: Vec<String>,
}

/// What is known of a server by now.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerReading {
    /// Each signal's datapoints of the last minutes.
    pub series: BTreeMap<SignalName, Series>,
    /// As last seen.
    pub seen: Option<ServerSeen>,
    /// Why it cannot be read; absent while it can.
    pub failure: Option<Failure>,
}

impl ServerReading {
    /// As seen within `limit` before `now`, or why it is not. One second without an answer is no failure yet.
    pub fn at(&self, now: Timestamp, limit: SignedDuration) -> Option<Result<ServerSeen, Failure>> {
        let is_recent = |seen: &&ServerSeen| now.duration_since(seen.at).abs() <= limit;
        let recent = self.seen.as_ref().filter(is_recent);
        recent.map(|seen| Ok(seen.clone())).or_else(|| self.failure.clone().map(Err))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_machine_is_neither_another_life_of_one_nor_another_way_to_it() {
        let server = |second: i64, address: Option<&str>| ServerId {
            started_at: Timestamp::from_second(second).unwrap(),
            address: address.map(str::to_owned),
        };
        let before = server(10, Some("10.0.0.1:5432"));
        assert!(server(9, Some("10.0.0.2:5432")).is_another_machine_than(&before));
        assert!(!server(15, Some("10.0.0.1:5432")).is_another_machine_than(&before), "it was restarted");
        assert!(!server(10, Some("fd00::1:5432")).is_another_machine_than(&before), "its other address");
        assert!(server(15, None).is_another_machine_than(&server(10, None)), "over a socket nothing else is known");
    }
}
