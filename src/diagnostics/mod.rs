//! What is wrong with a file that a person wrote, told with file, line, column and caret: configurations and scenarios
//! say it alike.

mod diagnostic;
mod nearest;
mod syntax;

pub use diagnostic::{Certainty, Diagnostic, Diagnostics};
pub(crate) use nearest::{nearest, suggestion};
pub(crate) use syntax::problems as syntax_problems;

use crate::model::secret::struck;
use crate::model::text::clean;

/// How much of a foreign word is shown.
const SHOWN_CHARS: usize = 60;

/// A value as it can be shown in a diagnostic.
pub(crate) fn shown(text: &str) -> String {
    clean(&struck(text), SHOWN_CHARS)
}
