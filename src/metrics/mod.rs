//! Figures of a running engine for Prometheus: on loopback, in the text format of OpenMetrics, where `--metrics` asks for it.
//!
//! What is true now is taken from the newest snapshot when somebody asks. What is counted is counted where it happens, since
//! the process began: [`Tally`] hears each record, and the clients of AWS count their own calls.

mod collect;
mod groups;
mod server;
mod tally;

use jiff::Timestamp;

use crate::aws::calls::ApiCalls;
use crate::clock::Clock;
use crate::control::Client;

pub use server::{BindError, Server};
pub use tally::Tally;

/// Where the figures come from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The time on which ages are told.
    pub clock: Clock,
    /// Sees the engine.
    pub client: Client,
    /// What was counted of its records.
    pub tally: Tally,
    /// What was counted of its calls.
    pub calls: ApiCalls,
    /// When this process began, by the machine's clock.
    pub started: Timestamp,
    /// Of the program.
    pub version: &'static str,
}
