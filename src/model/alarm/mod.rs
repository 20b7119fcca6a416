//! Alarms of CloudWatch: what upshift wants of them, how one is configured, in which state it is.

mod history;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::database::DatabaseName;
use super::failure::Failure;
use super::policy::Rule;

pub use history::{AlarmChange, Told};

/// The tag that makes an alarm ours; its value is the database's name.
pub const DATABASE_TAG: &str = "upshift:database";

/// The tags that make an alarm ours.
pub fn tags_of(database: &DatabaseName) -> BTreeMap<String, String> {
    BTreeMap::from([(DATABASE_TAG.to_owned(), database.to_string())])
}

/// `[alarms]`: what CloudWatch shall have beside the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmSettings {
    /// What the name of each alarm begins with, before the database's.
    pub prefix: String,
    /// Whom an alarm tells.
    pub topics: Topics,
    /// Connections beyond this share of the class's `max_connections`, in percent, are an alarm.
    pub connections_percent: u32,
    /// What a verified action makes untrue in an alarm that was in sync before it is put right.
    pub follow: bool,
}

impl Default for AlarmSettings {
    /// What is usual, with nobody to tell.
    fn default() -> Self {
        Self { prefix: "upshift-".to_owned(), topics: Topics::default(), connections_percent: 80, follow: true }
    }
}

/// The SNS topics of each state, by their ARNs, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topics {
    /// Told at ALARM.
    pub alarm: Vec<String>,
    /// Told at OK.
    pub ok: Vec<String>,
    /// Told at INSUFFICIENT_DATA.
    pub insufficient_data: Vec<String>,
}

impl Topics {
    /// Those of a state.
    pub fn of(&self, state: AlarmState) -> &[String] {
        match state {
            AlarmState::Alarm => &self.alarm,
            AlarmState::Ok => &self.ok,
            AlarmState::InsufficientData => &self.insufficient_data,
        }
    }
}

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    /// Not beyond the threshold.
    Ok,
    /// Beyond it.
    Alarm,
    /// CloudWatch does not know.
    InsufficientData,
}

impl AlarmState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Ok, Self::Alarm, Self::InsufficientData];

    /// CloudWatch's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    /// By CloudWatch's word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

impl fmt::Display for AlarmState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What an alarm looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watches {
    /// One metric.
    Metric {
        /// Such as `AWS/RDS`.
        namespace: String,
        /// Such as `WriteIOPS`.
        metric: String,
        /// Name and value of each; matched exactly.
        dimensions: BTreeMap<String, String>,
        /// Such as `Average`.
        statistic: String,
        /// What was published in another unit is not seen; absent: whatever was published.
        unit: Option<String>,
    },
    /// One expression of metric math.
    Expression {
        /// With every name in it.
        expression: String,
    },
    /// Something that upshift makes no alarm of.
    Other {
        /// In a few words.
        what: String,
    },
}

impl fmt::Display for Watches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metric { namespace, metric, dimensions, statistic, unit } => {
                let dimensions: Vec<String> =
                    dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
                let unit = unit.as_ref().map_or_else(String::new, |unit| format!(" in {unit}"));
                write!(f, "{statistic} of {namespace} {metric} {{{}}}{unit}", dimensions.join(", "))
            }
            Self::Expression { expression } => f.write_str(expression),
            Self::Other { what } => f.write_str(what),
        }
    }
}

/// The whole configuration of an alarm, in CloudWatch's words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmDefinition {
    /// What it looks at.
    pub watches: Watches,
    /// `ComparisonOperator`.
    pub comparison: String,
    /// In the unit of what it looks at.
    pub threshold: f64,
    /// M.
    pub datapoints: u32,
    /// N.
    pub periods: u32,
    /// Length of one period in seconds.
    pub period_secs: u32,
    /// `TreatMissingData`.
    pub missing_data: String,
    /// Whom it tells.
    pub topics: Topics,
    /// It tells anybody at all.
    pub actions_enabled: bool,
    /// For people.
    pub description: String,
}

/// An alarm as the policy wants it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WantedAlarm {
    /// Its name.
    pub name: String,
    /// Of which database.
    pub database: DatabaseName,
    /// What the last part of its name says.
    pub rule: String,
    /// The rule of the engine that it is; absent for one that has no rule, such as that of the connections.
    #[serde(skip)]
    pub of: Option<Rule>,
    /// How it shall be.
    pub definition: AlarmDefinition,
}

/// An alarm as CloudWatch describes it, every string cleaned at the edge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundAlarm {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// How it is; absent for a composite alarm.
    pub definition: Option<AlarmDefinition>,
    /// The state it is in.
    pub state: AlarmState,
    /// Since when it is in it.
    pub since: Timestamp,
    /// CloudWatch could not evaluate it, or only in part: its state is one of before.
    pub is_in_doubt: bool,
    /// Its tags; absent where they were not asked for.
    pub tags: Option<BTreeMap<String, String>>,
}

impl FoundAlarm {
    /// The database that it was made for by upshift.
    pub fn owner(&self) -> Option<&str> {
        self.tags.as_ref()?.get(DATABASE_TAG).map(String::as_str)
    }
}

/// Which alarms a look must read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmsAsked {
    /// What the names of ours begin with; absent where there are none of ours.
    pub prefix: Option<String>,
    /// Those that rules look at.
    pub names: Vec<String>,
    /// Whose of ours matter.
    pub databases: Vec<String>,
    /// The newest change of state of each that is on record.
    pub known: BTreeMap<String, Timestamp>,
}

/// What a look brought of them.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmsSeen {
    /// Those that exist.
    pub found: Vec<FoundAlarm>,
    /// Their changes of state that are not on record, some perhaps known already.
    pub changes: Result<Vec<AlarmChange>, Failure>,
}

/// One alarm beside the engine, as everybody sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmView {
    /// Its name.
    pub name: String,
    /// The engine's own rule of the same meaning; absent where there is none.
    pub rule: Option<Rule>,
    /// The state that it is in and since when; absent: there is no such alarm, or it was not read yet.
    pub state: Option<(AlarmState, Timestamp)>,
    /// When it was read.
    pub read_at: Option<Timestamp>,
    /// Since when engine and alarm have said different things of the same rule; absent while they agree.
    pub disagrees_since: Option<Timestamp>,
    /// It is not as the policy wants it: `upshift alarms plan` says how.
    pub has_drifted: bool,
}
