//! A policy document, and what it says to one check.

use super::condition::{Condition, Context};
use super::pattern::is_like;

/// Statements, of one policy document or of several that are attached together: AWS knows no difference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    pub(super) statements: Vec<Statement>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// Its name, where it has one.
    pub(super) sid: Option<String>,
    pub(super) effect: Effect,
    /// Any of them, in small letters: IAM does not tell letters of actions apart.
    pub(super) actions: Vec<String>,
    /// Any of them.
    pub(super) resources: Vec<String>,
    /// All of them.
    pub(super) conditions: Vec<Condition>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// One thing that AWS asks of the documents before it carries out a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Such as `rds:ModifyDBInstance`.
    pub action: String,
    /// An ARN, or `*` where the action knows no resources.
    pub resource: String,
    /// What conditions are compared with, by keys in small letters.
    pub context: Context,
}

/// What documents say to a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A statement allows it, and none denies it.
    Allowed,
    /// No statement speaks of it.
    ImplicitDeny,
    /// A statement denies it.
    ExplicitDeny,
}

impl Document {
    /// The statements of both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.statements.extend(other.statements);
        self
    }

    /// What the documents say: one denial outweighs every permission.
    pub fn verdict(&self, check: &Check) -> Verdict {
        let mut speaking = self.statements.iter().filter(|statement| statement.speaks_of(check)).peekable();
        if speaking.peek().is_none() {
            return Verdict::ImplicitDeny;
        }
        if speaking.any(|statement| statement.effect == Effect::Deny) {
            Verdict::ExplicitDeny
        } else {
            Verdict::Allowed
        }
    }

    /// The names of the statements that speak of a check.
    pub(super) fn sids(&self, check: &Check) -> Vec<String> {
        let speaking = self.statements.iter().filter(|statement| statement.speaks_of(check));
        speaking.map(|statement| statement.sid.clone().unwrap_or_default()).collect()
    }

    /// The keys that a condition wants and a check does not bring along.
    pub(super) fn missing_keys(&self, check: &Check) -> Vec<String> {
        let near = self.statements.iter().filter(|statement| statement.is_about(check));
        let keys = near.flat_map(|statement| &statement.conditions).map(|condition| &condition.key);
        let mut missing: Vec<String> = keys.filter(|key| !check.context.contains_key(*key)).cloned().collect();
        missing.sort();
        missing.dedup();
        missing
    }
}

impl Statement {
    fn speaks_of(&self, check: &Check) -> bool {
        self.is_about(check) && self.conditions.iter().all(|condition| condition.holds(&check.context))
    }

    fn is_about(&self, check: &Check) -> bool {
        let action = check.action.to_ascii_lowercase();
        self.actions.iter().any(|pattern| is_like(pattern, &action))
            && self.resources.iter().any(|pattern| is_like(pattern, &check.resource))
    }
}
