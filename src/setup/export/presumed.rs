//! Databases as far as the policy alone tells of them: nobody is asked when something is written down.

use std::collections::BTreeMap;

use crate::model::class::InstanceClass;
use crate::model::cluster::{Cluster, ClusterKind};
use crate::model::database::{DatabaseFacts, DatabaseState, InstanceStatus, ResourceId};
use crate::model::policy::Policy;

/// What stands where only RDS knows the machine.
pub(super) const MACHINE: &str = "{resource_id}";

/// The database on its smallest class.
pub(super) fn state(policy: &Policy) -> DatabaseState {
    let machine = ResourceId::new(MACHINE);
    let kind = policy.strategy.cluster();
    let class = policy.ladder.rungs().first().cloned();
    DatabaseState {
        name: policy.database.clone(),
        arn: String::new(),
        class: class.unwrap_or_else(|| InstanceClass::observed("")),
        status: InstanceStatus::new("available"),
        pending: BTreeMap::new(),
        engine: if kind == Some(ClusterKind::Aurora) { "aurora-postgresql" } else { "postgres" }.to_owned(),
        engine_version: String::new(),
        multi_az: false,
        availability_zone: None,
        storage_type: None,
        storage_gib: None,
        endpoint: None,
        facts: DatabaseFacts::default(),
        cluster: kind.map(|kind| Cluster {
            kind,
            resource_id: machine.clone(),
            members: Vec::new(),
            tags: BTreeMap::new(),
        }),
        resource_id: machine,
    }
}
