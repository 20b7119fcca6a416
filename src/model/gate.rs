//! Gates: the named conditions that must hold before an action may start. Each carries what it saw, so that a screen
//! or a record can show it; the words are made here once, for every edge.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::class::InstanceClass;
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
    /// The gate's name on screens and in records.
    pub fn name(&self) -> &'static str {
        self.words().0
    }

    /// What to say of it while it is closed, such as `disarmed` or `cooldown not over`: one passes over `disarmed`, never
    /// over `armed`.
    pub fn closed_words(&self) -> &'static str {
        self.words().1
    }

    /// Its name, and what to say of it while it is closed.
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Armed => ("armed", "disarmed"),
            Self::JournalWritable => ("journal writable", "journal takes no records"),
            Self::Identity => ("account and region", "account and region not confirmed"),
            Self::FreshData { .. } => ("fresh data", "data not fresh"),
            Self::StateKnown { .. } => ("state known", "state not known"),
            Self::NoActionInFlight { .. } => ("no action in flight", "an action in flight"),
            Self::StatusAvailable { .. } => ("status available", "status not available"),
            Self::NothingPending { .. } => ("nothing pending", "changes pending"),
            Self::RungAvailable { .. } => ("rung on the ladder", "no rung on the ladder"),
            Self::TargetOrderable { .. } => ("target orderable", "target not orderable"),
            Self::ConnectionsFit { .. } => ("connections fit", "connections do not fit"),
            Self::CpuFits { .. } => ("cpu fits", "cpu does not fit"),
            Self::UpRulesComplete { .. } => ("up rules complete", "up rules incomplete"),
            Self::EventsReadable { .. } => ("events readable", "events not readable"),
            Self::FleetSlot { .. } => ("fleet slot", "no fleet slot"),
            Self::CooldownOver => ("cooldown over", "cooldown not over"),
            Self::DailyBudget { .. } => ("daily budget", "daily budget used up"),
            Self::NotHeld { .. } => ("not held", "held"),
        }
    }

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
        )
    }

    /// Whether this gate is about seeing the database at all: closed, even a hold says nothing of the load.
    pub fn is_of_sight(&self) -> bool {
        matches!(self, Self::FreshData { .. } | Self::StateKnown { .. })
    }

    /// What was seen, in a few words; empty where the name says it all.
    pub fn seen(&self) -> String {
        match self {
            Self::Armed | Self::JournalWritable | Self::Identity | Self::CooldownOver => String::new(),
            Self::FreshData { age_secs, limit_secs, signal, partial } => {
                let signal = signal.as_ref().map_or_else(|| "a signal".to_owned(), |name| format!("`{name}`"));
                match age_secs {
                    None => format!("{signal} has no datapoint"),
                    Some(age @ ..0) => format!("{signal} dated {} s in the future: this host's clock is behind", -age),
                    Some(_) if *partial => format!("CloudWatch's answer for {signal} is not whole"),
                    Some(age) => format!("{signal} {age} s old, limit {limit_secs} s"),
                }
            }
            Self::StateKnown { age_secs: Some(age) } => format!("seen {age} s ago"),
            Self::StateKnown { age_secs: None } => "not seen yet".to_owned(),
            Self::NoActionInFlight { action } => action.clone().unwrap_or_default(),
            Self::StatusAvailable { status } => status.clone().unwrap_or_else(|| "unknown".to_owned()),
            Self::NothingPending { pending } => pending.join(", "),
            Self::RungAvailable { target } => {
                target.as_ref().map_or_else(|| "none in this direction".to_owned(), ToString::to_string)
            }
            Self::TargetOrderable { orderable } => match orderable {
                Some(true) => "yes".to_owned(),
                Some(false) => "AWS does not offer it here".to_owned(),
                None => "not asked yet".to_owned(),
            },
            Self::ConnectionsFit { seen, limit } => match (seen, limit) {
                (Some(seen), Some(limit)) => format!("{seen} of {limit}"),
                (None, _) => "connections unknown or with gaps".to_owned(),
                (_, None) => "target's limit unknown".to_owned(),
            },
            Self::CpuFits { seen_percent: Some(seen), limit_percent } => format!("{seen} % of {limit_percent} %"),
            Self::CpuFits { seen_percent: None, .. } => "cpu unknown or with gaps".to_owned(),
            Self::UpRulesComplete { missing: 0 } => String::new(),
            Self::UpRulesComplete { missing } => format!("{missing} datapoints missing"),
            Self::EventsReadable { age_secs: Some(age) } => format!("read {age} s ago"),
            Self::EventsReadable { age_secs: None } => "not read yet".to_owned(),
            Self::FleetSlot { in_flight, limit } => format!("{in_flight} others in flight, {limit} at once"),
            Self::DailyBudget { used, limit } => format!("{used} of {limit} in 24 h"),
            Self::NotHeld { reason } => reason.clone().unwrap_or_default(),
        }
    }
}

impl fmt::Display for GateResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = self.gate.seen();
        f.write_str(self.gate.name())?;
        if seen.is_empty() { Ok(()) } else { write!(f, ": {seen}") }
    }
}
