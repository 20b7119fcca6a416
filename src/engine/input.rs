//! What goes into the engine and what comes out of it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::action::{ActionId, CallId};
use crate::model::alarm::{AlarmDefinition, AlarmsSeen, WantedAlarm};
use crate::model::call::{CallOutcome, MutatingCall};
use crate::model::class::InstanceClass;
use crate::model::command::{Answer, Request};
use crate::model::database::{DatabaseName, Instances, RdsEvent};
use crate::model::deployment::Deployment;
use crate::model::event::Event;
use crate::model::failure::Failure;
use crate::model::identity::Identity;
use crate::model::lease::{LeaseChange, LeaseView};
use crate::model::pooler::PoolerStep;
use crate::model::readers::ScalingActivity;
use crate::model::series::Signals;
use crate::model::server::ServerReading;
use crate::model::settings::Settings;
use crate::model::wake::Wake;

/// The closed set of things the engine reacts to.
#[derive(Debug, Clone)]
pub enum Input {
    /// The first input after the journal was folded: the record of this start.
    Started(Event),
    /// One look at AWS.
    Observed(Box<Observation>),
    /// A person's order.
    Command(Request),
    /// What became of a call that the engine asked for.
    Outcome {
        /// Which one.
        id: CallId,
        /// What is known.
        outcome: CallOutcome,
    },
    /// What a pooler does with its clients.
    Pooler {
        /// For which action.
        action: ActionId,
        /// The database.
        database: DatabaseName,
        /// What.
        step: PoolerStep,
    },
    /// The lease was acquired or lost.
    Lease(LeaseChange),
    /// How this engine stands to it.
    LeaseStands(LeaseView),
    /// What became of a change of an alarm: an [`Event::AlarmFollowed`].
    AlarmFollowed(Event),
    /// The moment has come at which the permission to act ends: see [`Engine::arming_ends`](super::Engine::arming_ends).
    ArmingEnds,
    /// Another configuration, or why there is none.
    Reload(Result<Box<NewSettings>, String>),
    /// The journal takes no more records.
    JournalBroken(String),
}

/// Another configuration, which has passed its own checks.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSettings {
    /// What it says.
    pub settings: Settings,
    /// SHA-256 over it, first 12 hex digits.
    pub digest: String,
    /// What names each policy in the records: see [`Decision`](crate::model::decision::Decision).
    pub policy_digests: BTreeMap<DatabaseName, String>,
}

/// What one look at AWS brought. A part that was not asked for is empty; a part that failed says so.
#[derive(Debug, Clone)]
pub struct Observation {
    /// When it was begun: what it says is of then or later.
    pub asked_at: Timestamp,
    /// The clock was not set since then, so that `asked_at` tells how old it is.
    pub age_is_known: bool,
    /// The epoch of the lease that was held when the first of its questions was asked.
    pub under_epoch: Option<u64>,
    /// Who we are, when it was asked.
    pub identity: Option<Result<Identity, Failure>>,
    /// The configured databases that exist, each as described, or why its description says nothing.
    pub databases: Result<Instances, Failure>,
    /// The signals' datapoints, or why a database has none; when they were asked for.
    pub series: Option<Result<Signals, Failure>>,
    /// RDS's events, some perhaps known already.
    pub events: Result<Vec<RdsEvent>, Failure>,
    /// Every blue/green deployment of the account and region.
    pub deployments: Result<Vec<Deployment>, Failure>,
    /// Whether databases are registered with their proxies, where it was asked.
    pub proxies: Vec<(DatabaseName, Result<bool, Failure>)>,
    /// Whether classes are offered for a database, where it was asked.
    pub orderable: Vec<(DatabaseName, InstanceClass, Result<bool, Failure>)>,
    /// What Application Auto Scaling has done for the readers of databases, some perhaps known already; where it was asked.
    pub activities: Vec<(DatabaseName, Result<Vec<ScalingActivity>, Failure>)>,
    /// CloudWatch's alarms, when they were asked for.
    pub alarms: Option<Result<AlarmsSeen, Failure>>,
    /// What the servers themselves say, of those that are read.
    pub servers: Vec<(DatabaseName, ServerReading)>,
}

/// What the owner of the engine must do, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Append this to the journal and sync it. When that fails, the effects behind it are void.
    Record(Event),
    /// Send this call once: the records that stand before it are on the disk.
    Send {
        /// Which call of which action.
        id: CallId,
        /// What.
        call: MutatingCall,
        /// Whose pooler holds its clients meanwhile.
        held: Option<DatabaseName>,
    },
    /// Change an alarm that a verified action has made untrue, if it still is as it was, and ours.
    PutAlarm {
        /// Which action.
        action: ActionId,
        /// How it shall be.
        wanted: Box<WantedAlarm>,
        /// How it was seen.
        before: Box<AlarmDefinition>,
    },
    /// Let the clients of a database's pooler go on: a process before this one may have left them held.
    ResumePooler {
        /// For which action they were held.
        action: ActionId,
        /// The database.
        database: DatabaseName,
    },
}

/// The engine's answer to one input.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What to do, in order.
    pub effects: Vec<Effect>,
    /// The answer to an order. Its sequence is filled in by the owner, who knows the journal.
    pub answer: Option<Answer>,
    /// When to look again, and why then.
    pub wake: Wake,
}
