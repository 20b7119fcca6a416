//! Clusters and their members as a scenario describes them, and the instance that a new member is.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::state::Cluster;
use crate::model::cluster::ClusterKind;
use crate::model::window::Window;
use crate::sim::rds::instance::{Change, Instance, Membership, Pending, Role};
use crate::sim::rng::Rng;
use crate::sim::scenario::{ClusterSpec, InstanceSpec, Scenario};

/// The `PromotionTier` of a member for which none is given.
pub(super) const USUAL_TIER: u32 = 1;
/// What AWS shows as the allocated storage of every member on a shared volume.
const SHARED_STORAGE_GIB: u32 = 1;

/// The clusters of a scenario at the beginning of its history.
pub(in crate::sim::rds) fn of_scenario(scenario: &Scenario, seed: u64, now: Timestamp) -> BTreeMap<String, Cluster> {
    let made = scenario.clusters.iter().filter_map(|spec| cluster(spec, scenario, seed, now));
    made.map(|cluster| (cluster.id.clone(), cluster)).collect()
}

fn cluster(spec: &ClusterSpec, scenario: &Scenario, seed: u64, now: Timestamp) -> Option<Cluster> {
    let Scenario { account, region, .. } = scenario;
    let id = spec.id.to_ascii_lowercase();
    let mut rng = Rng::of(seed, &format!("cluster {id}"), 0);
    let domain = format!("c{}.{region}.rds.amazonaws.com", rng.alphanumeric(11));
    let is_aurora = spec.kind == ClusterKind::Aurora;
    Some(Cluster {
        resource_id: format!("cluster-{}", rng.alphanumeric(26).to_ascii_uppercase()),
        arn: format!("arn:aws:rds:{region}:{account}:cluster:{id}"),
        kind: spec.kind,
        host: format!("{id}.cluster-{domain}"),
        reader_host: format!("{id}.cluster-ro-{domain}"),
        status: super::AVAILABLE.to_owned(),
        class: Some(spec.class.clone()).filter(|_| !is_aurora),
        pending: Pending::default(),
        engine_version: spec.engine_version.clone(),
        storage_type: if is_aurora { "aurora".to_owned() } else { spec.storage_type.clone() },
        storage_gib: if is_aurora { SHARED_STORAGE_GIB } else { spec.storage_gib },
        backup_retention_days: spec.backup_retention_days,
        window: Window::weekly(&spec.maintenance_window)?,
        deletion_protection: spec.deletion_protection,
        tags: spec.tags.clone(),
        created: now.saturating_sub(SignedDuration::from_hours(30 * 24)).unwrap_or(now),
        change: Change::Idle,
        failover: None,
        id,
    })
}

/// The members of one of them: the first one writes.
pub(in crate::sim::rds) fn members_of_scenario(
    scenario: &Scenario,
    cluster: &Cluster,
    seed: u64,
    now: Timestamp,
) -> Vec<Instance> {
    let spec = scenario.clusters.iter().find(|spec| spec.id.eq_ignore_ascii_case(&cluster.id));
    let members = spec.into_iter().flat_map(|spec| spec.all_members().into_iter().map(move |member| (spec, member)));
    let made = members.enumerate().filter_map(|(index, (spec, member))| {
        let new = NewMember {
            id: member.id?.to_ascii_lowercase(),
            class: member.class.unwrap_or_else(|| spec.class.clone()),
            tier: member.tier.unwrap_or(USUAL_TIER),
            zone: member.az.unwrap_or_else(|| zone(&scenario.region, index)),
            tags: spec.tags.clone(),
            role: if index == 0 { Role::Writer } else { Role::Reader },
        };
        new.instance(cluster, &scenario.account, &scenario.region, seed, now)
    });
    made.collect()
}

/// The zones of a region, one after the other.
pub(super) fn zone(region: &str, index: usize) -> String {
    format!("{region}{}", ["a", "b", "c"][index % 3])
}

/// What tells one member of a cluster from the others.
pub(super) struct NewMember {
    pub(super) id: String,
    pub(super) class: String,
    pub(super) tier: u32,
    pub(super) zone: String,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) role: Role,
}

impl NewMember {
    /// The instance, available and a month old like those of a scenario.
    pub(super) fn instance(
        self,
        cluster: &Cluster,
        account: &str,
        region: &str,
        seed: u64,
        now: Timestamp,
    ) -> Option<Instance> {
        let spec = InstanceSpec {
            id: self.id.clone(),
            class: self.class,
            engine: cluster.kind.engine().to_owned(),
            engine_version: cluster.engine_version.clone(),
            multi_az: false,
            az: Some(self.zone),
            storage_type: cluster.storage_type.clone(),
            storage_gib: cluster.storage_gib,
            backup_retention_days: cluster.backup_retention_days,
            deletion_protection: false,
            maintenance_window: cluster.window.to_string(),
            parameter_apply_status: "in-sync".to_owned(),
            manage_master_user_password: false,
            capacity_reservation: None,
            proxy: false,
            tags: self.tags,
        };
        let mut made = Instance::new(&spec, account, region, seed, now)?;
        let (_, domain) = cluster.host.split_once(".cluster-").unwrap_or_default();
        made.host = format!("{}.{domain}", self.id);
        made.role = self.role;
        made.membership =
            Some(Membership { cluster: cluster.id.clone(), kind: cluster.kind, promotion_tier: self.tier });
        Some(made)
    }
}
