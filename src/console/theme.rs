//! Colours by role. Sixteen colours, because those follow the operator's own palette; without colour, modifiers alone.
//! No role is told by its colour only: a word or a sign always says the same.

use ratatui::style::{Color, Modifier, Style};

use super::glyphs::{ASCII, Glyphs, UNICODE};
use super::options::ConsoleOptions;

/// What a piece of the screen means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Ordinary text.
    Text,
    /// Less important text, frames.
    Muted,
    /// Titles of panels.
    Title,
    /// What the eye shall find first in a panel.
    Strong,
    /// In order.
    Ok,
    /// Wants attention.
    Warn,
    /// Is wrong.
    Danger,
    /// The armed word.
    Armed,
    /// The disarmed word.
    Disarmed,
    /// A simulation, not the world.
    Simulation,
    /// The curve of a chart.
    Curve,
    /// The threshold of up rules.
    UpLine,
    /// The threshold of down rules.
    DownLine,
    /// The chosen one of several, the text cursor.
    Selected,
    /// A key that can be pressed.
    Key,
}

/// A colour scheme.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Theme {
    colors: bool,
}

/// Everything that decides how a frame looks besides what it says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Colours.
    pub theme: Theme,
    /// Characters.
    pub glyphs: Glyphs,
}

impl Look {
    /// The look that the options ask for.
    pub(crate) fn new(options: ConsoleOptions) -> Self {
        Self { theme: Theme { colors: !options.no_color }, glyphs: if options.ascii { ASCII } else { UNICODE } }
    }

    /// The style of a role.
    pub(crate) fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }
}

impl Theme {
    fn style(self, role: Role) -> Style {
        let (color, modifier) = match role {
            Role::Text => (None, Modifier::empty()),
            Role::Muted => (Some(Color::DarkGray), Modifier::empty()),
            Role::Title => (Some(Color::Cyan), Modifier::empty()),
            Role::Strong => (None, Modifier::BOLD),
            Role::Ok => (Some(Color::Green), Modifier::empty()),
            Role::Warn => (Some(Color::Yellow), Modifier::BOLD),
            Role::Danger => (Some(Color::Red), Modifier::BOLD),
            Role::Armed => (Some(Color::Green), Modifier::BOLD.union(Modifier::REVERSED)),
            Role::Disarmed => (Some(Color::Yellow), Modifier::BOLD.union(Modifier::REVERSED)),
            Role::Simulation => (Some(Color::Magenta), Modifier::BOLD),
            Role::Curve => (Some(Color::Cyan), Modifier::empty()),
            Role::UpLine => (Some(Color::Red), Modifier::empty()),
            Role::DownLine => (Some(Color::Green), Modifier::empty()),
            Role::Selected => (None, Modifier::REVERSED),
            Role::Key => (Some(Color::Cyan), Modifier::BOLD),
        };
        let style = Style::new().add_modifier(modifier);
        match color {
            Some(color) if self.colors => style.fg(color),
            _ => style,
        }
    }
}
