//! What the console itself remembers: what is open, typed and looked at. Nothing of the engine.

use std::sync::Arc;
use std::time::Duration;

use crate::model::class::InstanceClass;
use crate::model::command::Answer;
use crate::model::snapshot::Snapshot;

/// Time ranges of the charts in minutes.
pub(super) const RANGES_MINS: [i64; 6] = [15, 30, 60, 120, 180, 360];
/// Lengths of a hold that can be chosen.
pub(super) const HOLDS: [(&str, Duration); 3] =
    [("30 min", Duration::from_mins(30)), ("1 h", Duration::from_hours(1)), ("4 h", Duration::from_hours(4))];
/// Longest text that can be typed.
pub(super) const INPUT_LIMIT: usize = 120;

/// The state of the console.
#[derive(Debug, Clone)]
pub(super) struct UiState {
    pub(super) mode: Mode,
    pub(super) panel: Panel,
    /// Index of the database that is shown.
    pub(super) database: usize,
    /// Index into [`RANGES_MINS`].
    pub(super) range: usize,
    /// How far back the right edge of the charts is, in seconds.
    pub(super) back_secs: i64,
    /// The picture that is kept while frozen.
    pub(super) frozen: Option<Arc<Snapshot>>,
    pub(super) filter: String,
    /// Records scrolled back in the journal.
    pub(super) scrolled: usize,
    /// The answer to the last order.
    pub(super) message: Option<Answer>,
}

/// What the keys go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    Normal,
    Help,
    Filter,
    Dialog(Dialog),
}

/// A question to the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Dialog {
    Arm { reason: String },
    Scale { to: InstanceClass, reason: String },
    Choose { index: usize },
    Hold { length: usize, reason: String },
    Release,
    Quit,
}

/// Which panel is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Panel {
    Writes,
    Engine,
    Journal,
}

impl Default for UiState {
    fn default() -> Self {
        Self {
            mode: Mode::Normal,
            panel: Panel::Writes,
            database: 0,
            range: 2,
            back_secs: 0,
            frozen: None,
            filter: String::new(),
            scrolled: 0,
            message: None,
        }
    }
}

impl UiState {
    /// The time range of the charts in seconds.
    pub(super) fn range_secs(&self) -> i64 {
        RANGES_MINS[self.range.min(RANGES_MINS.len() - 1)] * 60
    }
}

impl Panel {
    /// The next one round.
    pub(super) fn next(self) -> Self {
        match self {
            Self::Writes => Self::Engine,
            Self::Engine => Self::Journal,
            Self::Journal => Self::Writes,
        }
    }
}
