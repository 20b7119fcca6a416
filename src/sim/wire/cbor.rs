//! Smithy RPC v2 CBOR: requests in, responses and errors out, by a codec that is not the SDK's.

use std::io::Read;

use bytes::Bytes;
use ciborium::Value;
use flate2::read::GzDecoder;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use jiff::Timestamp;

use super::{ApiError, Request, Response};

/// No body that CloudWatch takes is larger inflated.
const MAX_INFLATED_BYTES: u64 = 4 << 20;
/// CBOR's tag for seconds since the epoch.
const EPOCH_TAG: u64 = 1;

/// A map with text keys.
#[derive(Debug, Clone, Default)]
pub struct Map(Vec<(Value, Value)>);

impl Map {
    /// The body of a request, inflated where it was compressed; no body is an empty map.
    ///
    /// # Errors
    /// `SerializationException` when it is not CBOR or not a map.
    pub fn read(request: &Request) -> Result<Self, ApiError> {
        let gzip = request.headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding.as_bytes() == b"gzip");
        let body = if gzip { inflate(&request.body)? } else { request.body.to_vec() };
        if body.is_empty() {
            return Ok(Self::default());
        }
        let value: Value = ciborium::de::from_reader_with_recursion_limit(body.as_slice(), 64)
            .map_err(|error| malformed(&format!("the body is not CBOR: {error}")))?;
        Self::of(&value).ok_or_else(|| malformed("the body is not a map"))
    }

    /// A value that is a map.
    pub fn of(value: &Value) -> Option<Self> {
        value.as_map().map(|entries| Self(entries.clone()))
    }

    /// The value of a key; CBOR's null counts as absent.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(name, _)| name.as_text() == Some(key)).map(|(_, value)| value);
        found.filter(|value| !value.is_null())
    }

    /// A text.
    ///
    /// # Errors
    /// `SerializationException` when it is something else.
    pub fn text(&self, key: &str) -> Result<Option<&str>, ApiError> {
        self.typed(key, "a text", Value::as_text)
    }

    /// A whole number.
    ///
    /// # Errors
    /// `SerializationException` when it is something else.
    pub fn integer(&self, key: &str) -> Result<Option<i64>, ApiError> {
        self.typed(key, "a whole number", |value| value.as_integer().and_then(|number| i64::try_from(number).ok()))
    }

    /// An instant: tag 1 over a number of seconds.
    ///
    /// # Errors
    /// `SerializationException` when it is something else.
    pub fn instant(&self, key: &str) -> Result<Option<Timestamp>, ApiError> {
        self.typed(key, "a timestamp", instant)
    }

    /// The maps of a list; absent is empty.
    ///
    /// # Errors
    /// `SerializationException` when it is something else.
    pub fn maps(&self, key: &str) -> Result<Vec<Self>, ApiError> {
        let list = self.typed(key, "a list", |value| value.as_array())?;
        let maps: Option<Vec<Self>> = list.into_iter().flatten().map(Self::of).collect();
        maps.ok_or_else(|| malformed(&format!("a member of {key} is not a map")))
    }

    /// Adds an entry.
    pub fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.push((Value::Text(key.to_owned()), value.into()));
    }

    /// As a value, to nest it.
    pub fn into_value(self) -> Value {
        Value::Map(self.0)
    }

    fn typed<'a, T>(
        &'a self,
        key: &str,
        what: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| malformed(&format!("{key} is not {what}")))
    }
}

/// An instant as a value.
pub fn instant_value(instant: Timestamp) -> Value {
    Value::Tag(EPOCH_TAG, Box::new(Value::Float(instant.as_second() as f64)))
}

/// A successful response.
pub fn response(request_id: &str, body: Map) -> Response {
    respond(http::StatusCode::OK, request_id, body, None)
}

/// An error; CloudWatch states its code twice, for clients of the older query protocol too.
pub fn error_response(request_id: &str, error: &ApiError) -> Response {
    let mut body = Map::default();
    body.put("__type", format!("com.amazonaws.cloudwatch#{}", error.code));
    body.put("message", error.message.clone());
    let status = http::StatusCode::from_u16(error.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let fault = if error.status < 500 { "Sender" } else { "Receiver" };
    respond(status, request_id, body, Some(format!("{};{fault}", error.code)))
}

fn respond(status: http::StatusCode, request_id: &str, body: Map, query_error: Option<String>) -> Response {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail, and every value here is plain.
    drop(ciborium::into_writer(&body.into_value(), &mut bytes));
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/cbor"));
    headers.insert(HeaderName::from_static("smithy-protocol"), HeaderValue::from_static("rpc-v2-cbor"));
    for (name, value) in [("x-amzn-requestid", Some(request_id.to_owned())), ("x-amzn-query-error", query_error)] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    Response { status, headers, body: Bytes::from(bytes) }
}

fn instant(value: &Value) -> Option<Timestamp> {
    let Value::Tag(EPOCH_TAG, seconds) = value else { return None };
    let seconds = seconds.as_float().or_else(|| Some(i64::try_from(seconds.as_integer()?).ok()? as f64))?;
    if !seconds.is_finite() || seconds.abs() > 1e11 {
        return None;
    }
    Timestamp::from_millisecond((seconds * 1_000.0).round() as i64).ok()
}

fn inflate(body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let mut inflated = Vec::new();
    let read = GzDecoder::new(body).take(MAX_INFLATED_BYTES + 1).read_to_end(&mut inflated);
    read.map_err(|error| malformed(&format!("the body is not gzip: {error}")))?;
    if inflated.len() as u64 > MAX_INFLATED_BYTES {
        return Err(malformed("the inflated body is too large"));
    }
    Ok(inflated)
}

fn malformed(what: &str) -> ApiError {
    ApiError { code: "SerializationException".to_owned(), status: 400, message: what.to_owned() }
}
