//! Under which dimensions an instance's metrics are published: its own name, and those of its cluster.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::metrics::Sample;
use crate::model::cluster::ClusterKind;
use crate::sim::cloudwatch::{CloudWatch, MetricKey};
use crate::sim::rds::{Instance, Role};
use crate::sim::rng::Rng;
use crate::sim::scenario::Range;

/// The namespace of RDS's metrics.
pub(super) const RDS: &str = "AWS/RDS";
/// Aurora's volume metrics come this often, as a count over that time.
const VOLUME_MINUTES: i64 = 5;

/// Name and value of each dimension of one series.
pub(super) type Dimensions = BTreeMap<String, String>;

/// The sets of dimensions, its own first. Of what all members of a cluster or all of a role publish under one set,
/// CloudWatch's statistics are the average and so on.
pub(super) fn of(instance: &Instance) -> Vec<Dimensions> {
    let set = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Dimensions>()
    };
    let mut sets = vec![set(&[("DBInstanceIdentifier", &instance.id)])];
    if let Some(membership) = &instance.membership {
        sets.push(set(&[("DBClusterIdentifier", &membership.cluster)]));
        if membership.kind == ClusterKind::Aurora {
            let role = if instance.role == Role::Writer { "WRITER" } else { "READER" };
            sets.push(set(&[("DBClusterIdentifier", &membership.cluster), ("Role", role)]));
        }
    }
    sets
}

/// A series of RDS's own.
pub(super) fn key(sample: &Sample, dimensions: Dimensions) -> MetricKey {
    MetricKey { namespace: RDS.to_owned(), name: sample.name.to_owned(), dimensions }
}

/// What the members of each Aurora cluster have written to its volume since it was last told.
#[derive(Debug, Default)]
pub(super) struct Volumes {
    writes: BTreeMap<String, f64>,
}

impl Volumes {
    /// A member has written.
    pub(super) fn add(&mut self, cluster: &str, writes: f64) {
        *self.writes.entry(cluster.to_owned()).or_default() += writes;
    }

    /// Tells the count of five minutes at the end of each.
    pub(super) fn publish(&mut self, end: Timestamp, seed: u64, delay: Range, cloudwatch: &mut CloudWatch) {
        if end.as_second().div_euclid(60).rem_euclid(VOLUME_MINUTES) != 0 {
            return;
        }
        let start = Timestamp::from_second(end.as_second() - VOLUME_MINUTES * 60).unwrap_or(Timestamp::MIN);
        for (cluster, writes) in std::mem::take(&mut self.writes) {
            let mut rng = Rng::of(seed, &format!("volume {cluster}"), end.as_second().unsigned_abs());
            let visible_at = end.saturating_add(delay.draw(&mut rng)).unwrap_or(end);
            let sample = Sample { name: "VolumeWriteIOPs", unit: "Count", value: writes.round() };
            let dimensions = Dimensions::from([("DBClusterIdentifier".to_owned(), cluster)]);
            cloudwatch.publish(&key(&sample, dimensions), start, visible_at, sample.value, sample.unit);
        }
    }
}
