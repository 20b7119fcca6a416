//! awsJson 1.1, as Application Auto Scaling speaks it.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::sim::wire::tree::{Map, Value};
use crate::sim::wire::{ApiError, Request, Response, json};

/// What `x-amz-target` begins with.
const TARGET: &str = "AnyScaleFrontendService.";

/// The operation that a request is for; `None` when it is for another service.
pub(super) fn operation(request: &Request) -> Option<&str> {
    request.headers.get("x-amz-target")?.to_str().ok()?.strip_prefix(TARGET)
}

/// The structure in the body.
///
/// # Errors
/// `SerializationException` when there is none.
pub(super) fn body(request: &Request) -> Result<Map, ApiError> {
    let malformed = |what: &str| ApiError::sender("SerializationException", what);
    match json::decode(&request.body) {
        _ if request.body.is_empty() => Ok(Map::new()),
        Ok(Value::Map(map)) => Ok(map),
        Ok(_) => Err(malformed("the body is not a structure")),
        Err(what) => Err(malformed(&what)),
    }
}

/// A good answer.
pub(super) fn answer(request_id: &str, output: &Map) -> Response {
    respond(http::StatusCode::OK, request_id, output.clone())
}

/// The answer that states an error.
pub(super) fn refuse(request_id: &str, error: &ApiError) -> Response {
    let status = http::StatusCode::from_u16(error.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let body = Map::from([
        ("__type".to_owned(), error.code.as_str().into()),
        ("message".to_owned(), error.message.as_str().into()),
    ]);
    respond(status, request_id, body)
}

fn respond(status: http::StatusCode, request_id: &str, body: Map) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    Response { status, headers, body: Bytes::from(json::encode(&Value::Map(body))) }
}
