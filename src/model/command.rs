//! What a person can order, and what is answered. The control protocol carries exactly these.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::class::InstanceClass;
use super::database::{DatabaseName, ResourceId};
use super::ladder::Direction;
use super::operator::Operator;
use super::role::Role;

/// One order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Lets the engine start actions.
    Arm {
        /// Why.
        reason: String,
        /// For how long, from a minute to 30 days; then the engine disarms itself. Absent: until it is disarmed.
        #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
        duration: Option<Duration>,
    },
    /// Takes that permission away at once. An action that is under way is watched to its end.
    Disarm,
    /// Scale to this class now.
    Scale {
        /// Which database.
        database: DatabaseName,
        /// To which class.
        to: InstanceClass,
        /// Why.
        reason: String,
        /// For how long the engine holds after it, from a second to 30 days. Absent: as long as the policy says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hold_for: Option<Duration>,
    },
    /// The engine starts nothing in these directions for a while.
    Hold {
        /// Which database.
        database: DatabaseName,
        /// Empty means both.
        direction: Option<Direction>,
        /// For how long.
        #[serde(rename = "for")]
        duration: Duration,
        /// Why.
        reason: String,
    },
    /// Ends every hold on a database, also one that the engine set after an unclear outcome.
    Release {
        /// Which database.
        database: DatabaseName,
    },
    /// Lets the action under way keep clients out and switch over, where it waits for that word.
    Approve {
        /// Which database.
        database: DatabaseName,
    },
    /// Deletes a machine that an action has left, with a final snapshot unless the configuration wants none.
    RemoveOld {
        /// The database that it belonged to.
        database: DatabaseName,
        /// What the machine is called since.
        machine: DatabaseName,
        /// The machine that was meant: names are used again.
        resource_id: ResourceId,
        /// Why.
        reason: String,
    },
    /// Stops the action under way before its next step, where that is still possible.
    Stop {
        /// Which database.
        database: DatabaseName,
    },
}

/// An order with its sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Chosen by the sender; comes back in the reply.
    pub id: u64,
    /// Who.
    pub by: Operator,
    /// What the sender may order, as the engine's side of the line knows it.
    pub role: Role,
    /// The [`revision`](super::snapshot::Snapshot::revision) that the sender saw: an order given on an older picture
    /// is refused, so that it can be given again with open eyes. Absent is not checked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seen_revision: Option<u64>,
    /// What.
    #[serde(flatten)]
    pub command: Command,
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The id of the request.
    pub id: u64,
    /// Done or refused.
    #[serde(flatten)]
    pub answer: Answer,
}

/// Done or refused, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Answer {
    /// It is recorded and in force.
    Done {
        /// What happened.
        sentence: String,
        /// The journal sequence of its record.
        seq: u64,
    },
    /// Nothing was changed.
    Refused {
        /// Why, and what to do.
        sentence: String,
    },
    /// It went out, and what became of it is not known: the line broke before the answer.
    Unknown {
        /// What to do.
        sentence: String,
    },
}

impl Command {
    /// The least role that may order it. To disarm is for everybody who sees the engine.
    pub fn least_role(&self) -> Role {
        match self {
            Self::Disarm => Role::Observer,
            Self::Arm { .. } => Role::Admin,
            Self::Scale { .. }
            | Self::Hold { .. }
            | Self::Release { .. }
            | Self::Approve { .. }
            | Self::RemoveOld { .. }
            | Self::Stop { .. } => Role::Operator,
        }
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Arm { .. } => "arm",
            Self::Disarm => "disarm",
            Self::Scale { .. } => "scale",
            Self::Hold { .. } => "hold",
            Self::Release { .. } => "release",
            Self::Approve { .. } => "approve",
            Self::RemoveOld { .. } => "remove an old machine",
            Self::Stop { .. } => "stop",
        }
    }

    /// The database it is about; absent when it is about the engine.
    pub fn database(&self) -> Option<&DatabaseName> {
        match self {
            Self::Arm { .. } | Self::Disarm => None,
            Self::Scale { database, .. }
            | Self::Hold { database, .. }
            | Self::Release { database }
            | Self::Approve { database }
            | Self::RemoveOld { database, .. }
            | Self::Stop { database } => Some(database),
        }
    }
}
