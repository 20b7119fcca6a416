//! What CloudWatch refuses, in its own codes. Owned by the simulated CloudWatch.
//!
//! The codes are those of the older query protocol; the newer ones name an exception as well, see [`exception`].

use crate::sim::wire::ApiError;

/// A value breaks a rule that is checked before the operation looks at it.
pub(super) fn validation(message: impl Into<String>) -> ApiError {
    ApiError::sender("ValidationError", message)
}

/// A required parameter is absent.
pub(super) fn missing(parameter: &str) -> ApiError {
    ApiError::sender("MissingParameter", format!("The parameter {parameter} is required."))
}

/// A parameter has a value that the operation cannot use.
pub(super) fn invalid_value(message: impl Into<String>) -> ApiError {
    ApiError::sender("InvalidParameterValue", message)
}

/// Parameters that exclude each other, or that are too much together.
pub(super) fn combination(message: impl Into<String>) -> ApiError {
    ApiError::sender("InvalidParameterCombination", message)
}

/// A token that this operation did not give out for this request.
pub(super) fn invalid_token() -> ApiError {
    ApiError::sender("InvalidNextToken", "The next token is invalid.")
}

/// The account holds as many of a thing as it may.
pub(super) fn limit(message: impl Into<String>) -> ApiError {
    ApiError::sender("LimitExceeded", message)
}

/// Data that should be JSON and is not.
pub(super) fn invalid_format(message: impl Into<String>) -> ApiError {
    ApiError::sender("InvalidFormat", message)
}

/// No such resource.
pub(super) fn not_found(message: impl Into<String>) -> ApiError {
    ApiError { code: "ResourceNotFound".to_owned(), status: 404, message: message.into() }
}

/// No such resource, where it was named by its ARN.
pub(super) fn no_such_arn(arn: &str) -> ApiError {
    let message = format!("Unknown resource: {arn}");
    ApiError { code: "ResourceNotFoundException".to_owned(), status: 404, message }
}

/// A value that is none of the words that the model lists.
pub(super) fn not_in_set(value: &str, parameter: &str, words: &[&str]) -> ApiError {
    validation(format!(
        "1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy constraint: \
         Member must satisfy enum value set: [{}]",
        words.join(", ")
    ))
}

/// Whether a code is about who asks, and not about what is asked.
pub(super) fn is_of_caller(code: &str) -> bool {
    matches!(code, "MissingAuthenticationToken" | "SignatureDoesNotMatch" | "AccessDenied")
}

/// The name of the exception that the newer protocols give to a code of the query protocol, with its namespace.
pub(super) fn exception(code: &str) -> String {
    match code {
        "ValidationError" => "com.amazon.coral.validate#ValidationException".to_owned(),
        "SerializationException" | "UnknownOperationException" => format!("com.amazon.coral.service#{code}"),
        "MissingAuthenticationToken" => "com.amazon.coral.service#MissingAuthenticationTokenException".to_owned(),
        "AccessDenied" => "com.amazon.coral.service#AccessDeniedException".to_owned(),
        "SignatureDoesNotMatch" => "com.amazon.coral.service#InvalidSignatureException".to_owned(),
        "MissingParameter" => "com.amazonaws.cloudwatch#MissingRequiredParameterException".to_owned(),
        "InvalidParameterValue" | "InvalidParameterCombination" => format!("com.amazonaws.cloudwatch#{code}Exception"),
        "LimitExceeded" | "InvalidFormat" => format!("com.amazonaws.cloudwatch#{code}Fault"),
        "InternalServiceError" => "com.amazonaws.cloudwatch#InternalServiceFault".to_owned(),
        other => format!("com.amazonaws.cloudwatch#{other}"),
    }
}
