//! IAM of the simulated account: what policy documents let the caller do, asked before any service sees a call.
//!
//! ```text
//!   text ─ read ─► Document ─ verdict ─► allowed, or AWS's sentence that it is not
//!   call ─ needs ─► Checks ──┘
//! ```
//!
//! A document is identity-based, attached to the one role that every caller of the simulation has. What it says and this
//! room does not know is refused when it is read: a permission that is ignored would look like one that is not needed.

mod condition;
mod document;
mod json;
mod needs;
mod pattern;
mod read;
mod simulate;
#[cfg(test)]
mod tests;

pub use condition::Context;
pub use document::{Check, Document, Verdict};
pub use needs::operations;
pub(in crate::sim) use needs::{Asked, checks};
pub(in crate::sim) use simulate::{NAMESPACE, VERSION, handle};

use super::wire::ApiError;

/// The services that speak JSON alone, as actions begin.
const OF_JSON: [&str; 2] = ["application-autoscaling", "dynamodb"];

/// The role that every caller has.
pub(in crate::sim) const ROLE: &str = "upshift-simulation";

/// The first check that the documents do not pass, in AWS's own words.
pub(in crate::sim) fn refusal(document: &Document, account: &str, service: &str, checks: &[Check]) -> Option<ApiError> {
    let words = |check: &Check| {
        let why = match document.verdict(check) {
            Verdict::Allowed => return None,
            Verdict::ImplicitDeny => format!("because no identity-based policy allows the {} action", check.action),
            Verdict::ExplicitDeny => "with an explicit deny in an identity-based policy".to_owned(),
        };
        let user = caller(account);
        let Check { action, resource, .. } = check;
        Some(format!("User: {user} is not authorized to perform: {action} on resource: {resource} {why}"))
    };
    let message = checks.iter().find_map(words)?;
    // Those call it an exception.
    let (code, status) = match service {
        service if OF_JSON.contains(&service) => ("AccessDeniedException", 400),
        "sns" => ("AuthorizationError", 403),
        _ => ("AccessDenied", 403),
    };
    Some(ApiError { code: code.to_owned(), status, message })
}

/// Who every caller is.
pub(in crate::sim) fn caller(account: &str) -> String {
    format!("arn:aws:sts::{account}:assumed-role/{ROLE}/operator")
}
