//! Gates: the named conditions that must hold before an action may start. Each carries what it saw, so that a screen
//! or a record can show it; the words are made in `words` once, for every edge.

mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::class::InstanceClass;
use super::cluster::ClusterKind;
use super::series::SignalName;

/// One condition and what was seen of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "gate")]
pub enum Gate {
    /// A person has armed the engine.
    Armed,
    /// The journal takes records.
    JournalWritable,
    /// AWS has said whose the credentials are; account and region are the configured ones, where any are configured.
    Identity,
    /// This engine holds the lease across hosts, long enough after its acquisition and with enough of it left.
    Lease {
        /// The epoch that it or the other one has; absent where neither is known to have any.
        epoch: Option<u64>,
        /// Who else has it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        holder: Option<String>,
        /// What is in the way besides.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        why: Option<String>,
    },
    /// The rules' newest datapoints are recent enough.
    FreshData {
        /// Age of the oldest of the newest datapoints in seconds; absent when a signal has none at all.
        age_secs: Option<i64>,
        /// The limit in seconds.
        limit_secs: i64,
        /// The signal that this is said of: the one that keeps the gate closed, or the oldest.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        signal: Option<SignalName>,
        /// CloudWatch said that its answer for that signal is not whole.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        partial: bool,
    },
    /// The database was described recently and still is the same machine.
    StateKnown {
        /// Age of the last answer in seconds; absent when there was none.
        age_secs: Option<i64>,
    },
    /// Nothing of ours is under way on this database.
    NoActionInFlight {
        /// The action under way.
        action: Option<String>,
    },
    /// `DBInstanceStatus` is `available`.
    StatusAvailable {
        /// RDS's word.
        status: Option<String>,
    },
    /// `PendingModifiedValues` is empty: `ApplyImmediately` would apply anything else that is there.
    NothingPending {
        /// Names of the pending values.
        pending: Vec<String>,
    },
    /// The class stands on the ladder and has a rung in the wanted direction.
    RungAvailable {
        /// Where it would go.
        target: Option<InstanceClass>,
    },
    /// The target is offered for this engine version, zone and storage.
    TargetOrderable {
        /// What AWS said; absent until asked.
        orderable: Option<bool>,
    },
    /// The connections seen fit the target's `max_connections`.
    ConnectionsFit {
        /// The most connections seen in the window of the down rules.
        seen: Option<u32>,
        /// How many the target may hold by the policy.
        limit: Option<u32>,
    },
    /// The CPU seen fits the target: a second witness, so that a silent or broken signal alone never asks for less.
    CpuFits {
        /// The most CPU seen in the window of the down rules in percent, as it would be on the target's CPUs.
        seen_percent: Option<u32>,
        /// The limit in percent.
        limit_percent: u32,
    },
    /// No blue/green deployment binds the database but the action's own.
    NoOtherDeployment {
        /// The one that does.
        deployment: Option<String>,
        /// Age of the last answer in seconds; absent when there was none.
        age_secs: Option<i64>,
    },
    /// The parameter groups are in sync: a restart would put anything else that waits there into force, too.
    ParametersInSync {
        /// Groups that are not, with their status.
        waiting: Vec<String>,
    },
    /// Neither the backup window nor the maintenance window is open or near: what RDS does there meets no change of ours.
    NoWindowNear {
        /// The one that is.
        window: Option<String>,
    },
    /// It stands for itself: no member of a cluster, and for a blue/green deployment no replica of another instance.
    StandsAlone {
        /// What it belongs to.
        of: Option<String>,
    },
    /// It is the kind of cluster that the strategy is for.
    RightCluster {
        /// What it is; absent where it is no cluster.
        is: Option<ClusterKind>,
        /// What it must be.
        wanted: ClusterKind,
    },
    /// It is registered with the RDS Proxy that its clients use: once the copy is made that is not possible any more.
    ProxyRegistered {
        /// The proxy.
        proxy: String,
        /// Whether it is; absent when that is not known.
        registered: Option<bool>,
    },
    /// Automated backups are on: a blue/green deployment needs them.
    BackupsOn {
        /// `BackupRetentionPeriod`; absent when RDS does not say.
        retention_days: Option<u32>,
    },
    /// The master password is not managed in Secrets Manager: a blue/green deployment is refused then.
    PasswordNotManaged,
    /// The capacity reservation that the database uses is passed through with the change: whoever does not name it gives it up.
    ReservationKept {
        /// The reservation; absent where there is none.
        reservation: Option<String>,
        /// The strategy can name it.
        passed: bool,
    },
    /// The strategy brings the capacity while the load is likely still there.
    WorthTheWait {
        /// What it mostly took, or the longest that is published.
        ready_secs: u32,
        /// How long the burst lasts if it is like those before; absent when nothing says so.
        burst_left_secs: Option<i64>,
    },
    /// The memory in use, beyond PostgreSQL's shared buffers, which shrink with the class, fits the target.
    MemoryFits {
        /// The most seen in the window of the down rules, in MiB.
        seen_mib: Option<u32>,
        /// What the target has for it, in MiB.
        limit_mib: Option<u32>,
    },
    /// The writes seen are within what the target's volume connection sustains for ever.
    EbsFits {
        /// The most seen in the window of the down rules, per second.
        seen_iops: Option<u32>,
        /// The target's baseline; absent for a class whose baseline nobody has bundled: then nothing is held against it.
        limit_iops: Option<u32>,
    },
    /// No transaction is open for long that a change would undo.
    NoLongTransaction {
        /// The age of the oldest in seconds; absent where it cannot be seen.
        oldest_secs: Option<u32>,
        /// The age of the oldest prepared transaction in seconds; absent without one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        prepared_secs: Option<u32>,
        /// The limit in seconds.
        limit_secs: i64,
        /// The server has answered lately.
        reached: bool,
    },
    /// No replication slot but RDS's own, which the machine that takes over would not have.
    NoExternalSlots {
        /// Those that there are; absent while the server does not answer.
        slots: Option<Vec<String>>,
    },
    /// No datapoint is missing that an up rule looks at: what is not seen may ask for more.
    UpRulesComplete {
        /// How many are missing.
        missing: u32,
    },
    /// `DescribeEvents` works: without RDS's own words a failed change can look like a finished one.
    EventsReadable {
        /// Age of the last answer in seconds; absent when there was none.
        age_secs: Option<i64>,
    },
    /// Fewer actions are under way in the whole fleet than the limit.
    FleetSlot {
        /// Under way on other databases.
        in_flight: u32,
        /// The limit.
        limit: u32,
    },
    /// The cooldown since the last completed action is over.
    CooldownOver,
    /// Fewer actions than the policy's limit were started in 24 hours.
    DailyBudget {
        /// Started in the last 24 hours.
        used: u32,
        /// The limit.
        limit: u32,
    },
    /// Nothing holds this direction: no person, no manual or foreign change, no unclear outcome.
    NotHeld {
        /// Why it is held.
        reason: Option<String>,
    },
}

/// A gate, whether it is open, and when time alone will open it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateResult {
    /// The condition and what was seen.
    #[serde(flatten)]
    pub gate: Gate,
    /// The condition holds.
    pub open: bool,
    /// When it opens if nothing else happens; absent when time alone does not open it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub opens_at: Option<Timestamp>,
}

impl GateResult {
    /// A gate that time alone does not open.
    pub fn new(gate: Gate, open: bool) -> Self {
        Self { gate, open, opens_at: None }
    }
}

impl Gate {
    /// Whether a person's override passes over this gate. The others guard the database itself and always apply.
    pub fn yields_to_person(&self) -> bool {
        matches!(
            self,
            Self::Armed
                | Self::FreshData { .. }
                | Self::CpuFits { .. }
                // Not seen: a person may know. Seen to be too many: nobody may.
                | Self::ConnectionsFit { seen: None, .. }
                | Self::UpRulesComplete { .. }
                | Self::FleetSlot { .. }
                | Self::CooldownOver
                | Self::DailyBudget { .. }
                | Self::NotHeld { .. }
                | Self::RungAvailable { .. }
                | Self::NoWindowNear { .. }
                | Self::WorthTheWait { .. }
                | Self::ParametersInSync { .. }
                | Self::ReservationKept { .. }
                | Self::MemoryFits { .. }
                | Self::EbsFits { .. }
                | Self::NoLongTransaction { .. }
                // Seen to be there: AWS refuses the copy, or they are lost.
                | Self::NoExternalSlots { slots: None }
        )
    }

    /// Whether this gate is about seeing the database at all: closed, even a hold says nothing of the load.
    pub fn is_of_sight(&self) -> bool {
        matches!(self, Self::FreshData { .. } | Self::StateKnown { .. })
    }
}
