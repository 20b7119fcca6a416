//! What a configuration uses, as far as permissions go.

use std::collections::BTreeSet;

use crate::model::class::InstanceClass;
use crate::model::policy::{Policy, Strategy};
use crate::model::server::PasswordSource;
use crate::model::settings::Settings;

/// The tag that lets the acting role touch a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Such as `upshift`.
    pub key: String,
    /// Such as `allowed`.
    pub value: String,
}

impl Default for Tag {
    fn default() -> Self {
        Self { key: "upshift".to_owned(), value: "allowed".to_owned() }
    }
}

/// What is used, by which databases.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a feature of its own that is used or not")]
pub struct Scope {
    /// The account, where the configuration pins it.
    pub account: Option<String>,
    /// The region, where the configuration names it.
    pub region: Option<String>,
    /// Every database.
    pub(in crate::setup::export) databases: Vec<String>,
    /// Those that are one instance each.
    pub(in crate::setup::export) instances: Vec<String>,
    /// Those that change class in place, or may.
    pub(in crate::setup::export) in_place: Vec<String>,
    /// Those that move by a copy.
    pub(in crate::setup::export) copied: Vec<String>,
    /// Aurora clusters.
    pub(in crate::setup::export) aurora: Vec<String>,
    /// Multi-AZ DB clusters.
    pub(in crate::setup::export) multi_az: Vec<String>,
    /// The classes that clusters may have.
    pub(in crate::setup::export) cluster_classes: Vec<String>,
    /// A final snapshot is made of machines that go.
    pub(in crate::setup::export) snapshots: bool,
    /// Some copied database has a proxy in front of it.
    pub(in crate::setup::export) proxies: bool,
    /// A signal reads Performance Insights.
    pub(in crate::setup::export) insights: bool,
    /// Drills can be held: the server itself is read, or there is none.
    pub(in crate::setup::export) drills: bool,
    /// What the names of the alarms begin with that upshift keeps.
    pub(in crate::setup::export) alarms: Option<String>,
    /// Alarms of others that are rules.
    pub(in crate::setup::export) named_alarms: Vec<String>,
    /// The table that the lease across hosts is kept in.
    pub(in crate::setup::export) lease_table: Option<String>,
    /// The topic that people are told by.
    pub(in crate::setup::export) topic: Option<String>,
    /// Application Auto Scaling keeps readers of some cluster.
    pub(in crate::setup::export) scaled: bool,
    /// The roles of databases that sessions are opened by, with a token for a password.
    pub(in crate::setup::export) token_roles: Vec<String>,
}

impl Scope {
    /// What `settings` use. `token_roles` are the roles that its connection strings name where the password is a token.
    pub fn of(settings: &Settings, token_roles: Vec<String>) -> Self {
        let named = |is: &dyn Fn(&Policy) -> bool| {
            let found = settings.databases.iter().filter(|policy| is(policy));
            found.map(|policy| policy.database.to_string()).collect::<Vec<_>>()
        };
        let moves_by = |strategy: Strategy| named(&move |policy| policy.strategy == strategy);
        let clusters = settings.databases.iter().filter(|policy| policy.strategy.cluster().is_some());
        let classes: BTreeSet<&InstanceClass> = clusters.flat_map(|policy| policy.ladder.rungs()).collect();
        let any = |is: &dyn Fn(&Policy) -> bool| settings.databases.iter().any(is);
        let copies = |policy: &Policy| policy.strategy == Strategy::BlueGreen;
        Self {
            account: settings.aws.account_id.clone(),
            region: settings.aws.region.clone(),
            databases: named(&|_| true),
            instances: named(&|policy| policy.strategy.cluster().is_none()),
            in_place: named(&|policy| {
                policy.strategy == Strategy::InPlace || policy.copy.fast_lane == Some(Strategy::InPlace)
            }),
            copied: moves_by(Strategy::BlueGreen),
            aurora: moves_by(Strategy::ReaderFailover),
            multi_az: moves_by(Strategy::ClusterModify),
            cluster_classes: classes.into_iter().map(ToString::to_string).collect(),
            snapshots: any(&|policy| copies(policy) && policy.old_machine.final_snapshot),
            proxies: any(&|policy| copies(policy) && policy.proxy.is_some()),
            insights: any(&|policy| policy.signals.iter().any(reads_insights)),
            drills: any(&|policy| policy.postgres.is_some()),
            alarms: settings.alarms.as_ref().map(|alarms| alarms.prefix.clone()),
            named_alarms: settings.databases.iter().flat_map(Policy::alarms).map(str::to_owned).collect(),
            lease_table: settings.lease.as_ref().map(|lease| lease.table.clone()),
            topic: settings.notify.topic.clone(),
            scaled: any(&|policy| policy.readers.is_some()),
            token_roles,
        }
    }

    /// Drills are held, also where no server is read: on a simulation.
    #[must_use]
    pub fn with_drills(self) -> Self {
        Self { drills: true, ..self }
    }

    /// Whether some database wants its password to be a token: then the roles are wanted too.
    pub fn uses_tokens(policy: &Policy) -> bool {
        policy.postgres.as_ref().is_some_and(|access| access.password == PasswordSource::Iam)
    }
}

fn reads_insights(spec: &crate::model::series::SignalSpec) -> bool {
    matches!(&spec.source, crate::model::series::SignalSource::Expression { expression } if expression.contains("DB_PERF_INSIGHTS"))
}
