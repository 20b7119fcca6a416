//! The errors of DynamoDB, and the sentences that go with them.

use crate::sim::wire::ApiError;

/// `ValidationException`, which has the namespace of the front end.
pub(super) fn validation(message: impl Into<String>) -> ApiError {
    ApiError::sender("com.amazon.coral.validate#ValidationException", message)
}

/// A parameter that must be there is not.
pub(super) fn missing(parameter: &str) -> ApiError {
    let mut name = parameter.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    validation(format!(
        "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
    ))
}

/// What AWS knows and this simulation has not: a success that ignores it would be a lie.
pub(super) fn not_simulated(what: &str) -> ApiError {
    validation(format!("{what} is not part of this simulation"))
}

/// No such table, to an item's operation.
pub(super) fn no_table_for_item() -> ApiError {
    ApiError::sender("ResourceNotFoundException", "Requested resource not found")
}

/// No such table, to a table's operation.
pub(super) fn no_table(name: &str) -> ApiError {
    let message = format!("Requested resource not found: Table: {name} not found");
    ApiError::sender("ResourceNotFoundException", message)
}

/// There is one of that name.
pub(super) fn table_exists(name: &str) -> ApiError {
    ApiError::sender("ResourceInUseException", format!("Table already exists: {name}"))
}

/// What a write was bound to is not so.
pub(super) fn condition_failed() -> ApiError {
    ApiError::sender("ConditionalCheckFailedException", "The conditional request failed")
}

/// An expression that cannot be read.
pub(super) fn bad_expression(why: &str) -> ApiError {
    validation(format!("Invalid ConditionExpression: {why}"))
}

/// An operation that the service does not have, or that is not simulated.
pub(super) fn unknown(operation: &str) -> ApiError {
    let message = format!("The operation {operation} is not part of this simulation");
    ApiError::sender("com.amazon.coral.service#UnknownOperationException", message)
}
