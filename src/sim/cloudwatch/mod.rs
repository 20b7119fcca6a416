//! CloudWatch of the simulated world: the metric store and `GetMetricData`, in the protocol that the Rust SDK speaks.
//! Every other operation is answered as AWS answers an unknown one.

mod get_metric_data;
mod store;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::wire::cbor::{self, Map};
use super::wire::{ApiError, Request, Response};
use store::Store;

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
#[derive(Debug, Default)]
pub struct CloudWatch {
    store: Store,
}

/// Where RPC v2 CBOR calls of CloudWatch go, in front of the operation's name.
const CBOR_PATH: &str = "/service/GraniteServiceVersion20100801/operation/";

impl CloudWatch {
    /// An empty CloudWatch. `account` is 12 digits, `region` such as `us-east-1`.
    pub fn new(_account: &str, _region: &str) -> Self {
        Self::default()
    }

    /// Stores one sample of a metric, stamped `at`, which no reader sees before `visible_at`.
    pub fn publish(&mut self, key: &MetricKey, at: Timestamp, visible_at: Timestamp, value: f64, _unit: &str) {
        self.store.put(key, at, visible_at, value);
    }

    /// Nothing here changes by time alone.
    pub fn advance(&mut self, _from: Timestamp, _to: Timestamp) {}

    /// Whether a request is for this service.
    pub fn serves(request: &Request) -> bool {
        request.uri.path().starts_with(CBOR_PATH)
    }

    /// Answers one request at `now`. `request_id` goes into the answer.
    pub fn handle(&mut self, now: Timestamp, request_id: &str, request: &Request) -> Response {
        let operation = request.uri.path().strip_prefix(CBOR_PATH).unwrap_or_default();
        let answer = Map::read(request).and_then(|input| match operation {
            "GetMetricData" => get_metric_data::answer(&self.store, now, &input),
            _ => Err(ApiError {
                code: "UnknownOperationException".to_owned(),
                status: 404,
                message: format!("The operation {operation} is not known to this service."),
            }),
        });
        match answer {
            Ok(body) => cbor::response(request_id, body),
            Err(error) => cbor::error_response(request_id, &error),
        }
    }
}
