//! Application Auto Scaling of the readers of an Aurora cluster: what should be registered by the policy, how that differs from
//! what is, and which calls make up for it.
//!
//! Ours is the policy of the name [`POLICY_NAME`]. A policy of any other name is somebody else's, and so is a target that has
//! none but theirs: neither is touched.

mod plan;
mod removal;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::model::database::DatabaseName;
use crate::model::readers::{ReadersCall, ReadersPolicy, ScalingPolicy};
use crate::setup::change::{self, Field};

pub use plan::plan;
pub use removal::removal;

/// What upshift calls its policy, on every cluster.
pub const POLICY_NAME: &str = "upshift-readers";

/// The kind of policy that AWS calls so.
const TARGET_TRACKING: &str = "TargetTrackingScaling";

/// What there is to do for one cluster.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The cluster.
    pub database: DatabaseName,
    /// Everything that there is or should be, in the order in which it is made.
    pub items: Vec<Item>,
    /// What makes up for the difference, one for each item that is due and in their order; empty where nothing is to be done, or
    /// nothing can be.
    pub calls: Vec<ReadersCall>,
    /// Why what is configured cannot be had without touching what is somebody else's.
    pub blocked: Option<Obstacle>,
}

/// Why something cannot be had, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Obstacle {
    /// What is in the way.
    pub why: String,
    /// What to do about it.
    pub remedy: String,
}

/// One thing at Application Auto Scaling.
pub type Item = change::Item<Wanted>;
/// What is to be done about it.
pub type Change = change::Change<Wanted>;

/// How a thing at Application Auto Scaling shall be.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// The scalable target.
    Target {
        /// Readers at least.
        min: u32,
        /// Readers at most.
        max: u32,
    },
    /// Our policy.
    Policy(ScalingPolicy),
}

impl Wanted {
    /// What it consists of, by AWS's names.
    pub fn values(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Target { min, max } => vec![("MinCapacity", min.to_string()), ("MaxCapacity", max.to_string())],
            Self::Policy(policy) => plan::values(policy),
        }
    }

    /// What differs from how it is.
    fn differs(&self, found: &Self) -> Vec<Field> {
        let both = self.values().into_iter().zip(found.values());
        let differs = both.filter(|((_, new), (_, old))| new != old);
        differs.map(|((field, new), (_, old))| Field { field, old, new }).collect()
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.why, self.remedy)
    }
}

impl Plan {
    /// Why what is wanted would come to nothing with so many readers, and what to do.
    pub fn obstacle(&self, readers: usize) -> Option<Obstacle> {
        let database = &self.database;
        if let Some(Obstacle { why, remedy }) = &self.blocked {
            return Some(Obstacle { why: format!("{database}: {why}"), remedy: remedy.clone() });
        }
        let why = format!(
            "{database} has no reader: Application Auto Scaling goes by an average over readers, which nobody computes without \
             one, and would never add any"
        );
        let remedy =
            format!("make one (aws rds create-db-instance --db-cluster-identifier {database} …) and try again");
        (readers == 0).then_some(Obstacle { why, remedy })
    }

    /// What has to be done, each with the call that does it; nothing, where something is in the way.
    pub fn due(&self) -> impl Iterator<Item = (&Item, &ReadersCall)> + Clone {
        self.items.iter().filter(|item| item.is_due()).zip(&self.calls)
    }

    /// Nothing is to be done.
    pub fn is_in_sync(&self) -> bool {
        self.calls.is_empty() && self.blocked.is_none()
    }
}

/// The policy that should be there.
pub fn wanted(policy: &ReadersPolicy) -> ScalingPolicy {
    let secs = |cooldown: Duration| Some(u32::try_from(cooldown.as_secs()).unwrap_or(u32::MAX));
    ScalingPolicy {
        name: POLICY_NAME.to_owned(),
        kind: TARGET_TRACKING.to_owned(),
        metric: Some(policy.metric.aws_name().to_owned()),
        target: Some(policy.target),
        scale_in_cooldown_secs: secs(policy.scale_in_cooldown),
        scale_out_cooldown_secs: secs(policy.scale_out_cooldown),
        scale_in_disabled: false,
    }
}
