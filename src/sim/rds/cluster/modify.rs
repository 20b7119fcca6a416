//! `ModifyDBCluster`: the class of a Multi-AZ DB cluster, and backups. Everything else it could change at AWS is refused
//! here, because a success that changes nothing would be a lie.

use jiff::Timestamp;

use super::state::Cluster;
use super::{AVAILABLE, Step, find, shape};
use crate::model::cluster::ClusterKind;
use crate::sim::rds::fleet::Fleet;
use crate::sim::rds::instance::Change;
use crate::sim::rds::{only, orderable};
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;
use crate::sim::wire::xml::Xml;

const SIMULATED: [&str; 6] =
    ["Action", "Version", "DBClusterIdentifier", "DBClusterInstanceClass", "BackupRetentionPeriod", "ApplyImmediately"];

/// Checks, records the change as pending and says when it begins. The answer still shows the old values and, for some
/// seconds more, the old status.
pub(in crate::sim::rds) fn modify(
    fleet: &mut Fleet,
    now: Timestamp,
    params: &Params,
    xml: &mut Xml,
) -> Result<(), ApiError> {
    only(params, "ModifyDBCluster", &SIMULATED)?;
    let class = params.get("DBClusterInstanceClass");
    let days: Option<u32> = params.parsed("BackupRetentionPeriod", "an integer")?;
    let apply_immediately = params.flag("ApplyImmediately")?.unwrap_or(false);
    let cluster = find(fleet, params.required("DBClusterIdentifier")?)?;
    check(fleet, cluster, class, days)?;
    let id = cluster.id.clone();
    if let Some(class) = class {
        fleet.record_cluster_class(&id, class);
    }
    if let Some(days) = days {
        fleet.record_retention(&id, days, apply_immediately);
    }
    fleet.accept_cluster_change(now, &id, apply_immediately);
    if let Some(cluster) = fleet.clusters.get(&id) {
        xml.nest("DBCluster", |xml| shape::cluster(fleet, cluster, now, xml));
    }
    Ok(())
}

fn check(fleet: &Fleet, cluster: &Cluster, class: Option<&str>, days: Option<u32>) -> Result<(), ApiError> {
    if let Some(class) = class {
        if cluster.kind == ClusterKind::Aurora {
            let message = format!("DbClusterInstanceClass isn't supported for DB engine {}.", cluster.kind.engine());
            return Err(ApiError::sender("InvalidParameterCombination", message));
        }
        orderable::check_cluster_class(fleet, cluster, class)?;
    }
    if let Some(days) = days.filter(|days| !(1..=35).contains(days)) {
        let message = format!("Invalid backup retention period: {days}. Must be between 1 and 35.");
        return Err(ApiError::sender("InvalidParameterValue", message));
    }
    cluster.must_be_idle()?;
    let elsewhere = |status: &str| status != AVAILABLE;
    if let Some(member) = fleet.cluster_members(&cluster.id).find(|member| class.is_some() && elsewhere(&member.status))
    {
        let message = format!("DB instance {} is not in available state.", member.id);
        return Err(ApiError::sender("InvalidDBInstanceState", message));
    }
    Ok(())
}

impl Fleet {
    /// The class becomes pending at the cluster and at every member that has another; asking for the class that all have
    /// takes an earlier wish back.
    fn record_cluster_class(&mut self, id: &str, class: &str) {
        let mut is_wanted = false;
        for member in self.instances.values_mut().filter(|member| member.is_member_of(id)) {
            let differs = member.class != class;
            member.pending.class = differs.then(|| class.to_owned());
            is_wanted |= differs;
        }
        if let Some(cluster) = self.clusters.get_mut(id) {
            cluster.pending.class = is_wanted.then(|| class.to_owned());
        }
    }

    fn record_retention(&mut self, id: &str, days: u32, apply_immediately: bool) {
        if apply_immediately {
            return self.set_retention(id, days);
        }
        if let Some(cluster) = self.clusters.get_mut(id) {
            cluster.pending.backup_retention_days = Some(days).filter(|days| *days != cluster.backup_retention_days);
        }
    }

    /// Decides when what pends begins.
    fn accept_cluster_change(&mut self, now: Timestamp, id: &str, apply_immediately: bool) {
        let Some(cluster) = self.clusters.get_mut(id) else { return };
        if cluster.pending.is_empty() {
            return;
        }
        if apply_immediately {
            cluster.change = Change::Accepted;
            let flip = self.timing.status_flip;
            self.schedule_cluster_in(now, flip, id, Step::ChangeBegins);
        } else {
            // One that finds nothing to do, because another was first, does nothing.
            let opens = cluster.window.opens_after(now);
            self.schedule_cluster(opens, id, Step::WindowOpens);
        }
    }
}
