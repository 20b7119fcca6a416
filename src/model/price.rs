//! What a database costs, and who says so.

use serde::{Deserialize, Serialize};

/// What a database costs on a class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// US dollars per hour, the standby included.
    pub usd_per_hour: f64,
    /// Who says so.
    pub source: PriceSource,
}

/// Where a price comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceSource {
    /// The table that comes with the program: of one region and month.
    Bundled,
    /// `[database.prices]`.
    Configuration,
}
