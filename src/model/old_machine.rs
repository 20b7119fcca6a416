//! Machines that actions have left, and that are still there.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::action::ActionId;
use super::call::Keeps;
use super::class::InstanceClass;
use super::database::{DatabaseName, ResourceId};
use super::price::Price;

/// A machine that had a database's name, or took its writes, until an action of ours gave them to another; or a reader that an
/// action has made and left. It is billed, and serves nobody or whoever reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OldMachine {
    /// What it is called since.
    pub name: DatabaseName,
    /// The machine.
    pub resource_id: ResourceId,
    /// Its class.
    pub class: InstanceClass,
    /// Where it comes from.
    pub origin: Origin,
    /// Since when it is left.
    pub since: Timestamp,
    /// The action that has left it, or made it.
    pub action: ActionId,
    /// What it costs; absent where nobody says it.
    pub price: Option<Price>,
    /// What is kept of it when it goes.
    pub keeps: Kept,
    /// What becomes of it.
    pub fate: Fate,
}

/// Where a machine comes from that is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It was there before; an action gave its name, or its writes, to another.
    Found,
    /// An action had made it, and it has served; another one does since.
    Made,
    /// An action had made it, and it never served.
    Unused,
}

/// What is kept of a machine that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// A final snapshot.
    Snapshot,
    /// Nothing: the configuration says so.
    Nothing,
    /// All of its data: they are its cluster's.
    ClusterVolume,
}

/// What becomes of a machine that is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "fate")]
pub enum Fate {
    /// A person must say that it goes.
    ByPerson {
        /// It shall be kept until then.
        kept_until: Timestamp,
        /// Why not the engine, where it might have been the engine.
        why: Option<String>,
    },
    /// The engine removes it, armed and in a quiet moment, from then on.
    ByEngine {
        /// From when on.
        at: Timestamp,
    },
    /// Nobody can remove it as it is.
    Waits {
        /// Why.
        why: String,
    },
    /// It is being removed.
    Going,
}

impl Kept {
    /// The same of one deletion, whose final snapshot has that name.
    pub fn named(self, snapshot: impl FnOnce() -> String) -> Keeps {
        match self {
            Self::Snapshot => Keeps::FinalSnapshot { name: snapshot() },
            Self::Nothing => Keeps::Nothing,
            Self::ClusterVolume => Keeps::ClusterVolume,
        }
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Snapshot => "with a final snapshot",
            Self::Nothing => "WITHOUT a final snapshot",
            Self::ClusterVolume => "its data stay in the cluster",
        })
    }
}

impl OldMachine {
    /// What it is, what becomes of it, and what can be done about it.
    pub fn words(&self) -> String {
        let Self { name, class, since, action, price, .. } = self;
        let price = price.map_or_else(|| "at an unknown price".to_owned(), |it| format!("${:.3}/h", it.usd_per_hour));
        let snapshot = self.keeps;
        let fate = match &self.fate {
            Fate::ByPerson { kept_until, why } => {
                let why = why.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
                format!("to be kept until {kept_until:.0}; then D deletes it, {snapshot}{why}")
            }
            Fate::ByEngine { at } => format!("the engine deletes it from {at:.0} on, armed and at rest, {snapshot}"),
            Fate::Waits { why } => format!("it cannot be deleted: {why}"),
            Fate::Going => format!("it is being deleted, {snapshot}"),
        };
        let action = &action.0;
        let origin = match self.origin {
            Origin::Found if self.keeps == Kept::ClusterVolume => format!("{action} replaced it at {since:.0}"),
            Origin::Found => format!("{action} replaced it at {since:.0}, and only its backups reach further back"),
            Origin::Made => format!("it has served, and another one does since {since:.0} ({action})"),
            Origin::Unused => format!("{action} made it for nothing, and left it at {since:.0}"),
        };
        format!("{name} ({class}) is still there, {price}: {origin}; {fate}")
    }
}
