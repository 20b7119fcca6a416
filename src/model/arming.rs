//! The permission to act.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::operator::Operator;

/// Permission to act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "arming")]
pub enum Arming {
    /// The engine may start actions.
    Armed {
        /// Who allowed it.
        by: Operator,
        /// Since when.
        since: Timestamp,
        /// Until when; absent: until it is disarmed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// It only records what it would have done.
    Disarmed {
        /// Why.
        why: String,
        /// Since when; absent when it was never armed.
        since: Option<Timestamp>,
    },
}

impl Arming {
    /// Whether the engine may start actions. Of one that was armed for a while it says so until the engine has disarmed itself.
    pub fn is_armed(&self) -> bool {
        matches!(self, Self::Armed { .. })
    }

    /// For people: whether it may act, by whom or why not, and since when.
    pub fn words(&self) -> String {
        match self {
            Self::Armed { by, since, until } => {
                let until = until.map_or_else(String::new, |until| format!(", until {until:.0}"));
                format!("ARMED by {by} since {since:.0}{until}")
            }
            Self::Disarmed { why, since: Some(since) } => format!("DISARMED since {since:.0}: {why}"),
            Self::Disarmed { why, since: None } => format!("DISARMED: {why}"),
        }
    }

    /// When the permission ends by itself; `None` where it does not, or there is none.
    pub fn until(&self) -> Option<Timestamp> {
        if let Self::Armed { until, .. } = self { *until } else { None }
    }
}
