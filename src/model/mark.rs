//! What happened at a moment, for the time axis of a graph.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Something that happened at a moment, for the time axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: MarkKind,
}

/// What a mark stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// The engine would have scaled.
    WouldScale,
    /// A mutating call was sent.
    Sent,
    /// An action was verified.
    Verified,
    /// An action ended otherwise.
    Failed,
}
