//! What goes over the wire, without a socket: a request in, a response out. The server and the in-process connector
//! both end here, so that a test without sockets runs the same bytes.

pub mod cbor;
pub mod form;
pub mod json;
pub mod query;
pub mod tree;
pub mod xml;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// AWS refuses a request that is dated further off than this: SigV4's limit.
pub const SKEW_LIMIT_SECS: i64 = 300;

/// One HTTP request as it arrived, its body complete.
#[derive(Debug, Clone)]
pub struct Request {
    /// Such as `POST`.
    pub method: http::Method,
    /// Path and query, such as `/service/GraniteServiceVersion20100801/operation/GetMetricData`.
    pub uri: http::Uri,
    /// As sent.
    pub headers: http::HeaderMap,
    /// As sent: still compressed if `content-encoding` says so.
    pub body: Bytes,
}

impl Request {
    /// By how many seconds it is dated after `now`, by the clock that it was signed by; `None` when it carries no date.
    pub fn skew_secs(&self, now: Timestamp) -> Option<i64> {
        Some(self.signed_at()?.duration_since(now).as_secs())
    }

    /// When it was signed, by its own word.
    pub fn signed_at(&self) -> Option<Timestamp> {
        let text = self.headers.get("x-amz-date")?.to_str().ok()?;
        let time = jiff::fmt::strtime::parse("%Y%m%dT%H%M%SZ", text).ok()?;
        TimeZone::UTC.to_timestamp(time.to_datetime().ok()?).ok()
    }
}

/// One HTTP response, its body complete.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: http::StatusCode,
    /// All headers but those the transport owns (`content-length`, `connection`).
    pub headers: http::HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// An error as AWS states it; each protocol has its own way to write it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The code on the wire, such as `DBInstanceNotFound`.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// The sentence.
    pub message: String,
}
