//! What the console itself remembers: where the operator looks and what is being typed. Nothing of the engine's.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use crate::model::class::InstanceClass;
use crate::model::command::{Answer, Command};
use crate::model::database::DatabaseName;
use crate::model::ladder::Direction;
use crate::model::snapshot::{DatabaseView, Snapshot};

use super::keymap::Context;

/// Time ranges of the charts in minutes.
pub(crate) const RANGES_MIN: [i64; 8] = [15, 30, 60, 120, 240, 480, 720, 1440];
/// How far back the charts scroll, in minutes: as long as the longest range.
pub(crate) const MAX_SCROLL_MIN: i64 = 1440;
/// Longest text that can be typed, in characters: it becomes one journal record.
pub(crate) const MAX_TYPED: usize = 200;
/// Offered lengths of a hold.
pub(crate) const HOLDS: [(Duration, &str); 3] =
    [(Duration::from_mins(30), "30 min"), (Duration::from_hours(1), "1 h"), (Duration::from_hours(4), "4 h")];
/// Offered directions of a hold.
pub(crate) const HOLD_DIRECTIONS: [(Option<Direction>, &str); 3] =
    [(None, "both directions"), (Some(Direction::Up), "up only"), (Some(Direction::Down), "down only")];

/// The whole state of the console.
#[derive(Debug, Clone)]
pub(crate) struct UiState {
    /// What the keys act on.
    pub mode: Mode,
    /// What fills the middle of the screen.
    pub panel: Panel,
    /// Which database, as an index into the snapshot; may be stale, see [`UiState::database`].
    pub selected: usize,
    /// Index into [`RANGES_MIN`].
    pub range: usize,
    /// Minutes that the charts end before now.
    pub scroll_min: i64,
    /// What charts and journal keep showing.
    pub frozen: Option<Frozen>,
    /// Only journal lines with this text are shown; empty shows all.
    pub filter: String,
    /// Journal lines scrolled away at the bottom.
    pub journal_back: usize,
    /// The last word to the operator.
    pub notice: Option<Notice>,
    /// Orders sent and not answered yet.
    pub awaiting: usize,
    /// The time on the clock in use, as of the last message.
    pub now: Timestamp,
}

/// What was on the screen when it was frozen.
#[derive(Debug, Clone)]
pub(crate) struct Frozen {
    /// The picture.
    pub snapshot: Arc<Snapshot>,
    /// The time.
    pub at: Timestamp,
}

/// What the keys act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The plain screen.
    Normal,
    /// The help page, scrolled down by some lines.
    Help(u16),
    /// The journal filter is being typed.
    Filter,
    /// A question is open.
    Dialog(Dialog),
}

/// An open question. It names its database and target itself, so that a newer snapshot cannot change what is confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dialog {
    /// Arm the engine?
    Arm {
        /// Typed so far.
        reason: String,
    },
    /// Which class?
    Choose {
        /// Of which database.
        database: DatabaseName,
        /// Index into its plans.
        selected: usize,
    },
    /// Scale?
    Scale {
        /// Which database.
        database: DatabaseName,
        /// Where to.
        to: InstanceClass,
        /// Typed so far.
        reason: String,
    },
    /// Hold?
    Hold {
        /// Which database.
        database: DatabaseName,
        /// Index into [`HOLDS`].
        length: usize,
        /// Index into [`HOLD_DIRECTIONS`].
        direction: usize,
        /// Typed so far.
        reason: String,
    },
    /// Release every hold?
    Release {
        /// Which database.
        database: DatabaseName,
    },
}

/// What fills the middle of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Panel {
    /// Charts, RDS state, engine, journal.
    Overview,
    /// Charts alone.
    Charts,
    /// The engine's reasoning in full.
    Engine,
    /// The journal alone.
    Journal,
}

/// A sentence to the operator, and whether it is a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// The sentence.
    pub text: String,
    /// Something was not done.
    pub refused: bool,
}

/// What happens to the console.
#[derive(Debug, Clone)]
pub(crate) enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// The clock in use shows this.
    Tick(Timestamp),
    /// An order was answered.
    Answered(Answer),
    /// The engine ended before it answered an order.
    Unanswered,
}

/// What the console asks of its surroundings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Give this order.
    Send(Command),
    /// Leave.
    Quit,
    /// Stop this process until the shell continues it.
    Suspend,
    /// Forget what the terminal shows and draw everything.
    Redraw,
}

impl UiState {
    /// The state at the start.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            mode: Mode::Normal,
            panel: Panel::Overview,
            selected: 0,
            range: 2,
            scroll_min: 0,
            frozen: None,
            filter: String::new(),
            journal_back: 0,
            notice: None,
            awaiting: 0,
            now,
        }
    }

    /// Tells the operator that something was done or is the case.
    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), refused: false });
    }

    /// Tells the operator that something was not done.
    pub(crate) fn refuse(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), refused: true });
    }

    /// The database that is looked at; `None` when the snapshot has none.
    pub(crate) fn database<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a DatabaseView> {
        snapshot.databases.get(self.selected).or_else(|| snapshot.databases.first())
    }

    /// The picture and the time that charts and journal show.
    pub(crate) fn shown<'a>(&'a self, live: &'a Snapshot) -> (&'a Snapshot, Timestamp) {
        self.frozen.as_ref().map_or((live, self.now), |frozen| (&frozen.snapshot, frozen.at))
    }
}

impl Mode {
    /// Which rows of the keymap hold.
    pub(crate) fn context(&self) -> Context {
        match self {
            Self::Normal => Context::Normal,
            Self::Help(_) => Context::Help,
            Self::Filter => Context::Filter,
            Self::Dialog(Dialog::Choose { .. }) => Context::Choose,
            Self::Dialog(Dialog::Release { .. }) => Context::Confirm,
            Self::Dialog(Dialog::Arm { .. } | Dialog::Scale { .. } | Dialog::Hold { .. }) => Context::Reason,
        }
    }
}

impl Dialog {
    /// The text being typed, where the dialog has one.
    pub(crate) fn reason_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Arm { reason } | Self::Scale { reason, .. } | Self::Hold { reason, .. } => Some(reason),
            Self::Choose { .. } | Self::Release { .. } => None,
        }
    }
}

impl Panel {
    /// The next one for the Tab key.
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Overview => Self::Charts,
            Self::Charts => Self::Engine,
            Self::Engine => Self::Journal,
            Self::Journal => Self::Overview,
        }
    }
}
