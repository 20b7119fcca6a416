//! The cut of a switchover: AWS's checks, the time without clients, the names, and the ways back.
//!
//! A copy that is further behind than the cut may last is not cut over at all. One that is nearer must still catch up while
//! nobody is let in: the cut lasts that much longer, and one that would outlast its timeout is rolled back.

use jiff::{SignedDuration, Timestamp};

use super::course::Step;
use super::deployment::Status;
use crate::sim::rds::fleet::{Fleet, after};
use crate::sim::rds::instance::Role;
use crate::sim::scenario::DeploymentFault;

impl Fleet {
    /// A switchover was asked for and taken.
    pub(in crate::sim::rds) fn begin_switchover(&mut self, at: Timestamp, id: &str, timeout: SignedDuration) {
        let Some((blue, green)) = self.members(id) else { return };
        if let Some(deployment) = self.deployments.get_mut(id) {
            deployment.status = Status::SwitchoverInProgress;
            deployment.status_details = None;
            deployment.timeout = timeout;
        }
        self.deployment_event(at, id, "notification", format!("Switchover from {blue} to {green} started."));
    }

    pub(super) fn cut_begins(&mut self, at: Timestamp, id: &str) {
        let Some((blue, green)) = self.members(id) else { return };
        let timeout = self.deployments.get(id).map_or(SignedDuration::MAX, |deployment| deployment.timeout);
        let behind = self.instance(&green).map_or(SignedDuration::ZERO, |copy| copy.behind);
        if behind > timeout {
            let (behind, most) = (behind.as_secs(), timeout.as_secs());
            let why = format!("replication lag of {behind} seconds, over what a timeout of {most} seconds allows");
            return self.taken_back(at, id, &why);
        }
        for member in [&blue, &green] {
            if let Some(instance) = self.instances.get_mut(member) {
                instance.goes_down(at);
            }
        }
        let words = format!("Switchover from primary {blue} to {green} started.");
        self.deployment_event(at, id, "notification", words);
        let range = self.timing.switchover_cut;
        // Nobody writes any more, and what was written until now is replayed before the names change.
        let takes = self.draw(range).saturating_add(behind);
        let fault = self.deployment_fault(at, &blue).map(|(fault, _)| fault);
        if fault == Some(DeploymentFault::CutFails) {
            self.schedule_deployment(after(at, takes), id, Step::Broken);
        } else if fault == Some(DeploymentFault::CutTooLong) || takes >= timeout {
            self.schedule_deployment(after(at, timeout), id, Step::RolledBack);
        } else {
            self.schedule_deployment(after(at, takes), id, Step::Renamed);
        }
    }

    /// The two machines change names. The endpoint's host goes with the name.
    pub(super) fn renamed(&mut self, at: Timestamp, id: &str) {
        let Some((blue, green)) = self.members(id) else { return };
        let old = self.free_old_name(&blue);
        let place = self.instance(&blue).map(|instance| (instance.host.clone(), instance.port));
        let (host, port) = place.unwrap_or_default();
        self.rename(&blue, &old);
        self.rename(&green, &blue);
        if let Some(instance) = self.instances.get_mut(&old) {
            instance.role = Role::Replaced;
            instance.comes_up(at);
        }
        if let Some(instance) = self.instances.get_mut(&blue) {
            instance.role = Role::Production;
            instance.host = host;
            instance.port = port;
            instance.comes_up(at);
        }
        let arn = |fleet: &Self, name: &str| fleet.instance(name).map(|instance| instance.arn.clone());
        let (source, target) = (arn(self, &old), arn(self, &blue));
        if let Some(deployment) = self.deployments.get_mut(id) {
            deployment.source = source.unwrap_or_default();
            deployment.target = target;
        }
        let words = format!(
            "Switchover from primary {blue} to {green} completed. Renamed {blue} to {old} and {green} to {blue}."
        );
        self.deployment_event(at, id, "notification", words);
        let settle = self.timing.settle;
        self.schedule_deployment_in(at, settle, id, Step::Completed);
    }

    pub(super) fn rolled_back(&mut self, at: Timestamp, id: &str) {
        self.taken_back(at, id, "the switchover timeout was exceeded");
    }

    /// Nothing comes of it: the deployment is as it was before the order.
    fn taken_back(&mut self, at: Timestamp, id: &str, why: &str) {
        self.cancel_cut(at, id, why);
        self.deployment_event(at, id, "failure", "Switchover canceled on blue/green deployment.");
        if let Some(deployment) = self.deployments.get_mut(id) {
            deployment.status = Status::Available;
            deployment.status_details = Some(format!("Switchover was canceled: {why}"));
        }
    }

    /// Clients are let in again where they were kept out, with the names as they were.
    fn cancel_cut(&mut self, at: Timestamp, id: &str, why: &str) {
        let Some((blue, green)) = self.members(id) else { return };
        for member in [&blue, &green] {
            if let Some(instance) = self.instances.get_mut(member) {
                instance.comes_up(at);
            }
        }
        let words = format!("Switchover from primary {blue} to {green} was canceled due to {why}.");
        self.deployment_event(at, id, "failure", words);
    }

    /// The cut broke off before the names were changed, and a person must look.
    pub(super) fn broken(&mut self, at: Timestamp, id: &str) {
        let why = "an internal error occurred";
        self.cancel_cut(at, id, why);
        if let Some(deployment) = self.deployments.get_mut(id) {
            deployment.status = Status::SwitchoverFailed;
            deployment.status_details = Some(format!("Switchover failed: {why}"));
        }
    }

    pub(super) fn completed(&mut self, at: Timestamp, id: &str) {
        if let Some(deployment) = self.deployments.get_mut(id) {
            deployment.status = Status::SwitchoverCompleted;
        }
        self.deployment_event(at, id, "notification", "Switchover completed on blue/green deployment.");
    }

    /// `NAME-old1`, or the first number that is free.
    fn free_old_name(&self, name: &str) -> String {
        let taken = |candidate: &String| self.instances.contains_key(candidate);
        let names = (1_u32..).map(|number| format!("{name}-old{number}"));
        names.into_iter().find(|candidate| !taken(candidate)).unwrap_or_default()
    }
}
