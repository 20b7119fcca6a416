//! Which service and action a request is for, and the checks that AWS makes before any service sees it.

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::sim::cloudwatch::CloudWatch;
use crate::sim::dynamodb::DynamoDb;
use crate::sim::scaling::Scaling;
use crate::sim::wire::query::{self, Params};
use crate::sim::wire::tree::{Map, Value};
use crate::sim::wire::{ApiError, Request, Response, form, json};
use crate::sim::{iam, rds, sns, sts};

/// Where the services are that have no region of their own.
const GLOBAL_REGION: &str = "us-east-1";

/// The services of this world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    CloudWatch,
    DynamoDb,
    Iam,
    Rds,
    Sns,
    Sts,
    Scaling,
    Unknown,
}

impl Service {
    /// What its actions begin with in policies.
    pub(super) fn prefix(self) -> Option<&'static str> {
        match self {
            Self::CloudWatch => Some("cloudwatch"),
            Self::DynamoDb => Some("dynamodb"),
            Self::Iam => Some("iam"),
            Self::Rds => Some("rds"),
            Self::Scaling => Some("application-autoscaling"),
            Self::Sns => Some("sns"),
            Self::Sts => Some("sts"),
            Self::Unknown => None,
        }
    }
}

/// One request, read far enough to send it on.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) service: Service,
    /// Such as `ModifyDBInstance`, in whatever protocol it was named.
    pub(super) action: String,
    /// The form, if it is one.
    pub(super) params: Params,
}

impl Call {
    pub(super) fn read(request: &Request) -> Self {
        let is_cloudwatch = CloudWatch::serves(request);
        let params = if names_operation(request) { Params::default() } else { Params::read(request) };
        let service = match (is_cloudwatch, params.get("Version"), scope(request).map(|scope| scope.service)) {
            (true, ..) => Service::CloudWatch,
            _ if Scaling::serves(request) => Service::Scaling,
            _ if DynamoDb::serves(request) => Service::DynamoDb,
            (_, Some(rds::VERSION), _) | (_, None, Some("rds")) => Service::Rds,
            (_, Some(sns::VERSION), _) | (_, None, Some("sns")) => Service::Sns,
            (_, Some(sts::VERSION), _) | (_, None, Some("sts")) => Service::Sts,
            (_, Some(iam::VERSION), _) | (_, None, Some("iam")) => Service::Iam,
            (_, Some(_), Some("rds")) => Service::Rds,
            (_, Some(_), Some("sns")) => Service::Sns,
            (_, Some(_), Some("sts")) => Service::Sts,
            (_, Some(_), Some("iam")) => Service::Iam,
            _ => Service::Unknown,
        };
        let target = request.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let action = params
            .get("Action")
            .or_else(|| target.and_then(|target| target.rsplit('.').next()))
            .or_else(|| request.uri.path().rsplit('/').next())
            .unwrap_or_default();
        Self { service, action: action.to_owned(), params }
    }

    /// What it was sent with, as far as it can be read: what is wrong with it the service says itself.
    pub(super) fn input(&self, request: &Request) -> Map {
        if self.service == Service::CloudWatch {
            return CloudWatch::input(request);
        }
        if matches!(self.service, Service::Scaling | Service::DynamoDb) {
            return match json::decode(&request.body) {
                Ok(Value::Map(input)) => input,
                _ => Map::new(),
            };
        }
        let query = request.uri.query().unwrap_or_default();
        let mut input = form::decode(query.as_bytes()).unwrap_or_default();
        input.append(&mut form::decode(&request.body).unwrap_or_default());
        input
    }

    /// What AWS's front door objects to: an unsigned request, or one signed for another region.
    pub(super) fn check(&self, request: &Request, region: &str) -> Option<ApiError> {
        if self.service == Service::Unknown {
            return None;
        }
        let region = if self.service == Service::Iam { GLOBAL_REGION } else { region };
        let refused = |code: &str, message: String| ApiError { code: code.to_owned(), status: 403, message };
        match scope(request) {
            None => Some(refused("MissingAuthenticationToken", "Request is missing Authentication Token".to_owned())),
            Some(scope) if scope.region != region => {
                let message = format!("Credential should be scoped to a valid region, not '{}'.", scope.region);
                Some(refused("SignatureDoesNotMatch", message))
            }
            Some(_) => None,
        }
    }

    /// States an error in the protocol of the request.
    pub(super) fn refuse(&self, id: &str, request: &Request, error: &ApiError) -> Response {
        match self.service {
            Service::Rds => query::refuse(rds::NAMESPACE, id, error),
            Service::Sns => query::refuse(sns::NAMESPACE, id, error),
            Service::Sts => query::refuse(sts::NAMESPACE, id, error),
            Service::Iam => query::refuse(iam::NAMESPACE, id, error),
            Service::CloudWatch => CloudWatch::refuse(request, id, error),
            Service::Scaling => Scaling::refuse(id, error),
            Service::DynamoDb => DynamoDb::refuse(id, error),
            Service::Unknown if names_operation(request) => unknown_operation(id),
            Service::Unknown => query::refuse("", id, error),
        }
    }
}

/// Whether the operation is named outside of the body, as in the JSON and CBOR protocols.
fn names_operation(request: &Request) -> bool {
    request.headers.contains_key("x-amz-target") || request.uri.path().starts_with("/service/")
}

/// How the JSON and CBOR front ends answer for an operation that does not exist.
fn unknown_operation(request_id: &str) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    Response { status: http::StatusCode::NOT_FOUND, headers, body: r#"{"__type":"UnknownOperationException"}"#.into() }
}

/// What a signature is scoped to: `Credential=AK/date/region/service/aws4_request`.
struct Scope<'a> {
    region: &'a str,
    service: &'a str,
}

fn scope(request: &Request) -> Option<Scope<'_>> {
    let authorization = request.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (_, credential) = authorization.split_once("Credential=")?;
    let mut parts = credential.split(',').next()?.split('/');
    let (region, service) = (parts.nth(2)?, parts.next()?);
    Some(Scope { region, service })
}
