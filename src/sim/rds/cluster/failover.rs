//! `FailoverDBCluster`, and the choice of the member that takes over.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::state::{Cluster, Failover};
use super::{Step, find, invalid_state, shape};
use crate::model::class::InstanceClass;
use crate::sim::rds::fleet::{Fleet, bad_end};
use crate::sim::rds::instance::{Change, Instance, Role};
use crate::sim::rds::{describe, only};
use crate::sim::scenario::{FailoverFault, Range};
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;
use crate::sim::wire::xml::Xml;

const SIMULATED: [&str; 4] = ["Action", "Version", "DBClusterIdentifier", "TargetDBInstanceIdentifier"];

/// From an accepted failover until its status shows.
const FLIP: Range = Range::seconds(1, 5);

/// Checks, and says which member will take over. The answer still shows `available`.
pub(in crate::sim::rds) fn failover(
    fleet: &mut Fleet,
    now: Timestamp,
    params: &Params,
    xml: &mut Xml,
) -> Result<(), ApiError> {
    only(params, "FailoverDBCluster", &SIMULATED)?;
    let cluster = find(fleet, params.required("DBClusterIdentifier")?)?;
    let id = cluster.id.clone();
    let fault = bad_end(&fleet.failover_faults, now, &[&id]).map(|(fault, _)| fault);
    if cluster.is_busy() || fault == Some(FailoverFault::Refused) {
        return Err(invalid_state(cluster, "The DB cluster cannot be failed over now."));
    }
    let writer = fleet.writer(&id);
    if writer.is_some_and(|writer| !can_serve(writer)) {
        return Err(invalid_state(cluster, "The writer of the DB cluster is not in available state."));
    }
    let from = writer.map(|writer| writer.id.clone());
    let asked = params.get("TargetDBInstanceIdentifier").map(|given| target(fleet, cluster, given)).transpose()?;
    let other = fleet.next_writer(&id, asked.filter(|_| fault == Some(FailoverFault::OtherMember)));
    let chosen = if fault == Some(FailoverFault::OtherMember) { other.or(asked) } else { asked.or(other) };
    let Some(to) = chosen.map(|chosen| chosen.id.clone()) else {
        return Err(invalid_state(cluster, "The DB cluster has no reader in available state that could take over."));
    };
    fleet.begin_failover(now, &id, Failover { from, to, fails: fault == Some(FailoverFault::Fails) });
    if let Some(cluster) = fleet.clusters.get(&id) {
        xml.nest("DBCluster", |xml| shape::cluster(fleet, cluster, now, xml));
    }
    Ok(())
}

/// The member that was asked for, if it can take over.
fn target<'a>(fleet: &'a Fleet, cluster: &Cluster, given: &str) -> Result<&'a Instance, ApiError> {
    let target = describe::find(fleet, given)?;
    let refused = |why: &str| ApiError::sender("InvalidDBInstanceState", format!("DB instance {} {why}.", target.id));
    if !target.is_member_of(&cluster.id) {
        return Err(refused(&format!("is no member of the DB cluster {}", cluster.id)));
    }
    if target.role == Role::Writer {
        return Err(refused("is the writer of its DB cluster already"));
    }
    if !can_serve(target) {
        return Err(refused("is not in available state"));
    }
    Ok(target)
}

/// Whether a member is there for clients, and about to stay.
fn can_serve(member: &Instance) -> bool {
    member.status == super::AVAILABLE && member.change == Change::Idle
}

impl Fleet {
    /// The reader that takes over where none is asked for, other than `not`: the one of the lowest tier, of several the
    /// largest.
    pub(super) fn next_writer(&self, cluster: &str, not: Option<&Instance>) -> Option<&Instance> {
        let size = |member: &Instance| {
            InstanceClass::observed(&member.class).hardware().map(|hardware| (hardware.memory_gib, hardware.vcpus))
        };
        let tier = |member: &Instance| self.membership(&member.id).map(|membership| membership.promotion_tier);
        let able = |member: &&Instance| member.role == Role::Reader && can_serve(member);
        let others = self.instances().filter(|member| member.is_member_of(cluster) && able(member));
        let others = others.filter(|member| not.is_none_or(|not| not.id != member.id));
        others.min_by_key(|member| (tier(member), Reverse(size(member))))
    }

    /// A failover is taken, and begins within seconds.
    pub(super) fn begin_failover(&mut self, now: Timestamp, id: &str, failover: Failover) {
        if let Some(cluster) = self.clusters.get_mut(id) {
            cluster.failover = Some(failover);
            self.schedule_cluster_in(now, FLIP, id, Step::FailoverBegins);
        }
    }
}
