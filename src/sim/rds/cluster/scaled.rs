//! Readers that Application Auto Scaling adds and takes away: it orders as any client does, and RDS answers as to any.

use jiff::Timestamp;

use super::make::NewMember;
use crate::sim::rds::fleet::Fleet;
use crate::sim::rds::instance::{Change, Instance, Role};
use crate::sim::scenario::MOST_MEMBERS;

/// The tier of every reader that Application Auto Scaling makes: the last in line to take over.
const LAST_TIER: u32 = 15;

/// How many readers a cluster has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) struct Census {
    /// With those that are being made, and those that have failed; without those that go.
    pub(in crate::sim) all: usize,
    /// Those that can be read.
    pub(in crate::sim) available: usize,
}

impl Fleet {
    /// How many readers a cluster has.
    pub(in crate::sim) fn reader_census(&self, cluster: &str) -> Census {
        let stays = |member: &&Instance| member.role == Role::Reader && member.status != "deleting";
        let all: Vec<&Instance> = self.cluster_members(cluster).filter(stays).collect();
        let available = all.iter().filter(|member| member.status == super::AVAILABLE).count();
        Census { all: all.len(), available }
    }

    /// Whether the cluster is available, and about to stay so.
    pub(in crate::sim) fn takes_orders(&self, cluster: &str) -> bool {
        self.cluster(cluster).is_some_and(|cluster| !cluster.is_busy())
    }

    /// The readers of a cluster with that tag that can be deleted now, the newest first.
    pub(in crate::sim) fn scaled_readers(&self, cluster: &str, (tag, value): (&str, &str)) -> Vec<String> {
        let is_own = |member: &&Instance| member.tags.get(tag).is_some_and(|found| found == value);
        let can_go = |member: &&Instance| {
            member.role == Role::Reader && member.status == super::AVAILABLE && member.change == Change::Idle
        };
        let mut own: Vec<&Instance> = self.cluster_members(cluster).filter(|it| is_own(it) && can_go(it)).collect();
        own.sort_by_key(|member| std::cmp::Reverse(member.created));
        own.into_iter().map(|member| member.id.clone()).collect()
    }

    /// Begins to make a reader of the writer's class. Whether RDS takes the order: a full cluster does not.
    pub(in crate::sim) fn make_scaled_reader(
        &mut self,
        now: Timestamp,
        cluster: &str,
        name: &str,
        tag: (String, String),
    ) -> bool {
        let Some(cluster) = self.cluster(cluster).cloned() else { return false };
        let Some(class) = self.writer(&cluster.id).map(|writer| writer.class.clone()) else { return false };
        if self.cluster_members(&cluster.id).count() >= MOST_MEMBERS {
            return false;
        }
        let new = NewMember {
            id: name.to_owned(),
            class,
            tier: LAST_TIER,
            zone: self.emptiest_zone(&cluster),
            tags: [tag].into(),
            role: Role::Reader,
        };
        self.add_reader(now, &cluster, new).is_some()
    }

    /// Begins to delete a reader.
    pub(in crate::sim) fn drop_scaled_reader(&mut self, now: Timestamp, name: &str) {
        self.begin_deletion(now, name);
        self.leave(now, name);
    }
}
