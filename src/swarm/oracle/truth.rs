//! What a database truly is, past every API: an instance, or a cluster and the instance that writes in it.

use crate::model::cluster::ClusterKind;
use crate::sim::rds::{Fleet, Role};

/// A database of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::swarm) struct Truth {
    /// The class of whoever writes.
    pub(in crate::swarm) class: String,
    /// Of the cluster, where that is not `available`; else of whoever writes.
    pub(in crate::swarm) status: String,
    /// A change of class is asked for and not done.
    pub(in crate::swarm) class_pends: bool,
    /// Anything is.
    pub(in crate::swarm) anything_pends: bool,
}

/// The database of that name.
pub(in crate::swarm) fn of(fleet: &Fleet, name: &str) -> Option<Truth> {
    let cluster = fleet.cluster(name);
    let writer = if cluster.is_some() { fleet.writer(name)? } else { fleet.instance(name)? };
    let own = Truth {
        class: writer.class.clone(),
        status: writer.status.clone(),
        class_pends: writer.pending.class.is_some(),
        anything_pends: !writer.all_pending().is_empty(),
    };
    let Some(cluster) = cluster else { return Some(own) };
    let status = if cluster.status == "available" { own.status } else { cluster.status.clone() };
    Some(Truth {
        status,
        class_pends: own.class_pends || cluster.pending.class.is_some(),
        anything_pends: own.anything_pends || !cluster.pending.is_empty(),
        ..own
    })
}

/// The instances that serve a cluster beside its writer and that an action of ours has made: name and machine of each.
pub(in crate::swarm) fn made_readers<'a>(fleet: &'a Fleet, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let readers = fleet.cluster_members(name).filter(|member| member.role == Role::Reader);
    let made = readers.filter(|member| member.id.starts_with("upshift-") && member.status != "deleting");
    made.map(|member| (member.id.as_str(), member.resource_id.as_str()))
}

/// The kind of cluster that a database is.
pub(in crate::swarm) fn cluster_kind(fleet: &Fleet, name: &str) -> Option<ClusterKind> {
    fleet.cluster(name).map(|cluster| cluster.kind)
}

/// Of a Multi-AZ DB cluster whose change has stopped halfway: the class of whoever writes, which the others have not.
pub(in crate::swarm) fn halfway(fleet: &Fleet, name: &str) -> Option<String> {
    let cluster = fleet.cluster(name)?;
    let at_rest = cluster.kind == ClusterKind::MultiAz && cluster.status == "available";
    let writer = fleet.writer(name).filter(|_| at_rest)?;
    let differs = fleet.cluster_members(name).any(|member| member.class != writer.class);
    differs.then(|| writer.class.clone())
}
