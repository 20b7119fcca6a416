//! What an SDK error means, in a sentence that a tired person understands: what failed, why, what to do; then, in
//! brackets, what the other side said.

mod cause;
mod permission;
mod said;
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
use permission::denied_change;
use said::{Again, Words, said};

/// Longest sentence that is kept of a failure, its detail included.
const LIMIT: usize = 320;
/// Longest cause within a sentence: what a person sees at once must hold the remedy too. A longer one comes behind.
const CAUSE_LIMIT: usize = 24;

/// Why nothing can be asked without a region, and what to do.
const NO_REGION: (&str, &str) = ("no region is known", "set `region` under [aws] in config.toml, or AWS_REGION");

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
        self.failure(operation, error, Again::for_read)
    }

    /// A change of CloudWatch that failed, or of which it is not known whether it did. Nothing tries it again.
    pub(super) fn change_failure<E>(&self, operation: &str, error: &SdkError<E, HttpResponse>) -> Failure
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        SdkError<E, HttpResponse>: RequestId,
    {
        self.failure(operation, error, Again::for_change)
    }

    fn failure<E>(
        &self,
        operation: &str,
        error: &SdkError<E, HttpResponse>,
        again_words: fn(Again) -> Option<&'static str>,
    ) -> Failure
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        SdkError<E, HttpResponse>: RequestId,
    {
        let Words { kind, why, remedy, again, detail } = self.words(operation, Cause::of(error));
        let detail = if detail.is_empty() { detail } else { format!(" ({detail})") };
        let parts = [Some(remedy.as_str()).filter(|it| !it.is_empty()), again_words(again)];
        let remedy = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
        Failure {
            kind,
            operation: operation.to_owned(),
            sentence: clean(&format!("{operation}: {why}; {remedy}{detail}"), LIMIT),
            request_id: error.request_id().map(|id| clean(id, 100)),
        }
    }

    /// A message that SNS did not say it took; the SDK has tried it again already.
    pub(super) fn publish_failure<E>(&self, error: &SdkError<E, HttpResponse>) -> Failure
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        SdkError<E, HttpResponse>: RequestId,
    {
        let failure = self.read_failure("Publish", error);
        let mut sentence = failure.sentence.replace("trying again at the next look", "the next message is tried");
        sentence = sentence.replace("trying again", "the next message is tried");
        Failure { sentence, ..failure }
    }

    fn words(&self, operation: &str, cause: Cause) -> Words {
        let words = |kind, why: &str, remedy: &str, (again, detail): (Again, String)| Words {
            kind,
            why: why.to_owned(),
            remedy: remedy.to_owned(),
            again,
            detail,
        };
        let nothing = |again| (again, String::new());
        match cause {
            Cause::NoCredentials => words(
                FailureKind::NoCredentials,
                "no AWS credentials found",
                "log in, or set `profile` in config.toml",
                nothing(Again::No),
            ),
            Cause::CredentialsNotLoaded { detail } => words(
                FailureKind::NoCredentials,
                "the AWS credentials could not be loaded",
                "log in again, or check the profile",
                (Again::No, detail),
            ),
            Cause::NoRegion => words(FailureKind::WrongIdentity, NO_REGION.0, NO_REGION.1, nothing(Again::No)),
            Cause::TimedOut => {
                words(FailureKind::Network, "AWS did not answer in time", "check the network", nothing(Again::Soon))
            }
            Cause::NoHost => self.no_host(),
            Cause::NotSecure { detail } => words(
                FailureKind::Network,
                "no secure connection to AWS",
                "a proxy in between? is its certificate trusted here?",
                (Again::No, detail),
            ),
            Cause::NoConnection { detail } => Words {
                kind: FailureKind::Network,
                why: format!("cannot reach AWS, {}", clean(&detail, CAUSE_LIMIT)),
                remedy: format!("check {}", self.way()),
                again: Again::Soon,
                detail: self.endpoint.clone().unwrap_or_else(|| longer(detail)),
            },
            Cause::NotAws { status } => Words {
                kind: FailureKind::Service,
                why: format!("the answer is not AWS's, HTTP {status}"),
                remedy: format!("a proxy? check {}", self.way()),
                again: Again::Soon,
                detail: String::new(),
            },
            Cause::Said { code, message, status } => said(operation, &code, &message, status),
            Cause::TooLate => {
                words(FailureKind::NoCredentials, "the credentials took too long", "", nothing(Again::Soon))
            }
            Cause::Fenced { why } => words(FailureKind::Rejected, &why, "nothing was sent", nothing(Again::No)),
            Cause::Other { detail } => words(FailureKind::Service, "the AWS SDK gave up", "", (Again::Soon, detail)),
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
        Words { kind: FailureKind::Network, why, remedy, again: Again::No, detail }
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
        | (
            _,
            Cause::NoCredentials
            | Cause::CredentialsNotLoaded { .. }
            | Cause::NoRegion
            | Cause::TooLate
            | Cause::Fenced { .. },
        ) => refused(NOT_SENT, &cause.words()),
        // Only AWS's own words refuse: a code in its own form, with a status that lays the fault on the caller.
        (SdkError::ServiceError(service), Cause::Said { code, status, .. }) if (400..500).contains(status) => {
            let message = service.err().message().unwrap_or("no message");
            refused(code, &denied_change(operation, code, message).unwrap_or_else(|| message.to_owned()))
        }
        // A 5xx, an answer that cannot be read, such as a proxy's, a lost connection, a timeout: it may have happened.
        _ => CallOutcome::Unknown { why: cause.words() },
    }
}

/// What was cut within the sentence, else nothing.
fn longer(detail: String) -> String {
    if detail.chars().count() > CAUSE_LIMIT { detail } else { String::new() }
}
