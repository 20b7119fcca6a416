//! Blue/green deployments as far as they concern the engine: which to ask for, and which of them are its own.

use super::Engine;
use super::remembered::Replaced;
use super::watched::{SeenDeployments, Watched};
use crate::model::action::Run;
use crate::model::database::{DatabaseName, DatabaseState, Instances};
use crate::model::deployment::Deployment;
use crate::model::failure::Failure;
use crate::model::old_machine::OldMachine;
use crate::model::policy::{Policy, Strategy};

/// A machine that so many looks running have not found is gone: it is not asked for any more. Fewer could all be old
/// pictures, from before it had its name.
const GONE_LOOKS: u32 = 60;

impl Engine {
    /// Whether a look must ask for blue/green deployments: some database moves, or is moving, by one.
    pub fn needs_deployments(&self) -> bool {
        self.settings.databases.iter().any(|policy| {
            let run = self.memory.of(&policy.database).active();
            policy.strategy == Strategy::BlueGreen || run.is_some_and(|run| run.intent.strategy == Strategy::BlueGreen)
        })
    }

    /// What is described with the databases: the copies that are being made, and the machines that they have replaced.
    pub fn companions(&self) -> Vec<DatabaseName> {
        let of = |policy: &Policy| {
            let run = self.memory.of(&policy.database).active();
            let copy =
                run.and_then(|run| run.deployment.as_ref()?.target.clone().filter(|copy| *copy != policy.database));
            let old = self.replaced(policy).filter_map(|replaced| replaced.name.clone());
            copy.into_iter().chain(old).collect::<Vec<_>>()
        };
        self.settings.databases.iter().flat_map(of).collect()
    }

    /// The machines that copies have replaced, but for those that are gone.
    pub(super) fn replaced(&self, policy: &Policy) -> impl Iterator<Item = &Replaced> {
        let missing = self.watched.get(&policy.database).map(|watched| &watched.missing_looks);
        let gone = move |replaced: &&Replaced| {
            missing.and_then(|missing| missing.get(&replaced.machine)).is_some_and(|looks| *looks >= GONE_LOOKS)
        };
        self.memory.of(&policy.database).replaced.iter().filter(move |replaced| !gone(replaced))
    }

    /// Notes which of them a look has found.
    pub(super) fn look_for_replaced(&mut self, others: &Instances) {
        for policy in &self.settings.databases {
            let replaced = self.memory.of(&policy.database).replaced.iter();
            let Some(watched) = self.watched.get_mut(&policy.database) else { continue };
            for Replaced { machine, name, .. } in replaced {
                let Some(name) = name else { continue };
                let missing = watched.missing_looks.entry(machine.clone()).or_default();
                match others.get(name) {
                    Some(Ok(state)) if state.resource_id == *machine => *missing = 0,
                    // There, but its description says nothing.
                    Some(Err(_)) => {}
                    _ => *missing = missing.saturating_add(1),
                }
            }
        }
    }

    /// Those that were seen in the newest look, and what they cost.
    pub(super) fn old_machines(&self, policy: &Policy, watched: &Watched) -> Vec<OldMachine> {
        let one = |replaced: &Replaced| {
            let seen = watched.missing_looks.get(&replaced.machine) == Some(&0);
            let state = watched.seen.as_ref().map(|seen| &seen.state);
            Some(OldMachine {
                name: replaced.name.clone().filter(|_| seen)?,
                resource_id: replaced.machine.clone(),
                class: replaced.class.clone(),
                since: replaced.since,
                action: replaced.action.clone(),
                price: state.and_then(|state| policy.price(state, &replaced.class)),
            })
        };
        self.replaced(policy).filter_map(one).collect()
    }

    /// What one look says of the deployments of a database.
    pub(super) fn deployments_of(
        &self,
        database: &DatabaseName,
        state: Option<&Result<DatabaseState, Failure>>,
        read: Option<&[Deployment]>,
        others: &Instances,
    ) -> SeenDeployments {
        let Some(all) = read else { return SeenDeployments::default() };
        let run = self.memory.of(database).active().filter(|run| run.intent.strategy == Strategy::BlueGreen);
        let name = run.map(Run::deployment_name);
        let is_own = |deployment: &&Deployment| name.as_ref() == Some(&deployment.name);
        let own = all.iter().find(is_own).cloned();
        let arn = state.and_then(|state| state.as_ref().ok()).map(|state| state.arn.as_str());
        // One that has switched over binds nothing any more.
        let binds = |deployment: &&Deployment| {
            Some(deployment.source.as_str()) == arn && !deployment.status.is_switched() && !is_own(deployment)
        };
        // Also when the deployment is gone: its copy goes later.
        let last_known = own.as_ref().or_else(|| run?.deployment.as_ref());
        let copy = last_known.and_then(|known| known.target.as_ref()).filter(|copy| *copy != database);
        let copy = copy.and_then(|copy| others.get(copy)?.as_ref().ok().cloned());
        SeenDeployments { is_read: true, foreign: all.iter().find(binds).cloned(), own, copy }
    }
}
