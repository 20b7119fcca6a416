//! Strategies side by side: which one a change would take, and what speaks for and against each.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::override_plan::ExpectedTime;
use super::policy::Strategy;

/// One strategy for one change, as it looks at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The strategy.
    pub strategy: Strategy,
    /// It is for a database of this kind: an instance, or the right cluster.
    pub fits: bool,
    /// The change would take this one.
    pub is_chosen: bool,
    /// Why it is not taken, or cannot be at the moment; empty where nothing speaks against it.
    pub why_not: Vec<String>,
    /// From the first call until the database is on the target.
    pub ready: ExpectedTime,
    /// How long clients are without the database.
    pub outage: ExpectedTime,
    /// Where the two times come from.
    pub basis: Basis,
    /// US dollars for what exists twice until the database is on the target; absent where the price is not known.
    pub extra_usd: Option<f64>,
}

/// Where expected times come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// AWS's documentation, recorded runs and third parties; each room of `playbook` names its own.
    Published,
    /// This database's own verified actions, so many of them.
    OwnActions(u32),
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Published => f.write_str("published"),
            Self::OwnActions(1) => f.write_str("as last time"),
            Self::OwnActions(count) => write!(f, "as the last {count} times"),
        }
    }
}

impl Choice {
    /// Where the two times come from, and of published ones who says so.
    pub fn basis_words(&self) -> String {
        let source = match (self.basis, self.strategy) {
            (Basis::OwnActions(_), _) => return self.basis.to_string(),
            (Basis::Published, Strategy::InPlace) => "a recorded run, reports; failover: AWS",
            (Basis::Published, Strategy::BlueGreen) => "outage: AWS; copy: third parties",
            (Basis::Published, Strategy::ReaderFailover) => "outage: AWS; reader: our estimate",
            (Basis::Published, Strategy::ClusterModify) => "outage: AWS; ready: as three instances",
        };
        format!("{}: {source}", self.basis)
    }
}

impl fmt::Display for Choice {
    /// `blue_green: ready in 12 to 22 min, outage 5 to 60 s (published: outage: AWS; …), $0.07 besides`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { strategy, fits, why_not, ready, outage, extra_usd, .. } = self;
        if !fits {
            return write!(f, "{}: {}", strategy.as_str(), why_not.join(", "));
        }
        let basis = self.basis_words();
        write!(f, "{}: ready in {ready}, outage {outage} ({basis})", strategy.as_str())?;
        match extra_usd {
            Some(0.0) => {}
            Some(usd) => write!(f, ", ${usd:.2} besides")?,
            None => f.write_str(", at an unknown price besides")?,
        }
        if why_not.is_empty() { Ok(()) } else { write!(f, "; not: {}", why_not.join(", ")) }
    }
}
