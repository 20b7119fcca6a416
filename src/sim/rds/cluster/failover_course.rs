//! How a failover runs its course: the writer goes away, another member takes the writes, the old one can be read.
//!
//! Clients of the cluster's name are without a database from the beginning until the cut ends.

use jiff::{SignedDuration, Timestamp};

use super::{AVAILABLE, FAILOVER, Step};
use crate::model::cluster::ClusterKind;
use crate::sim::rds::fleet::{Fleet, after};
use crate::sim::rds::instance::{Change, Role};

impl Fleet {
    pub(super) fn failover_begins(&mut self, at: Timestamp, id: &str) {
        let Some(cluster) = self.clusters.get_mut(id) else { return };
        let (kind, Some(failover)) = (cluster.kind, cluster.failover.clone()) else { return };
        "failing-over".clone_into(&mut cluster.status);
        let zone = |fleet: &Self, member: &str| fleet.instance(member).map(|member| member.zone.clone());
        let from = failover.from.as_deref().and_then(|from| zone(self, from));
        let way = if from == zone(self, &failover.to) { "same" } else { "cross" };
        let words = format!("Started {way} AZ failover to DB instance: {}", failover.to);
        self.cluster_event(at, id, FAILOVER, words);
        for member in failover.from.iter().chain([&failover.to]) {
            if let Some(instance) = self.instances.get_mut(member) {
                instance.goes_down(at);
            }
        }
        let (cut, whole) = match kind {
            ClusterKind::Aurora => (self.timing.aurora_cut, self.timing.aurora_failover),
            ClusterKind::MultiAz => (self.timing.cluster_cut, self.timing.settle),
        };
        let (cut, mut whole) = (self.draw(cut), self.draw(whole));
        if kind == ClusterKind::MultiAz || whole <= cut {
            whole = cut.saturating_add(whole.max(SignedDuration::from_secs(1)));
        }
        self.schedule_cluster(after(at, cut), id, Step::CutEnds);
        self.schedule_cluster(after(at, whole), id, Step::FailoverOver);
    }

    pub(super) fn cut_ends(&mut self, at: Timestamp, id: &str) {
        let Some(failover) = self.clusters.get(id).and_then(|cluster| cluster.failover.clone()) else { return };
        for member in failover.from.iter().chain([&failover.to]) {
            let Some(instance) = self.instances.get_mut(member) else { continue };
            let is_target = *member == failover.to;
            if !failover.fails {
                instance.role = if is_target { Role::Writer } else { Role::Reader };
            }
            // One that is being deleted does not come back.
            if instance.status != "deleting" {
                instance.comes_up(at);
                self.event(at, member, "availability", "DB instance restarted");
            }
        }
        if failover.fails {
            let words = "Cluster failover failed, check the health of your cluster instances and try again.";
            self.cluster_event(at, id, FAILOVER, words);
            let again = format!("Promoting previous primary again: {}", failover.from.unwrap_or_default());
            self.cluster_event(at, id, FAILOVER, again);
        } else {
            let words = format!("Completed failover to DB instance: {}", failover.to);
            self.cluster_event(at, id, FAILOVER, words);
            self.topology_event(at, id);
        }
    }

    pub(super) fn failover_over(&mut self, at: Timestamp, id: &str) {
        let Some(cluster) = self.clusters.get_mut(id) else { return };
        cluster.failover = None;
        let goes_on = cluster.change == Change::Running;
        let status = if goes_on { "modifying" } else { AVAILABLE };
        status.clone_into(&mut cluster.status);
        if goes_on {
            self.next_member_changes(at, id);
        }
    }
}
