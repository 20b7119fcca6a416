//! Mutating calls to AWS and what came of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::class::InstanceClass;
use super::database::{DatabaseName, ResourceId};
use super::deployment::DeploymentId;
use super::member_settings::MemberSettings;
use super::old_machine::Kept;

/// A call that changes something. Each is sent once and never again by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "call")]
pub enum MutatingCall {
    /// `ModifyDBInstance` with `DBInstanceClass`, `ApplyImmediately` and a capacity reservation in use, nothing else.
    ModifyDbInstanceClass {
        /// The instance.
        database: DatabaseName,
        /// The class it shall have.
        class: InstanceClass,
        /// The capacity reservation that it uses: a change of class that does not name it gives it up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capacity_reservation: Option<String>,
    },
    /// `CreateBlueGreenDeployment`, with `TargetDBInstanceClass` where AWS takes it: a copy of the instance that follows it.
    CreateBlueGreenDeployment {
        /// The instance.
        database: DatabaseName,
        /// Its ARN.
        source: String,
        /// The name of the deployment, which no other one has.
        name: String,
        /// The class that the copy shall have; absent: the one of the instance, and it is changed afterwards.
        class: Option<InstanceClass>,
    },
    /// `SwitchoverBlueGreenDeployment`: the copy takes over the instance's name. There is no way back.
    SwitchoverBlueGreenDeployment {
        /// The instance.
        database: DatabaseName,
        /// Which deployment.
        deployment: DeploymentId,
        /// Clients are kept out for so long at most, else AWS takes it back. From 30 to 3600.
        timeout_secs: u32,
    },
    /// `DeleteBlueGreenDeployment` with `DeleteTarget`, before a switchover: the copy and the record of it go.
    DeleteBlueGreenDeployment {
        /// The instance that stays.
        database: DatabaseName,
        /// Which deployment.
        deployment: DeploymentId,
    },
    /// `CreateDBInstance` in an Aurora cluster, with `PromotionTier` 0: a reader that can take over.
    CreateDbInstance {
        /// The cluster.
        database: DatabaseName,
        /// What the reader is called, as no other instance.
        name: DatabaseName,
        /// The class that it shall have.
        class: InstanceClass,
        /// The cluster's engine, such as `aurora-postgresql`.
        engine: String,
        /// What the writer has of its own, which the reader shall have too.
        #[serde(flatten)]
        settings: Box<MemberSettings>,
    },
    /// `FailoverDBCluster` with `TargetDBInstanceIdentifier`: a reader takes over the writes.
    FailoverDbCluster {
        /// The cluster.
        database: DatabaseName,
        /// The reader.
        target: DatabaseName,
        /// Its machine.
        machine: ResourceId,
    },
    /// `ModifyDBCluster` with `DBClusterInstanceClass` and `ApplyImmediately`, nothing else.
    ModifyDbClusterClass {
        /// The cluster.
        database: DatabaseName,
        /// The class that all of its instances shall have.
        class: InstanceClass,
    },
    /// `DeleteDBInstance`: a machine that an action has left goes. There is no way back but what is kept of it.
    DeleteDbInstance {
        /// The database that it belonged to, and that stays.
        database: DatabaseName,
        /// What the machine is called.
        machine: DatabaseName,
        /// What is kept of it.
        keeps: Keeps,
    },
}

/// What is kept of a machine that is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "keeps")]
pub enum Keeps {
    /// A final snapshot of this name (`FinalDBSnapshotIdentifier`).
    FinalSnapshot {
        /// The name.
        name: String,
    },
    /// Nothing (`SkipFinalSnapshot`): the configuration says so.
    Nothing,
    /// The volume of its cluster, which all members share: RDS takes no snapshot of one member.
    ClusterVolume,
}

/// The code of a call that was refused on this side, before anything left.
pub const NOT_SENT: &str = "NotSent";

/// What the sender of a call knows afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum CallOutcome {
    /// AWS took the order. Whether it happens is seen by observing.
    Accepted {
        /// AWS's request id.
        request_id: Option<String>,
    },
    /// AWS refused; nothing was changed.
    Refused {
        /// AWS's error code, or [`NOT_SENT`].
        code: String,
        /// AWS's sentence, or why it was not sent.
        message: String,
        /// AWS's request id.
        request_id: Option<String>,
    },
    /// No answer, or one that says nothing: it may have happened. Only observing tells.
    Unknown {
        /// What went wrong on the way.
        why: String,
    },
}

impl MutatingCall {
    /// The name of the API operation.
    pub fn operation(&self) -> &'static str {
        match self {
            Self::ModifyDbInstanceClass { .. } => "ModifyDBInstance",
            Self::CreateBlueGreenDeployment { .. } => "CreateBlueGreenDeployment",
            Self::SwitchoverBlueGreenDeployment { .. } => "SwitchoverBlueGreenDeployment",
            Self::DeleteBlueGreenDeployment { .. } => "DeleteBlueGreenDeployment",
            Self::CreateDbInstance { .. } => "CreateDBInstance",
            Self::FailoverDbCluster { .. } => "FailoverDBCluster",
            Self::ModifyDbClusterClass { .. } => "ModifyDBCluster",
            Self::DeleteDbInstance { .. } => "DeleteDBInstance",
        }
    }

    /// Clients of this database are cut off by it.
    pub fn cuts(&self, database: &DatabaseName) -> bool {
        match self {
            // Of a copy it is no clients' matter.
            Self::ModifyDbInstanceClass { database: changed, .. } => changed == database,
            Self::SwitchoverBlueGreenDeployment { .. }
            | Self::FailoverDbCluster { .. }
            | Self::ModifyDbClusterClass { .. } => true,
            Self::CreateBlueGreenDeployment { .. }
            | Self::DeleteBlueGreenDeployment { .. }
            | Self::CreateDbInstance { .. }
            | Self::DeleteDbInstance { .. } => false,
        }
    }

    /// The class that it asks for.
    pub fn class(&self) -> Option<&InstanceClass> {
        match self {
            Self::ModifyDbInstanceClass { class, .. }
            | Self::CreateDbInstance { class, .. }
            | Self::ModifyDbClusterClass { class, .. } => Some(class),
            Self::CreateBlueGreenDeployment { class, .. } => class.as_ref(),
            Self::SwitchoverBlueGreenDeployment { .. }
            | Self::DeleteBlueGreenDeployment { .. }
            | Self::FailoverDbCluster { .. }
            | Self::DeleteDbInstance { .. } => None,
        }
    }

    /// What it asks for, such as `ModifyDBInstance: checkpoints to db.m5.large, at once`.
    pub fn words(&self) -> String {
        match self {
            Self::ModifyDbInstanceClass { database, class, capacity_reservation } => {
                let kept = capacity_reservation.as_ref().map_or(String::new(), |kept| format!(", keeping {kept}"));
                format!("{}: {database} to {class}, at once{kept}", self.operation())
            }
            Self::CreateBlueGreenDeployment { database, name, class, .. } => {
                let on = class.as_ref().map_or_else(|| "its own class".to_owned(), ToString::to_string);
                format!("{}: {name}, a copy of {database} on {on}", self.operation())
            }
            Self::SwitchoverBlueGreenDeployment { database, deployment, timeout_secs } => {
                format!("{}: {deployment} takes over {database}, within {timeout_secs} s", self.operation())
            }
            Self::DeleteBlueGreenDeployment { database, deployment } => {
                format!("{}: {deployment} and its copy go, {database} stays", self.operation())
            }
            Self::CreateDbInstance { database, name, class, .. } => {
                format!("{}: {name}, a reader of {database} on {class}", self.operation())
            }
            Self::FailoverDbCluster { database, target, .. } => {
                format!("{}: {target} takes over the writes of {database}", self.operation())
            }
            Self::ModifyDbClusterClass { database, class } => {
                format!("{}: {database} to {class}, at once", self.operation())
            }
            Self::DeleteDbInstance { database, machine, keeps } => {
                format!("{}: {machine} goes, {keeps}; {database} stays", self.operation())
            }
        }
    }
}

impl fmt::Display for Keeps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FinalSnapshot { name } => write!(f, "with the final snapshot {name}"),
            Self::Nothing => Kept::Nothing.fmt(f),
            Self::ClusterVolume => Kept::ClusterVolume.fmt(f),
        }
    }
}

impl CallOutcome {
    /// The outcome in a few words.
    pub fn words(&self) -> String {
        match self {
            Self::Accepted { request_id: Some(id) } => format!("accepted by AWS, request {id}"),
            Self::Accepted { request_id: None } => "accepted by AWS".to_owned(),
            Self::Refused { code, message, .. } if code == NOT_SENT => format!("not sent: {message}"),
            Self::Refused { code, message, .. } => format!("refused by AWS, {code}: {message}"),
            Self::Unknown { why } => format!("sent, answer lost ({why}); looking"),
        }
    }
}
