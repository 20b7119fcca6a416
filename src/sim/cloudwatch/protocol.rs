//! The three protocols of CloudWatch, each translated to one tree of values and back: Smithy RPC v2 CBOR, awsJson 1.0
//! and awsQuery. Owned by the simulated CloudWatch.

use std::borrow::Cow;
use std::io::Read;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::errors::{exception, is_of_caller};
use crate::sim::wire::tree::{Map, Value};
use crate::sim::wire::xml::Xml;
use crate::sim::wire::{ApiError, Request, Response, cbor, form, json, query};

/// Where RPC v2 CBOR calls go, in front of the operation's name.
const CBOR_PATH: &str = "/service/GraniteServiceVersion20100801/operation/";
/// What `x-amz-target` begins with in awsJson.
const TARGET: &str = "GraniteServiceVersion20100801.";
/// The version that a form names.
const VERSION: &str = "2010-08-01";
/// The namespace of XML answers.
const NAMESPACE: &str = "http://monitoring.amazonaws.com/doc/2010-08-01/";
/// No body that CloudWatch takes is larger inflated: the limit of `PutMetricData` is 1 MB.
const MAX_INFLATED_BYTES: u64 = 4 << 20;

/// How a request was written, and how its answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Cbor,
    Json,
    Query,
}

/// One call, read.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) operation: String,
    pub(super) input: Map,
}

impl Protocol {
    /// The protocol of a request for CloudWatch; `None` when it is for somebody else.
    pub(super) fn of(request: &Request) -> Option<Self> {
        if request.uri.path().starts_with(CBOR_PATH) {
            return Some(Self::Cbor);
        }
        if let Some(target) = header(request, "x-amz-target") {
            return target.starts_with(TARGET).then_some(Self::Json);
        }
        if request.uri.path().starts_with("/service/") {
            return None;
        }
        let is_ours = match parameter(request, "Version").as_deref() {
            Some(VERSION) => true,
            _ => is_scoped_here(request),
        };
        is_ours.then_some(Self::Query)
    }

    /// Reads a request that is written in this protocol.
    ///
    /// # Errors
    /// When the body is not what the protocol wants.
    pub(super) fn read(self, request: &Request) -> Result<Call, ApiError> {
        let body = self.body(request)?;
        let tree = |decode: fn(&[u8]) -> Result<Value, String>| match decode(&body) {
            _ if body.is_empty() => Ok(Map::new()),
            Ok(Value::Map(map)) => Ok(map),
            Ok(_) => Err(self.malformed("the body is not a structure")),
            Err(what) => Err(self.malformed(&what)),
        };
        match self {
            Self::Cbor => {
                let operation = request.uri.path().strip_prefix(CBOR_PATH).unwrap_or_default().to_owned();
                Ok(Call { operation, input: tree(cbor::decode)? })
            }
            Self::Json => {
                let target = header(request, "x-amz-target").unwrap_or_default();
                let operation = target.strip_prefix(TARGET).unwrap_or_default().to_owned();
                Ok(Call { operation, input: tree(json::decode)? })
            }
            Self::Query => {
                let query = request.uri.query().unwrap_or_default();
                let mut input = form::decode(query.as_bytes()).map_err(|what| self.malformed(&what))?;
                input.append(&mut form::decode(&body).map_err(|what| self.malformed(&what))?);
                match input.remove("Action") {
                    Some(Value::Text(operation)) => Ok(Call { operation, input }),
                    _ => Err(ApiError::sender("MissingAction", "The request must contain the parameter Action.")),
                }
            }
        }
    }

    /// The answer to a call of `operation`.
    pub(super) fn answer(self, operation: &str, request_id: &str, answer: Result<Map, ApiError>) -> Response {
        let output = match answer {
            Ok(output) => output,
            Err(error) => return self.refuse(request_id, &error),
        };
        if self == Self::Query {
            return query::respond(NAMESPACE, operation, request_id, |xml| {
                members(xml, &output);
                Ok(())
            });
        }
        self.respond(http::StatusCode::OK, request_id, &Value::Map(output), None)
    }

    /// The answer that states an error. The newer protocols state its code in a header too, as the older one had it.
    pub(super) fn refuse(self, request_id: &str, error: &ApiError) -> Response {
        if self == Self::Query {
            return query::refuse(NAMESPACE, request_id, error);
        }
        let fault = if error.status < 500 { "Sender" } else { "Receiver" };
        let body = Map::from([
            ("__type".to_owned(), exception(&error.code).into()),
            ("message".to_owned(), error.message.as_str().into()),
        ]);
        // The newer front ends call what is about the caller a bad request, the older one forbids it.
        let status = if is_of_caller(&error.code) { 400 } else { error.status };
        let status = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
        self.respond(status, request_id, &Value::Map(body), Some(format!("{};{fault}", error.code)))
    }

    /// The error for an operation that CloudWatch does not have, or that is not simulated.
    pub(super) fn unknown(self, operation: &str) -> ApiError {
        if self == Self::Query {
            let message = format!("Could not find operation {operation} for version {VERSION}");
            return ApiError::sender("InvalidAction", message);
        }
        ApiError {
            code: "UnknownOperationException".to_owned(),
            status: if self == Self::Json { 400 } else { 404 },
            message: format!("The operation {operation} is not known to this service."),
        }
    }

    /// The error for a value of the wrong type, or a body that cannot be read.
    pub(super) fn malformed(self, what: &str) -> ApiError {
        ApiError::sender(if self == Self::Query { "MalformedInput" } else { "SerializationException" }, what)
    }

    fn body(self, request: &Request) -> Result<Cow<'_, [u8]>, ApiError> {
        if header(request, CONTENT_ENCODING.as_str()).is_none_or(|encoding| encoding != "gzip") {
            return Ok(Cow::Borrowed(&request.body));
        }
        let mut inflated = Vec::new();
        let read = GzDecoder::new(&request.body[..]).take(MAX_INFLATED_BYTES + 1).read_to_end(&mut inflated);
        read.map_err(|error| self.malformed(&format!("the body is not gzip: {error}")))?;
        if inflated.len() as u64 > MAX_INFLATED_BYTES {
            return Err(ApiError {
                code: "RequestEntityTooLarge".to_owned(),
                status: 413,
                message: format!("The inflated body is larger than {MAX_INFLATED_BYTES} bytes."),
            });
        }
        Ok(Cow::Owned(inflated))
    }

    fn respond(self, status: http::StatusCode, id: &str, body: &Value, query_error: Option<String>) -> Response {
        let mut headers = HeaderMap::new();
        let body = if self == Self::Cbor {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/cbor"));
            headers.insert(HeaderName::from_static("smithy-protocol"), HeaderValue::from_static("rpc-v2-cbor"));
            cbor::encode(body)
        } else {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
            json::encode(body)
        };
        for (name, value) in [("x-amzn-requestid", Some(id.to_owned())), ("x-amzn-query-error", query_error)] {
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        Response { status, headers, body: Bytes::from(body) }
    }
}

/// Writes a structure as XML: a list is its members, each called `member`.
fn members(xml: &mut Xml, map: &Map) {
    for (name, value) in map {
        element(xml, name, value);
    }
}

fn element(xml: &mut Xml, name: &str, value: &Value) {
    match value {
        Value::Bool(value) => xml.text(name, value),
        Value::Int(value) => xml.text(name, value),
        // Rust writes infinities as `inf`; XML Schema, and with it AWS, as `INF`.
        Value::Double(value) => xml.text(name, format!("{value:?}").replace("inf", "INF")),
        Value::Text(value) => xml.text(name, value),
        Value::Instant(value) => xml.instant(name, *value),
        Value::List(items) => xml.nest(name, |xml| items.iter().for_each(|item| element(xml, "member", item))),
        Value::Map(map) => xml.nest(name, |xml| members(xml, map)),
    }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.get(name)?.to_str().ok()
}

/// A parameter of an uncompressed form, or of the query string.
fn parameter<'a>(request: &'a Request, wanted: &str) -> Option<Cow<'a, str>> {
    let query = request.uri.query().unwrap_or_default();
    let is_form = header(request, CONTENT_TYPE.as_str()).is_some_and(|kind| kind.contains("form-urlencoded"));
    let body: &[u8] = if is_form { &request.body } else { &[] };
    let mut pairs = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(body));
    pairs.find(|(name, _)| name == wanted).map(|(_, value)| value)
}

/// Whether the signature is scoped to CloudWatch: `Credential=AK/date/region/monitoring/aws4_request`.
fn is_scoped_here(request: &Request) -> bool {
    let service = || header(request, AUTHORIZATION.as_str())?.split_once("Credential=")?.1.split('/').nth(3);
    service() == Some("monitoring")
}
