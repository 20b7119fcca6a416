//! What a load shall be, where it is, and how it ends.

use std::time::Duration;

use super::mix::Mix;
use super::writer::Statements;
use crate::model::load_run::LoadRun;
use crate::workload::access::AccessError;

/// What a load shall be.
#[derive(Debug, Clone)]
pub struct LoadPlan {
    /// How long writes are due.
    pub duration: Duration,
    /// Within this time from the beginning the rate rises from zero in a straight line.
    pub ramp: Duration,
    /// Sessions, from 1.
    pub connections: u32,
    /// Shares of the kinds of writes.
    pub mix: Mix,
    /// How statements are given to the server.
    pub statements: Statements,
    /// What becomes of the table.
    pub table: Afterwards,
}

/// What becomes of a load's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    /// It stays.
    Kept,
    /// It is removed, however the load ends.
    Removed,
}

/// How a load that could begin has ended.
#[derive(Debug)]
pub struct LoadEnd {
    /// What came of it.
    pub run: LoadRun,
    /// Why the table is still there, when it should not be.
    pub left: Option<String>,
}

/// Where a load is.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// The table; empty until the first write can be due.
    pub table: String,
    /// Since the first write could be due.
    pub elapsed: Duration,
    /// Writes per second that are wanted now.
    pub wanted_per_sec: f64,
    /// Writes that were due.
    pub scheduled: u64,
    /// Acknowledged.
    pub acknowledged: u64,
    /// Failed.
    pub failed: u64,
    /// Due and not begun.
    pub waiting: u64,
    /// Sessions that are usable.
    pub sessions: u32,
    /// Of all acknowledged ones.
    pub p99_millis: f64,
}

/// Why a load could not begin, or was lost.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The server cannot be reached, or lets nobody in.
    #[error("no session with {to}: {why}")]
    NoSession {
        /// For people.
        to: String,
        /// What happened.
        why: AccessError,
    },
    /// The server has no room for so many sessions.
    #[error("{wanted} sessions are wanted and the server has room for {free} more: lower --connections")]
    NoRoom {
        /// The plan's.
        wanted: u32,
        /// What `max_connections` leaves, without those for superusers.
        free: i64,
    },
    /// One of the sessions could not be had.
    #[error(
        "only {had} of {wanted} sessions could be had: {why}; lower --connections, or find out who holds the others"
    )]
    FewSessions {
        /// So many there were.
        had: usize,
        /// The plan's.
        wanted: u32,
        /// What happened to the next.
        why: String,
    },
    /// The table could not be made.
    #[error("the table {table} could not be made: {why}")]
    NoTable {
        /// With its schema.
        table: String,
        /// The server's words, and what to do.
        why: String,
    },
    /// A mistake of ours.
    #[error("the load was lost by a mistake in it: {0}")]
    Lost(String),
}
