//! Scenarios: what exists in the simulated account, what its clients ask for, and what goes wrong. TOML that a person
//! can write; the built-in ones in `src/sim/scenarios` are examples of it.

mod builtin;
mod check;
mod check_cluster;
mod cluster;
mod fault;
mod parse;
mod read;
mod span;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::model::policy::Strategy;
use crate::sim::iam::Document;

pub use check_cluster::MOST_MEMBERS;
pub use cluster::{ClusterSpec, MemberSpec, ScalingSpec};
pub use fault::{ChangeFault, DeploymentFault, FailoverFault, FaultKind, FaultWindow, ReaderFault};
pub use span::Range;

/// A whole scenario, checked: names refer to something, numbers and durations are sane.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// One sentence for people who choose among scenarios.
    pub description: String,
    /// The virtual instant at which the scenario's time 0 is.
    pub start: Timestamp,
    /// How much has already happened, and been published, before the start.
    pub history: SignedDuration,
    /// After this long the demand begins again from its time 0.
    pub repeat: Option<SignedDuration>,
    /// What all randomness is derived from.
    pub seed: u64,
    /// 12 digits.
    pub account: String,
    /// Such as `us-east-1`.
    pub region: String,
    /// How far load strays from the script, as a part of it: 0.05 is ±5 % at most.
    pub noise: f64,
    /// The databases that are one instance each.
    pub instances: Vec<InstanceSpec>,
    /// The databases that are clusters.
    pub clusters: Vec<ClusterSpec>,
    /// What clients ask for, in order of time.
    pub demand: Vec<Demand>,
    /// How long AWS takes over things.
    pub timing: Timing,
    /// What differs from the usual for a class, by its name.
    pub capacity: BTreeMap<String, CapacitySpec>,
    /// How the built-in policy moves the databases of this scenario.
    pub strategy: Strategy,
    /// Alarms that the account may have.
    pub alarm_quota: usize,
    /// How long a change of an alarm does not show in what CloudWatch describes: it is eventually consistent.
    pub alarms_show_after: SignedDuration,
    /// What goes wrong, and when.
    pub faults: Vec<FaultWindow>,
    /// What the caller may do; absent: everything. No scenario's file says it: documents are files of their own.
    pub permissions: Option<Document>,
}

/// One DB instance as it is when history begins.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own in a file that people write")]
pub struct InstanceSpec {
    /// The `DBInstanceIdentifier`.
    pub id: String,
    /// Such as `db.t4g.small`.
    pub class: String,
    /// Such as `postgres`.
    #[serde(default = "InstanceSpec::default_engine")]
    pub engine: String,
    /// Such as `16.8`.
    #[serde(default = "InstanceSpec::default_engine_version")]
    pub engine_version: String,
    /// With a standby in another zone.
    #[serde(default)]
    pub multi_az: bool,
    /// Its zone; the region's first one if not given.
    pub az: Option<String>,
    /// Such as `gp3`.
    #[serde(default = "InstanceSpec::default_storage_type")]
    pub storage_type: String,
    /// Allocated storage in GiB.
    #[serde(default = "InstanceSpec::default_storage_gib")]
    pub storage_gib: u32,
    /// Days that automated backups are kept; 0 turns them off.
    #[serde(default = "InstanceSpec::default_backup_retention_days")]
    pub backup_retention_days: u32,
    /// It cannot be deleted while this is on.
    #[serde(default = "InstanceSpec::default_deletion_protection")]
    pub deletion_protection: bool,
    /// Such as `sun:06:00-sun:06:30`, UTC.
    #[serde(default = "InstanceSpec::default_maintenance_window")]
    pub maintenance_window: String,
    /// The `ParameterApplyStatus` of its parameter group, such as `pending-reboot`; a restart makes it `in-sync`.
    #[serde(default = "InstanceSpec::default_parameter_apply_status")]
    pub parameter_apply_status: String,
    /// Secrets Manager manages its master password: no blue/green deployment can be made of it.
    #[serde(default)]
    pub manage_master_user_password: bool,
    /// The capacity reservation that it uses; a class change that does not name it gives it up.
    pub capacity_reservation: Option<String>,
    /// An RDS Proxy in front of it, called `<id>-proxy`.
    #[serde(default)]
    pub proxy: bool,
    /// Key and value.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

impl InstanceSpec {
    fn default_engine() -> String {
        "postgres".to_owned()
    }
    fn default_engine_version() -> String {
        "16.8".to_owned()
    }
    fn default_storage_type() -> String {
        "gp3".to_owned()
    }
    const fn default_storage_gib() -> u32 {
        100
    }
    const fn default_backup_retention_days() -> u32 {
        7
    }
    const fn default_deletion_protection() -> bool {
        true
    }
    fn default_parameter_apply_status() -> String {
        "in-sync".to_owned()
    }
    fn default_maintenance_window() -> String {
        "sun:06:00-sun:06:30".to_owned()
    }
}

/// One line of the demand script: from `at` on, each value it names moves over `ramp` to the value given here.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demand {
    /// The instance or cluster it is for; all of them if not given. A cluster's writes reach whichever member writes, its
    /// `reads` the members that can be read, or the writer where there is none.
    pub instance: Option<String>,
    /// Since the scenario's start.
    #[serde(deserialize_with = "span::time")]
    pub at: SignedDuration,
    /// How long the move takes; at once if not given.
    #[serde(default, deserialize_with = "span::time")]
    pub ramp: SignedDuration,
    /// Rows written per second that clients ask for.
    pub writes: Option<f64>,
    /// Disk reads per second that clients cause; a third of the writes while never given.
    pub reads: Option<f64>,
    /// Connections that clients hold; 24 while never given.
    pub connections: Option<f64>,
    /// Connections that clients hold to all readers of a cluster together, where there are any; 1 to each while never given.
    pub read_connections: Option<f64>,
}

/// How long AWS takes. Every step is drawn anew from its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timing {
    /// From the end of a minute until its datapoints can be read.
    pub publish_delay: Range,
    /// From an accepted change until the status leaves `available`.
    pub status_flip: Range,
    /// From `modifying` until a Single-AZ instance goes down.
    pub preparation: Range,
    /// How long a Single-AZ instance is down.
    pub outage: Range,
    /// From `modifying` until a Multi-AZ instance fails over: its standby is changed first.
    pub standby: Range,
    /// How long a Multi-AZ instance is down.
    pub failover: Range,
    /// From the end of the failover until the old primary has been changed too.
    pub old_primary: Range,
    /// From "finished" until the status is `available` again.
    pub settle: Range,
    /// How long a change without an outage takes, such as more storage.
    pub online_change: Range,
    /// Blue/green: from the beginning of the copy until it follows.
    pub green_provisioning: Range,
    /// Blue/green: how long the copy's first backup takes, the last task.
    pub green_backup: Range,
    /// Blue/green: from the last task until the copy's storage has been loaded; not for t3 and t4g.
    pub green_storage: Range,
    /// Blue/green: from a switchover that was taken until clients are kept out.
    pub switchover_checks: Range,
    /// Blue/green: how long clients are kept out.
    pub switchover_cut: Range,
    /// Aurora: from the creation of a reader until it is available; assumed, from reports of 5 to 10 minutes.
    pub reader_creation: Range,
    /// Aurora: a failover from `failing-over` until the cluster is available again; AWS says typically less than 60 s,
    /// often less than 30.
    pub aurora_failover: Range,
    /// Aurora: how long the cluster is without a writer in it.
    pub aurora_cut: Range,
    /// Multi-AZ DB cluster: from the beginning of a member's change of class until it goes down, for as long as `outage`.
    pub cluster_member: Range,
    /// Multi-AZ DB cluster: how long it is without a writer in a failover; AWS says typically under 35 s.
    pub cluster_cut: Range,
    /// From a deletion that was taken until the instance is gone.
    pub deletion: Range,
    /// How long a request takes on the wire and at AWS together.
    pub latency: Range,
}

impl Default for Timing {
    /// The delays that have been observed at AWS, where there are observations; see each range.
    fn default() -> Self {
        Self {
            publish_delay: Range::seconds(60, 120),
            status_flip: Range::seconds(5, 45),
            preparation: Range::seconds(60, 150),
            outage: Range::seconds(200, 280),
            standby: Range::seconds(300, 420),
            failover: Range::seconds(65, 95),
            old_primary: Range::seconds(540, 720),
            settle: Range::seconds(10, 40),
            online_change: Range::seconds(60, 180),
            green_provisioning: Range::seconds(500, 900),
            green_backup: Range::seconds(90, 240),
            green_storage: Range::seconds(180, 900),
            switchover_checks: Range::seconds(15, 45),
            switchover_cut: Range::seconds(3, 40),
            reader_creation: Range::seconds(300, 540),
            aurora_failover: Range::seconds(20, 40),
            aurora_cut: Range::seconds(5, 25),
            cluster_member: Range::seconds(180, 360),
            cluster_cut: Range::seconds(10, 35),
            deletion: Range::seconds(120, 360),
            latency: Range::millis(20, 120),
        }
    }
}

/// What a scenario says of a class instead of what the simulation would assume.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapacitySpec {
    /// Rows written per second that it sustains at the most.
    pub writes: Option<f64>,
    /// Disk operations per second that it sustains for ever.
    pub baseline_iops: Option<f64>,
    /// Whether RDS offers it at all; it does if not said.
    pub orderable: Option<bool>,
}
