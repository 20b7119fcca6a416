//! Questions to the operator. Each carries what it was asked about, so that an answer can never land on another
//! database, or on one that has changed meanwhile.

use std::time::Duration;

use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseName, ResourceId};
use crate::model::ladder::Direction;
use crate::model::old_machine::OldMachine;
use crate::model::override_plan::OverridePlan;
use crate::model::snapshot::{DatabaseView, Snapshot};

/// Enter counts this long after a dialog opened (of the machine): a pasted or hammered key is no answer to a question
/// that nobody has read.
pub(super) const DEAD_TIME: Duration = Duration::from_secs(1);
/// Lengths of a hold that can be chosen.
pub(super) const HOLDS: [(&str, Duration); 3] =
    [("30 min", Duration::from_mins(30)), ("1 h", Duration::from_hours(1)), ("4 h", Duration::from_hours(4))];

/// Lengths of a permission that can be chosen; absent: until it is disarmed.
pub(super) const PERMISSIONS: [(&str, Option<Duration>); 4] = [
    ("until disarmed", None),
    ("1 h", Some(Duration::from_hours(1))),
    ("8 h", Some(Duration::from_hours(8))),
    ("24 h", Some(Duration::from_hours(24))),
];
/// Directions of a hold that can be chosen; absent: both.
pub(super) const DIRECTIONS: [(&str, Option<Direction>); 3] =
    [("up and down", None), ("up", Some(Direction::Up)), ("down", Some(Direction::Down))];
/// How long the engine can be told to hold after a change; absent: as the policy says.
pub(super) const HOLDS_AFTER: [(&str, Option<Duration>); 4] = [
    ("by the policy", None),
    ("30 min", Some(Duration::from_mins(30))),
    ("4 h", Some(Duration::from_hours(4))),
    ("24 h", Some(Duration::from_hours(24))),
];

/// A question on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dialog {
    pub(super) question: Question,
    /// Machine time at which it opened.
    pub(super) opened: Duration,
    /// The engine's revision then: an answer counts in sight of that, and of nothing newer.
    pub(super) revision: u64,
    /// Why the last key did not do what was hoped for.
    pub(super) notice: Option<String>,
    /// Lines of the explanation scrolled down.
    pub(super) scrolled: usize,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    Arm { length: usize, reason: String },
    Scale(Scaling),
    Choose { change: Change },
    Hold { database: DatabaseName, direction: usize, length: usize, reason: String },
    Release { database: DatabaseName },
    Approve { database: DatabaseName },
    RemoveOld(Removing),
    Suspend,
    Quit,
}

/// A class change that is thought of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) database: DatabaseName,
    /// The class it had when this was asked.
    pub(super) from: InstanceClass,
    pub(super) to: InstanceClass,
}

/// A class change that only needs to be confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scaling {
    pub(super) change: Change,
    /// Index into [`HOLDS_AFTER`].
    pub(super) hold_for: usize,
    pub(super) reason: String,
    /// The database's name as typed; wanted where gates are passed over.
    pub(super) name: String,
    pub(super) field: Field,
}

/// A machine that an action has left, thought of to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Removing {
    pub(super) database: DatabaseName,
    /// The machine that was meant when this was asked.
    pub(super) machine: ResourceId,
    pub(super) reason: String,
    /// The machine's name as typed.
    pub(super) name: String,
    pub(super) field: Field,
}

/// The text field that keys go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Reason,
    Name,
}

impl Dialog {
    /// Opened at this machine time, on the picture of that revision.
    pub(super) fn new(question: Question, opened: Duration, revision: u64) -> Self {
        Self { question, opened, revision, notice: None, scrolled: 0 }
    }

    /// From this machine time on Enter counts.
    pub(super) fn ready_at(&self) -> Duration {
        self.opened.saturating_add(DEAD_TIME)
    }
}

impl Scaling {
    /// With nothing typed yet.
    pub(super) fn new(change: Change) -> Self {
        Self { change, hold_for: 0, reason: String::new(), name: String::new(), field: Field::Reason }
    }
}

impl Removing {
    /// With nothing typed yet.
    pub(super) fn new(database: DatabaseName, machine: ResourceId) -> Self {
        Self { database, machine, reason: String::new(), name: String::new(), field: Field::Reason }
    }

    /// The machine in this picture.
    ///
    /// # Errors
    /// A sentence, when it is not there any more.
    pub(super) fn old<'a>(&self, snapshot: &'a Snapshot) -> Result<&'a OldMachine, String> {
        let view = find(snapshot, &self.database)?;
        let old = view.old_machines.iter().find(|old| old.resource_id == self.machine);
        old.ok_or_else(|| format!("nothing is sent: the machine {} is not there any more", self.machine))
    }
}

impl Change {
    /// What it means in this picture.
    ///
    /// # Errors
    /// A sentence, when the picture is not the one any more that the question was asked on.
    pub(super) fn plan<'a>(&self, snapshot: &'a Snapshot) -> Result<(&'a DatabaseView, &'a OverridePlan), String> {
        let Self { database, from, to } = self;
        let view = find(snapshot, database)?;
        let class = view.state.as_ref().map(|state| &state.class);
        if class != Some(from) {
            let class = class.map_or_else(|| "of an unknown class".to_owned(), ToString::to_string);
            return Err(format!("nothing is sent: {database} was {from} when you asked and is {class} now; ask again"));
        }
        let plan = view.plans.iter().find(|plan| plan.to == *to);
        plan.map(|plan| (view, plan)).ok_or_else(|| format!("nothing is sent: {database} cannot go to {to} any more"))
    }
}

/// A database by name.
///
/// # Errors
/// A sentence, when the picture has none of that name.
pub(super) fn find<'a>(snapshot: &'a Snapshot, database: &DatabaseName) -> Result<&'a DatabaseView, String> {
    let view = snapshot.database(database);
    view.ok_or_else(|| format!("nothing is sent: the engine does not show {database} any more"))
}
