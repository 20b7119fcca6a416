//! One DB cluster: what the control plane knows of it beyond its members.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::cluster::ClusterKind;
use crate::model::window::Window;
use crate::sim::rds::instance::{Change, Pending};
use crate::sim::wire::ApiError;

/// A DB cluster of the simulated account. Its members are the instances that name it.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// The `DBClusterIdentifier`, lower case.
    pub id: String,
    /// The `DbClusterResourceId`.
    pub resource_id: String,
    /// Its ARN.
    pub arn: String,
    /// Which kind of cluster it is.
    pub kind: ClusterKind,
    /// Host name of the endpoint that always leads to the writer.
    pub host: String,
    /// Host name of the endpoint that leads to the readers.
    pub reader_host: String,
    /// The `Status`.
    pub status: String,
    /// The `DBClusterInstanceClass`; at Aurora each member has its own.
    pub class: Option<String>,
    /// What was asked for and is not yet so. The class is pending at each member too, and only there does AWS show it.
    pub pending: Pending,
    /// Such as `16.8`.
    pub engine_version: String,
    /// Such as `gp3`; `aurora` at Aurora.
    pub storage_type: String,
    /// Allocated storage in GiB of a Multi-AZ DB cluster.
    pub storage_gib: u32,
    /// Days.
    pub backup_retention_days: u32,
    /// When deferred changes are made.
    pub window: Window,
    /// It cannot be deleted.
    pub deletion_protection: bool,
    /// Key and value.
    pub tags: BTreeMap<String, String>,
    /// When it was created.
    pub created: Timestamp,
    /// The change of class being made, member by member.
    pub change: Change,
    /// The failover that was asked for or is under way.
    pub failover: Option<Failover>,
}

/// One failover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failover {
    /// The member that wrote.
    pub from: Option<String>,
    /// The member that will.
    pub to: String,
    /// It will come to nothing.
    pub fails: bool,
}

impl Cluster {
    /// That it takes orders now.
    ///
    /// # Errors
    /// As AWS refuses an order to a cluster that is at work.
    pub(super) fn must_be_idle(&self) -> Result<(), ApiError> {
        if self.is_busy() {
            return Err(super::invalid_state(self, "The DB cluster is not in available state."));
        }
        Ok(())
    }

    /// Whether it takes no orders now.
    pub(super) fn is_busy(&self) -> bool {
        self.status != super::AVAILABLE || self.change != Change::Idle || self.failover.is_some()
    }
}
