//! Blue/green deployments as far as they concern the engine: which to ask for, and which of them are its own.

use super::Engine;
use super::watched::SeenDeployments;
use crate::model::action::Run;
use crate::model::call::MutatingCall;
use crate::model::database::{DatabaseName, DatabaseState, Instances};
use crate::model::deployment::Deployment;
use crate::model::event_source::{EventSource, EventSourceKind};
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

    /// Databases that are DB clusters.
    pub fn clusters(&self) -> Vec<DatabaseName> {
        let policies = self.settings.databases.iter();
        policies.filter(|policy| policy.strategy.cluster().is_some()).map(|policy| policy.database.clone()).collect()
    }

    /// The proxies that matter: where a copy is made, and clients go through one.
    pub fn proxies(&self) -> Vec<(DatabaseName, String)> {
        let by_copy = self.settings.databases.iter().filter(|policy| policy.strategy == Strategy::BlueGreen);
        by_copy.filter_map(|policy| Some((policy.database.clone(), policy.proxy.clone()?))).collect()
    }

    /// What RDS's events are read of: the databases, of clusters their instances too, and what is made for an action.
    pub fn event_sources(&self) -> Vec<EventSource> {
        let of = |policy: &Policy| {
            let database = &policy.database;
            let source = |kind, name: &str| EventSource { kind, name: name.to_owned(), database: database.clone() };
            let is_cluster = policy.strategy.cluster().is_some();
            let kind = if is_cluster { EventSourceKind::Cluster } else { EventSourceKind::Instance };
            let cluster = self.watched.get(database).and_then(|watched| watched.seen.as_ref()?.state.cluster.as_ref());
            let members = cluster.map(|cluster| cluster.members.as_slice()).unwrap_or_default();
            let members = members.iter().map(|member| source(EventSourceKind::Instance, member.name.as_str()));
            let run = self.memory.of(database).moving().filter(|run| run.intent.strategy == Strategy::BlueGreen);
            let deployment = run.map(|run| source(EventSourceKind::Deployment, &run.deployment_name()));
            let own = source(kind, database.as_str());
            std::iter::once(own).chain(members).chain(deployment).collect::<Vec<_>>()
        };
        self.settings.databases.iter().flat_map(of).collect()
    }

    /// What is described with the databases: the copies that are being made, and the machines that they have replaced.
    pub fn companions(&self) -> Vec<DatabaseName> {
        let of = |policy: &Policy| {
            let run = self.memory.of(&policy.database).active();
            let copy = self.made_by(&policy.database);
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
