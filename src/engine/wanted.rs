//! What a look must bring, by the policies and by what is under way.

use super::Engine;
use crate::model::database::DatabaseName;
use crate::model::event_source::{EventSource, EventSourceKind};
use crate::model::policy::{Policy, Strategy};

impl Engine {
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

    /// What is described with the databases: the copies that are being made, and the machines that actions have left.
    pub fn companions(&self) -> Vec<DatabaseName> {
        let of = |policy: &Policy| {
            let run = self.memory.of(&policy.database).active();
            let copy = self.made_by(&policy.database);
            let goes = run.and_then(|run| Some(run.intent.removes.as_ref()?.name.clone()));
            let old = self.left(policy).filter_map(|left| left.name.clone());
            copy.into_iter().chain(goes).chain(old).collect::<Vec<_>>()
        };
        self.settings.databases.iter().flat_map(of).collect()
    }
}
