//! A PgBouncer that holds its clients while another machine takes over, so that they wait and lose no session.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::action::ActionId;
use super::server::PasswordSource;

/// `[database.pooler]`: where its admin console is and how long clients may be held. Durations are of the machine's time:
/// clients wait in it. There is no secret in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolerPolicy {
    /// A connection string without a password, to the database `pgbouncer`, as one of its `admin_users`.
    pub admin_dsn: String,
    /// Where the password comes from.
    pub password: PasswordSource,
    /// A PEM file of certificate authorities, where the connection string names none.
    pub ca_file: Option<String>,
    /// What PgBouncer calls the database.
    pub database: String,
    /// Clients are let go on after this time at the latest, whatever became of the takeover.
    pub max_pause: Duration,
    /// A pause that is not complete after this time is taken back, and the takeover is not begun: a transaction is open.
    pub pause_within: Duration,
}

/// What became of a pause, step by step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum PoolerStep {
    /// The next thing that this process does is to ask for the pause: from here on a `RESUME` is owed.
    Pausing {
        /// The longest that clients will be held.
        max_pause_secs: u64,
    },
    /// Every transaction is over and no new one begins: clients wait from now on.
    Paused {
        /// How long that took.
        after_millis: u64,
    },
    /// Clients go on; nothing is owed any more.
    Resumed {
        /// How long they were held; absent where this process does not know.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held_millis: Option<u64>,
        /// Why now.
        why: String,
    },
    /// `RESUME` was not taken; it is tried again each second.
    NotResumed {
        /// Why.
        why: String,
    },
}

/// Clients that a pooler may hold: a `RESUME` is owed to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldClients {
    /// For which action.
    pub action: ActionId,
    /// Since when, at the earliest.
    pub since: Timestamp,
    /// The longest that they will be held, in seconds of the machine.
    pub max_pause_secs: u64,
    /// PgBouncer has said that it holds them.
    pub is_sure: bool,
    /// Why `RESUME` was not taken, when it was tried last; absent while it was not.
    pub not_resumed: Option<String>,
}

impl PoolerStep {
    /// In a line.
    pub fn words(&self) -> String {
        match self {
            Self::Pausing { max_pause_secs } => {
                format!("pausing the pooler, for {max_pause_secs} s at the longest")
            }
            Self::Paused { after_millis } => format!("the pooler holds its clients, after {after_millis} ms"),
            Self::Resumed { held_millis: Some(held), why } => {
                format!("the pooler lets its clients go on after {held} ms: {why}")
            }
            Self::Resumed { held_millis: None, why } => format!("the pooler lets its clients go on: {why}"),
            Self::NotResumed { why } => {
                format!("THE POOLER MAY STILL HOLD ITS CLIENTS: RESUME failed, trying again: {why}")
            }
        }
    }
}
