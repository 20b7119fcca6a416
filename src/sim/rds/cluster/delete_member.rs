//! `DeleteDBInstance` of a member of a cluster. There is no final snapshot of it: the data are the cluster's.

use jiff::Timestamp;

use super::Cluster;
use super::state::Failover;
use crate::model::cluster::ClusterKind;
use crate::sim::rds::fleet::Fleet;
use crate::sim::rds::instance::{Instance, Membership, Role};
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;

/// What AWS objects to when a member is to be deleted.
pub(in crate::sim::rds) fn check_deletion(
    fleet: &Fleet,
    target: &Instance,
    membership: &Membership,
    params: &Params,
) -> Result<(), ApiError> {
    let refused = |message: &str| Err(ApiError::sender("InvalidParameterCombination", message));
    if membership.kind == ClusterKind::MultiAz {
        return refused(
            "A DB instance of a Multi-AZ DB cluster cannot be deleted alone. Delete the DB cluster instead.",
        );
    }
    if params.get("FinalDBSnapshotIdentifier").is_some() {
        return refused("FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance");
    }
    if target.status == "creating" {
        let message = format!("Instance {} is being created and cannot be deleted yet.", target.id);
        return Err(ApiError::sender("InvalidDBInstanceState", message));
    }
    fleet.cluster(&membership.cluster).map_or(Ok(()), Cluster::must_be_idle)
}

impl Fleet {
    /// A member leaves: a writer hands over first, where there is somebody to hand over to.
    pub(in crate::sim::rds) fn leave(&mut self, now: Timestamp, id: &str) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        let Some(Membership { cluster, .. }) = instance.membership.clone() else { return };
        let is_writer = instance.role == Role::Writer;
        if let Some(to) = self.next_writer(&cluster, None).filter(|_| is_writer).map(|next| next.id.clone()) {
            return self.begin_failover(now, &cluster, Failover { from: Some(id.to_owned()), to, fails: false });
        }
        if let Some(instance) = self.instances.get_mut(id) {
            instance.goes_down(now);
        }
    }
}
