//! Alarms of CloudWatch: those that follow from the policy, and the difference to those that are there.
//!
//! Each up rule has one, named `<prefix><database>-<rule>`, and so have the connections. Down rules have none: that a
//! database is calm is nobody's alarm.

mod difference;
mod follow;
#[cfg(test)]
mod tests;
mod wanted;

pub use difference::{Change, Item, Plan, difference, is_as_wanted, words};
pub use follow::follows;
pub use wanted::{Derived, Without, of_database, of_rules};
