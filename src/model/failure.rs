//! Reads that failed, sorted by what a person can do about it.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a read failed, sorted by what a person can do about it: first what makes everything else fail too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The account or region is not the configured one, or no region is known.
    WrongIdentity,
    /// No credentials were found, or AWS does not accept them.
    NoCredentials,
    /// The credentials may not do this.
    AccessDenied,
    /// The named thing does not exist here.
    NotFound,
    /// AWS asks for fewer calls.
    Throttled,
    /// AWS could not be reached.
    Network,
    /// AWS does not take what was asked: the question itself is wrong, and asking again will not help.
    Rejected,
    /// AWS answered with an error of its own.
    Service,
}

/// A failed read, in a sentence that says what failed, why and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Sorted by remedy.
    pub kind: FailureKind,
    /// The API operation, such as `GetMetricData`.
    pub operation: String,
    /// The whole sentence, cleaned.
    pub sentence: String,
    /// AWS's request id, where there was an answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request_id: Option<String>,
}

impl Failure {
    /// AWS, or who would have asked it, has said no: whatever was asked for has not happened. Of anything else that fails
    /// nobody knows.
    pub fn is_refusal(&self) -> bool {
        match self.kind {
            FailureKind::Network | FailureKind::Service => false,
            FailureKind::WrongIdentity
            | FailureKind::NoCredentials
            | FailureKind::AccessDenied
            | FailureKind::NotFound
            | FailureKind::Throttled
            | FailureKind::Rejected => true,
        }
    }

    /// AWS did not answer within `limit`.
    pub fn late(operation: &str, limit: Duration) -> Self {
        let sentence = format!("{operation}: AWS did not answer within {} s; trying again", limit.as_secs());
        Self { kind: FailureKind::Network, operation: operation.to_owned(), sentence, request_id: None }
    }

    /// What was named is not there; `sentence` is the whole of it.
    pub fn not_found(operation: &str, sentence: String) -> Self {
        Self { kind: FailureKind::NotFound, operation: operation.to_owned(), sentence, request_id: None }
    }
}

/// Something that fails at the moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailingRead {
    /// Since when.
    pub since: Timestamp,
    /// What.
    pub failure: Failure,
}
