//! The DB clusters of a scenario: of Aurora PostgreSQL, and Multi-AZ DB clusters of RDS for PostgreSQL.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::InstanceSpec;
use crate::model::cluster::ClusterKind;

/// The three members of a Multi-AZ DB cluster: one that writes and two that can be read.
const MULTI_AZ_MEMBERS: usize = 3;

/// One DB cluster as it is when history begins.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSpec {
    /// The `DBClusterIdentifier`; the name that `[[demand]]` and `[[fault]]` use as their `instance`.
    pub id: String,
    /// Whose kind of cluster it is.
    pub kind: ClusterKind,
    /// The class of every member that does not say another; of all of them in a Multi-AZ DB cluster.
    pub class: String,
    /// Such as `16.8`.
    #[serde(default = "InstanceSpec::default_engine_version")]
    pub engine_version: String,
    /// Aurora's instances, the writer first; a single one if not given. A Multi-AZ DB cluster has three of its own naming.
    #[serde(default)]
    pub members: Vec<MemberSpec>,
    /// Multi-AZ DB clusters: such as `gp3`.
    #[serde(default = "InstanceSpec::default_storage_type")]
    pub storage_type: String,
    /// Multi-AZ DB clusters: allocated storage in GiB, of each member.
    #[serde(default = "InstanceSpec::default_storage_gib")]
    pub storage_gib: u32,
    /// Days that automated backups are kept, 1 to 35: those of a cluster cannot be turned off.
    #[serde(default = "InstanceSpec::default_backup_retention_days")]
    pub backup_retention_days: u32,
    /// The cluster cannot be deleted while this is on; its members can.
    #[serde(default = "InstanceSpec::default_deletion_protection")]
    pub deletion_protection: bool,
    /// Such as `sun:06:00-sun:06:30`, UTC; of the cluster and of its members.
    #[serde(default = "InstanceSpec::default_maintenance_window")]
    pub maintenance_window: String,
    /// An RDS Proxy in front of it, called `<id>-proxy`.
    #[serde(default)]
    pub proxy: bool,
    /// Aurora: Application Auto Scaling keeps its readers from the beginning.
    pub scaling: Option<ScalingSpec>,
    /// Key and value, of the cluster and of its members.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// What Application Auto Scaling keeps of readers, by policies of the scenario's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScalingSpec {
    /// Readers at least.
    pub min: u32,
    /// Readers at most.
    pub max: u32,
    /// Connections to a reader, on average.
    pub connections: Option<u32>,
    /// CPU of a reader in per cent, on average.
    pub cpu: Option<u32>,
}

/// One instance of an Aurora cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberSpec {
    /// The `DBInstanceIdentifier`; `<cluster>-instance-<number>` if not given.
    pub id: Option<String>,
    /// Its class, if not the cluster's.
    pub class: Option<String>,
    /// The `PromotionTier`, 0 to 15; 1 if not given, as at AWS.
    pub tier: Option<u32>,
    /// Its zone; the region's zones in turn if not given.
    pub az: Option<String>,
}

impl ClusterKind {
    /// The engine as AWS names it.
    pub fn engine(self) -> &'static str {
        match self {
            Self::Aurora => "aurora-postgresql",
            Self::MultiAz => "postgres",
        }
    }
}

impl ClusterSpec {
    /// Its members, each with an identifier; the first one writes.
    pub fn all_members(&self) -> Vec<MemberSpec> {
        let mut members = match self.kind {
            ClusterKind::MultiAz => vec![MemberSpec::default(); MULTI_AZ_MEMBERS],
            ClusterKind::Aurora if self.members.is_empty() => vec![MemberSpec::default()],
            ClusterKind::Aurora => self.members.clone(),
        };
        for (index, member) in members.iter_mut().enumerate() {
            member.id.get_or_insert_with(|| format!("{}-instance-{}", self.id, index + 1));
        }
        members
    }

    /// The identifiers of its members.
    pub fn member_ids(&self) -> Vec<String> {
        self.all_members().into_iter().filter_map(|member| member.id).collect()
    }
}
