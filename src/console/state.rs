//! What the console itself remembers: what is open, typed and looked at. Nothing of the engine.

use std::sync::Arc;
use std::time::Duration;

use super::question::Dialog;
use crate::control::Link;
use crate::model::command::Answer;
use crate::model::database::DatabaseName;
use crate::model::snapshot::{DatabaseView, Snapshot};

/// Time ranges of the charts in minutes.
pub(super) const RANGES_MINS: [i64; 6] = [15, 30, 60, 120, 180, 360];
/// Longest text that can be typed.
pub(super) const INPUT_LIMIT: usize = 120;

/// The state of the console.
#[derive(Debug, Clone)]
pub(super) struct UiState {
    pub(super) mode: Mode,
    /// How this console hangs together with its engine.
    pub(super) link: Link,
    pub(super) panel: Panel,
    pub(super) extent: Extent,
    /// The database that is shown; absent is the first one. By name: the order may change under it.
    pub(super) database: Option<DatabaseName>,
    /// Index into [`RANGES_MINS`].
    pub(super) range: usize,
    /// How far back the right edge of the charts is, in seconds.
    pub(super) back_secs: i64,
    /// The picture that is kept while frozen.
    pub(super) frozen: Option<Arc<Snapshot>>,
    pub(super) filter: String,
    /// Records scrolled back in the journal.
    pub(super) journal_back: usize,
    /// Lines scrolled down in the engine panel.
    pub(super) engine_down: usize,
    /// Lines scrolled down in the alerts.
    pub(super) alerts_down: usize,
    /// Answers to the last orders, newest last.
    pub(super) messages: Vec<Message>,
    /// Whether the window shows what orders rest on.
    pub(super) room: Room,
    /// How far there is to scroll, from the last frame.
    pub(super) reach: Reach,
}

/// An answer on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) answer: Answer,
    /// Machine time at which it came.
    pub(super) since: Duration,
}

/// Whether a window is large enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Enough,
    /// The regions would lie to the reader by what they leave out: only the state of the engine is shown.
    TooSmall,
}

/// What did not fit in the last frame: how far each part can be scrolled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) journal: usize,
    pub(super) engine: usize,
    pub(super) alerts: usize,
    pub(super) dialog: usize,
}

/// What the keys go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    Normal,
    Help,
    Filter,
    Dialog(Dialog),
}

/// How much of the screen the marked panel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Its share beside the others.
    Overview,
    /// All of it, with nothing cut.
    Whole,
}

/// Which panel is marked: the one that the arrows up and down act on, and that can have the whole screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Panel {
    Alerts,
    Writes,
    Small,
    Engine,
    Rds,
    Journal,
}

impl Default for UiState {
    fn default() -> Self {
        Self {
            mode: Mode::Normal,
            link: Link::Embedded,
            panel: Panel::Journal,
            extent: Extent::Overview,
            database: None,
            range: 2,
            back_secs: 0,
            frozen: None,
            filter: String::new(),
            journal_back: 0,
            engine_down: 0,
            alerts_down: 0,
            messages: Vec::new(),
            room: Room::Enough,
            reach: Reach::default(),
        }
    }
}

impl UiState {
    /// The time range of the charts in seconds.
    pub(super) fn range_secs(&self) -> i64 {
        RANGES_MINS[self.range.min(RANGES_MINS.len() - 1)] * 60
    }

    /// Where the shown database stands in a picture; the first when it is not in it.
    pub(super) fn shown_index(&self, snapshot: &Snapshot) -> usize {
        let position = |name| snapshot.databases.iter().position(|view| view.name() == name);
        self.database.as_ref().and_then(position).unwrap_or(0)
    }

    /// The database that is shown.
    pub(super) fn shown<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a DatabaseView> {
        snapshot.databases.get(self.shown_index(snapshot))
    }
}

/// The least columns and rows of a terminal that the console draws on.
pub const LEAST_SIZE: (u16, u16) = (80, 24);

impl Room {
    /// The least columns and rows.
    pub(super) const LEAST: (u16, u16) = LEAST_SIZE;

    /// Of a window with so many columns and rows.
    pub(super) fn of(width: u16, height: u16) -> Self {
        if width < Self::LEAST.0 || height < Self::LEAST.1 { Self::TooSmall } else { Self::Enough }
    }
}

impl Panel {
    /// The next one round; in the overview only those that are always drawn and that scroll.
    pub(super) fn next(self, extent: Extent) -> Self {
        let next = match self {
            Self::Alerts => Self::Writes,
            Self::Writes => Self::Small,
            Self::Small => Self::Engine,
            Self::Engine => Self::Rds,
            Self::Rds => Self::Journal,
            Self::Journal => Self::Alerts,
        };
        match (extent, next) {
            (Extent::Overview, Self::Alerts | Self::Small | Self::Rds) => next.next(extent),
            _ => next,
        }
    }
}
