//! One blue/green deployment: what the control plane knows of it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

/// A deployment of the simulated account.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// `bgd-` and 16 characters.
    pub id: String,
    /// As its maker called it.
    pub name: String,
    /// ARN of the database; after the switchover that of the old machine under its new name.
    pub source: String,
    /// ARN of the copy, once it exists; after the switchover that of the name that clients use.
    pub target: Option<String>,
    /// The class that was asked for the copy.
    pub class: Option<String>,
    /// Its state.
    pub status: Status,
    /// Why it is so, where there is something to say.
    pub status_details: Option<String>,
    /// How far each task of the preparation is.
    pub tasks: [(&'static str, TaskStatus); 2],
    /// When it was created.
    pub created: Timestamp,
    /// Key and value.
    pub tags: BTreeMap<String, String>,
    /// How long the switchover under way may keep clients out.
    pub timeout: SignedDuration,
}

/// The `Status` of a deployment, and of its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The copy is being made.
    Provisioning,
    /// The copy follows; it can take over.
    Available,
    /// The copy is taking over.
    SwitchoverInProgress,
    /// It has.
    SwitchoverCompleted,
    /// The switchover broke off.
    SwitchoverFailed,
    /// The copy cannot take over.
    InvalidConfiguration,
    /// The record is being removed.
    Deleting,
}

/// The `Status` of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskStatus {
    /// Not begun.
    Pending,
    /// Under way.
    InProgress,
    /// Done.
    Completed,
    /// Given up.
    Failed,
}

/// The tasks of a deployment without a change of version, in their order, as AWS's samples show them.
pub(super) const TASKS: [&str; 2] = ["CREATING_READ_REPLICA_OF_SOURCE", "CONFIGURE_BACKUPS"];

impl Status {
    /// As AWS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Available => "AVAILABLE",
            Self::SwitchoverInProgress => "SWITCHOVER_IN_PROGRESS",
            Self::SwitchoverCompleted => "SWITCHOVER_COMPLETED",
            Self::SwitchoverFailed => "SWITCHOVER_FAILED",
            Self::InvalidConfiguration => "INVALID_CONFIGURATION",
            Self::Deleting => "DELETING",
        }
    }
}

impl TaskStatus {
    /// As AWS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }
}

impl Deployment {
    /// Whether the deployment still ties its two machines together.
    pub fn is_open(&self) -> bool {
        matches!(
            self.status,
            Status::Provisioning
                | Status::Available
                | Status::SwitchoverInProgress
                | Status::SwitchoverFailed
                | Status::InvalidConfiguration
        )
    }

    /// Whether the machine of this ARN is a member.
    pub fn has_member(&self, arn: &str) -> bool {
        self.source == arn || self.target.as_deref() == Some(arn)
    }
}
