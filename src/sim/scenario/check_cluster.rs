//! What can be read of a scenario's clusters and cannot be meant.

use std::collections::BTreeSet;

use super::check::is_version;
use super::cluster::{ClusterSpec, ScalingSpec};
use super::parse::File;
use crate::diagnostics::Diagnostic;
use crate::model::class::InstanceClass;
use crate::model::cluster::ClusterKind;
use crate::model::window::Window;

/// One writer and 15 replicas: Aurora has no more.
pub const MOST_MEMBERS: usize = 16;

/// Everything that is wrong with the clusters. `seen` holds the identifiers of the instances.
pub(super) fn clusters(file: &File, mut seen: BTreeSet<String>, found: &mut Vec<Diagnostic>) {
    for cluster in &file.cluster {
        let spec = cluster.get_ref();
        let mut wrong: Vec<String> =
            of_cluster(spec).into_iter().chain(of_members(spec)).chain(of_scaling(spec)).collect();
        for id in std::iter::once(spec.id.clone()).chain(spec.member_ids()) {
            if !seen.insert(id.to_ascii_lowercase()) {
                wrong.push(format!("a second instance or cluster is called {id:?}"));
            }
        }
        found.extend(wrong.into_iter().map(|message| Diagnostic::new(cluster.span(), message, "this cluster")));
    }
}

fn of_cluster(spec: &ClusterSpec) -> Vec<String> {
    let ClusterSpec { id, class, engine_version, storage_gib, backup_retention_days, maintenance_window, .. } = spec;
    let offered = crate::sim::rds::offers(spec.kind.engine(), class, true);
    let checks = [
        (!crate::sim::rds::is_identifier(id), format!("{id:?} is no DB cluster identifier")),
        (InstanceClass::known(class).is_none(), format!("{class} is no class that is known here")),
        (
            InstanceClass::known(class).is_some() && !offered,
            format!("{class} is no class of a cluster of kind {}", word(spec.kind)),
        ),
        (!is_version(engine_version), format!("{engine_version:?} is no version of PostgreSQL, such as 16.8")),
        (!(20..=65_536).contains(storage_gib), "storage_gib is not between 20 and 65536".to_owned()),
        (!(1..=35).contains(backup_retention_days), "backup_retention_days is not between 1 and 35".to_owned()),
        (
            Window::weekly(maintenance_window).is_none(),
            "a maintenance window looks like sun:06:00-sun:06:30".to_owned(),
        ),
        (
            spec.kind == ClusterKind::MultiAz && !spec.members.is_empty(),
            "members goes with kind = \"aurora\" only: a Multi-AZ DB cluster has three of its own naming".to_owned(),
        ),
        (spec.members.len() > MOST_MEMBERS, format!("an Aurora cluster has at most {MOST_MEMBERS} members")),
    ];
    said(checks)
}

fn of_scaling(spec: &ClusterSpec) -> Vec<String> {
    let Some(ScalingSpec { min, max, connections, cpu }) = spec.scaling else { return Vec::new() };
    let tracked = [connections, cpu];
    said([
        (spec.kind != ClusterKind::Aurora, "scaling goes with kind = \"aurora\" only".to_owned()),
        (min > max || max as usize >= MOST_MEMBERS, "scaling is not from min to max, 15 at the most".to_owned()),
        (tracked.iter().flatten().count() == 0, "scaling needs connections or cpu".to_owned()),
        (tracked.contains(&Some(0)), "scaling cannot keep readers at 0".to_owned()),
    ])
}

fn of_members(spec: &ClusterSpec) -> Vec<String> {
    let given = if spec.kind == ClusterKind::Aurora { spec.members.as_slice() } else { &[] };
    let of_one = |member: &super::cluster::MemberSpec| {
        let (id, class) = (member.id.as_deref(), member.class.as_deref());
        let bad_class = class.filter(|class| !crate::sim::rds::offers(spec.kind.engine(), class, true));
        said([
            (
                id.is_some_and(|id| !crate::sim::rds::is_identifier(id)),
                format!("{:?} is no DB instance identifier", id.unwrap_or_default()),
            ),
            (bad_class.is_some(), format!("{} is no class of Aurora PostgreSQL", class.unwrap_or_default())),
            (member.tier.is_some_and(|tier| tier > 15), "a member's tier is not between 0 and 15".to_owned()),
        ])
    };
    given.iter().flat_map(of_one).collect()
}

fn said<const N: usize>(checks: [(bool, String); N]) -> Vec<String> {
    checks.into_iter().filter(|(wrong, _)| *wrong).map(|(_, message)| message).collect()
}

fn word(kind: ClusterKind) -> &'static str {
    match kind {
        ClusterKind::Aurora => "\"aurora\"",
        ClusterKind::MultiAz => "\"multi_az\"",
    }
}
