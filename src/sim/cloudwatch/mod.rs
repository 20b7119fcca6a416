//! CloudWatch of the simulated world: the metric store, `GetMetricData` with metric math, alarms and their history, in
//! the three protocols that CloudWatch speaks. An operation that is not simulated is answered as AWS answers an
//! unknown one.
//!
//! It has no clock and draws no randomness: equal calls at equal times give equal answers.

mod alarm;
mod errors;
mod get_metric_data;
mod get_metric_statistics;
mod input;
mod inward;
mod list_metrics;
mod math;
mod paging;
mod protocol;
mod put_metric_data;
mod queries;
mod statistic;
mod store;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::wire::tree::Map;
use super::wire::{ApiError, Request, Response};
pub(in crate::sim) use alarm::ALARMS;
use alarm::Alarms;
pub use alarm::Notification;
use input::Fields;
pub(in crate::sim) use inward::KeptAlarm;
use protocol::Protocol;
use statistic::{Sample, Unit};
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

/// Where counters are kept for `DB_PERF_INSIGHTS`.
#[derive(Debug, Clone, Copy)]
pub struct PerfInsights {
    /// The namespace. No metric of AWS lives there, and `ListMetrics` does not show it.
    pub namespace: &'static str,
    /// The one dimension; its value is the `DbiResourceId`.
    pub dimension: &'static str,
}

/// Publish counters here, under names such as `db.SQL.tup_inserted`, and expressions find them.
pub const PERF_INSIGHTS: PerfInsights = PerfInsights { namespace: "DB_PERF_INSIGHTS", dimension: "DbiResourceId" };

/// The CloudWatch service of one account and region.
#[derive(Debug)]
pub struct CloudWatch {
    store: Store,
    alarms: Alarms,
}

impl CloudWatch {
    /// An empty CloudWatch. `account` is 12 digits, `region` such as `us-east-1`; both appear in ARNs.
    pub fn new(account: &str, region: &str) -> Self {
        Self { store: Store::default(), alarms: Alarms::new(account, region) }
    }

    /// The same with another quota of alarms than the usual 5,000.
    #[must_use]
    pub fn with_alarm_quota(mut self, alarms: usize) -> Self {
        self.alarms.set_quota(alarms);
        self
    }

    /// Stores one sample of a metric, stamped `at`, which no reader (and no alarm) sees before `visible_at`. A unit
    /// that CloudWatch does not know counts as `None`.
    pub fn publish(&mut self, key: &MetricKey, at: Timestamp, visible_at: Timestamp, value: f64, unit: &str) {
        let sample = Sample::of(value, 1.0, Unit::of(unit).unwrap_or_default(), visible_at);
        self.store.put(key, at.as_second(), &[sample]);
    }

    /// What SNS would have sent for the alarms, oldest first.
    pub fn notifications(&self) -> impl Iterator<Item = &Notification> {
        self.alarms.notifications()
    }

    /// Whose alarms show a change only so long after it.
    #[must_use]
    pub fn with_alarms_that_show_after(mut self, time: SignedDuration) -> Self {
        self.alarms.set_shown_after(time);
        self
    }

    /// When each alarm was last given its configuration, in the order of their names.
    pub fn alarms_configured_at(&self) -> impl Iterator<Item = Timestamp> {
        self.alarms.configured_at()
    }

    /// Evaluates every alarm at each whole minute in `(from, to]`.
    pub fn advance(&mut self, from: Timestamp, to: Timestamp) {
        let minute = from.as_second().div_euclid(60).saturating_add(1);
        for minute in minute..=to.as_second().div_euclid(60) {
            if let Ok(now) = Timestamp::from_second(minute.saturating_mul(60)) {
                self.alarms.evaluate(&self.store, now);
            }
        }
    }

    /// Whether a request is for this service, by path, `x-amz-target`, form `Version` or credential scope.
    pub fn serves(request: &Request) -> bool {
        Protocol::of(request).is_some()
    }

    /// Answers one request at `now`, in the protocol in which it was asked. `request_id` goes into the answer.
    pub fn handle(&mut self, now: Timestamp, request_id: &str, request: &Request) -> Response {
        let protocol = Protocol::of(request).unwrap_or(Protocol::Query);
        match protocol.read(request) {
            Ok(call) => {
                let answer = self.operation(now, protocol, &call);
                protocol.answer(&call.operation, request_id, answer)
            }
            Err(error) => protocol.refuse(request_id, &error),
        }
    }

    /// What a request for this service was sent with; nothing where it cannot be read.
    pub fn input(request: &Request) -> Map {
        let read = Protocol::of(request).unwrap_or(Protocol::Query).read(request);
        read.map(|call| call.input).unwrap_or_default()
    }

    /// States an error that struck a request for this service before it was looked at, in the request's protocol.
    pub fn refuse(request: &Request, request_id: &str, error: &ApiError) -> Response {
        Protocol::of(request).unwrap_or(Protocol::Query).refuse(request_id, error)
    }

    fn operation(&mut self, now: Timestamp, protocol: Protocol, call: &protocol::Call) -> Result<Map, ApiError> {
        let input = &Fields::of(protocol, &call.input);
        match call.operation.as_str() {
            "GetMetricData" => get_metric_data::answer(&self.store, now, input),
            "GetMetricStatistics" => get_metric_statistics::answer(&self.store, now, input),
            "ListMetrics" => list_metrics::answer(&self.store, now, input),
            "PutMetricData" => put_metric_data::answer(&mut self.store, now, input),
            "PutMetricAlarm" => self.alarms.put(now, input),
            "DescribeAlarms" => self.alarms.describe(now, input),
            "DescribeAlarmHistory" => self.alarms.describe_history(now, input),
            "DeleteAlarms" => self.alarms.delete(now, input),
            "SetAlarmState" => self.alarms.set_state(now, input),
            "EnableAlarmActions" => self.alarms.switch_actions(now, input, true),
            "DisableAlarmActions" => self.alarms.switch_actions(now, input, false),
            "TagResource" => self.alarms.tag(input),
            "UntagResource" => self.alarms.untag(input),
            "ListTagsForResource" => self.alarms.list_tags(input),
            other => Err(protocol.unknown(other)),
        }
    }
}
