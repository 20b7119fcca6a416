//! What the actions under way have made, as a look shows it: deployments, and the machines of copies and readers.

use super::Engine;
use super::watched::SeenDeployments;
use crate::model::action::Run;
use crate::model::call::MutatingCall;
use crate::model::database::{DatabaseName, DatabaseState, Instances};
use crate::model::deployment::Deployment;
use crate::model::failure::Failure;
use crate::model::policy::Strategy;

impl Engine {
    /// What one look says of the deployments of a database.
    pub(super) fn deployments_of(
        &self,
        database: &DatabaseName,
        state: Option<&Result<DatabaseState, Failure>>,
        read: Option<&[Deployment]>,
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
        SeenDeployments { is_read: true, foreign: all.iter().find(binds).cloned(), own }
    }

    /// What the action under way on a database has made, or lets take over: its name.
    pub(super) fn made_by(&self, database: &DatabaseName) -> Option<DatabaseName> {
        let run = self.memory.of(database).moving()?;
        match run.intent.strategy {
            Strategy::BlueGreen => run.deployment.as_ref()?.target.clone().filter(|copy| copy != database),
            Strategy::ReaderFailover => run.calls.iter().rev().find_map(|call| match &call.call {
                MutatingCall::CreateDbInstance { name, .. } => Some(name.clone()),
                MutatingCall::FailoverDbCluster { target, .. } => Some(target.clone()),
                _ => None,
            }),
            Strategy::InPlace | Strategy::ClusterModify => None,
        }
    }

    /// That machine as one look has found it.
    pub(super) fn copy_of(
        &self,
        database: &DatabaseName,
        deployments: &SeenDeployments,
        others: &Instances,
    ) -> Option<DatabaseState> {
        // Also when the deployment is gone: its copy goes later.
        let newest = deployments.own.as_ref().and_then(|own| own.target.clone()).filter(|copy| copy != database);
        others.get(&newest.or_else(|| self.made_by(database))?)?.as_ref().ok().cloned()
    }
}
