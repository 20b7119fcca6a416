//! Refusals: what a client is answered when nothing has happened.

use std::io::{Error as IoError, ErrorKind};

use aws_smithy_runtime_api::client::result::ConnectorError;
use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;

use super::Fault;
use crate::sim::wire::tree::Value;
use crate::sim::wire::{ApiError, Response, cbor, query};

/// An answer that comes without anything having happened.
pub(in crate::swarm) fn before_effect(
    fault: Option<Fault>,
    action: &str,
    now: Timestamp,
) -> Option<Result<Response, ConnectorError>> {
    let refusal = |code: &str, status: u16, message: &str| {
        let error = ApiError { code: code.to_owned(), status, message: message.to_owned() };
        Some(Ok(refuse(action, &error, now)))
    };
    match fault? {
        Fault::A1Throttled if now.as_second() % 2 == 0 => {
            refusal("RequestLimitExceeded", 503, "Request limit exceeded.")
        }
        Fault::A1Throttled => refusal("Throttling", 400, "Rate exceeded"),
        Fault::A2FailsBefore => refusal("InternalFailure", 500, "An internal error has occurred."),
        Fault::A10AccessDenied => refusal("AccessDenied", 403, "User is not authorized to perform this action"),
        Fault::A11ExpiredToken => refusal("ExpiredToken", 403, "The security token included in the request is expired"),
        Fault::A12ClockSkew => refusal("SignatureDoesNotMatch", 403, "Signature expired or not yet current"),
        Fault::R1NoCapacity => {
            refusal("InsufficientDBInstanceCapacity", 400, "The requested class is not available in this zone.")
        }
        Fault::A13NoHost => Some(Err(ConnectorError::io(IoError::other("dns error: no such host").into()))),
        Fault::A14RegionOut => Some(Err(ConnectorError::io(IoError::from(ErrorKind::ConnectionRefused).into()))),
        _ => None,
    }
}

/// An error in the protocol of the operation.
fn refuse(action: &str, error: &ApiError, now: Timestamp) -> Response {
    let mut response = if action == "GetMetricData" {
        let tree = Value::Map(
            [
                ("__type".to_owned(), Value::Text(format!("com.amazonaws.cloudwatch#{}", error.code))),
                ("message".to_owned(), Value::Text(error.message.clone())),
            ]
            .into(),
        );
        let mut response = plain(StatusCode::BAD_REQUEST, "");
        response.body = cbor::encode(&tree).into();
        response.headers.insert("content-type", HeaderValue::from_static("application/cbor"));
        response.headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
        if let Ok(code) = HeaderValue::from_str(&format!("{};Sender", error.code)) {
            response.headers.insert("x-amzn-query-error", code);
        }
        response.status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
        response
    } else {
        query::refuse("http://rds.amazonaws.com/doc/2014-10-31/", "00000000-0000-4000-8000-000000000000", error)
    };
    let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers.insert(http::header::DATE, date);
    }
    response
}

/// Bytes without any of the headers that AWS sends.
pub(in crate::swarm) fn plain(status: StatusCode, body: &'static str) -> Response {
    Response { status, headers: http::HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) }
}
