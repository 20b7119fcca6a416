//! How the change of a Multi-AZ DB cluster's class runs its course: each reader is changed, one after the other, then one
//! of them takes over, and the old writer is changed. A member is changed as any instance is.

use jiff::Timestamp;

use super::AVAILABLE;
use super::state::Failover;
use crate::sim::rds::fleet::{Fleet, bad_end};
use crate::sim::rds::instance::{Change, Instance, Membership, Pending, Role};
use crate::sim::scenario::FailoverFault;

impl Fleet {
    pub(super) fn cluster_window_opens(&mut self, at: Timestamp, id: &str) {
        if self.clusters.get(id).is_some_and(|cluster| cluster.change == Change::Idle && cluster.failover.is_none()) {
            self.cluster_change_begins(at, id);
        }
    }

    pub(super) fn cluster_change_begins(&mut self, at: Timestamp, id: &str) {
        let Some(cluster) = self.clusters.get_mut(id) else { return };
        let days = cluster.pending.backup_retention_days.take();
        if cluster.pending.class.is_some() {
            cluster.change = Change::Running;
            "modifying".clone_into(&mut cluster.status);
        } else {
            cluster.change = Change::Idle;
        }
        let changes = cluster.change == Change::Running;
        if let Some(days) = days {
            self.set_retention(id, days);
        }
        if changes {
            self.next_member_changes(at, id);
        }
    }

    /// The next reader whose class is pending; after the last of them a failover, and the old writer.
    pub(super) fn next_member_changes(&mut self, at: Timestamp, id: &str) {
        let next = |role: Role| {
            let waits = |member: &&Instance| member.role == role && member.pending.class.is_some();
            self.cluster_members(id).find(waits).map(|member| member.id.clone())
        };
        let (reader, writer) = (next(Role::Reader), next(Role::Writer));
        if let Some(reader) = reader {
            return self.begin(at, &reader);
        }
        let Some(writer) = writer else { return self.end_cluster_change(id) };
        let Some(to) = self.next_writer(id, None).map(|reader| reader.id.clone()) else {
            return self.begin(at, &writer);
        };
        let fault = bad_end(&self.failover_faults, at, &[id]).map(|(fault, _)| fault);
        let fails = fault == Some(FailoverFault::Fails);
        self.begin_failover(at, id, Failover { from: Some(writer), to, fails });
    }

    /// The change of a member is over. If it came to nothing, that of the cluster does.
    pub(in crate::sim::rds) fn member_settled(&mut self, at: Timestamp, member: &str) {
        let Some(Membership { cluster: id, .. }) = self.membership(member).cloned() else { return };
        self.fill_writer(&id);
        let Some(cluster) = self.clusters.get(&id).filter(|cluster| cluster.change == Change::Running) else { return };
        let wanted = cluster.pending.class.as_deref();
        if self.instance(member).is_some_and(|member| Some(member.class.as_str()) == wanted) {
            self.next_member_changes(at, &id);
        } else {
            self.end_cluster_change(&id);
        }
    }

    /// Nothing is pending any more; the class is the cluster's once every member has it.
    fn end_cluster_change(&mut self, id: &str) {
        for member in self.instances.values_mut().filter(|member| member.is_member_of(id)) {
            member.pending.class = None;
        }
        let wanted = self.clusters.get(id).and_then(|cluster| cluster.pending.class.clone());
        let all = self.cluster_members(id).all(|member| Some(&member.class) == wanted.as_ref());
        let Some(cluster) = self.clusters.get_mut(id) else { return };
        cluster.pending = Pending::default();
        cluster.change = Change::Idle;
        AVAILABLE.clone_into(&mut cluster.status);
        if all {
            cluster.class = wanted;
        }
    }

    /// The retention of backups of a cluster and of its members.
    pub(super) fn set_retention(&mut self, id: &str, days: u32) {
        for member in self.instances.values_mut().filter(|member| member.is_member_of(id)) {
            member.backup_retention_days = days;
        }
        if let Some(cluster) = self.clusters.get_mut(id) {
            cluster.pending.backup_retention_days = None;
            cluster.backup_retention_days = days;
        }
    }

    /// The place of an instance in a cluster.
    pub(in crate::sim::rds) fn membership(&self, id: &str) -> Option<&Membership> {
        self.instances.get(id).and_then(|instance| instance.membership.as_ref())
    }
}
