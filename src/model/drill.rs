//! What a drill measured: a load that was put on a database on purpose, what clients saw meanwhile, and what was to be
//! shown by it. `upshift report --drill` reads it beside the journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use super::alarm::AlarmChange;
use super::availability::Availability;
use super::database::DatabaseName;
use super::load_run::LoadRun;

/// A drill from its beginning to its end. Times are of the clock that the journal is written by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drill {
    /// When it began.
    pub from: Timestamp,
    /// When it was over.
    pub until: Timestamp,
    /// The database.
    pub database: DatabaseName,
    /// Seconds of that clock in one second of clients: what clients waited is told in their own seconds.
    #[serde(default = "one")]
    pub speed: f64,
    /// The load that was asked for; absent where none was.
    #[serde(default)]
    pub surge: Option<Surge>,
    /// What clients saw; absent where no canary ran.
    #[serde(default)]
    pub availability: Option<Availability>,
    /// What came of the load; absent where none was made.
    #[serde(default)]
    pub load: Option<LoadRun>,
    /// What CloudWatch's alarms did meanwhile, oldest first.
    #[serde(default)]
    pub alarms: Vec<AlarmChange>,
    /// What was to be shown, and what came of it.
    #[serde(default)]
    pub acceptance: Vec<AcceptanceRow>,
    /// Where the journal beside it was when it was over; absent where there was none.
    #[serde(default)]
    pub journal: Option<JournalPlace>,
}

/// A record of a journal, by which that is known again however long it grows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalPlace {
    /// The record's number, from 1.
    pub seq: u64,
    /// Its hash, which has those of all before it in it.
    pub hash: String,
}

const fn one() -> f64 {
    1.0
}

/// A load beyond what the database is meant to stay on its class for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Surge {
    /// It was to begin then.
    pub from: Timestamp,
    /// It was to end then.
    pub until: Timestamp,
    /// Writes per second that were wanted.
    pub writes_per_sec: f64,
}

/// One claim, and whether it was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptanceRow {
    /// What is claimed, as a sentence; those of [`claim`] are known to the report.
    pub claim: String,
    /// Whether it was shown.
    pub passed: Passed,
    /// The figure, with its unit; or why there is none.
    pub figure: String,
    /// Who says so, such as `canary` or `journal #12`.
    pub source: String,
}

/// Whether a claim was shown. What was not measured has not passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passed {
    /// It was measured, and it is so.
    Passed,
    /// It was measured, and it is not so.
    Failed,
    /// Nobody measured it.
    NotMeasured,
}

impl Passed {
    /// In a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotMeasured => "not measured",
        }
    }

    /// Of something that was measured.
    pub fn of(is_so: bool) -> Self {
        if is_so { Self::Passed } else { Self::Failed }
    }
}

/// The claims that a report makes by itself. A drill's row with the same words takes the place of the report's.
pub mod claim {
    /// Nothing was changed in the evidence.
    pub const JOURNAL: &str = "The journal's chain is whole";
    /// By which rules it acted.
    pub const POLICY: &str = "The policy is on record";
    /// CloudWatch's own alarm saw it too.
    pub const ALARM: &str = "The alarm fired";
    /// There was a reason.
    pub const LOAD: &str = "The load went beyond the threshold";
    /// No person had to.
    pub const DECISION: &str = "The engine decided by itself";
    /// From the first period beyond the threshold to the first call.
    pub const REACTION: &str = "The reaction time is known";
    /// To the larger class.
    pub const UP: &str = "Scaled up, and verified";
    /// To the smaller class.
    pub const DOWN: &str = "Scaled down, and verified";
    /// What AWS says of the time without the database.
    pub const OUTAGE: &str = "RDS tells the time without the database";
    /// What clients say of it.
    pub const CLIENTS: &str = "Clients' own time without the database is known";
    /// Every acknowledged write is there, once.
    pub const WRITES: &str = "No acknowledged write was lost";
    /// AWS can be asked about each call.
    pub const REQUESTS: &str = "Each call that AWS took has its request id";
}
