//! CloudWatch of the simulated world: the metric store, `GetMetricData`, alarms and their history.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::wire::{Request, Response};

/// What identifies one metric: namespace, name and the exact set of dimensions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MetricKey {
    /// Such as `AWS/RDS`.
    pub namespace: String,
    /// Such as `WriteIOPS`.
    pub name: String,
    /// Name to value; matched exactly.
    pub dimensions: BTreeMap<String, String>,
}

/// The CloudWatch service of one account and region.
#[derive(Debug)]
pub struct CloudWatch {}

impl CloudWatch {
    /// An empty CloudWatch. `account` is 12 digits, `region` such as `us-east-1`; both appear in ARNs.
    pub fn new(_account: &str, _region: &str) -> Self {
        Self {}
    }

    /// Stores one sample of a metric, stamped `at`, which no reader (and no alarm) sees before `visible_at`.
    pub fn publish(&mut self, _key: &MetricKey, _at: Timestamp, _visible_at: Timestamp, _value: f64, _unit: &str) {}

    /// Evaluates every alarm at each whole minute in `(from, to]`.
    pub fn advance(&mut self, _from: Timestamp, _to: Timestamp) {}

    /// Whether a request is for this service, by path, `x-amz-target`, form `Version` or credential scope.
    pub fn serves(_request: &Request) -> bool {
        false
    }

    /// Answers one request at `now`, in the protocol in which it was asked. `request_id` goes into the answer.
    pub fn handle(&mut self, _now: Timestamp, _request_id: &str, _request: &Request) -> Response {
        Response { status: http::StatusCode::NOT_FOUND, headers: http::HeaderMap::new(), body: bytes::Bytes::new() }
    }
}
