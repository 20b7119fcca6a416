//! What a report rests on, as plain data. Serialised it is the JSON of `upshift report`; names are stable within a
//! [`VERSION`].

use jiff::Timestamp;
use serde::Serialize;

use crate::model::action::{ActionResult, Intent};
use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseName, RdsEvent, ResourceId};
use crate::model::decision::Decision;
use crate::model::drill::{AcceptanceRow, Drill};
use crate::model::identity::Identity;
use crate::model::ladder::Direction;
use crate::model::operator::Operator;
use crate::model::outage::OutageSource;
use crate::model::policy::Rule;
use crate::model::series::SignalName;

/// Of the form of [`Evidence`]; another number means that a reader must look again.
pub const VERSION: u32 = 1;

/// Everything that a report says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// [`VERSION`].
    pub version: u32,
    /// The version of the program that wrote the report.
    pub written_by: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// What the engine acted on.
    pub world: World,
    /// The time that the report looks at begins then.
    pub from: Timestamp,
    /// And ends then.
    pub until: Timestamp,
    /// How far the journal can be trusted.
    pub journal: JournalProof,
    /// The starts of engines that were in force, oldest first.
    pub engines: Vec<EngineStart>,
    /// The account, as AWS said last.
    pub identity: Option<Identity>,
    /// Who armed and disarmed: the last word before, and every one within the time.
    pub permissions: Vec<Permission>,
    /// What was seen of each database.
    pub databases: Vec<DatabaseEvidence>,
    /// What was done, oldest first.
    pub actions: Vec<ActionEvidence>,
    /// What happened, in order.
    pub timeline: Vec<Moment>,
    /// What a drill measured.
    pub drill: Option<Drill>,
    /// What is claimed, and whether it was shown.
    pub acceptance: Vec<AcceptanceRow>,
}

/// What the engine acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum World {
    /// Amazon Web Services.
    Aws,
    /// The embedded simulation, at least in part of the time.
    Simulation,
    /// The journal has no start of an engine.
    Unknown,
}

/// How far the journal can be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JournalProof {
    /// Records whose chain is whole.
    pub records: u64,
    /// Files that they are in.
    pub segments: usize,
    /// Hash of the last of them.
    pub head: String,
    /// Why there is no more; absent when the journal is whole to its end.
    pub broken: Option<String>,
}

/// An engine that took over the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EngineStart {
    /// When.
    pub at: Timestamp,
    /// Of the program.
    pub version: String,
    /// `console` or `auto`, with `sim` where it ran on the simulation.
    pub mode: String,
    /// SHA-256 over the configuration, first 12 hex digits.
    pub config_digest: String,
}

/// A permission that was given or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Permission {
    /// Its record.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Given, or ended.
    pub is_armed: bool,
    /// Who; absent when the engine did it itself.
    pub by: Option<Operator>,
    /// Why.
    pub why: String,
}

/// What was seen of one database.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DatabaseEvidence {
    /// Which.
    pub database: DatabaseName,
    /// Its classes, as they were seen, oldest first.
    pub classes: Vec<ClassSpan>,
    /// Every rule that was evaluated, with the time in which it was.
    pub rules: Vec<RuleSpan>,
    /// What was measured, one for each signal of the rules.
    pub series: Vec<SeriesEvidence>,
    /// Digests of the policies that were in force, oldest first.
    pub policies: Vec<String>,
}

/// A time on one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassSpan {
    /// Seen first, or the beginning of the report.
    pub from: Timestamp,
    /// Another one was seen, or the end of the report.
    pub until: Timestamp,
    /// The class.
    pub class: InstanceClass,
}

/// A rule with the time in which it was evaluated.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleSpan {
    /// Its direction.
    pub direction: Direction,
    /// The rule.
    pub rule: Rule,
    /// Evaluated first.
    pub from: Timestamp,
    /// Evaluated last.
    pub until: Timestamp,
}

/// The datapoints of one signal that the journal holds, and the times of which it holds none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesEvidence {
    /// Which.
    pub signal: SignalName,
    /// The length of a period in seconds.
    pub period_secs: u32,
    /// Oldest first.
    pub points: Vec<Point>,
    /// Oldest first.
    pub gaps: Vec<Gap>,
}

/// One datapoint.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// Start of its period.
    pub start: Timestamp,
    /// Its value.
    pub value: f64,
}

/// A time without datapoints in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub why: GapReason,
}

/// Why the journal has no datapoints of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// Evaluations alike are counted, and their datapoints not recorded.
    CountedOnly,
    /// Another machine took over, and its series begins anew.
    AnotherMachine,
    /// The evaluations of that time had no datapoint.
    NoDatapoint,
    /// No engine was running.
    NoEngine,
}

/// One action, from what led to it to its end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActionEvidence {
    /// The record of what shall be done.
    pub seq: u64,
    /// When that was recorded.
    pub at: Timestamp,
    /// What shall be done, and who ordered it.
    pub intent: Intent,
    /// Which way on the ladder; absent where the class stays.
    pub direction: Option<Direction>,
    /// The closed gates that a person passed over, by name.
    pub passed_over: Vec<String>,
    /// The evaluation that it rests on; of a person's order the last one on record before it.
    pub decision: Option<DecisionEvidence>,
    /// The word that let the engine act, if it was armed.
    pub permission: Option<Permission>,
    /// The calls, in order.
    pub calls: Vec<CallEvidence>,
    /// Another machine was seen behind the name, or to take the writes, and which.
    pub switched: Option<(Timestamp, ResourceId)>,
    /// RDS's own events about the database, from the order to a while after the end, oldest first.
    pub rds_events: Vec<RdsEvent>,
    /// The time without the database, as far as anybody says; clients' own figures are the drill's.
    pub outage: Option<OutageEvidence>,
    /// How it ended; absent while it is under way.
    pub ended: Option<EndEvidence>,
}

/// An evaluation with its record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecisionEvidence {
    /// Its record.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What was decided, and why.
    pub decision: Decision,
}

/// One call to AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallEvidence {
    /// Its record, which was on disk before it left.
    pub seq: u64,
    /// When that was.
    pub sent_at: Timestamp,
    /// What it asked for.
    pub words: String,
    /// The name of the API operation.
    pub operation: String,
    /// When its answer was recorded.
    pub answered_at: Option<Timestamp>,
    /// What is known of it.
    pub outcome: CallKnown,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// AWS's words, or what was seen.
    pub detail: Option<String>,
}

/// What is known of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallKnown {
    /// No answer is on record.
    Sent,
    /// AWS took it.
    Accepted,
    /// AWS refused, or it never left.
    Refused,
    /// The answer was lost.
    Unknown,
    /// The answer was lost, and the change was seen.
    Adopted,
}

/// The time without the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OutageEvidence {
    /// From when and until when; absent where only the length is on record.
    pub span: Option<(Timestamp, Timestamp)>,
    /// In seconds, rounded up.
    pub secs: u32,
    /// Who says so.
    pub by: OutageSource,
}

/// The end of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndEvidence {
    /// Its record.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The class that the database has then.
    pub class: Option<InstanceClass>,
    /// How.
    pub result: ActionResult,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// When: of RDS's events and alarms by their own dates.
    pub at: Timestamp,
    /// Its record; absent where a drill tells it.
    pub seq: Option<u64>,
    /// What kind.
    pub kind: MomentKind,
    /// In words.
    pub words: String,
}

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MomentKind {
    /// The engine evaluated.
    Decision,
    /// An order, a call or its answer.
    Call,
    /// RDS's own event.
    Rds,
    /// CloudWatch's alarm.
    Alarm,
    /// An action was seen in another state.
    Seen,
    /// An action was verified.
    Verified,
    /// An action ended otherwise.
    Failed,
    /// A person said something.
    Person,
    /// About the engine itself.
    Engine,
}
