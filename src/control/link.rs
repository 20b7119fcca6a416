//! How a client hangs together with its engine.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a client hangs together with its engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// The engine is in this process and ends with it.
    Embedded,
    /// The engine is in another process, and goes on without this one.
    Attached {
        /// Which.
        engine: EngineProcess,
    },
    /// It was, and does not answer. What is shown is as old as it says.
    Lost {
        /// Which it was.
        engine: EngineProcess,
        /// Since when, on the clock in use.
        since: Timestamp,
        /// What was seen.
        why: String,
    },
}

/// A process with an engine in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineProcess {
    /// Its number on this machine.
    pub pid: u32,
    /// When it started, on the machine's own clock.
    pub since: Timestamp,
    /// What it is: `auto` or `console`, with `sim` where it runs on the simulation.
    pub mode: String,
    /// Of the program.
    pub version: String,
    /// Whose journal it writes.
    pub state_dir: String,
}

impl Link {
    /// The process, where it is another one.
    pub fn engine(&self) -> Option<&EngineProcess> {
        match self {
            Self::Embedded => None,
            Self::Attached { engine } | Self::Lost { engine, .. } => Some(engine),
        }
    }
}

impl EngineProcess {
    /// Whether it is a daemon, and no console with its own engine.
    pub fn is_daemon(&self) -> bool {
        self.mode.split(' ').next() == Some("auto")
    }

    /// `daemon` or `console`, with its number.
    pub fn words(&self) -> String {
        format!("{} pid {}", if self.is_daemon() { "daemon" } else { "console" }, self.pid)
    }
}
