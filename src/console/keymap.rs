//! The keys as data: dispatch, the help screen and the footer all come from this table.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key does on the main screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyAction {
    ArmOrDisarm,
    StepUp,
    StepDown,
    ChooseClass,
    Hold,
    Release,
    Approve,
    RemoveOld,
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
    pub(super) action: KeyAction,
    pub(super) help: &'static str,
    pub(super) short: Option<&'static str>,
}

/// A key with or without Control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chord {
    Plain(KeyCode),
    Control(char),
}

const fn key(c: char, action: KeyAction, help: &'static str, short: Option<&'static str>) -> Binding {
    Binding { chord: Chord::Plain(KeyCode::Char(c)), action, help, short }
}

const fn special(code: KeyCode, action: KeyAction, help: &'static str) -> Binding {
    Binding { chord: Chord::Plain(code), action, help, short: None }
}

/// Every key of the main screen.
pub(super) const BINDINGS: [Binding; 25] = [
    key('a', KeyAction::ArmOrDisarm, "arm the engine (asks), or disarm it (at once)", Some("arm")),
    key('u', KeyAction::StepUp, "one class up", Some("up")),
    key('d', KeyAction::StepDown, "one class down", Some("down")),
    key('o', KeyAction::ChooseClass, "choose a class", Some("class")),
    key('H', KeyAction::Hold, "hold: the engine starts nothing for a while", Some("hold")),
    key('R', KeyAction::Release, "release every hold", None),
    key('c', KeyAction::Approve, "cut: let the copy that is ready take over", None),
    key('D', KeyAction::RemoveOld, "delete a machine that an action has left (asks)", None),
    key('x', KeyAction::Stop, "stop the action before its next step", Some("stop")),
    key('+', KeyAction::NarrowerRange, "shorter time range", None),
    key('=', KeyAction::NarrowerRange, "shorter time range", None),
    key('-', KeyAction::WiderRange, "longer time range", None),
    special(KeyCode::Left, KeyAction::Earlier, "look further back or on"),
    special(KeyCode::Right, KeyAction::Later, "look further back or on"),
    special(KeyCode::Up, KeyAction::ScrollUp, "marked panel: up or down; on the chart: time range"),
    special(KeyCode::Down, KeyAction::ScrollDown, "marked panel: up or down; on the chart: time range"),
    key('f', KeyAction::Freeze, "freeze the picture, or let it go on", None),
    special(KeyCode::Tab, KeyAction::NextPanel, "mark the next panel, for the arrows up and down and for z"),
    key('z', KeyAction::WholePanel, "the marked panel on the whole screen, nothing cut; or back", Some("zoom")),
    key('n', KeyAction::NextDatabase, "next database", None),
    key('/', KeyAction::Filter, "filter the journal", Some("filter")),
    key('?', KeyAction::Help, "this help", Some("help")),
    Binding {
        chord: Chord::Control('z'),
        action: KeyAction::Suspend,
        help: "suspend upshift: its engine stands still until `fg`",
        short: None,
    },
    key('q', KeyAction::Quit, "quit", Some("quit")),
    Binding { chord: Chord::Control('c'), action: KeyAction::Quit, help: "quit", short: None },
];

/// What a key does.
pub(super) fn action(event: &KeyEvent) -> Option<KeyAction> {
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
