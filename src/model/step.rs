//! The steps of an action as a person watches them: what is done, what is under way, what cannot be taken back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::override_plan::ExpectedTime;

/// One step of an action under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionStep {
    /// What is done in it.
    pub words: String,
    /// How far it is.
    pub progress: Progress,
    /// How long it takes by what is published or was recorded.
    pub expected: ExpectedTime,
    /// Once it has begun there is no way back.
    pub is_irreversible: bool,
}

impl ActionStep {
    /// A step, in a person's words.
    pub fn new(words: impl Into<String>, progress: Progress, expected: ExpectedTime, is_irreversible: bool) -> Self {
        Self { words: words.into(), progress, expected, is_irreversible }
    }
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "progress")]
pub enum Progress {
    /// Over.
    Done {
        /// When it began.
        began: Timestamp,
        /// When it was over.
        ended: Timestamp,
    },
    /// Under way.
    Now {
        /// When it began.
        began: Timestamp,
    },
    /// Not begun.
    Ahead,
}

impl Progress {
    /// Of a step that lies between two moments, as far as they are known.
    pub fn between(began: Option<Timestamp>, ended: Option<Timestamp>) -> Self {
        match (began, ended) {
            (Some(began), Some(ended)) => Self::Done { began, ended },
            (Some(began), None) => Self::Now { began },
            (None, _) => Self::Ahead,
        }
    }
}
