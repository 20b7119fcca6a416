//! What became of a plan: what was done, what was not, and why.

use serde::Serialize;

use super::Told;
use crate::commands::colours::{GREEN, RED};
use crate::commands::{CommandError, stdout};
use crate::setup::change::Item;

/// What became of a plan.
#[derive(Debug, Default, Serialize)]
pub(in crate::commands) struct Outcome {
    /// In the order in which it was done.
    pub(in crate::commands) done: Vec<Step>,
    /// The first of them is the one that failed.
    pub(in crate::commands) not_done: Vec<Step>,
    /// Why it was not all done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::commands) why: Option<String>,
}

/// One thing, and what was or was not done to it.
#[derive(Debug, Serialize)]
pub(in crate::commands) struct Step {
    pub(in crate::commands) name: String,
    pub(in crate::commands) change: &'static str,
}

impl Step {
    /// What is to be done about an item.
    pub(in crate::commands) fn of<W>(item: &Item<W>) -> Self {
        Self { name: item.name.clone(), change: item.verb() }
    }
}

impl Outcome {
    /// Tells it; an error unless all of it was done.
    ///
    /// # Errors
    /// With why.
    pub(in crate::commands) fn judge(&self, told: Told) -> Result<(), CommandError> {
        match told {
            // Plain data with string keys: it always serialises.
            Told::Json => stdout::line(&serde_json::to_string(self).unwrap_or_default())?,
            Told::Words(colours) => {
                for Step { name, change } in &self.done {
                    stdout::line(&colours.paint(GREEN, &format!("done      {change} {name}")))?;
                }
                for Step { name, change } in &self.not_done {
                    stdout::line(&colours.paint(RED, &format!("NOT done  {change} {name}")))?;
                }
            }
        }
        let Some(why) = &self.why else { return Ok(()) };
        let (done, left) = (self.done.len(), self.not_done.len());
        Err(CommandError::Failed(format!("{why}\n{done} done, {left} not done")))
    }
}
