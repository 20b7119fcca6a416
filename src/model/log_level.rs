//! How much is told in the log.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How much is told in the log: each level has all of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// What wants a person.
    Error,
    /// What was done, is in doubt, or does not work.
    Warn,
    /// What the engine does all day: what a start begins with.
    Info,
    /// What is of use to whoever looks for a defect.
    Debug,
    /// All of it.
    Trace,
}

impl LogLevel {
    /// Every level, the quietest first.
    pub const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for LogLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = || Self::ALL.map(Self::word).join(", ");
        Self::ALL.into_iter().find(|level| level.word() == text).ok_or_else(|| format!("must be one of {}", known()))
    }
}
