//! The outcome of one evaluation: what the rules said, what the gates said, and what follows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::choice::Choice;
use super::class::InstanceClass;
use super::database::{DatabaseName, ResourceId};
use super::gate::GateResult;
use super::ladder::Direction;
use super::policy::Rule;
use super::series::SignalName;

/// What one rule saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleResult {
    /// Its direction.
    pub direction: Direction,
    /// The rule.
    pub rule: Rule,
    /// How many of the N periods stand beyond the threshold.
    pub beyond: u32,
    /// How many of the N periods have no datapoint.
    pub missing: u32,
    /// M or more stand beyond it.
    pub holds: bool,
    /// Length of one period in seconds; a minute where a record does not say.
    #[serde(default = "RuleResult::a_minute", skip_serializing_if = "RuleResult::is_a_minute")]
    pub period_secs: u32,
}

impl RuleResult {
    const fn a_minute() -> u32 {
        60
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
    fn is_a_minute(secs: &u32) -> bool {
        *secs == Self::a_minute()
    }
}

/// A datapoint that the evaluation used, with its age at that moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UsedDatapoint {
    /// Of which signal.
    pub signal: SignalName,
    /// Start of its period.
    pub start: Timestamp,
    /// Its value.
    pub value: f64,
    /// Seconds from the period's end to the evaluation.
    pub age_secs: i64,
}

/// What follows from an evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// No rule asks for a change.
    Hold,
    /// The rules ask for a change, and every gate is open: an action starts.
    Scale {
        /// Which way.
        direction: Direction,
        /// To which class.
        to: InstanceClass,
    },
    /// The rules ask for a change, and at least one gate is closed: nothing is done.
    WouldScale {
        /// Which way.
        direction: Direction,
        /// To which class, where there is one.
        to: Option<InstanceClass>,
    },
}

/// One evaluation of one database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The database.
    pub database: DatabaseName,
    /// The machine it was then, where known.
    pub resource_id: Option<ResourceId>,
    /// Its class then, where known.
    pub class: Option<InstanceClass>,
    /// What follows.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Every rule of the policy.
    pub rules: Vec<RuleResult>,
    /// Every gate of the wanted direction; of the direction up when none is wanted.
    pub gates: Vec<GateResult>,
    /// The strategies side by side, where a change is wanted and there is a target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// The datapoints used: the newest of each signal of the rules, as many as the longest rule of the wanted direction looks at.
    pub datapoints: Vec<UsedDatapoint>,
    /// SHA-256 over the policy, the first 12 hex digits.
    pub policy_digest: String,
}

impl Verdict {
    /// The direction that the rules ask for.
    pub fn wanted(&self) -> Option<Direction> {
        match self {
            Self::Hold => None,
            Self::Scale { direction, .. } | Self::WouldScale { direction, .. } => Some(*direction),
        }
    }

    /// `hold`, `scale up to db.m5.large`, `would scale up to db.m5.large`.
    pub fn words(&self) -> String {
        match self {
            Self::Hold => "hold".to_owned(),
            Self::Scale { direction, to } => format!("scale {} to {to}", direction.word()),
            Self::WouldScale { direction, to: Some(to) } => format!("would scale {} to {to}", direction.word()),
            Self::WouldScale { direction, to: None } => format!("would scale {}, no rung there", direction.word()),
        }
    }
}

impl Decision {
    /// The verdict in words. Where there is no target it says why: not seen is not the same as nowhere to go.
    pub fn words(&self) -> String {
        match &self.verdict {
            Verdict::WouldScale { direction, to: None } if self.class.is_none() => {
                format!("would scale {}, but the database has not been seen", direction.word())
            }
            verdict => verdict.words(),
        }
    }

    /// The direction that the rules alone ask for, wherever the class stands.
    pub fn direction_by_rules(&self) -> Option<Direction> {
        let of = |direction| self.rules.iter().filter(move |result| result.direction == direction);
        if of(Direction::Up).any(|result| result.holds) {
            return Some(Direction::Up);
        }
        let all_down = of(Direction::Down).next().is_some() && of(Direction::Down).all(|result| result.holds);
        all_down.then_some(Direction::Down)
    }

    /// The gates that are closed.
    pub fn closed_gates(&self) -> impl Iterator<Item = &GateResult> {
        self.gates.iter().filter(|result| !result.open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rung_and_not_seen_are_told_apart() {
        let mut decision = Decision {
            database: DatabaseName::new("checkpoints"),
            resource_id: None,
            class: None,
            verdict: Verdict::WouldScale { direction: Direction::Up, to: None },
            rules: vec![],
            gates: vec![],
            choices: vec![],
            datapoints: vec![],
            policy_digest: String::new(),
        };
        assert_eq!(decision.words(), "would scale up, but the database has not been seen");
        decision.class = Some(InstanceClass::observed("db.m5.large"));
        assert_eq!(decision.words(), "would scale up, no rung there");
    }
}
