//! What is wrong with a file that a person wrote: configurations and scenarios say it alike.

mod nearest;
mod problem;
mod syntax;

pub(crate) use nearest::{nearest, suggestion};
pub use problem::{Certainty, Problem, Problems};
pub(crate) use syntax::problems as syntax_problems;

use super::text::clean;

/// How much of a foreign word is shown.
const SHOWN_CHARS: usize = 60;

/// A value as it can be shown in a problem.
pub(crate) fn shown(text: &str) -> String {
    clean(text, SHOWN_CHARS)
}
