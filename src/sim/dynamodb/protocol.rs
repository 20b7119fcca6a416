//! awsJson 1.0, as DynamoDB speaks it.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::sim::wire::tree::{Map, Value};
use crate::sim::wire::{ApiError, Request, Response, json};

/// What `x-amz-target` begins with.
const TARGET: &str = "DynamoDB_20120810.";

/// The operation that a request is for; `None` when it is for another service.
pub(super) fn operation(request: &Request) -> Option<&str> {
    request.headers.get("x-amz-target")?.to_str().ok()?.strip_prefix(TARGET)
}

/// The structure in the body.
///
/// # Errors
/// `SerializationException` when there is none.
pub(super) fn body(request: &Request) -> Result<Map, ApiError> {
    match json::decode(&request.body) {
        Ok(Value::Map(map)) => Ok(map),
        Ok(_) | Err(_) => Err(ApiError::sender("com.amazon.coral.service#SerializationException", "")),
    }
}

/// A good answer.
pub(super) fn answer(request_id: &str, output: &Map) -> Response {
    respond(http::StatusCode::OK, request_id, output.clone())
}

/// The answer that states an error: those of the service's own model come with its namespace.
pub(super) fn refuse(request_id: &str, error: &ApiError) -> Response {
    let status = http::StatusCode::from_u16(error.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let code = if error.code.contains('#') {
        error.code.clone()
    } else {
        format!("com.amazonaws.dynamodb.v20120810#{}", error.code)
    };
    let body = Map::from([("__type".to_owned(), code.into()), ("message".to_owned(), error.message.as_str().into())]);
    respond(status, request_id, body)
}

fn respond(status: http::StatusCode, request_id: &str, body: Map) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    Response { status, headers, body: Bytes::from(json::encode(&Value::Map(body))) }
}
