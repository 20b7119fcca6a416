//! What goes over the wire, without a socket: a request in, a response out. The server and the in-process connector
//! both end here, so that a test without sockets runs the same bytes.

pub mod cbor;
pub mod form;
pub mod json;
pub mod query;
pub mod tree;
pub mod xml;

use bytes::Bytes;

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
