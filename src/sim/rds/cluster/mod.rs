//! DB clusters: of Aurora PostgreSQL, whose members share one volume, and Multi-AZ DB clusters of RDS for PostgreSQL.
//!
//! ```text
//!   failover:   available ─► failing-over: the writer is away ─► a reader writes, the old writer can be read ─► available
//!   new reader: creating ─► available                        (Aurora)
//!   new class:  one reader ─► the other ─► failover ─► the old writer        (Multi-AZ DB cluster)
//! ```

mod change_course;
mod create_member;
mod delete_member;
mod describe;
mod failover;
mod failover_course;
mod make;
mod member_course;
mod modify;
mod modify_member;
mod scaled;
mod shape;
mod state;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub(super) use create_member::create_member;
pub(super) use delete_member::check_deletion;
pub(super) use describe::{describe, find};
pub(super) use failover::failover;
pub(super) use make::{members_of_scenario, of_scenario};
pub(super) use modify::modify;
pub(super) use modify_member::{check_modification, checked_tier};
pub use state::Cluster;

use super::fleet::Fleet;
use super::instance::{Instance, Role};
use super::log::Source;
use crate::sim::wire::ApiError;

const AVAILABLE: &str = "available";
const FAILOVER: &str = "failover";

/// Something that happens to a cluster by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The writer goes away.
    FailoverBegins,
    /// Another member writes, or the same again.
    CutEnds,
    /// The failover is over.
    FailoverOver,
    /// The maintenance window opens: deferred changes begin.
    WindowOpens,
    /// The status becomes `modifying`.
    ChangeBegins,
}

impl Fleet {
    /// Lets one step of a cluster happen.
    pub(super) fn perform_cluster(&mut self, at: Timestamp, id: &str, step: Step) {
        match step {
            Step::FailoverBegins => self.failover_begins(at, id),
            Step::CutEnds => self.cut_ends(at, id),
            Step::FailoverOver => self.failover_over(at, id),
            Step::WindowOpens => self.cluster_window_opens(at, id),
            Step::ChangeBegins => self.cluster_change_begins(at, id),
        }
    }

    /// The members of a cluster, by identifier.
    pub fn cluster_members<'a>(&'a self, cluster: &'a str) -> impl Iterator<Item = &'a Instance> {
        self.instances().filter(move |instance| instance.is_member_of(cluster))
    }

    /// The member that takes the writes.
    pub fn writer<'a>(&'a self, cluster: &'a str) -> Option<&'a Instance> {
        self.cluster_members(cluster).find(|member| member.role == Role::Writer)
    }

    /// How many members of each cluster can be read now.
    pub fn readers(&self) -> BTreeMap<String, usize> {
        let mut readers = BTreeMap::new();
        let available = |instance: &&Instance| instance.role == Role::Reader && instance.status == AVAILABLE;
        for instance in self.instances().filter(available) {
            if let Some(membership) = &instance.membership {
                *readers.entry(membership.cluster.clone()).or_default() += 1;
            }
        }
        readers
    }

    /// Writes an event about a cluster.
    fn cluster_event(&mut self, at: Timestamp, id: &str, category: &'static str, message: impl Into<String>) {
        if let Some(cluster) = self.clusters.get(id) {
            self.log.write(at, Source::cluster(&cluster.id, &cluster.arn), category, message);
        }
    }

    /// Says that members have come, gone or changed places.
    fn topology_event(&mut self, at: Timestamp, id: &str) {
        self.cluster_event(at, id, "notification", "Cluster topology is updated.");
    }
}

/// The error for a cluster that does not exist.
fn not_found(id: &str) -> ApiError {
    ApiError { code: "DBClusterNotFoundFault".to_owned(), status: 404, message: format!("DBCluster {id} not found.") }
}

/// The error for a cluster that is not in the state that an operation needs.
fn invalid_state(cluster: &Cluster, message: &str) -> ApiError {
    let text = format!("{message} (DB cluster {} is {})", cluster.id, cluster.status);
    ApiError::sender("InvalidDBClusterStateFault", text)
}
