//! What Application Auto Scaling knows of one cluster.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::sim::cloudwatch::MetricKey;

/// One scalable target.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) arn: String,
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) suspended: Suspended,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) created: Timestamp,
    /// By name.
    pub(super) policies: BTreeMap<String, Policy>,
    /// When readers that were added had last come, and how many there were to be then.
    pub(super) last_out: Option<(Timestamp, usize)>,
    /// When readers that were taken away had last gone.
    pub(super) last_in: Option<Timestamp>,
}

/// What somebody has suspended.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Suspended {
    pub(super) scale_in: bool,
    pub(super) scale_out: bool,
    pub(super) scheduled: bool,
}

/// One target tracking policy.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) metric: Metric,
    pub(super) target: f64,
    pub(super) in_cooldown: SignedDuration,
    pub(super) out_cooldown: SignedDuration,
    pub(super) disable_scale_in: bool,
    pub(super) created: Timestamp,
    pub(super) high: Alarm,
    pub(super) low: Alarm,
}

/// One of a policy's two alarms.
#[derive(Debug, Clone)]
pub(super) struct Alarm {
    pub(super) name: String,
    pub(super) arn: String,
}

/// The predefined metrics of readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Metric {
    Cpu,
    Connections,
}

impl Metric {
    pub(super) const ALL: [Self; 2] = [Self::Cpu, Self::Connections];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Cpu => "RDSReaderAverageCPUUtilization",
            Self::Connections => "RDSReaderAverageDatabaseConnections",
        }
    }

    /// The metric of CloudWatch: all readers of the cluster publish under one set of dimensions, so that its average is one
    /// over readers.
    pub(super) fn key(self, cluster: &str) -> MetricKey {
        let name = match self {
            Self::Cpu => "CPUUtilization",
            Self::Connections => "DatabaseConnections",
        };
        let dimensions = [("DBClusterIdentifier", cluster), ("Role", "READER")];
        MetricKey {
            namespace: "AWS/RDS".to_owned(),
            name: name.to_owned(),
            dimensions: dimensions.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        }
    }
}
