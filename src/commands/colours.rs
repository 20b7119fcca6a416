//! Whether what is printed has colours.

use std::io::IsTerminal;

use super::environment::Environment;

/// Something new, or well.
pub(super) const GREEN: &str = "32";
/// Something that a person should look at.
pub(super) const YELLOW: &str = "33";
/// Something that goes, or fails.
pub(super) const RED: &str = "31";
/// Something that is not known.
pub(super) const CYAN: &str = "36";
/// Nothing to look at.
pub(super) const DIM: &str = "2";

/// Whether the terminal shows colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    On,
    Off,
}

impl Colours {
    /// Those of stdout: a terminal has some, unless nobody wants them.
    pub(super) fn of_stdout(environment: &Environment) -> Self {
        if std::io::stdout().is_terminal() && !environment.no_color { Self::On } else { Self::Off }
    }

    /// The text in a colour.
    pub(super) fn paint(self, colour: &str, text: &str) -> String {
        match self {
            Self::On => format!("\u{1b}[{colour}m{text}\u{1b}[0m"),
            Self::Off => text.to_owned(),
        }
    }
}
