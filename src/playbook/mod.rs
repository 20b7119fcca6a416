//! Playbooks: what to do next about an action, from its record and the world as it is seen. Pure and level-triggered:
//! a restart in the middle of an action is the same call as any other look.

pub mod in_place;

use jiff::{SignedDuration, Timestamp};

use crate::model::action::{ActionResult, Run};
use crate::model::call::MutatingCall;
use crate::model::database::{DatabaseState, RdsEvent};
use crate::model::policy::Strategy;

/// The world as far as an action is concerned.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// The database as last described, and when that was; absent when it was not found.
    pub state: Option<(&'a DatabaseState, Timestamp)>,
    /// RDS's events about the database, oldest first.
    pub events: &'a [RdsEvent],
    /// Whoever ordered the action may still start it: the engine is armed, or a person ordered it.
    pub permitted: bool,
    /// An action that is not done this long after its call is held.
    pub stuck_after: SignedDuration,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Send this call, once.
    Send(MutatingCall),
    /// Look again.
    Observe,
    /// This look found it done; it counts when the next one does too.
    Confirmed,
    /// It is over.
    End(ActionResult),
}

/// What to do next about `run` at `now`.
pub fn next(run: &Run, world: World<'_>, now: Timestamp) -> Next {
    match run.intent.strategy {
        Strategy::InPlace => in_place::next(run, world, now),
    }
}
