//! Readers of an Aurora cluster that Application Auto Scaling adds and takes away: what is wanted of it, what is registered
//! there, and what it has done.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::database::DatabaseName;

/// What the name of a reader begins with that Application Auto Scaling has made.
pub const SCALED_NAME: &str = "application-autoscaling-";
/// The tag of such a reader; its value names the cluster. Whoever carries it may be deleted by Application Auto Scaling.
pub const SCALED_TAG: &str = "application-autoscaling:resourceId";

/// Whether an instance is of Application Auto Scaling by its name.
pub fn is_scaled(name: &DatabaseName) -> bool {
    name.as_str().starts_with(SCALED_NAME)
}

/// How many readers a cluster shall have. Durations are of AWS's clock, in whole seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadersPolicy {
    /// From 1 to `max`.
    pub min: u32,
    /// At most 15.
    pub max: u32,
    /// What is kept near the target.
    pub metric: ReaderMetric,
    /// On average of the readers: connections, or per cent.
    pub target: f64,
    /// After readers were taken away, none more are within this time.
    pub scale_in_cooldown: Duration,
    /// After readers were added, none more are within this time than were asked for then.
    pub scale_out_cooldown: Duration,
}

/// What Application Auto Scaling can go by: an average over the readers of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReaderMetric {
    /// Their connections.
    Connections,
    /// Their CPU, in per cent.
    Cpu,
}

impl ReaderMetric {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Connections, Self::Cpu];

    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Cpu => "cpu",
        }
    }

    /// AWS's name for it.
    pub fn aws_name(self) -> &'static str {
        match self {
            Self::Connections => "RDSReaderAverageDatabaseConnections",
            Self::Cpu => "RDSReaderAverageCPUUtilization",
        }
    }
}

/// What Application Auto Scaling has registered for a cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Registered {
    /// The scalable target; absent where the cluster is not registered.
    pub target: Option<ScalableTarget>,
    /// Its policies.
    pub policies: Vec<ScalingPolicy>,
}

/// Between which bounds Application Auto Scaling keeps the readers of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalableTarget {
    /// Readers at least.
    pub min: u32,
    /// Readers at most.
    pub max: u32,
    /// What somebody has suspended, in AWS's words, such as `DynamicScalingOutSuspended`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspended: Vec<String>,
}

/// A policy of a scalable target, as far as a target tracking policy of upshift's can differ from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalingPolicy {
    /// Its name; no other policy of the cluster has it.
    pub name: String,
    /// Such as `TargetTrackingScaling`.
    pub kind: String,
    /// AWS's name of the predefined metric; absent where it goes by another one.
    pub metric: Option<String>,
    /// The value that is tracked.
    pub target: Option<f64>,
    /// Seconds; absent where AWS's own is taken.
    pub scale_in_cooldown_secs: Option<u32>,
    /// Seconds; absent where AWS's own is taken.
    pub scale_out_cooldown_secs: Option<u32>,
    /// It only adds readers.
    pub scale_in_disabled: bool,
}

/// A call that changes what is registered. Each is sent once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "call")]
pub enum ReadersCall {
    /// `RegisterScalableTarget`.
    Register {
        /// The cluster.
        database: DatabaseName,
        /// Readers at least.
        min: u32,
        /// Readers at most.
        max: u32,
    },
    /// `PutScalingPolicy`.
    PutPolicy {
        /// The cluster.
        database: DatabaseName,
        /// The policy.
        policy: ScalingPolicy,
    },
    /// `DeleteScalingPolicy`.
    DeletePolicy {
        /// The cluster.
        database: DatabaseName,
        /// The name of the policy.
        name: String,
    },
    /// `DeregisterScalableTarget`.
    Deregister {
        /// The cluster.
        database: DatabaseName,
    },
}

impl ReadersCall {
    /// The name of the API operation.
    pub fn operation(&self) -> &'static str {
        match self {
            Self::Register { .. } => "RegisterScalableTarget",
            Self::PutPolicy { .. } => "PutScalingPolicy",
            Self::DeletePolicy { .. } => "DeleteScalingPolicy",
            Self::Deregister { .. } => "DeregisterScalableTarget",
        }
    }

    /// It leaves less than there was.
    pub fn takes_away(&self) -> bool {
        matches!(self, Self::DeletePolicy { .. } | Self::Deregister { .. })
    }
}

impl fmt::Display for ReadersCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operation = self.operation();
        match self {
            Self::Register { database, min, max } => {
                write!(f, "{operation}: {database} has {min} to {max} readers")
            }
            Self::PutPolicy { database, policy } => write!(f, "{operation}: {} of {database}", policy.name),
            Self::DeletePolicy { database, name } => write!(f, "{operation}: {name} of {database} goes"),
            Self::Deregister { database } => write!(f, "{operation}: {database} is scaled no more"),
        }
    }
}

/// Something that Application Auto Scaling has done, or has not and says why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalingActivity {
    /// `ActivityId`.
    pub id: String,
    /// When it began.
    pub began: Timestamp,
    /// `StatusCode`, such as `InProgress`, `Successful`, `Failed`.
    pub status: String,
    /// Such as `Setting replica count to 2.`
    pub description: String,
    /// What made it, in AWS's words.
    pub because: String,
    /// What AWS says of its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Why nothing was done; empty where something was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_scaled: Vec<NotScaledReason>,
}

/// Why Application Auto Scaling has not done what its policy asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotScaledReason {
    /// Such as `AlreadyAtMaxCapacity`.
    pub code: String,
    /// The bound that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// The bound that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// How many there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<u32>,
}

impl ScalingActivity {
    /// Nothing more comes of it.
    pub fn is_over(&self) -> bool {
        !matches!(self.status.as_str(), "Pending" | "InProgress")
    }

    /// It should have done something and has not, for a reason that a person may want to know.
    pub fn is_trouble(&self) -> bool {
        let at_rest = |reason: &NotScaledReason| {
            matches!(reason.code.as_str(), "AlreadyAtMinCapacity" | "AlreadyAtDesiredCapacity")
        };
        let failed = matches!(self.status.as_str(), "Failed" | "Unfulfilled");
        failed && (self.not_scaled.is_empty() || !self.not_scaled.iter().all(at_rest))
    }

    /// It in one line, without its time and its cause.
    pub fn words(&self) -> String {
        if self.not_scaled.is_empty() {
            let more = self.message.as_ref().filter(|_| self.is_trouble());
            let more = more.map_or_else(String::new, |more| format!(": {more}"));
            return format!("{} {}{more}", self.description.trim_end_matches('.'), self.status);
        }
        let reasons: Vec<String> = self.not_scaled.iter().map(ToString::to_string).collect();
        format!("not scaled: {}", reasons.join(", "))
    }
}

impl fmt::Display for NotScaledReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code.as_str(), self.max, self.min) {
            ("AlreadyAtMaxCapacity", Some(max), _) => write!(f, "already at the most, {max} (AlreadyAtMaxCapacity)"),
            ("AlreadyAtMinCapacity", _, Some(min)) => write!(f, "already at the least, {min} (AlreadyAtMinCapacity)"),
            ("TargetServicePutResourceAsUnscalable", ..) => {
                f.write_str("the cluster takes no orders now (TargetServicePutResourceAsUnscalable)")
            }
            (code, ..) => f.write_str(code),
        }
    }
}
