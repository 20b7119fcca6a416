//! The keys as data: dispatch, the help screen and the footer all come from this table.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key does on the main screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    ArmOrDisarm,
    StepUp,
    StepDown,
    ChooseClass,
    Hold,
    Release,
    Stop,
    WiderRange,
    NarrowerRange,
    Earlier,
    Later,
    Freeze,
    NextPanel,
    WholePanel,
    NextDatabase,
    ScrollUp,
    ScrollDown,
    Filter,
    Help,
    Suspend,
    Quit,
}

/// A key, what it does, and the words for it. A short word puts it into the footer.
pub(super) struct Binding {
    pub(super) chord: Chord,
    pub(super) action: Action,
    pub(super) help: &'static str,
    pub(super) short: Option<&'static str>,
}

/// A key with or without Control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chord {
    Plain(KeyCode),
    Control(char),
}

const fn key(c: char, action: Action, help: &'static str, short: Option<&'static str>) -> Binding {
    Binding { chord: Chord::Plain(KeyCode::Char(c)), action, help, short }
}

const fn special(code: KeyCode, action: Action, help: &'static str) -> Binding {
    Binding { chord: Chord::Plain(code), action, help, short: None }
}

/// Every key of the main screen.
pub(super) const BINDINGS: [Binding; 23] = [
    key('a', Action::ArmOrDisarm, "arm the engine (asks), or disarm it (at once)", Some("arm")),
    key('u', Action::StepUp, "one class up", Some("up")),
    key('d', Action::StepDown, "one class down", Some("down")),
    key('o', Action::ChooseClass, "choose a class", Some("class")),
    key('H', Action::Hold, "hold: the engine starts nothing for a while", Some("hold")),
    key('R', Action::Release, "release every hold", None),
    key('x', Action::Stop, "stop the action before its next step", Some("stop")),
    key('+', Action::NarrowerRange, "shorter time range", None),
    key('=', Action::NarrowerRange, "shorter time range", None),
    key('-', Action::WiderRange, "longer time range", None),
    special(KeyCode::Left, Action::Earlier, "look further back"),
    special(KeyCode::Right, Action::Later, "look further on"),
    special(KeyCode::Up, Action::ScrollUp, "marked panel: up; on the chart: shorter time range"),
    special(KeyCode::Down, Action::ScrollDown, "marked panel: down; on the chart: longer time range"),
    key('f', Action::Freeze, "freeze the picture, or let it go on", None),
    special(KeyCode::Tab, Action::NextPanel, "mark the next panel, for the arrows up and down and for z"),
    key('z', Action::WholePanel, "the marked panel on the whole screen, nothing cut; or back", Some("zoom")),
    key('n', Action::NextDatabase, "next database", None),
    key('/', Action::Filter, "filter the journal", Some("filter")),
    key('?', Action::Help, "this help", Some("help")),
    Binding {
        chord: Chord::Control('z'),
        action: Action::Suspend,
        help: "suspend upshift: its engine stands still until `fg`",
        short: None,
    },
    key('q', Action::Quit, "quit", Some("quit")),
    Binding { chord: Chord::Control('c'), action: Action::Quit, help: "quit", short: None },
];

/// What a key does.
pub(super) fn action(event: &KeyEvent) -> Option<Action> {
    // Shift is in the letter already; a key with Alt or the like is another key, and none of ours.
    let chord = match (event.code, event.modifiers - KeyModifiers::SHIFT) {
        (KeyCode::Char(c), KeyModifiers::CONTROL) => Chord::Control(c),
        (code, KeyModifiers::NONE) => Chord::Plain(code),
        _ => return None,
    };
    BINDINGS.iter().find(|binding| binding.chord == chord).map(|binding| binding.action)
}

impl Chord {
    /// The key's name.
    pub(super) fn name(self) -> String {
        match self {
            Self::Plain(KeyCode::Char(c)) => c.to_string(),
            Self::Plain(KeyCode::Left) => "←".to_owned(),
            Self::Plain(KeyCode::Right) => "→".to_owned(),
            Self::Plain(KeyCode::Up) => "↑".to_owned(),
            Self::Plain(KeyCode::Down) => "↓".to_owned(),
            Self::Plain(code) => code.to_string(),
            Self::Control(c) => format!("Ctrl-{}", c.to_ascii_uppercase()),
        }
    }
}
