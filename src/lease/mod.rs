//! The lease: of several engines for the same databases, on whatever hosts, one at most changes anything.
//!
//! ```text
//!   keeper: what to ask the table next, given what it said and what all clocks of this machine show (pure)
//!      ▲ │
//!      │ ▼
//!   task: asks, tells the keeper, publishes how it stands ─► watch ─► controller, engine (gate)
//!                                                              └────► may_send, right before a call leaves
//! ```
//!
//! A lease does not fence: a call that has left cannot be called back. What keeps two engines apart is time, and each side
//! takes the worse of its clocks for true. The holder counts from before it asked, by the clock that says most, and stops with
//! a whole call and a margin left; the next one waits the whole of it out by the clock that says least, and then is quiet for
//! a while. Only a machine that stands still between the last look at its clocks and the first byte of the call is beyond
//! that, and there each step rests on a look of the last seconds.

mod identity;
pub mod keeper;
mod task;

pub use identity::{Me, identity};
pub use task::{Lease, LeaseNews};

use crate::model::event::{Entry, Event};

/// The highest epoch that a journal knows of, of this engine or of another one; 0 where it knows of none.
pub fn highest_epoch(entries: &[Entry]) -> u64 {
    let epoch = |entry: &Entry| match entry.event {
        Event::LeaseAcquired { epoch, .. } | Event::LeaseHeldElsewhere { epoch, .. } => Some(epoch),
        _ => None,
    };
    entries.iter().filter_map(epoch).max().unwrap_or(0)
}
