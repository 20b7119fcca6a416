//! What the engine would do when a hold expires: told ahead, so that nobody is surprised.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::class::InstanceClass;
use super::ladder::Direction;

/// The end of a hold, and what would follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtExpiry {
    /// When nothing holds the direction any more that the rules ask for.
    pub at: Timestamp,
    /// What follows, as far as it can be seen now.
    #[serde(flatten)]
    pub would: Would,
}

/// What the engine would do by what it sees now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "would")]
pub enum Would {
    /// No rule asks for a change.
    Nothing,
    /// It would change the class.
    Scale {
        /// Which way.
        direction: Direction,
        /// To which class.
        to: InstanceClass,
    },
    /// The rules ask for a change, and more than the hold is in the way, which time alone does not take away by then.
    Wait {
        /// Which way.
        direction: Direction,
        /// To which class, where there is one.
        to: Option<InstanceClass>,
        /// The gates that are closed besides, in words.
        closed: Vec<String>,
    },
    /// It does not see the database or its load.
    Unknown,
}

impl fmt::Display for Would {
    /// `go down to db.t4g.small by what it sees now`, to be put behind "would".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = |to: &Option<InstanceClass>| to.as_ref().map_or_else(String::new, |to| format!(" to {to}"));
        match self {
            Self::Nothing => f.write_str("change nothing by what it sees now"),
            Self::Scale { direction, to } => write!(f, "go {} to {to} by what it sees now", direction.word()),
            Self::Wait { direction, to, closed } => {
                let (way, to) = (direction.word(), target(to));
                write!(f, "want to go {way}{to} by what it sees now, and not be able to: {}", closed.join("; "))
            }
            Self::Unknown => f.write_str("do what it sees then: now it does not see the load"),
        }
    }
}
