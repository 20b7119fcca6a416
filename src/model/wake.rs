//! When the engine looks again, and why then.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A deadline and its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// When.
    pub at: Timestamp,
    /// Why then.
    pub why: WakeReason,
}

/// Why the engine looks again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WakeReason {
    /// The usual rhythm.
    NextEvaluation,
    /// An action is watched.
    WatchAction,
    /// An order waits for a look that is fresh enough to act on.
    FreshLook,
}

impl WakeReason {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NextEvaluation => "next evaluation",
            Self::WatchAction => "watching the action",
            Self::FreshLook => "a fresh look before the order is sent",
        }
    }
}
