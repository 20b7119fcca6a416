//! What alarms did: their changes of state, and whom they told of each.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An alarm that went into another state, from `DescribeAlarmHistory`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AlarmChange {
    /// When.
    pub at: Timestamp,
    /// Its name.
    pub alarm: String,
    /// CloudWatch's word for the new state: `OK`, `ALARM`, `INSUFFICIENT_DATA`.
    pub state: String,
    /// CloudWatch's reason.
    pub reason: String,
    /// Whom it told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Told>,
}

/// An action that an alarm ran.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Told {
    /// The ARN of a topic, or of what else an alarm can act on.
    pub resource: String,
    /// Why it could not be told; absent when it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

impl AlarmChange {
    /// In one line.
    pub fn words(&self) -> String {
        let Self { alarm, state, reason, told, .. } = self;
        let one = |told: &Told| match &told.failed {
            None => told.resource.clone(),
            Some(why) => format!("not {} ({why})", told.resource),
        };
        let told: Vec<String> = told.iter().map(one).collect();
        let told = if told.is_empty() { String::new() } else { format!("; told {}", told.join(", ")) };
        format!("{alarm} is {state}: {reason}{told}")
    }
}
