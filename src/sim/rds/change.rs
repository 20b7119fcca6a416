//! How an accepted modification runs its course: statuses, events and outages, step by step.
//!
//! Single-AZ: `available` → `modifying`, a new host is made → down → up with the new class → finished → `available`.
//! Multi-AZ: the standby is changed first → failover, a short outage → the old primary is changed → finished.
//! The exact moment at which `DBInstanceClass` changes in AWS's answers is not documented; here it is the restart.

use jiff::{SignedDuration, Timestamp};

use super::fleet::{Fleet, after, bad_end};
use super::instance::{Change, Membership, Pending};
use super::machinery::Order;
use crate::model::cluster::ClusterKind;
use crate::sim::scenario::{ChangeFault, Range, ReaderFault};

const CONFIGURATION: &str = "configuration change";
const AVAILABILITY: &str = "availability";
const FAILOVER: &str = "failover";

/// Something that happens to an instance by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The maintenance window opens: deferred changes begin.
    WindowOpens,
    /// The status becomes `modifying`.
    Begin,
    /// A change that was stuck goes on.
    GoOn,
    /// The class change is given up without having happened.
    GiveUp,
    /// The database goes down.
    Shutdown,
    /// Multi-AZ: the standby takes over.
    Failover,
    /// The database process runs again; with the new class.
    Restarted,
    /// Multi-AZ: clients reach the new primary.
    FailoverDone,
    /// Every pending value is in effect.
    Finished,
    /// The status is `available` again.
    Settled,
    /// A new reader of a cluster runs.
    Created,
    /// A new reader of a cluster was not to be had.
    NotCreated(ReaderFault),
    /// The instance has its new name.
    Renamed,
    /// The instance is gone.
    Deleted,
}

impl Fleet {
    /// A modification of `id` has been accepted and recorded as pending; decides when it begins.
    pub(super) fn accept(&mut self, now: Timestamp, id: &str, apply_immediately: bool) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        if instance.pending.is_empty() || instance.change != Change::Idle {
            return;
        }
        if apply_immediately {
            instance.change = Change::Accepted;
            let flip = self.timing.status_flip;
            self.schedule_in(now, flip, id, Step::Begin);
        } else if !self.is_scheduled(id, Step::WindowOpens) {
            let opens = self.instances[id].window.opens_after(now);
            self.schedule(opens, id, Step::WindowOpens);
        }
    }

    /// What a real server must have done before that step can happen.
    pub(super) fn order_before(&self, id: &str, step: Step) -> Option<Order> {
        let instance = self.instances.get(id)?;
        let machine = instance.resource_id.clone();
        let class = || instance.pending.class.clone().unwrap_or_else(|| instance.class.clone());
        match (step, instance.multi_az) {
            (Step::Shutdown, false) => Some(Order::Stop { machine }),
            (Step::Restarted, false) => Some(Order::Start { class: class(), machine }),
            (Step::Shutdown, true) => Some(Order::ReadyStandby { class: class(), machine }),
            (Step::FailoverDone, _) => Some(Order::FailOver { class: instance.class.clone(), machine }),
            (Step::Deleted, _) => Some(Order::Remove { machine }),
            _ => None,
        }
    }

    /// Lets one step happen.
    pub(super) fn perform(&mut self, at: Timestamp, id: &str, step: Step) {
        match step {
            Step::WindowOpens => {
                if self.instances.get(id).is_some_and(|instance| instance.change == Change::Idle) {
                    self.begin(at, id);
                }
            }
            Step::Begin => self.begin(at, id),
            Step::GoOn => self.prepare(at, id),
            Step::GiveUp => self.give_up(at, id),
            Step::Shutdown => self.shut_down(at, id),
            Step::Failover => self.event(at, id, FAILOVER, "Multi-AZ instance failover started."),
            Step::Restarted => self.restarted(at, id),
            Step::FailoverDone => self.failover_done(at, id),
            Step::Finished => self.finished(at, id),
            Step::Settled => self.settled(at, id),
            Step::Created => self.reader_created(at, id),
            Step::NotCreated(why) => self.reader_not_created(at, id, why),
            Step::Renamed => self.name_changed(at, id),
            Step::Deleted => self.deleted(at, id),
        }
    }

    /// The change begins that is pending.
    pub(super) fn begin(&mut self, at: Timestamp, id: &str) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        if instance.pending.is_empty() {
            // Cancelled by setting the old value again before anything was done.
            instance.change = Change::Idle;
            return self.take_up_deferred(at, id);
        }
        instance.change = Change::Running;
        if instance.pending.id.is_some() {
            return self.begin_rename(at, id);
        }
        "modifying".clone_into(&mut instance.status);
        let Pending { class, storage_gib, multi_az, .. } = instance.pending.clone();
        if storage_gib.is_some() {
            self.event(at, id, CONFIGURATION, "Applying modification to allocated storage");
        }
        if let Some(multi_az) = multi_az {
            self.event(
                at,
                id,
                CONFIGURATION,
                format!("Applying modification to convert to a {}", deployment(multi_az)),
            );
        }
        if class.is_none() {
            let takes = self.timing.online_change;
            self.schedule_in(at, takes, id, Step::Finished);
            return;
        }
        self.event(at, id, CONFIGURATION, "Applying modification to database instance class");
        match self.change_fault(at, id) {
            None => self.prepare(at, id),
            Some((ChangeFault::Stuck, until)) => self.schedule(until, id, Step::GoOn),
            Some((ChangeFault::Fails, _)) => {
                let takes = self.timing.preparation;
                self.schedule_in(at, takes, id, Step::GiveUp);
            }
        }
    }

    /// The fault that a class change of this instance would run into now, and when that fault is over.
    fn change_fault(&self, at: Timestamp, id: &str) -> Option<(ChangeFault, Timestamp)> {
        let cluster = self.membership(id).map(|membership| membership.cluster.as_str());
        let names: Vec<&str> = std::iter::once(id).chain(cluster).collect();
        bad_end(&self.change_faults, at, &names)
    }

    fn prepare(&mut self, at: Timestamp, id: &str) {
        let multi_az = self.instances.get(id).is_some_and(|instance| instance.multi_az);
        let takes = match self.membership(id) {
            Some(Membership { kind: ClusterKind::MultiAz, .. }) => self.timing.cluster_member,
            _ if multi_az => self.timing.standby,
            _ => self.timing.preparation,
        };
        self.schedule_in(at, takes, id, Step::Shutdown);
    }

    fn give_up(&mut self, at: Timestamp, id: &str) {
        let reason = "Unable to modify the DB instance class. The requested class has insufficient instance capacity";
        self.event(at, id, "notification", reason);
        if let Some(instance) = self.instances.get_mut(id) {
            instance.pending.class = None;
        }
        let settle = self.timing.settle;
        self.schedule_in(at, settle, id, Step::Settled);
    }

    fn shut_down(&mut self, at: Timestamp, id: &str) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        instance.goes_down(at);
        let multi_az = instance.multi_az;
        self.event(at, id, AVAILABILITY, "DB instance shutdown");
        if !multi_az {
            let outage = self.timing.outage;
            self.schedule_in(at, outage, id, Step::Restarted);
            return;
        }
        let outage = self.timing.failover;
        let outage = self.draw(outage);
        // In the recorded failovers the takeover began after half of the outage and the restart was at three quarters.
        self.schedule(after(at, outage * 2 / 4), id, Step::Failover);
        self.schedule(after(at, outage * 3 / 4), id, Step::Restarted);
        self.schedule(after(at, outage), id, Step::FailoverDone);
    }

    fn restarted(&mut self, at: Timestamp, id: &str) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        if let Some(class) = &instance.pending.class {
            instance.class.clone_from(class);
        }
        let multi_az = instance.multi_az;
        if !multi_az {
            instance.comes_up(at);
        }
        self.event(at, id, AVAILABILITY, "DB instance restarted");
        if !multi_az {
            self.schedule_in(at, Range::seconds(3, 12), id, Step::Finished);
        }
    }

    fn failover_done(&mut self, at: Timestamp, id: &str) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        instance.comes_up(at);
        std::mem::swap(&mut instance.zone, &mut instance.other_zone);
        self.event(at, id, FAILOVER, "Multi-AZ instance failover completed");
        let rest = self.timing.old_primary;
        self.schedule_in(at, rest, id, Step::Finished);
    }

    fn finished(&mut self, at: Timestamp, id: &str) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        let Pending { class, storage_gib, backup_retention_days, multi_az, .. } = std::mem::take(&mut instance.pending);
        instance.storage_gib = storage_gib.unwrap_or(instance.storage_gib);
        instance.backup_retention_days = backup_retention_days.unwrap_or(instance.backup_retention_days);
        instance.multi_az = multi_az.unwrap_or(instance.multi_az);
        if class.is_some() {
            self.event(at, id, CONFIGURATION, "Finished applying modification to DB instance class");
        }
        if storage_gib.is_some() {
            self.event(at, id, CONFIGURATION, "Finished applying modification to allocated storage");
            if let Some(instance) = self.instances.get_mut(id) {
                "storage-optimization".clone_into(&mut instance.status);
            }
            self.schedule(after(at, SignedDuration::from_mins(30)), id, Step::Settled);
            return self.finish_conversion(at, id, multi_az);
        }
        self.finish_conversion(at, id, multi_az);
        let settle = self.timing.settle;
        self.schedule_in(at, settle, id, Step::Settled);
    }

    fn finish_conversion(&mut self, at: Timestamp, id: &str, multi_az: Option<bool>) {
        if let Some(multi_az) = multi_az {
            let message = format!("Finished applying modification to convert to a {}", deployment(multi_az));
            self.event(at, id, CONFIGURATION, message);
        }
    }

    fn settled(&mut self, at: Timestamp, id: &str) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        "available".clone_into(&mut instance.status);
        instance.change = Change::Idle;
        self.take_up_deferred(at, id);
        self.member_settled(at, id);
    }

    fn deleted(&mut self, at: Timestamp, id: &str) {
        self.event(at, id, "deletion", "DB instance deleted");
        let gone = self.instances.remove(id);
        if let Some(Membership { cluster, .. }) = gone.and_then(|gone| gone.membership) {
            self.member_left(at, &cluster);
        }
    }

    /// What was deferred behind a change that is over waits for the window like any other.
    fn take_up_deferred(&mut self, at: Timestamp, id: &str) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        let deferred = std::mem::take(&mut instance.deferred);
        instance.pending.merge(&deferred);
        self.accept(at, id, false);
    }
}

fn deployment(multi_az: bool) -> &'static str {
    if multi_az { "Multi-AZ DB Instance" } else { "Single-AZ DB Instance" }
}
