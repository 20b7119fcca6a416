//! A blue/green deployment as RDS describes it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::database::DatabaseName;

/// The `BlueGreenDeploymentIdentifier`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeploymentId(String);

/// One answer of `DescribeBlueGreenDeployments` about one deployment, every string cleaned at the edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// AWS's name for it.
    pub id: DeploymentId,
    /// Its maker's name for it.
    pub name: String,
    /// ARN of the database, after the switchover that of the old machine under its new name.
    pub source: String,
    /// The identifier of the copy, once AWS names it; after the switchover the name that clients use.
    pub target: Option<DatabaseName>,
    /// Such as `PROVISIONING`: an open set of words.
    pub status: DeploymentStatus,
    /// Why it is so, in AWS's words.
    pub status_details: Option<String>,
    /// The tasks of the preparation that are not done, such as `CONFIGURE_BACKUPS`.
    pub open_tasks: Vec<String>,
}

/// The `Status` of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeploymentStatus(String);

impl Deployment {
    /// `bgd-0123456789abcdef (its name)`.
    pub fn words(&self) -> String {
        format!("{} ({})", self.id, self.name)
    }
}

impl DeploymentId {
    /// An id; not checked here.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl DeploymentStatus {
    /// A status as RDS gave it.
    pub fn new(status: impl Into<String>) -> Self {
        Self(status.into())
    }

    /// RDS's word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The copy is being made.
    pub fn is_provisioning(&self) -> bool {
        self.0 == "PROVISIONING"
    }

    /// The copy follows and can take over; also the state after a switchover that was rolled back.
    pub fn is_available(&self) -> bool {
        self.0 == "AVAILABLE"
    }

    /// The copy is taking over.
    pub fn is_switching(&self) -> bool {
        self.0 == "SWITCHOVER_IN_PROGRESS"
    }

    /// The copy has taken over.
    pub fn is_switched(&self) -> bool {
        self.0 == "SWITCHOVER_COMPLETED"
    }

    /// It is being removed.
    pub fn is_deleting(&self) -> bool {
        self.0 == "DELETING"
    }

    /// A state that no waiting will mend, or one that is not known: a person must look.
    pub fn needs_a_hand(&self) -> bool {
        !(self.is_provisioning()
            || self.is_available()
            || self.is_switching()
            || self.is_switched()
            || self.is_deleting())
    }
}

impl fmt::Display for DeploymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for DeploymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
