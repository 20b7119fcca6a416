//! Actions: a scaling in flight, from its intent to its outcome.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::call::{CallOutcome, MutatingCall};
use super::class::InstanceClass;
use super::database::{DatabaseName, InstanceStatus, ResourceId};
use super::operator::{Actor, Operator};
use super::policy::Strategy;

/// Names one action within a journal: `a` and its running number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionId(pub String);

/// What shall be done, recorded and synced before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Its name.
    pub action: ActionId,
    /// The database.
    pub database: DatabaseName,
    /// The machine that was meant. Another machine under the same name is not touched.
    pub resource_id: ResourceId,
    /// How.
    pub strategy: Strategy,
    /// From which class.
    pub from: InstanceClass,
    /// To which class.
    pub to: InstanceClass,
    /// Who ordered it.
    pub actor: Actor,
}

/// How an action ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum ActionResult {
    /// The class is the target, nothing pends, status available, no failure event, on consecutive reads.
    Verified,
    /// It did not happen and nothing was changed.
    FailedSafe {
        /// Why.
        why: String,
    },
    /// AWS took the order and left the database as it was.
    RolledBack {
        /// What was seen.
        why: String,
    },
    /// A person stopped it before the step that changes something.
    Stopped {
        /// Who.
        by: Operator,
    },
    /// It cannot be told, or needs a hand: the engine leaves this database alone until a person releases it.
    Held {
        /// What was seen and what a person can do.
        why: String,
    },
}

/// The state of an action: a fold over its journal events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// What shall be done.
    pub intent: Intent,
    /// When the intent was recorded.
    pub began: Timestamp,
    /// Where it is.
    pub phase: Phase,
    /// A person asked to stop before the next step, and who.
    pub stop_requested: Option<Operator>,
    /// Status changes seen since the call, oldest first.
    pub seen: Vec<(Timestamp, InstanceStatus)>,
    /// How many consecutive looks found it done.
    pub confirmations: u32,
}

/// Where an action is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum Phase {
    /// Recorded, nothing sent.
    Intended,
    /// Sent; no answer yet. After a restart: it may or may not have arrived.
    Sent {
        /// When.
        at: Timestamp,
        /// What.
        call: MutatingCall,
    },
    /// Answered; the world is being watched.
    Answered {
        /// When it was sent.
        at: Timestamp,
        /// The answer.
        outcome: CallOutcome,
    },
    /// Over.
    Ended {
        /// When.
        at: Timestamp,
        /// How.
        result: ActionResult,
    },
}

impl Run {
    /// Over.
    pub fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended { .. })
    }

    /// The call has been handed to the network.
    pub fn is_sent(&self) -> bool {
        matches!(self.phase, Phase::Sent { .. } | Phase::Answered { .. })
    }

    /// The phase in a few words.
    pub fn phase_words(&self) -> String {
        match &self.phase {
            Phase::Intended => "recorded, not sent".to_owned(),
            Phase::Sent { call, .. } => format!("{} sent, awaiting the answer", call.operation()),
            Phase::Answered { outcome: CallOutcome::Unknown { .. }, .. } => "sent, answer lost; looking".to_owned(),
            Phase::Answered { .. } => match self.seen.last() {
                Some((_, status)) if status.is_available() => "accepted; verifying".to_owned(),
                Some((_, status)) => format!("accepted; {status}"),
                None => "accepted; waiting for RDS to begin".to_owned(),
            },
            Phase::Ended { result, .. } => result.words(),
        }
    }
}

impl ActionResult {
    /// The result in a few words.
    pub fn words(&self) -> String {
        match self {
            Self::Verified => "verified".to_owned(),
            Self::FailedSafe { why } => format!("failed safe: {why}"),
            Self::RolledBack { why } => format!("rolled back by AWS: {why}"),
            Self::Stopped { by } => format!("stopped by {by} before anything was sent"),
            Self::Held { why } => format!("held: {why}"),
        }
    }
}
