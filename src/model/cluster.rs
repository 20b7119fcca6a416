//! A DB cluster as RDS describes it: one database that several instances serve, of which one writes.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::class::InstanceClass;
use super::database::{DatabaseName, InstanceStatus, ResourceId};

/// What stands behind the name of a database that is a DB cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// Which kind.
    pub kind: ClusterKind,
    /// `DbClusterResourceId`.
    pub resource_id: ResourceId,
    /// Its instances, as far as RDS describes them; one of them writes.
    pub members: Vec<Member>,
    /// Its own, which are not those of its members. Those that AWS sets itself (`aws:…`) are not among them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// The kinds of DB cluster that PostgreSQL has on RDS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClusterKind {
    /// Aurora PostgreSQL: instances of any class share one volume.
    Aurora,
    /// A Multi-AZ DB cluster: a writer and two readers of one class, each with storage of its own.
    MultiAz,
}

/// One instance of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its identifier.
    pub name: DatabaseName,
    /// Its machine.
    pub resource_id: ResourceId,
    /// The class it has.
    pub class: InstanceClass,
    /// What RDS says it is doing.
    pub status: InstanceStatus,
    /// It takes the writes.
    pub is_writer: bool,
    /// Application Auto Scaling has made it, and may delete it: by its name or its tag.
    #[serde(default, skip_serializing_if = "is_not")]
    pub is_scaled: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_not(flag: &bool) -> bool {
    !*flag
}

impl Cluster {
    /// The instance that takes the writes.
    pub fn writer(&self) -> Option<&Member> {
        self.members.iter().find(|member| member.is_writer)
    }

    /// The instance on that machine.
    pub fn member(&self, machine: &ResourceId) -> Option<&Member> {
        self.members.iter().find(|member| member.resource_id == *machine)
    }
}

impl fmt::Display for ClusterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aurora => "an Aurora cluster",
            Self::MultiAz => "a Multi-AZ DB cluster",
        })
    }
}
