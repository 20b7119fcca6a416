//! How a deployment runs its course: tasks, statuses, events and the cut, step by step.
//!
//! The copy is restored from a snapshot and then follows by physical replication; until its storage has been loaded its
//! status says so. What happens at the switchover is in `cut`.

use jiff::{SignedDuration, Timestamp};

use super::deployment::{Deployment, Status, TaskStatus};
use crate::sim::rds::fleet::{Fleet, bad_end};
use crate::sim::rds::instance::{Instance, Role};
use crate::sim::rds::log::Source;
use crate::sim::rds::machinery::Order;
use crate::sim::scenario::DeploymentFault;

/// Something that happens to a deployment by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim::rds) enum Step {
    /// The copy shows up.
    CopyBegins,
    /// The copy runs and follows.
    CopyFollows,
    /// Its backups are set up; the tasks are done.
    Prepared,
    /// The copy's storage has been loaded.
    StorageLoaded,
    /// Nothing more comes of it.
    GiveUp,
    /// Clients are kept out.
    CutBegins,
    /// The copy has the name, and clients are let in.
    Renamed,
    /// The cut took too long: all is as it was.
    RolledBack,
    /// The cut broke off.
    Broken,
    /// The switchover is over.
    Completed,
    /// The record is gone.
    RecordGone,
}

impl Fleet {
    /// What real servers must have done before that step can happen.
    pub(in crate::sim::rds) fn order_before_deployment(&self, id: &str, step: Step) -> Option<Order> {
        if self.deployments.get(id)?.status == Status::Deleting {
            return None;
        }
        let (blue, green) = self.members(id)?;
        let (blue, green) = (self.instance(&blue)?, self.instance(&green)?);
        let (old, new) = (blue.resource_id.clone(), green.resource_id.clone());
        match step {
            Step::CopyFollows => Some(Order::Copy { machine: new, of: old, class: green.class.clone() }),
            Step::Renamed => Some(Order::TakeOver { old, new }),
            _ => None,
        }
    }

    /// Lets one step of a deployment happen. One that was deleted meanwhile has none left.
    pub(in crate::sim::rds) fn perform_deployment(&mut self, at: Timestamp, id: &str, step: Step) {
        let Some(deployment) = self.deployments.get(id) else { return };
        if step == Step::RecordGone {
            let name = deployment.name.clone();
            self.deployment_event(at, id, "deletion", format!("Blue/green deployment {name} deleted."));
            self.deployments.remove(id);
            return;
        }
        if deployment.status == Status::Deleting {
            return;
        }
        match step {
            Step::CopyBegins => self.copy_begins(at, id),
            Step::CopyFollows => self.copy_follows(at, id),
            Step::Prepared => self.prepared(at, id),
            Step::StorageLoaded => self.storage_loaded(at, id),
            Step::GiveUp => self.give_deployment_up(at, id),
            Step::CutBegins => self.cut_begins(at, id),
            Step::Renamed => self.renamed(at, id),
            Step::RolledBack => self.rolled_back(at, id),
            Step::Broken => self.broken(at, id),
            Step::Completed => self.completed(at, id),
            Step::RecordGone => {}
        }
    }

    fn copy_begins(&mut self, at: Timestamp, id: &str) {
        let Some((source, class)) = self.deployments.get(id).map(|it| (it.source.clone(), it.class.clone())) else {
            return;
        };
        let Some(blue) = self.instances().find(|instance| instance.arn == source).cloned() else { return };
        let suffix = self.id_chars(6);
        let green = copy_of(&blue, &suffix, class, &self.id_chars(26), at);
        let arn = green.arn.clone();
        self.instances.insert(green.id.clone(), green);
        let fault = self.deployment_fault(at, &blue.id);
        if let Some(deployment) = self.deployments.get_mut(id) {
            deployment.target = Some(arn);
            deployment.tasks[0].1 = TaskStatus::InProgress;
        }
        let takes = self.timing.green_provisioning;
        match fault {
            Some((DeploymentFault::Fails, _)) => self.schedule_deployment_in(at, takes, id, Step::GiveUp),
            Some((DeploymentFault::Stuck, until)) => self.schedule_deployment(until, id, Step::CopyFollows),
            Some((DeploymentFault::CutTooLong | DeploymentFault::CutFails | DeploymentFault::ClassRefused, _))
            | None => {
                self.schedule_deployment_in(at, takes, id, Step::CopyFollows);
            }
        }
    }

    fn copy_follows(&mut self, at: Timestamp, id: &str) {
        self.set_copy_status(id, "backing-up");
        if let Some(copy) = self.copy_id(id) {
            self.event(at, &copy, "creation", "DB instance created");
            self.event(at, &copy, "backup", "Backing up DB instance");
        }
        if let Some(deployment) = self.deployments.get_mut(id) {
            deployment.tasks[0].1 = TaskStatus::Completed;
            deployment.tasks[1].1 = TaskStatus::InProgress;
        }
        let takes = self.timing.green_backup;
        self.schedule_deployment_in(at, takes, id, Step::Prepared);
    }

    fn prepared(&mut self, at: Timestamp, id: &str) {
        let Some(copy) = self.copy_id(id) else { return };
        self.event(at, &copy, "backup", "Finished DB Instance backup");
        // By AWS's words the classes t3 and t4 do not load ahead; their pages come when they are asked for.
        let class = self.instance(&copy).map_or("", |instance| instance.class.as_str());
        if class.starts_with("db.t3.") || class.starts_with("db.t4g.") {
            self.set_copy_status(id, "available");
        } else {
            self.set_copy_status(id, "storage-initialization");
            let words = "Storage volumes are being initialized on the green environment.";
            self.deployment_event(at, id, "notification", words);
            let takes = self.timing.green_storage;
            self.schedule_deployment_in(at, takes, id, Step::StorageLoaded);
        }
        if let Some(deployment) = self.deployments.get_mut(id) {
            deployment.tasks[1].1 = TaskStatus::Completed;
            deployment.status = Status::Available;
        }
        let words = "Blue/green deployment tasks completed. You can make more modifications to the green environment \
                     databases or switch over the deployment.";
        self.deployment_event(at, id, "creation", words);
    }

    fn storage_loaded(&mut self, at: Timestamp, id: &str) {
        let copy = self.deployments.get(id).and_then(|deployment| deployment.target.clone());
        let loading = |instance: &&mut Instance| {
            Some(&instance.arn) == copy.as_ref() && instance.status == "storage-initialization"
        };
        if let Some(instance) = self.instances.values_mut().find(loading) {
            "available".clone_into(&mut instance.status);
        }
        self.deployment_event(at, id, "notification", "Storage volumes have been initialized.");
    }

    fn give_deployment_up(&mut self, at: Timestamp, id: &str) {
        let why = "the requested DB instance class has insufficient instance capacity";
        self.set_copy_status(id, "failed");
        if let Some(deployment) = self.deployments.get_mut(id) {
            deployment.tasks[0].1 = TaskStatus::Failed;
            deployment.status = Status::InvalidConfiguration;
            deployment.status_details = Some(why.to_owned());
        }
        let words = format!("Creation of blue/green deployment failed because {why}.");
        self.deployment_event(at, id, "failure", words);
    }

    /// The copy of a deployment is nobody's copy any more: it is promoted and stands alone.
    pub(in crate::sim::rds) fn stand_alone(&mut self, copy: &str) {
        if let Some(instance) = self.instances.get_mut(copy) {
            let machine = instance.resource_id.clone();
            self.machinery.tell(Order::Promote { machine });
            instance.role = Role::Production;
        }
    }

    pub(super) fn members(&self, id: &str) -> Option<(String, String)> {
        let deployment = self.deployments.get(id)?;
        let named = |arn: &str| self.instances().find(|instance| instance.arn == arn).map(|found| found.id.clone());
        Some((named(&deployment.source)?, named(deployment.target.as_deref()?)?))
    }

    fn copy_id(&self, id: &str) -> Option<String> {
        self.members(id).map(|(_, green)| green)
    }

    fn set_copy_status(&mut self, id: &str, status: &str) {
        let Some(copy) = self.copy_id(id) else { return };
        if let Some(instance) = self.instances.get_mut(&copy) {
            status.clone_into(&mut instance.status);
        }
    }

    pub(super) fn deployment_event(
        &mut self,
        at: Timestamp,
        id: &str,
        category: &'static str,
        words: impl Into<String>,
    ) {
        let Some(deployment) = self.deployments.get(id) else { return };
        let arn = format!("arn:aws:rds:{}:{}:deployment:{}", self.region, self.account, deployment.id);
        self.log.write(at, Source::deployment(&deployment.name, &arn), category, words);
    }

    /// The fault that a deployment of this database would run into now, and when that fault is over.
    pub(super) fn deployment_fault(&self, at: Timestamp, blue: &str) -> Option<(DeploymentFault, Timestamp)> {
        bad_end(&self.deployment_faults, at, &[blue])
    }
}

/// The copy as it is created: its own machine and name, everything else as the original has it.
fn copy_of(blue: &Instance, suffix: &str, class: Option<String>, resource: &str, at: Timestamp) -> Instance {
    let id = format!("{}-green-{suffix}", blue.id);
    let renamed = |text: &str| text.strip_suffix(&blue.id).map(|head| format!("{head}{id}"));
    let (_, domain) = blue.host.split_once('.').unwrap_or_default();
    Instance {
        resource_id: format!("db-{}", resource.to_ascii_uppercase()),
        arn: renamed(&blue.arn).unwrap_or_else(|| blue.arn.clone()),
        host: format!("{id}.{domain}"),
        class: class.unwrap_or_else(|| blue.class.clone()),
        status: "creating".to_owned(),
        created: at,
        outages: Vec::new(),
        behind: SignedDuration::ZERO,
        role: Role::Copy { of: blue.id.clone() },
        id,
        ..blue.clone()
    }
}

/// Whether this is a deployment that the machine of that ARN is in and that binds it.
pub(in crate::sim::rds) fn binds(deployment: &Deployment, arn: &str) -> bool {
    deployment.is_open() && deployment.has_member(arn)
}
