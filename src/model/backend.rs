//! What the engine acts on: AWS, or the embedded simulation of it.

use serde::{Deserialize, Serialize};

/// The world the engine acts on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Backend {
    /// Amazon Web Services.
    Aws,
    /// The embedded simulation.
    Simulation {
        /// The scenario's name.
        scenario: String,
        /// Virtual seconds per second.
        speed: f64,
        /// Where any AWS client can look at the same world.
        endpoint: String,
    },
}
