//! The errors of Application Auto Scaling, and the sentences that go with them.

use super::{DIMENSION, NAMESPACE};
use crate::sim::wire::ApiError;

/// `ValidationException`.
pub(super) fn validation(message: impl Into<String>) -> ApiError {
    ApiError::sender("ValidationException", message)
}

/// A member whose value AWS does not take.
pub(super) fn constraint(member: &str, value: &str, must: &str) -> ApiError {
    let member = lower_camel(member);
    validation(format!(
        "1 validation error detected: Value {value} at '{member}' failed to satisfy constraint: Member must {must}"
    ))
}

/// What AWS knows and this simulation has not: a success that ignores it would be a lie.
pub(super) fn not_simulated(what: &str) -> ApiError {
    validation(format!("{what} is not part of this simulation"))
}

/// No such target.
pub(super) fn no_target(resource: &str) -> ApiError {
    let message = format!(
        "No scalable target found for service namespace: {NAMESPACE}, resource ID: {resource}, scalable dimension: \
         {DIMENSION}"
    );
    ApiError::sender("ObjectNotFoundException", message)
}

/// No such policy.
pub(super) fn no_policy(name: &str, resource: &str) -> ApiError {
    let message = format!(
        "No scaling policy found for service namespace: {NAMESPACE}, resource ID: {resource}, scalable dimension: \
         {DIMENSION}, policy name: {name}"
    );
    ApiError::sender("ObjectNotFoundException", message)
}

/// Nothing has that ARN.
pub(super) fn no_resource(arn: &str) -> ApiError {
    ApiError::sender("ResourceNotFoundException", format!("The specified resource {arn} doesn't exist."))
}

/// A token that was not given out here.
pub(super) fn bad_token() -> ApiError {
    ApiError::sender("InvalidNextTokenException", "The next token is invalid.")
}

/// An operation that the service does not have, or that is not simulated.
pub(super) fn unknown(operation: &str) -> ApiError {
    let message = format!("The operation {operation} is not known to this service.");
    ApiError::sender("UnknownOperationException", message)
}

/// How AWS writes a member in a sentence.
fn lower_camel(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| format!("{}{}", first.to_ascii_lowercase(), chars.as_str()))
}
