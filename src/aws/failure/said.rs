//! What AWS itself says of a call, in our words: why, what to do about it, and whether asking again may help.

use super::permission::denied;
use crate::model::failure::FailureKind;
use crate::model::text::clean;

/// Of AWS's own words so much is shown beside ours.
const SHOWN_LIMIT: usize = 160;

/// The middle and the end of a failure's sentence.
pub(super) struct Words {
    pub(super) kind: FailureKind,
    pub(super) why: String,
    /// What a person does about it; empty where nothing but to ask again.
    pub(super) remedy: String,
    pub(super) again: Again,
    /// What the other side said; empty where there is nothing to add.
    pub(super) detail: String,
}

/// Whether asking again may help, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// Not before somebody has done something.
    No,
    /// At once.
    Soon,
    /// When some time has passed.
    Later,
}

impl Again {
    /// Of a read: the next look is on its way.
    pub(super) fn for_read(self) -> Option<&'static str> {
        match self {
            Self::No => None,
            Self::Soon => Some("trying again"),
            Self::Later => Some("trying again at the next look"),
        }
    }

    /// Of a change: nobody makes it again by himself.
    pub(super) fn for_change(self) -> Option<&'static str> {
        match self {
            Self::No => None,
            Self::Soon => Some("look what became of it, then run it again"),
            Self::Later => Some("wait a little, then run it again"),
        }
    }
}

/// What AWS itself said.
pub(super) fn said(operation: &str, code: &str, message: &str, status: u16) -> Words {
    let words = |kind, why: &str, remedy: &str| Words {
        kind,
        why: why.to_owned(),
        remedy: remedy.to_owned(),
        again: Again::No,
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
            Words { again: Again::Later, ..words(FailureKind::Throttled, "AWS asks for fewer calls", "") }
        }
        "ResourceNotFound" | "ResourceNotFoundException" if of_cloudwatch(operation) => {
            words(FailureKind::NotFound, "no such alarm in this account and region", "was it deleted? look again")
        }
        "NotFound" | "NotFoundException" if operation == "Publish" => {
            words(FailureKind::NotFound, "there is no such topic", "make it, or correct `topic` under [notify]")
        }
        "ResourceNotFoundException" if of_dynamodb(operation) => words(
            FailureKind::NotFound,
            "no such table in this account and region",
            "check `table` under [lease], or make it with `lease`, a text, for its partition key",
        ),
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
        _ => Words {
            again: Again::Soon,
            ..words(FailureKind::Service, &format!("AWS has an error, HTTP {status} {code}"), "")
        },
    }
}

/// Whether an operation is one of CloudWatch.
fn of_cloudwatch(operation: &str) -> bool {
    operation == "GetMetricData" || operation.contains("Alarm") || operation.ends_with("ForResource")
}

/// Whether an operation is one of the lease's table.
fn of_dynamodb(operation: &str) -> bool {
    matches!(operation, "GetItem" | "PutItem")
}
