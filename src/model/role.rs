//! What a client of the engine may order. Each role may do what those before it may.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a client may order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees everything, and disarms: whoever can connect may stop the engine.
    Observer,
    /// Scales, holds, releases, approves, stops.
    Operator,
    /// Arms: lets the engine act by itself.
    Admin,
}

impl Role {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Observer => "observer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
