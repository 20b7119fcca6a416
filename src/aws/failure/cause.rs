//! Why a call brought no good answer, read from the SDK's error: its types, never its debug output.

use std::error::Error;
use std::io::ErrorKind;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::aws::fence::Fenced;
use crate::aws::prompt::TooLate;
use crate::model::text::clean;

/// Longest detail that is kept of a cause.
const LIMIT: usize = 160;
/// Of what AWS itself says: why something is denied stands at the end of a long sentence.
pub(super) const MESSAGE_LIMIT: usize = 400;
/// What the operating system says in other words than a person would.
const SYSTEM_WORDS: [(ErrorKind, &str); 9] = [
    (ErrorKind::ConnectionRefused, "connection refused"),
    (ErrorKind::ConnectionReset, "connection reset"),
    (ErrorKind::ConnectionAborted, "connection aborted"),
    (ErrorKind::BrokenPipe, "connection closed"),
    (ErrorKind::UnexpectedEof, "connection closed"),
    (ErrorKind::HostUnreachable, "host unreachable"),
    (ErrorKind::NetworkUnreachable, "network unreachable"),
    (ErrorKind::NetworkDown, "network down"),
    (ErrorKind::TimedOut, "timed out"),
];

/// Why there is no good answer. Every text is cleaned and short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cause {
    /// No provider of the chain has credentials.
    NoCredentials,
    /// A provider of the chain has some, but they could not be loaded.
    CredentialsNotLoaded { detail: String },
    /// The standard chain names no region.
    NoRegion,
    /// Nothing came in time.
    TimedOut,
    /// The name of the host is not known.
    NoHost,
    /// The other side is not whom it should be, or does not speak TLS.
    NotSecure { detail: String },
    /// The connection could not be made, or broke.
    NoConnection { detail: String },
    /// An answer came, and it is not one of AWS.
    NotAws { status: u16 },
    /// AWS said this.
    Said { code: String, message: String, status: u16 },
    /// It could not be sent at once, and was not sent.
    TooLate,
    /// It may not be made any more, and was not sent.
    Fenced { why: String },
    /// None of these.
    Other { detail: String },
}

impl Cause {
    /// Reads an error of the SDK.
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::TimeoutError(_) => Self::TimedOut,
            SdkError::ServiceError(service) => {
                let status = service.raw().status().as_u16();
                match service.err().code() {
                    Some(code) => Self::Said {
                        code: clean(code, 60),
                        message: clean(service.err().message().unwrap_or_default(), MESSAGE_LIMIT),
                        status,
                    },
                    None => Self::NotAws { status },
                }
            }
            SdkError::ResponseError(response) => {
                // The body broke off, or it is nothing that the protocol has.
                let broken = chain(error).find_map(|source| source.downcast_ref::<std::io::Error>());
                let status = response.raw().status().as_u16();
                broken.map_or(Self::NotAws { status }, |io| Self::NoConnection { detail: system_words(io) })
            }
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Self::TimedOut,
            _ => Self::of_chain(error),
        }
    }

    /// The cause in a few words, for one who knows what failed.
    pub(super) fn words(&self) -> String {
        match self {
            Self::NoCredentials => "no AWS credentials found".to_owned(),
            Self::CredentialsNotLoaded { detail } => format!("the credentials could not be loaded: {detail}"),
            Self::NoRegion => "no region is known".to_owned(),
            Self::TooLate => TooLate.to_string(),
            Self::Fenced { why } => why.clone(),
            Self::TimedOut => "no answer in time".to_owned(),
            Self::NoHost => "no such host".to_owned(),
            Self::NotSecure { detail } | Self::NoConnection { detail } | Self::Other { detail } => detail.clone(),
            Self::NotAws { status } => format!("HTTP {status} with an answer that is not AWS's, a proxy?"),
            Self::Said { code, status, .. } => format!("HTTP {status} {code}"),
        }
    }

    /// What never got as far as a connection: the links of the error's chain say why.
    fn of_chain(error: &(dyn Error + 'static)) -> Self {
        if let Some(credentials) = chain(error).find_map(|source| source.downcast_ref::<CredentialsError>()) {
            return match credentials {
                CredentialsError::CredentialsNotLoaded(_) => Self::NoCredentials,
                CredentialsError::ProviderTimedOut(_) => {
                    Self::CredentialsNotLoaded { detail: "no answer in time".to_owned() }
                }
                _ => Self::CredentialsNotLoaded { detail: innermost(credentials) },
            };
        }
        if chain(error).any(<dyn Error>::is::<TooLate>) {
            return Self::TooLate;
        }
        if let Some(Fenced(why)) = chain(error).find_map(|source| source.downcast_ref::<Fenced>()) {
            return Self::Fenced { why: why.clone() };
        }
        let links: Vec<String> = chain(error).map(|link| link.to_string().to_ascii_lowercase()).collect();
        let says = |what: &str| links.iter().any(|link| link.contains(what));
        if says("missing region") || says("missing signing region") {
            return Self::NoRegion;
        }
        if says("dns error") || says("failed to lookup address") {
            return Self::NoHost;
        }
        let detail = innermost(error);
        if says("certificate") || says("tls") || says("invalid message") || says("corrupt message") {
            return Self::NotSecure { detail };
        }
        let of_system = chain(error).any(<dyn Error>::is::<std::io::Error>);
        let connects = of_system || says("connect");
        if detail == "timed out" {
            Self::TimedOut
        } else if connects {
            Self::NoConnection { detail }
        } else {
            Self::Other { detail }
        }
    }
}

/// An error and what it came from, outermost first.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let link = next?;
        next = link.source();
        Some(link)
    })
}

/// What all of it came from, in its own words.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let Some(last) = chain(error).last() else { return String::new() };
    match last.downcast_ref::<std::io::Error>() {
        Some(io) => system_words(io),
        None => clean(&last.to_string(), LIMIT),
    }
}

fn system_words(error: &std::io::Error) -> String {
    let known = SYSTEM_WORDS.iter().find(|(kind, _)| *kind == error.kind());
    known.map_or_else(
        || {
            let text = error.to_string();
            clean(text.split(" (os error").next().unwrap_or_default(), LIMIT)
        },
        |(_, words)| (*words).to_owned(),
    )
}
