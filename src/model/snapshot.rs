//! The one immutable picture of the engine that everybody outside it reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::action::Run;
use super::database::{DatabaseName, DatabaseState};
use super::decision::Decision;
use super::event::Entry;
use super::failure::Failure;
use super::gate::GateResult;
use super::hold::Hold;
use super::ladder::Direction;
use super::operator::Operator;
use super::plan::OverridePlan;
use super::policy::Policy;
use super::series::{Series, SignalName};

/// Everything there is to see, at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Rises with every change of permission, hold or action: an order says which revision its sender saw.
    pub revision: u64,
    /// The clock in use, when this picture was made.
    pub at: Timestamp,
    /// The world the engine acts on.
    pub world: World,
    /// Who the credentials belong to; absent until AWS has said so.
    pub identity: Option<Identity>,
    /// May the engine act?
    pub arming: Arming,
    /// The evidence.
    pub journal: JournalHealth,
    /// In the order of the configuration.
    pub databases: Vec<DatabaseView>,
    /// What fails at the moment, since when.
    pub problems: Vec<Problem>,
    /// The newest records, oldest first, at most [`TAIL_LENGTH`].
    pub tail: Vec<Arc<Entry>>,
    /// The engine is ending.
    pub stopping: bool,
    /// When the look at AWS began that has not ended yet; absent between looks.
    pub looking_since: Option<Timestamp>,
}

/// For a person who reads the screen, a description of the database this old still says something: eight missed
/// looks at the default rhythm.
pub const STATE_LIMIT: SignedDuration = SignedDuration::from_secs(120);

/// How many journal records a snapshot carries.
pub const TAIL_LENGTH: usize = 200;

/// The world the engine acts on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "world")]
pub enum World {
    /// Amazon Web Services.
    Aws,
    /// The embedded simulation.
    Simulation {
        /// The scenario's name.
        scenario: String,
        /// Virtual seconds per second.
        speed: f64,
        /// Where any AWS client can look at the same world.
        endpoint: String,
    },
}

/// The owner of the credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Twelve digits.
    pub account: String,
    /// The caller.
    pub arn: String,
    /// The region in use.
    pub region: String,
}

/// Permission to act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "arming")]
pub enum Arming {
    /// The engine may start actions.
    Armed {
        /// Who allowed it.
        by: Operator,
        /// Since when.
        since: Timestamp,
    },
    /// It only records what it would have done.
    Disarmed {
        /// Why.
        why: String,
        /// Since when; absent when it was never armed.
        since: Option<Timestamp>,
    },
}

/// The state of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalHealth {
    /// Sequence of the newest record.
    pub seq: u64,
    /// Its hash, hex.
    pub head: String,
    /// Why it takes no more records; absent while it does.
    pub broken: Option<String>,
}

/// Something that fails at the moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Since when.
    pub since: Timestamp,
    /// What.
    pub failure: Failure,
}

/// One database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatabaseView {
    /// Its policy; the name is in it.
    pub policy: Policy,
    /// As last described.
    pub state: Option<DatabaseState>,
    /// When that was.
    pub state_at: Option<Timestamp>,
    /// What was read of each signal; shared with the engine until a newer answer comes.
    pub series: BTreeMap<SignalName, Arc<Series>>,
    /// The newest evaluation.
    pub decision: Option<Decision>,
    /// Every gate of a step up.
    pub gates_up: Vec<GateResult>,
    /// Every gate of a step down.
    pub gates_down: Vec<GateResult>,
    /// The action under way, or the last one.
    pub run: Option<Run>,
    /// Holds in force.
    pub holds: Vec<Hold>,
    /// When the engine looks next, and why then.
    pub next_look: Option<Wake>,
    /// Marks on the time axis, oldest first.
    pub marks: Vec<Mark>,
    /// What a person could order, per rung of the ladder but the present one.
    pub plans: Vec<OverridePlan>,
}

/// A deadline and its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// When.
    pub at: Timestamp,
    /// Why then.
    pub why: WakeReason,
}

/// Why the engine looks again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WakeReason {
    /// The usual rhythm.
    NextEvaluation,
    /// An action is watched.
    WatchAction,
    /// An order waits for a look that is fresh enough to act on.
    FreshLook,
}

/// Something that happened at a moment, for the time axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: MarkKind,
}

/// What a mark stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// The engine would have scaled.
    WouldScale,
    /// A mutating call was sent.
    Sent,
    /// An action was verified.
    Verified,
    /// An action ended otherwise.
    Failed,
}

impl Snapshot {
    /// The picture before the engine's first word.
    pub fn before_the_start(at: Timestamp, world: World) -> Self {
        Self {
            revision: 0,
            at,
            world,
            identity: None,
            arming: Arming::Disarmed { why: "starting".to_owned(), since: None },
            journal: JournalHealth { seq: 0, head: String::new(), broken: None },
            databases: Vec::new(),
            problems: Vec::new(),
            tail: Vec::new(),
            stopping: false,
            looking_since: None,
        }
    }
}

impl DatabaseView {
    /// The database's name.
    pub fn name(&self) -> &DatabaseName {
        &self.policy.database
    }

    /// The datapoints of a signal.
    pub fn signal(&self, name: &SignalName) -> Option<&Series> {
        self.series.get(name).map(AsRef::as_ref)
    }

    /// The gates of one direction.
    pub fn gates(&self, direction: Direction) -> &[GateResult] {
        match direction {
            Direction::Up => &self.gates_up,
            Direction::Down => &self.gates_down,
        }
    }
}

impl Arming {
    /// Whether the engine may start actions.
    pub fn is_armed(&self) -> bool {
        matches!(self, Self::Armed { .. })
    }
}

impl WakeReason {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NextEvaluation => "next evaluation",
            Self::WatchAction => "watching the action",
            Self::FreshLook => "a fresh look before the order is sent",
        }
    }
}
