//! How members of an Aurora cluster come and go.

use jiff::Timestamp;

use super::AVAILABLE;
use crate::sim::rds::change::Step;
use crate::sim::rds::fleet::{Fleet, bad_end};
use crate::sim::rds::instance::Role;
use crate::sim::scenario::ReaderFault;

impl Fleet {
    /// A reader is being created: decides how that ends, and when.
    pub(super) fn begin_creation(&mut self, now: Timestamp, cluster: &str, id: &str) {
        let takes = self.timing.reader_creation;
        match bad_end(&self.reader_faults, now, &[cluster, id]) {
            None => {
                self.schedule_in(now, takes, id, Step::Created);
            }
            Some((ReaderFault::Stuck, until)) => self.schedule(until, id, Step::Created),
            Some((end, _)) => {
                self.schedule_in(now, takes, id, Step::NotCreated(end));
            }
        }
    }

    /// It runs. In a cluster without a writer it becomes that.
    pub(in crate::sim::rds) fn reader_created(&mut self, at: Timestamp, id: &str) {
        let Some(cluster) = self.membership(id).map(|membership| membership.cluster.clone()) else { return };
        let is_first = self.writer(&cluster).is_none();
        if let Some(instance) = self.instances.get_mut(id) {
            AVAILABLE.clone_into(&mut instance.status);
            instance.role = if is_first { Role::Writer } else { Role::Reader };
            instance.comes_up(at);
        }
        self.event(at, id, "creation", "DB instance created");
        self.topology_event(at, &cluster);
    }

    /// It does not run, and never will.
    pub(in crate::sim::rds) fn reader_not_created(&mut self, at: Timestamp, id: &str, why: ReaderFault) {
        let status = match why {
            ReaderFault::IncompatibleNetwork => "incompatible-network",
            ReaderFault::NoCapacity => "insufficient-capacity",
            ReaderFault::Fails | ReaderFault::Stuck => "failed",
        };
        if let Some(instance) = self.instances.get_mut(id) {
            status.clone_into(&mut instance.status);
        }
        self.event(at, id, "failure", format!("DB instance was put into the {status} state"));
    }

    /// A member is gone.
    pub(in crate::sim::rds) fn member_left(&mut self, at: Timestamp, cluster: &str) {
        self.fill_writer(cluster);
        self.topology_event(at, cluster);
    }

    /// In a cluster that has lost its writer while nobody could take over somebody does now, if possible.
    pub(super) fn fill_writer(&mut self, cluster: &str) {
        if self.writer(cluster).is_none()
            && let Some(next) = self.next_writer(cluster, None).map(|next| next.id.clone())
            && let Some(instance) = self.instances.get_mut(&next)
        {
            instance.role = Role::Writer;
        }
    }
}
