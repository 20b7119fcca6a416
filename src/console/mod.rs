//! The terminal console: a client of the control protocol, and nothing else.
//!
//! ```text
//!   keys, signals, snapshots, answers ──► Msg ──► update(&mut UiState) ──► Effect ──► control::Client
//!                                                      │
//!                                      view(&Snapshot, &UiState, &Look) ──► one frame
//! ```
//!
//! `update` and `view` are pure; [`run`] is the only part that knows a terminal, a signal or a clock.

mod glyphs;
mod keymap;
mod options;
mod run;
mod state;
mod terminal;
mod theme;
mod update;
mod view;
mod widget;
mod words;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod scenario_tests;
#[cfg(test)]
mod screen_tests;

pub use options::{ConsoleError, ConsoleOptions, Exit, locale_wants_ascii};
pub use run::run;
