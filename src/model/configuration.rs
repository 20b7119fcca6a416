//! The configuration that an engine runs by, as everybody sees it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Which configuration is in force, and what became of the last try to put another one in its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationView {
    /// SHA-256 over it, first 12 hex digits; empty before the start.
    pub digest: String,
    /// Since when, on the clock in use; absent before the start.
    pub since: Option<Timestamp>,
    /// The newest reload, where it was refused: what is in force is not what the file says.
    pub refused: Option<RefusedReload>,
}

/// A reload that changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedReload {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

impl ConfigurationView {
    /// The refusal in a sentence; `None` where the newest reload was taken.
    pub fn refusal(&self) -> Option<String> {
        let refused = self.refused.as_ref()?;
        let since = self.since.map_or_else(String::new, |since| format!(" of {since:.0}"));
        Some(format!("RELOAD refused at {:.0}, the configuration{since} stays in force: {}", refused.at, refused.why))
    }
}
