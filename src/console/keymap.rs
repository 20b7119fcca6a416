//! Every key, as data: dispatch, the help page and the footer all come from this one table.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Where a key means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Context {
    /// In every mode.
    Everywhere,
    /// The plain screen.
    Normal,
    /// The help page.
    Help,
    /// While the journal filter is typed.
    Filter,
    /// A dialog that asks for a reason.
    Reason,
    /// A dialog that offers a list.
    Choose,
    /// A dialog that asks yes or no.
    Confirm,
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
    ToggleArming,
    StepUp,
    StepDown,
    ChooseClass,
    Hold,
    Release,
    Stop,
    ZoomIn,
    ZoomOut,
    Back,
    Forward,
    Freeze,
    NextPanel,
    NextDatabase,
    ScrollUp,
    ScrollDown,
    Filter,
    Help,
    Quit,
    Suspend,
    Redraw,
    Accept,
    Cancel,
    Erase,
    EraseAll,
    Previous,
    Next,
    Shorter,
    Longer,
}

/// A key with or without Ctrl. Shift is in the character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chord {
    /// The key.
    pub code: KeyCode,
    /// With Ctrl.
    pub ctrl: bool,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Binding {
    /// Where it holds.
    pub context: Context,
    /// The key.
    pub chord: Chord,
    /// What it does.
    pub action: Action,
    /// A line for the help page.
    pub help: &'static str,
    /// A word for the footer; absent where the footer is silent about it.
    pub footer: Option<&'static str>,
}

/// The table, in the order of the help page.
pub(crate) const BINDINGS: &[Binding] = &[
    row(
        Context::Normal,
        key('a'),
        Action::ToggleArming,
        "arm the engine (asks why), or disarm it at once",
        Some("arm"),
    ),
    row(Context::Normal, key('u'), Action::StepUp, "scale one step up by hand", Some("up")),
    row(Context::Normal, key('d'), Action::StepDown, "scale one step down by hand", Some("down")),
    row(Context::Normal, key('o'), Action::ChooseClass, "choose a class to scale to", Some("class")),
    row(Context::Normal, key('H'), Action::Hold, "hold: the engine starts nothing for a while", Some("hold")),
    row(Context::Normal, key('R'), Action::Release, "release every hold on the database", Some("release")),
    row(Context::Normal, key('x'), Action::Stop, "stop the action before its next step", Some("stop")),
    row(Context::Normal, key('+'), Action::ZoomIn, "show a shorter time range", None),
    row(Context::Normal, key('-'), Action::ZoomOut, "show a longer time range", None),
    row(Context::Normal, plain(KeyCode::Left), Action::Back, "go back in time", None),
    row(Context::Normal, plain(KeyCode::Right), Action::Forward, "go forward in time", None),
    row(Context::Normal, key('f'), Action::Freeze, "freeze charts and journal, or let them go on", Some("freeze")),
    row(Context::Normal, plain(KeyCode::Tab), Action::NextPanel, "overview, charts, engine, journal", Some("panel")),
    row(Context::Normal, key(']'), Action::NextDatabase, "next database", None),
    row(Context::Normal, plain(KeyCode::Up), Action::ScrollUp, "older journal records", None),
    row(Context::Normal, plain(KeyCode::Down), Action::ScrollDown, "newer journal records", None),
    row(Context::Normal, key('/'), Action::Filter, "filter the journal", Some("filter")),
    row(Context::Normal, key('?'), Action::Help, "this help", Some("help")),
    row(Context::Normal, key('q'), Action::Quit, "quit", Some("quit")),
    row(Context::Everywhere, ctrl('c'), Action::Quit, "quit from anywhere", None),
    row(Context::Everywhere, ctrl('z'), Action::Suspend, "suspend this program; `fg` brings it back", None),
    row(Context::Everywhere, ctrl('l'), Action::Redraw, "draw the screen anew", None),
    row(Context::Help, plain(KeyCode::Esc), Action::Cancel, "back to the screen", Some("back")),
    row(Context::Help, key('?'), Action::Cancel, "back to the screen", None),
    row(Context::Help, key('q'), Action::Cancel, "back to the screen", None),
    row(Context::Help, plain(KeyCode::Up), Action::ScrollUp, "up", None),
    row(Context::Help, plain(KeyCode::Down), Action::ScrollDown, "down", Some("more")),
    row(Context::Filter, plain(KeyCode::Enter), Action::Accept, "keep the filter", Some("keep")),
    row(Context::Filter, plain(KeyCode::Esc), Action::Cancel, "drop the filter", Some("drop")),
    row(Context::Filter, plain(KeyCode::Backspace), Action::Erase, "erase a character", None),
    row(Context::Filter, ctrl('u'), Action::EraseAll, "erase everything typed", None),
    row(Context::Reason, plain(KeyCode::Enter), Action::Accept, "confirm", Some("confirm")),
    row(Context::Reason, plain(KeyCode::Esc), Action::Cancel, "leave without doing anything", Some("cancel")),
    row(Context::Reason, plain(KeyCode::Backspace), Action::Erase, "erase a character", None),
    row(Context::Reason, ctrl('u'), Action::EraseAll, "erase everything typed", None),
    row(Context::Reason, plain(KeyCode::Left), Action::Shorter, "shorter hold", None),
    row(Context::Reason, plain(KeyCode::Right), Action::Longer, "longer hold", None),
    row(Context::Reason, plain(KeyCode::Up), Action::Previous, "other direction of the hold", None),
    row(Context::Reason, plain(KeyCode::Down), Action::Next, "other direction of the hold", None),
    row(Context::Choose, plain(KeyCode::Up), Action::Previous, "previous class", Some("previous")),
    row(Context::Choose, plain(KeyCode::Down), Action::Next, "next class", Some("next")),
    row(Context::Choose, plain(KeyCode::Enter), Action::Accept, "take this class", Some("take")),
    row(Context::Choose, plain(KeyCode::Esc), Action::Cancel, "leave without doing anything", Some("cancel")),
    row(Context::Confirm, plain(KeyCode::Enter), Action::Accept, "confirm", Some("confirm")),
    row(Context::Confirm, plain(KeyCode::Esc), Action::Cancel, "leave without doing anything", Some("cancel")),
];

/// What `event` does in `context`; a context's own rows win over those of every context.
pub(crate) fn action_of(context: Context, event: KeyEvent) -> Option<Action> {
    let chord = Chord::of(event)?;
    let find = |wanted: Context| BINDINGS.iter().find(|row| row.context == wanted && row.chord == chord);
    find(context).or_else(|| find(Context::Everywhere)).map(|row| row.action)
}

/// The character that `event` types, where it types one.
pub(crate) fn typed(event: KeyEvent) -> Option<char> {
    match event.code {
        KeyCode::Char(c) if !event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => Some(c),
        _ => None,
    }
}

/// The rows of a context.
pub(crate) fn rows(context: Context) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |row| row.context == context)
}

impl Chord {
    /// `None` with Alt or another modifier that no row uses.
    fn of(event: KeyEvent) -> Option<Self> {
        let rest = event.modifiers - KeyModifiers::SHIFT - KeyModifiers::CONTROL;
        rest.is_empty().then_some(Self { code: event.code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL) })
    }

    /// As the help and the footer print it.
    pub(crate) fn label(self, ascii: bool) -> String {
        let name = match self.code {
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Left => if ascii { "Left" } else { "←" }.to_owned(),
            KeyCode::Right => if ascii { "Right" } else { "→" }.to_owned(),
            KeyCode::Up => if ascii { "Up" } else { "↑" }.to_owned(),
            KeyCode::Down => if ascii { "Down" } else { "↓" }.to_owned(),
            other => format!("{other:?}"),
        };
        if self.ctrl { format!("Ctrl-{}", name.to_uppercase()) } else { name }
    }
}

const fn row(
    context: Context,
    chord: Chord,
    action: Action,
    help: &'static str,
    footer: Option<&'static str>,
) -> Binding {
    Binding { context, chord, action, help, footer }
}

const fn key(c: char) -> Chord {
    plain(KeyCode::Char(c))
}

const fn ctrl(c: char) -> Chord {
    Chord { code: KeyCode::Char(c), ctrl: true }
}

const fn plain(code: KeyCode) -> Chord {
    Chord { code, ctrl: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_chord_stands_twice_in_a_context_and_each_is_explained() {
        for (i, row) in BINDINGS.iter().enumerate() {
            let rivals = &BINDINGS[..i];
            let clash = rivals.iter().find(|other| {
                other.chord == row.chord
                    && (other.context == row.context
                        || other.context == Context::Everywhere
                        || row.context == Context::Everywhere)
            });
            assert!(clash.is_none(), "{row:?} and {clash:?}");
            assert!(!row.help.is_empty() && row.help.is_ascii(), "{row:?}");
            assert!(row.chord.label(true).is_ascii(), "{row:?}");
        }
    }

    #[test]
    fn every_mode_can_be_left() {
        for context in [Context::Help, Context::Filter, Context::Reason, Context::Choose, Context::Confirm] {
            assert!(rows(context).any(|row| row.action == Action::Cancel && row.chord.code == KeyCode::Esc));
        }
    }

    #[test]
    fn shift_is_part_of_the_character() {
        let event = KeyEvent::new(KeyCode::Char('H'), KeyModifiers::SHIFT);
        assert_eq!(action_of(Context::Normal, event), Some(Action::Hold));
        let alt = KeyEvent::new(KeyCode::Char('a'), KeyModifiers::ALT);
        assert_eq!(action_of(Context::Normal, alt), None);
        assert_eq!(typed(alt), None);
    }
}
