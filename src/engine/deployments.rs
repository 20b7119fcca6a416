//! Blue/green deployments as far as they concern the engine: which to ask for, and which of them are its own.

use super::Engine;
use super::watched::SeenDeployments;
use crate::model::action::Run;
use crate::model::database::{DatabaseName, DatabaseState, Instances};
use crate::model::deployment::Deployment;
use crate::model::failure::Failure;
use crate::model::policy::{Policy, Strategy};

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
            let goes = run.and_then(|run| Some(run.intent.removes.as_ref()?.name.clone()));
            let old = self.replaced(policy).filter_map(|replaced| replaced.name.clone());
            copy.into_iter().chain(goes).chain(old).collect::<Vec<_>>()
        };
        self.settings.databases.iter().flat_map(of).collect()
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
