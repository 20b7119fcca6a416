//! Who the credentials belong to.

use serde::{Deserialize, Serialize};

/// The owner of the credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Twelve digits.
    pub account: String,
    /// The caller.
    pub arn: String,
    /// The region in use.
    pub region: String,
}
