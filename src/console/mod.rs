//! The terminal console: a client of the control protocol, and nothing else. A crash or a slow line here never
//! touches the engine; a suspend stops the process, the engine with it.
//!
//! ```text
//!   keys, signals, snapshots ─► update(state, message) ─► effects ─► control::Client
//!                                      └─► view(snapshot, state) ─► terminal, only when something changed
//! ```

mod drive;
mod keymap;
mod output;
mod question;
mod run;
mod signals;
mod state;
mod terminal;
mod theme;
mod time;
mod update;
mod view;
mod widget;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

pub use drive::{Driven, drive};
pub use run::{ConsoleError, ConsoleOptions, Exit, run};
pub use state::LEAST_SIZE;
