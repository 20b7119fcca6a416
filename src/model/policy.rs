//! The policy of one database: when the engine wants to move it, and what must hold first.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::class::InstanceClass;
use super::cluster::ClusterKind;
use super::database::{DatabaseName, DatabaseState};
use super::ladder::{Direction, Ladder};
use super::pooler::PoolerPolicy;
use super::price::{Price, PriceSource};
use super::readers::ReadersPolicy;
use super::series::{SignalName, SignalSpec};
use super::server::ServerAccess;

/// A server that is read each second has told of a period within this time of its end.
const DIRECT_DELAY: Duration = Duration::from_secs(10);

/// How a class change is carried out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// One `ModifyDBInstance` on the instance itself: an outage of minutes.
    #[default]
    InPlace,
    /// A copy on the new class takes over the name: clients are kept out for seconds.
    BlueGreen,
    /// Of an Aurora cluster: a reader on the new class takes over the writes, after `FailoverDBCluster`.
    ReaderFailover,
    /// Of a Multi-AZ DB cluster: one `ModifyDBCluster`, reader by reader, then a failover.
    ClusterModify,
}

impl Strategy {
    /// Every strategy.
    pub const ALL: [Self; 4] = [Self::InPlace, Self::BlueGreen, Self::ReaderFailover, Self::ClusterModify];

    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InPlace => "in_place",
            Self::BlueGreen => "blue_green",
            Self::ReaderFailover => "reader_failover",
            Self::ClusterModify => "cluster_modify",
        }
    }

    /// The kind of cluster that it is for; absent where it is for an instance that stands alone.
    pub fn cluster(self) -> Option<ClusterKind> {
        match self {
            Self::InPlace | Self::BlueGreen => None,
            Self::ReaderFailover => Some(ClusterKind::Aurora),
            Self::ClusterModify => Some(ClusterKind::MultiAz),
        }
    }

    /// Another machine takes over that has no replication slots of the one before. An Aurora cluster keeps them in its volume.
    pub fn leaves_slots(self) -> bool {
        matches!(self, Self::BlueGreen | Self::ClusterModify)
    }

    /// It makes another machine, which takes over: what is made can be waited for, and what is replaced stays.
    pub fn makes_a_copy(self) -> bool {
        matches!(self, Self::BlueGreen | Self::ReaderFailover)
    }
}

/// Who says that clients are kept out now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switchover {
    /// The engine, once the copy is ready.
    Automatic,
    /// A person, once the engine says that the copy is ready.
    Supervised,
}

/// How another machine is made and takes over: the copy of a blue/green deployment, or a reader of a cluster. Durations are of
/// the clock in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyPolicy {
    /// Who says that clients are kept out now.
    pub switchover: Switchover,
    /// `SwitchoverTimeout` of a blue/green deployment, in whole seconds, from 30 to 3600: clients are kept out for so long at
    /// most.
    pub switchover_timeout: Duration,
    /// A copy that is not ready after this time is given up and removed.
    pub give_up_after: Duration,
    /// A copy that is ready waits this long for a person's word, then it is removed.
    pub approve_within: Duration,
    /// It does not take over while it is seen to be further behind than this.
    #[serde(default = "CopyPolicy::usual_lag")]
    pub max_lag: Duration,
    /// What the engine takes instead when the copy would be ready only after the load is likely gone; absent: it does not
    /// start then.
    #[serde(default)]
    pub fast_lane: Option<Strategy>,
}

/// What becomes of a machine that an action has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldMachinePolicy {
    /// It is kept this long: its automated backups are the way back to any moment before the switchover.
    pub keep: Duration,
    /// Who removes it then.
    pub removed_by: RemovedBy,
    /// A final snapshot is made of it.
    pub final_snapshot: bool,
}

/// Who removes a machine that an action has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovedBy {
    /// A person, here or in RDS.
    Person,
    /// The engine, once it was kept long enough.
    Engine,
}

impl RemovedBy {
    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Engine => "engine",
        }
    }
}

impl OldMachinePolicy {
    /// What is usual where a strategy leaves one. The readers of an Aurora cluster share its volume, so that an old writer is
    /// no way back to an earlier moment: it is kept for half an hour, in which it can take over again at once.
    pub fn of(strategy: Strategy) -> Self {
        match strategy {
            Strategy::ReaderFailover => Self { keep: Duration::from_mins(30), ..Self::default() },
            _ => Self::default(),
        }
    }
}

impl Default for OldMachinePolicy {
    /// A day, then a person's decision, with a snapshot.
    fn default() -> Self {
        Self { keep: Duration::from_hours(24), removed_by: RemovedBy::Person, final_snapshot: true }
    }
}

impl Switchover {
    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Supervised => "supervised",
        }
    }
}

impl Default for CopyPolicy {
    /// AWS's own timeout; three times the longest preparation of a small database that was reported.
    fn default() -> Self {
        Self {
            switchover: Switchover::Automatic,
            switchover_timeout: Duration::from_mins(5),
            give_up_after: Duration::from_hours(1),
            approve_within: Duration::from_hours(4),
            max_lag: Self::usual_lag(),
            fast_lane: None,
        }
    }
}

impl CopyPolicy {
    /// A minute: what is behind by more takes the cut that long to catch up, or AWS takes it back.
    const fn usual_lag() -> Duration {
        Duration::from_mins(1)
    }
}

/// How a datapoint is compared with a threshold. Equal is neither above nor below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// `value > threshold`.
    Above,
    /// `value < threshold`.
    Below,
}

impl Comparison {
    /// Whether `value` stands to `threshold` as this says. A NaN never does.
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Above => value > threshold,
            Self::Below => value < threshold,
        }
    }

    /// `>` or `<`.
    pub fn sign(self) -> char {
        match self {
            Self::Above => '>',
            Self::Below => '<',
        }
    }
}

/// M of the N newest completed periods of a signal stand beyond a threshold. A missing period counts against it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The signal it looks at.
    pub signal: SignalName,
    /// Above or below.
    pub comparison: Comparison,
    /// In the signal's unit.
    pub threshold: f64,
    /// M: how many periods must stand beyond the threshold. At least 1, at most `periods`.
    pub datapoints: u32,
    /// N: how many periods it looks back.
    pub periods: u32,
}

impl Rule {
    /// It holds while the alarm is in ALARM.
    pub fn of_alarm(alarm: &str) -> Self {
        let signal = SignalName::of_alarm(alarm);
        Self { signal, comparison: Comparison::Above, threshold: 0.5, datapoints: 1, periods: 1 }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { signal, comparison, threshold, datapoints, periods } = self;
        if let Some(alarm) = signal.alarm() {
            return write!(f, "alarm {alarm} is in ALARM");
        }
        write!(f, "{signal} {} {threshold} in {datapoints} of {periods}", comparison.sign())
    }
}

/// Everything the engine needs to know about one database. Durations are of the clock in use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The database.
    pub database: DatabaseName,
    /// Where it may move.
    pub ladder: Ladder,
    /// How it moves.
    pub strategy: Strategy,
    /// The RDS Proxy that its clients go through, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// How to reach the server itself; absent where nothing is asked of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postgres: Option<ServerAccess>,
    /// The PgBouncer that holds its clients meanwhile, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pooler: Option<PoolerPolicy>,
    /// How many readers Application Auto Scaling shall keep, where it shall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readers: Option<ReadersPolicy>,
    /// How another machine is made and takes over, where that is the strategy.
    #[serde(default)]
    pub copy: CopyPolicy,
    /// What becomes of a machine that an action has left.
    #[serde(default)]
    pub old_machine: OldMachinePolicy,
    /// The signals that are read, those of the rules among them.
    pub signals: Vec<SignalSpec>,
    /// The engine wants to go up when any of these holds.
    pub up: Vec<Rule>,
    /// The engine wants to go down when all of these hold.
    pub down: Vec<Rule>,
    /// No engine-made step up within this time of the completion of any action.
    pub cooldown_up: Duration,
    /// No engine-made step down within this time of the completion of any action.
    pub cooldown_down: Duration,
    /// The engine starts nothing within this time after a change made by a person.
    pub hold_after_manual: Duration,
    /// The engine starts at most this many actions within 24 hours.
    pub max_actions_per_day: u32,
    /// Datapoints older than this close the gate `fresh data`.
    pub stale_after: Duration,
    /// A period counts as missing when its datapoint is absent this long after the period's end.
    pub publish_delay: Duration,
    /// An action that is not done after this time is held for a person.
    pub stuck_after: Duration,
    /// The engine starts nothing while the backup or maintenance window is open or opens within this time; zero: it does
    /// not look at them.
    pub clear_of_windows: Duration,
    /// A step down wants the connections seen to be at most this share of the target's `max_connections`.
    pub max_connections_share: f64,
    /// US dollars per hour, Single-AZ, of classes whose price is not the bundled one.
    #[serde(default)]
    pub prices: BTreeMap<InstanceClass, f64>,
}

impl Policy {
    /// The alarms that rules look at.
    pub fn alarms(&self) -> impl Iterator<Item = &str> {
        self.up.iter().filter_map(|rule| rule.signal.alarm())
    }

    /// The spec of a signal.
    pub fn signal(&self, name: &SignalName) -> Option<&SignalSpec> {
        self.signals.iter().find(|spec| spec.name == *name)
    }

    /// What the database costs on a class, and who says so; `None` where nobody does. Never guessed.
    pub fn price(&self, state: &DatabaseState, class: &InstanceClass) -> Option<Price> {
        let configured = self.prices.get(class).map(|price| (*price, PriceSource::Configuration));
        // The bundled table is of instances that stand alone: Aurora and Multi-AZ DB clusters have prices of their own.
        let listing = || class.listing().filter(|_| state.cluster.is_none());
        let bundled = || listing().map(|listing| (listing.price_usd_per_hour, PriceSource::Bundled));
        let (single, source) = configured.or_else(bundled)?;
        Some(Price { usd_per_hour: single * state.billed_instances(), source })
    }

    /// A period of a signal counts as missing when its datapoint is absent this long after the period's end.
    pub fn delay_of(&self, signal: &SignalName) -> Duration {
        let direct = self.signal(signal).is_some_and(SignalSpec::is_direct);
        if direct { DIRECT_DELAY.min(self.publish_delay) } else { self.publish_delay }
    }

    /// Length of one period of a signal in seconds.
    pub fn period_secs(&self, signal: &SignalName) -> u32 {
        self.signal(signal).map_or(60, |spec| spec.period_secs).max(1)
    }

    /// The rules of one direction.
    pub fn rules(&self, direction: Direction) -> &[Rule] {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }

    /// How far back the rules look, with an hour to spare.
    pub fn longest_window(&self) -> SignedDuration {
        let rules = self.up.iter().chain(&self.down);
        let secs = |rule: &Rule| i64::from(rule.periods) * i64::from(self.period_secs(&rule.signal));
        SignedDuration::from_secs(rules.map(secs).max().unwrap_or(0) + 3_600)
    }

    /// The cooldown of one direction.
    pub fn cooldown(&self, direction: Direction) -> Duration {
        match direction {
            Direction::Up => self.cooldown_up,
            Direction::Down => self.cooldown_down,
        }
    }

    /// The lowest threshold of a direction's rules on a signal: the line that a chart draws.
    pub fn threshold_line(&self, signal: &SignalName, direction: Direction) -> Option<f64> {
        let thresholds = self.rules(direction).iter().filter(|rule| rule.signal == *signal).map(|rule| rule.threshold);
        thresholds.min_by(f64::total_cmp)
    }
}
