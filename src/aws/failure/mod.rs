//! What an SDK error means, in a sentence that a tired person understands: what failed, why, what to do; then, in
//! brackets, what the other side said.

mod cause;
mod permission;
#[cfg(test)]
mod tests;

use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_rds::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::Aws;
use crate::model::call::{CallOutcome, NOT_SENT};
use crate::model::failure::{Failure, FailureKind};
use crate::model::text::clean;
use cause::{Cause, MESSAGE_LIMIT};
use permission::{denied, denied_change};

/// Longest sentence that is kept of a failure, its detail included.
const LIMIT: usize = 320;
/// Longest cause within a sentence: what a person sees at once must hold the remedy too. A longer one comes behind.
const CAUSE_LIMIT: usize = 24;
/// Of AWS's own words so much is shown beside ours.
const SHOWN_LIMIT: usize = 160;

/// Why nothing can be asked without a region, and what to do.
const NO_REGION: (&str, &str) = ("no region is known", "set `region` under [aws] in config.toml, or AWS_REGION");

/// The middle and the end of a failure's sentence.
struct Words {
    kind: FailureKind,
    why: String,
    remedy: String,
    /// What the other side said; empty where there is nothing to add.
    detail: String,
}

impl Aws {
    /// Nothing is asked, because it is not known in which region.
    pub(super) fn without_region(operation: &str) -> Failure {
        let (why, remedy) = NO_REGION;
        let sentence = format!("{operation}: {why}; {remedy}");
        Failure { kind: FailureKind::WrongIdentity, operation: operation.to_owned(), sentence, request_id: None }
    }

    /// A failed read.
    pub(super) fn read_failure<E>(&self, operation: &str, error: &SdkError<E, HttpResponse>) -> Failure
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        SdkError<E, HttpResponse>: RequestId,
    {
        let Words { kind, why, remedy, detail } = self.words(operation, Cause::of(error));
        let detail = if detail.is_empty() { detail } else { format!(" ({detail})") };
        Failure {
            kind,
            operation: operation.to_owned(),
            sentence: clean(&format!("{operation}: {why}; {remedy}{detail}"), LIMIT),
            request_id: error.request_id().map(|id| clean(id, 100)),
        }
    }

    /// A change of CloudWatch that failed, or of which it is not known whether it did. Nothing tries it again.
    pub(super) fn change_failure<E>(&self, operation: &str, error: &SdkError<E, HttpResponse>) -> Failure
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        SdkError<E, HttpResponse>: RequestId,
    {
        let failure = self.read_failure(operation, error);
        let mut sentence =
            failure.sentence.replace("trying again at the next look", "wait a little, then run it again");
        sentence = sentence.replace("trying again", "look what became of it, then run it again");
        Failure { sentence, ..failure }
    }

    fn words(&self, operation: &str, cause: Cause) -> Words {
        let words = |kind, why: &str, remedy: &str, detail: String| Words {
            kind,
            why: why.to_owned(),
            remedy: remedy.to_owned(),
            detail,
        };
        match cause {
            Cause::NoCredentials => words(
                FailureKind::NoCredentials,
                "no AWS credentials found",
                "log in, or set `profile` in config.toml",
                String::new(),
            ),
            Cause::CredentialsNotLoaded { detail } => words(
                FailureKind::NoCredentials,
                "the AWS credentials could not be loaded",
                "log in again, or check the profile",
                detail,
            ),
            Cause::NoRegion => words(FailureKind::WrongIdentity, NO_REGION.0, NO_REGION.1, String::new()),
            Cause::TimedOut => words(
                FailureKind::Network,
                "AWS did not answer in time",
                "check the network; trying again",
                String::new(),
            ),
            Cause::NoHost => self.no_host(),
            Cause::NotSecure { detail } => words(
                FailureKind::Network,
                "no secure connection to AWS",
                "a proxy in between? is its certificate trusted here?",
                detail,
            ),
            Cause::NoConnection { detail } => Words {
                kind: FailureKind::Network,
                why: format!("cannot reach AWS, {}", clean(&detail, CAUSE_LIMIT)),
                remedy: format!("check {}; trying again", self.way()),
                detail: self.endpoint.clone().unwrap_or_else(|| longer(detail)),
            },
            Cause::NotAws { status } => Words {
                kind: FailureKind::Service,
                why: format!("the answer is not AWS's, HTTP {status}"),
                remedy: format!("a proxy? check {}; trying again", self.way()),
                detail: String::new(),
            },
            Cause::Said { code, message, status } => said(operation, &code, &message, status),
            Cause::TooLate => {
                words(FailureKind::NoCredentials, "the credentials took too long", "trying again", String::new())
            }
            Cause::Other { detail } => words(FailureKind::Service, "the AWS SDK gave up", "trying again", detail),
        }
    }

    /// AWS has a host for each region, and only for those.
    fn no_host(&self) -> Words {
        let (why, remedy) = match (&self.endpoint, &self.region) {
            (Some(_), _) => ("no such host".to_owned(), "check `endpoint_url` and the network's DNS".to_owned()),
            (None, Some(region)) => (
                format!("no such host in region {}", clean(region, 30)),
                "check `region` and the network's DNS".to_owned(),
            ),
            (None, None) => ("no such host".to_owned(), "check `region` and the network's DNS".to_owned()),
        };
        let detail = self.endpoint.clone().unwrap_or_default();
        Words { kind: FailureKind::Network, why, remedy, detail }
    }

    /// Where to look when nothing comes through.
    fn way(&self) -> &'static str {
        if self.endpoint.is_some() { "`endpoint_url`" } else { "network and proxy" }
    }
}

/// What is known after a mutating call that did not return success.
pub(super) fn call_outcome<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> CallOutcome
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    SdkError<E, HttpResponse>: RequestId,
{
    let refused = |code: &str, message: &str| CallOutcome::Refused {
        code: clean(code, 100),
        message: clean(message, MESSAGE_LIMIT),
        request_id: error.request_id().map(|id| clean(id, 100)),
    };
    let cause = Cause::of(error);
    match (error, &cause) {
        // Signing comes before sending: without credentials or region nothing has left.
        (SdkError::ConstructionFailure(_), _)
        | (_, Cause::NoCredentials | Cause::CredentialsNotLoaded { .. } | Cause::NoRegion | Cause::TooLate) => {
            refused(NOT_SENT, &cause.words())
        }
        // Only AWS's own words refuse: a code in its own form, with a status that lays the fault on the caller.
        (SdkError::ServiceError(service), Cause::Said { code, status, .. }) if (400..500).contains(status) => {
            let message = service.err().message().unwrap_or("no message");
            refused(code, &denied_change(operation, code, message).unwrap_or_else(|| message.to_owned()))
        }
        // A 5xx, an answer that cannot be read, such as a proxy's, a lost connection, a timeout: it may have happened.
        _ => CallOutcome::Unknown { why: cause.words() },
    }
}

/// What AWS itself said.
fn said(operation: &str, code: &str, message: &str, status: u16) -> Words {
    let words = |kind, why: &str, remedy: &str| Words {
        kind,
        why: why.to_owned(),
        remedy: remedy.to_owned(),
        detail: if message.is_empty() { code.to_owned() } else { format!("AWS: {}", clean(message, SHOWN_LIMIT)) },
    };
    if let Some((why, remedy)) = denied(operation, code, message) {
        return words(FailureKind::AccessDenied, why, &remedy);
    }
    match code {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
            words(FailureKind::NoCredentials, "the AWS credentials have expired", "log in again")
        }
        "SignatureDoesNotMatch" | "InvalidSignatureException" if message.contains("scoped to") => {
            words(FailureKind::NoCredentials, "AWS is of another region than this request", "check `region`")
        }
        "RequestTimeTooSkewed" => words(FailureKind::NoCredentials, "this host's clock is wrong", "set it (NTP)"),
        "SignatureDoesNotMatch" | "InvalidSignatureException"
            if message.contains("expired") || message.contains("not yet current") =>
        {
            words(FailureKind::NoCredentials, "this host's clock is wrong", "set it (NTP)")
        }
        "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "AuthFailure"
        | "InvalidToken"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => {
            words(FailureKind::NoCredentials, "AWS does not accept these credentials", "check profile and keys")
        }
        "Throttling" | "ThrottlingException" | "RequestLimitExceeded" | "TooManyRequestsException" => {
            words(FailureKind::Throttled, "AWS asks for fewer calls", "trying again at the next look")
        }
        "ResourceNotFound" | "ResourceNotFoundException" if of_cloudwatch(operation) => {
            words(FailureKind::NotFound, "no such alarm in this account and region", "was it deleted? look again")
        }
        "LimitExceeded" | "LimitExceededFault" => words(
            FailureKind::Rejected,
            "the account has as many alarms as it may have",
            "delete some, or ask AWS for a higher quota",
        ),
        "DBInstanceNotFound" | "DBInstanceNotFoundFault" | "ResourceNotFound" => {
            words(FailureKind::NotFound, "no such database in this account and region", "check `id` and `region`")
        }
        "ValidationError" | "InvalidParameterValue" | "InvalidParameterCombination" | "MissingParameter" => {
            words(FailureKind::Rejected, &format!("AWS does not take the question, {code}"), "correct config.toml")
        }
        _ => words(FailureKind::Service, &format!("AWS has an error, HTTP {status} {code}"), "trying again"),
    }
}

/// What was cut within the sentence, else nothing.
fn longer(detail: String) -> String {
    if detail.chars().count() > CAUSE_LIMIT { detail } else { String::new() }
}

/// Whether an operation is one of CloudWatch.
fn of_cloudwatch(operation: &str) -> bool {
    operation == "GetMetricData" || operation.contains("Alarm") || operation.ends_with("ForResource")
}
