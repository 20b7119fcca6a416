//! A database as RDS describes it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::class::InstanceClass;
use super::cluster::{Cluster, ClusterKind};
use super::failure::Failure;
use super::member_settings::MemberSettings;
use super::policy::Strategy;
use super::readers;

/// The `DBInstanceIdentifier`, of a DB cluster the `DBClusterIdentifier`: what people call the database. It can come to belong to another machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DatabaseName(String);

/// The `DbiResourceId`: the machine itself, for as long as it exists; of a cluster as a whole its `DbClusterResourceId`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceId(String);

/// The `DBInstanceStatus`, an open set of words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceStatus(String);

/// What RDS says of one instance, or of one cluster and the instance that writes in it, every string cleaned at the edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseState {
    /// Its identifier.
    pub name: DatabaseName,
    /// Its machine; of an Aurora cluster the one that writes, of a Multi-AZ DB cluster the cluster itself.
    pub resource_id: ResourceId,
    /// Its ARN.
    pub arn: String,
    /// The class it has.
    pub class: InstanceClass,
    /// What RDS says it is doing.
    pub status: InstanceStatus,
    /// `PendingModifiedValues`: AWS's field names and values, empty when nothing is pending.
    pub pending: BTreeMap<String, String>,
    /// Such as `postgres`.
    pub engine: String,
    /// Such as `16.4`.
    pub engine_version: String,
    /// A standby in another zone.
    pub multi_az: bool,
    /// Where it runs.
    pub availability_zone: Option<String>,
    /// Such as `gp3`.
    pub storage_type: Option<String>,
    /// Allocated storage in GiB.
    pub storage_gib: Option<u32>,
    /// `host:port` that clients use.
    pub endpoint: Option<String>,
    /// Facts that only decide what can be done with it.
    pub facts: DatabaseFacts,
    /// What stands behind the name, where it is a DB cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Cluster>,
}

/// What a change of class must know of a database besides its state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatabaseFacts {
    /// `BackupRetentionPeriod`; 0 means that automated backups are off.
    pub backup_retention_days: Option<u32>,
    /// `PreferredBackupWindow`, UTC.
    pub backup_window: Option<String>,
    /// `PreferredMaintenanceWindow`, UTC.
    pub maintenance_window: Option<String>,
    /// What an instance has of its own, of a cluster its writer.
    pub settings: MemberSettings,
    /// Each parameter group with its `ParameterApplyStatus`.
    pub parameter_groups: BTreeMap<String, String>,
    /// Secrets Manager manages the master password.
    pub manages_password: bool,
    /// `DBCapacityReservationIdentifier`: a class change that does not name it gives it up.
    pub capacity_reservation: Option<String>,
    /// It cannot be deleted while this is on.
    pub deletion_protection: bool,
    /// The cluster that it is a member of.
    pub cluster: Option<String>,
    /// The instance that it is a replica of.
    pub replica_of: Option<String>,
}

/// The configured instances that exist, each as described, or why its description says nothing.
pub type Instances = BTreeMap<DatabaseName, Result<DatabaseState, Failure>>;

/// One event from `DescribeEvents`, in AWS's own words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RdsEvent {
    /// When RDS dates it.
    pub date: Timestamp,
    /// The database it is about.
    pub database: DatabaseName,
    /// Which instance of it, where that has another name: one of a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<DatabaseName>,
    /// RDS's message.
    pub message: String,
    /// Such as `configuration change`.
    pub categories: Vec<String>,
}

impl DatabaseName {
    /// A name; not checked here.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ResourceId {
    /// A resource id; not checked here.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl InstanceStatus {
    /// A status as RDS gave it.
    pub fn new(status: impl Into<String>) -> Self {
        Self(status.into())
    }

    /// RDS's word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `available`: in use and open for modification. Not the same as "the change is done".
    pub fn is_available(&self) -> bool {
        self.0 == "available"
    }

    /// It goes, and nothing stops it.
    pub fn is_deleting(&self) -> bool {
        self.0 == "deleting"
    }

    /// A status that no waiting will mend: a person must look.
    pub fn is_failed(&self) -> bool {
        let terminal =
            ["failed", "storage-full", "insufficient-capacity", "restore-error", "upgrade_failed", "deleting"];
        terminal.contains(&self.0.as_str())
            || self.0.starts_with("incompatible-")
            || self.0.starts_with("inaccessible-")
    }
}

impl RdsEvent {
    /// Whether RDS reports any failure: enough not to call an action verified.
    pub fn is_failure(&self) -> bool {
        self.categories.iter().any(|category| category == "failure") || self.is_class_failure()
    }

    /// Whether RDS says that a class change failed. By its words, since `DescribeEvents` carries no event ids.
    pub fn is_class_failure(&self) -> bool {
        const PREFIXES: [&str; 2] = ["unable to modify the db instance class", "insufficient instance capacity"];
        let message = self.message.to_ascii_lowercase();
        PREFIXES.iter().any(|prefix| message.starts_with(prefix))
    }

    /// Whether it is about a change of the class, by its words.
    pub fn is_of_class(&self) -> bool {
        self.message.to_ascii_lowercase().contains("instance class")
    }
}

impl DatabaseState {
    /// A reader that Application Auto Scaling has made, and may delete: by its name or its tag.
    pub fn is_scaled(&self) -> bool {
        readers::is_scaled(&self.name) || self.facts.settings.tags.contains_key(readers::SCALED_TAG)
    }

    /// An Aurora cluster: one volume, whatever instances serve it.
    pub fn is_aurora(&self) -> bool {
        self.cluster.as_ref().is_some_and(|cluster| cluster.kind == ClusterKind::Aurora)
    }

    /// The instance that CloudWatch knows its load by, and that instance's machine: of a cluster the writer.
    pub fn instance(&self) -> (&DatabaseName, &ResourceId) {
        let writer = self.cluster.as_ref().and_then(Cluster::writer);
        writer.map_or((&self.name, &self.resource_id), |writer| (&writer.name, &writer.resource_id))
    }

    /// What pends, as `NAME VALUE, NAME VALUE`; absent when nothing does.
    pub fn pending_words(&self) -> Option<String> {
        let words: Vec<String> = self.pending.iter().map(|(name, value)| format!("{name} {value}")).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// What deletion protection means for a change by that strategy: RDS gives it to a copy, too, and deletes neither.
    pub fn left_by_protection(&self, strategy: Strategy) -> Option<&'static str> {
        let words =
            "deletion protection is on: a copy that is given up, and the old machine, stay until a person deletes them";
        (self.facts.deletion_protection && strategy == Strategy::BlueGreen).then_some(words)
    }

    /// The class that a change still pends to, by `PendingModifiedValues`.
    pub fn class_pending(&self) -> Option<&str> {
        self.pending.get("DBInstanceClass").map(String::as_str)
    }

    /// How many instances of its class are billed for it: a standby costs as much as the instance itself, and so do the
    /// readers of a Multi-AZ DB cluster. The readers of an Aurora cluster have classes of their own and are not counted.
    ///
    pub fn billed_instances(&self) -> f64 {
        match &self.cluster {
            Some(Cluster { kind: ClusterKind::MultiAz, members, .. }) => members.len() as f64,
            _ if self.multi_az => 2.0,
            _ => 1.0,
        }
    }
}

impl fmt::Display for DatabaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for InstanceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// `checkpoints`, Single-AZ PostgreSQL with nothing pending, for the tests of every room.
#[cfg(test)]
pub(crate) fn sample_state(class: &str, status: &str) -> DatabaseState {
    DatabaseState {
        name: DatabaseName::new("checkpoints"),
        resource_id: ResourceId::new("db-1"),
        arn: "arn".to_owned(),
        class: InstanceClass::observed(class),
        status: InstanceStatus::new(status),
        pending: BTreeMap::new(),
        engine: "postgres".to_owned(),
        engine_version: "16.8".to_owned(),
        multi_az: false,
        availability_zone: None,
        storage_type: None,
        storage_gib: None,
        endpoint: None,
        facts: DatabaseFacts::default(),
        cluster: None,
    }
}
