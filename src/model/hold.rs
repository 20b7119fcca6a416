//! Holds: the engine starts nothing on a database, in one direction or both, and why.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::action::ActionId;
use super::ladder::Direction;
use super::operator::Operator;

/// A hold; whoever keeps it may keep it beyond its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Absent means both.
    pub direction: Option<Direction>,
    /// Absent means until a person releases it.
    pub until: Option<Timestamp>,
    /// Why, and what a person can do about it.
    #[serde(flatten)]
    pub cause: HoldCause,
}

/// Why a database is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "cause")]
pub enum HoldCause {
    /// A person wanted it.
    Person {
        /// Who.
        by: Operator,
        /// In that person's words.
        reason: String,
    },
    /// A person's own change was carried out: the engine does not undo it.
    AfterManual {
        /// The action.
        action: ActionId,
        /// Whose it was.
        by: Operator,
    },
    /// The class or the machine changed, and not by us.
    ForeignChange {
        /// What was seen.
        what: String,
    },
    /// An action's outcome is unclear or needs a hand.
    Unclear {
        /// The action.
        action: ActionId,
        /// Why it cannot go on.
        why: String,
        /// What was seen last.
        seen: String,
        /// What a person can do.
        remedy: String,
    },
}

impl Hold {
    /// `up and down until 2026-01-05T09:41:00Z`, `up until a person releases it`.
    pub fn scope(&self) -> String {
        let which = self.direction.map_or("up and down", Direction::word);
        let until = self.until.map_or("a person releases it".to_owned(), |until| format!("{until:.0}"));
        format!("{which} until {until}")
    }

    /// A person wanted it, or a person's change led to it: a newer one of that kind takes its place.
    pub fn is_of_person(&self) -> bool {
        matches!(self.cause, HoldCause::Person { .. } | HoldCause::AfterManual { .. })
    }

    /// What is left of it beside a newer one in that direction: all of it, the other direction alone, or nothing.
    pub fn beside(&self, newer: Option<Direction>) -> Option<Self> {
        match (self.direction, newer) {
            (_, None) => None,
            (None, Some(taken)) => Some(Self { direction: Some(taken.opposite()), ..self.clone() }),
            (Some(held), Some(taken)) => (held != taken).then(|| self.clone()),
        }
    }

    /// Whether it stands in the way of going there.
    pub fn stops(&self, direction: Direction) -> bool {
        self.direction.is_none_or(|held| held == direction)
    }

    /// Whether it waits for a person, and does not end by itself.
    pub fn waits_for_person(&self) -> bool {
        self.until.is_none()
    }
}

impl HoldCause {
    /// What a person can do about it.
    pub fn remedy(&self) -> &str {
        match self {
            Self::Unclear { remedy, .. } => remedy,
            Self::ForeignChange { .. } => "find out who changed it; release the hold when it is meant to stay so",
            Self::Person { .. } | Self::AfterManual { .. } => "release the hold to let the engine act sooner",
        }
    }
}

impl fmt::Display for HoldCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person { by, reason } => write!(f, "{reason} ({by})"),
            Self::AfterManual { action, by } => write!(f, "after {}, a change by {by}", action.0),
            Self::ForeignChange { what } => write!(f, "changed by other hands: {what}"),
            Self::Unclear { action, why, seen, .. } => write!(f, "{}: {why}; seen last: {seen}", action.0),
        }
    }
}
