//! Machines that a copy has replaced, and that are still there.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::action::ActionId;
use super::class::InstanceClass;
use super::database::{DatabaseName, ResourceId};
use super::price::Price;

/// A machine that had a database's name until an action of ours gave it to a copy. It serves nobody and is billed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OldMachine {
    /// What it is called since.
    pub name: DatabaseName,
    /// The machine.
    pub resource_id: ResourceId,
    /// Its class.
    pub class: InstanceClass,
    /// When it was replaced, and by which action.
    pub since: Timestamp,
    /// The action.
    pub action: ActionId,
    /// What it costs; absent where nobody says it.
    pub price: Option<Price>,
}

impl OldMachine {
    /// What it is, and what can be done about it.
    pub fn words(&self) -> String {
        let Self { name, class, since, action, price, .. } = self;
        let price = price.map_or_else(|| "at an unknown price".to_owned(), |it| format!("${:.3}/h", it.usd_per_hour));
        format!(
            "{name} ({class}) is still there, {price}: {} replaced it at {since:.0}. Delete it in RDS, with a final \
             snapshot, when nobody needs its backups any more",
            action.0
        )
    }
}
