//! Swarm: the whole controller — engine, playbooks, journal, the real SDK — in worlds that are seeded, faulty and
//! repeatable, thousands of them, with its promises checked all the time.
//!
//! ```text
//!   seed ─► plan::draw ─► plan: world, policies, people, faults, crashes
//!                     │
//!   trial, stage ─────┼─► controller (paused time) ─► SDK ─► wire: faults ─► sim::World
//!             │        │  journal                       │
//!             │        └─► disk: torn, full, lost       │
//!             └─► witness ◄── every sync ◄──────────────┴── every request, as it truly was
//!                    └─► promises (invariants), coverage (what did happen), trace (a hash of all of it)
//! ```
//!
//! "Swarm testing" (Groce and others, 2012): each seed draws a subset of the faults and its own rates, so that rare
//! combinations are reached which a constant mix of everything would hide. A phase of chaos is followed by a phase in
//! which all is well, and then everything that no person holds must come to rest where the policy wants it.
//!
//! This room owns the only clock, disk and randomness of a trial. It is the one room that may take a guard away.

pub mod faults;
pub mod lease;
pub mod oracle;
pub mod plan;
pub mod trial;

#[cfg(test)]
mod tests;

pub use oracle::lost_data::{FirstSteps, step_for_want_of_data};
pub use trial::{Report, Trial, can_be_thinned, can_miss, run, run_poorer};
