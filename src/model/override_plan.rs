//! What an override would do, said before it is confirmed.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::choice::Choice;
use super::class::InstanceClass;
use super::gate::Gate;
use super::policy::Strategy;
use super::price::Price;

/// How long something takes, by what is published or was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedTime {
    /// At best, in seconds.
    pub least_secs: u32,
    /// At worst of what was seen, in seconds.
    pub most_secs: u32,
}

/// One possible target and what going there means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverridePlan {
    /// Where to.
    pub to: InstanceClass,
    /// How.
    pub strategy: Strategy,
    /// How long clients are without the database.
    pub outage: ExpectedTime,
    /// The strategies side by side.
    pub choices: Vec<Choice>,
    /// Of the class now; absent where nobody says it.
    pub price_before: Option<Price>,
    /// Of the target.
    pub price_after: Option<Price>,
    /// Closed gates that a person passes over.
    pub passes_over: Vec<Gate>,
    /// Closed gates that refuse it all the same: name and what was seen.
    pub blocked_by: Vec<String>,
}

impl OverridePlan {
    /// What a person passes over, in words that say what is in the way: `disarmed`, `cooldown not over`.
    pub fn passes_over_words(&self) -> Vec<&str> {
        self.passes_over.iter().map(Gate::closed_words).collect()
    }
}

impl fmt::Display for ExpectedTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What takes a quarter of an hour is not known to the second.
        if self.most_secs > 600 {
            return write!(f, "{} to {} min", self.least_secs / 60, self.most_secs.div_ceil(60));
        }
        if self.least_secs.is_multiple_of(60) && self.most_secs.is_multiple_of(60) {
            write!(f, "{} to {} min", self.least_secs / 60, self.most_secs / 60)
        } else {
            write!(f, "{} to {} s", self.least_secs, self.most_secs)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_passed_over_reads_as_what_is_in_the_way() {
        let plan = OverridePlan {
            to: InstanceClass::observed("db.m5.large"),
            strategy: Strategy::InPlace,
            outage: ExpectedTime { least_secs: 240, most_secs: 900 },
            choices: vec![],
            price_before: None,
            price_after: None,
            passes_over: vec![Gate::Armed, Gate::CooldownOver, Gate::NotHeld { reason: None }],
            blocked_by: vec![],
        };
        assert_eq!(plan.passes_over_words(), ["disarmed", "cooldown not over", "held"]);
    }
}
