//! What an SDK error means, in words for a tired person.

use aws_sdk_rds::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_rds::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::convert;
use crate::model::call::{CallOutcome, Failure, FailureKind};
use crate::model::text::clean;

/// Longest explanation that is kept of an error.
const LIMIT: usize = 300;

/// A failed read.
pub(super) fn read_failure<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    SdkError<E, HttpResponse>: RequestId,
{
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
    let said = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default();
    let kind = kind(error, code);
    let said = clean(said, LIMIT);
    let sentence = match kind {
        FailureKind::NoCredentials => format!(
            "{operation}: AWS accepts no credentials of this process ({}); log in again, or set a profile in config.toml",
            detail(code, &said, error)
        ),
        FailureKind::AccessDenied => {
            format!("{operation}: these credentials may not do it; add the permission to the role. AWS: {said}")
        }
        FailureKind::Throttled => {
            format!("{operation}: AWS asks for fewer calls ({code}); trying again at the next look")
        }
        FailureKind::Network => {
            format!("{operation}: AWS could not be reached ({}); trying again", detail(code, &said, error))
        }
        FailureKind::Rejected => {
            format!("{operation}: AWS does not take the question, correct config.toml: {}", detail(code, &said, error))
        }
        _ => format!("{operation}: AWS answered {}", detail(code, &said, error)),
    };
    Failure {
        kind,
        operation: operation.to_owned(),
        sentence: clean(&sentence, 2 * LIMIT),
        request_id: convert::optional_text(error.request_id()),
    }
}

/// What is known after a mutating call that did not return success.
pub(super) fn call_outcome<E>(error: &SdkError<E, HttpResponse>) -> CallOutcome
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    SdkError<E, HttpResponse>: RequestId,
{
    let refused = |code: &str, message: &str| CallOutcome::Refused {
        code: clean(code, 100),
        message: clean(message, LIMIT),
        request_id: convert::optional_text(error.request_id()),
    };
    let unknown = || CallOutcome::Unknown { why: clean(&DisplayErrorContext(error).to_string(), LIMIT) };
    match error {
        SdkError::ConstructionFailure(_) => refused("NotSent", &DisplayErrorContext(error).to_string()),
        SdkError::ServiceError(service) => match service.err().code() {
            // Only AWS's own words refuse: a code in its own form, with a status that lays the fault on the caller.
            Some(code) if (400..500).contains(&service.raw().status().as_u16()) => {
                refused(code, service.err().message().unwrap_or("no message"))
            }
            // A 5xx, or an answer that cannot be read, such as a proxy's: it may have happened.
            _ => unknown(),
        },
        // A lost connection, a timeout: it may have happened.
        _ => unknown(),
    }
}

fn kind<E>(error: &SdkError<E, HttpResponse>, code: &str) -> FailureKind {
    match error {
        SdkError::TimeoutError(_) => FailureKind::Network,
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => FailureKind::Network,
        // What is neither the network nor the caller's fault is the identity: no provider of the chain had one.
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => FailureKind::NoCredentials,
        _ => match code {
            "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => FailureKind::AccessDenied,
            "ExpiredToken"
            | "ExpiredTokenException"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "SignatureDoesNotMatch"
            | "MissingAuthenticationToken"
            | "RequestExpired" => FailureKind::NoCredentials,
            "Throttling" | "ThrottlingException" | "RequestLimitExceeded" => FailureKind::Throttled,
            "DBInstanceNotFound" | "ResourceNotFound" => FailureKind::NotFound,
            "ValidationError" | "InvalidParameterValue" | "InvalidParameterCombination" | "MissingParameter" => {
                FailureKind::Rejected
            }
            _ => FailureKind::Service,
        },
    }
}

fn detail<E>(code: &str, said: &str, error: &SdkError<E, HttpResponse>) -> String
where
    E: std::error::Error + 'static,
{
    if code.is_empty() { clean(&DisplayErrorContext(error).to_string(), LIMIT) } else { format!("{code}: {said}") }
}
