//! The simulated CloudWatch alone, with the real SDK's client to it, and a time that stands still.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use upshift::sim::cloudwatch::{CloudWatch, MetricKey, Notification};
use upshift::sim::wire::{Request, Response};

pub(crate) const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A CloudWatch whose time stands still until somebody moves it.
#[derive(Debug, Clone)]
pub(crate) struct Desk(Arc<Mutex<(CloudWatch, Timestamp, Vec<Request>)>>);

impl Desk {
    pub(crate) fn new() -> Self {
        let cloudwatch = CloudWatch::new("111122223333", "us-east-1");
        Self(Arc::new(Mutex::new((cloudwatch, "2026-01-05T10:00:00Z".parse().unwrap(), Vec::new()))))
    }

    fn lock(&self) -> MutexGuard<'_, (CloudWatch, Timestamp, Vec<Request>)> {
        self.0.lock().unwrap()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.lock().1
    }

    /// Moves time on; alarms are evaluated on the way.
    pub(crate) fn pass(&self, span: SignedDuration) {
        let mut desk = self.lock();
        let (from, to) = (desk.1, desk.1 + span);
        desk.1 = to;
        desk.0.advance(from, to);
    }

    /// Publishes the load of a database at `at`, seen after `delay`.
    pub(crate) fn publish(&self, at: Timestamp, delay: SignedDuration, value: f64) {
        let dimensions = BTreeMap::from([("DBInstanceIdentifier".to_owned(), "checkpoints".to_owned())]);
        let key = MetricKey { namespace: "AWS/RDS".into(), name: "WriteIOPS".into(), dimensions };
        self.lock().0.publish(&key, at, at + delay, value, "Count/Second");
    }

    /// Puts `values` into the minutes before now, the last into the one just before, all visible.
    pub(crate) fn history(&self, values: &[f64]) {
        let now = self.now();
        for (age, value) in (1..).zip(values.iter().rev()) {
            self.publish(now - MINUTE * age, MINUTE, *value);
        }
    }

    /// What SNS would have sent.
    pub(crate) fn notifications(&self) -> Vec<Notification> {
        self.lock().0.notifications().cloned().collect()
    }

    pub(crate) fn answer(&self, request: &Request) -> Response {
        let mut desk = self.lock();
        let now = desk.1;
        desk.2.push(request.clone());
        desk.0.handle(now, "req-0001", request)
    }

    /// The request that came last, as it was on the wire.
    pub(crate) fn last_request(&self) -> Request {
        self.lock().2.last().unwrap().clone()
    }

    /// The real SDK's client to it.
    pub(crate) fn client(&self) -> Client {
        let connector = SharedHttpConnector::new(self.clone());
        let config = aws_sdk_cloudwatch::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("AKIDSIMULATED", "secret", None, None, "test"))
            .retry_config(aws_sdk_cloudwatch::config::retry::RetryConfig::disabled())
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        Client::from_conf(config)
    }
}

impl HttpConnector for Desk {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let desk = self.clone();
        HttpConnectorFuture::new(async move {
            let (parts, body) = request.try_into_http1x().unwrap().into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let answer = desk.answer(&Request { method: parts.method, uri: parts.uri, headers: parts.headers, body });
            let mut message = http::Response::new(SdkBody::from(answer.body));
            *message.status_mut() = answer.status;
            *message.headers_mut() = answer.headers;
            Ok(HttpResponse::try_from(message).unwrap())
        })
    }
}

pub(crate) fn date(at: Timestamp) -> DateTime {
    DateTime::from_millis(at.as_millisecond())
}

pub(crate) fn write_iops() -> Metric {
    let dimension = Dimension::builder().name("DBInstanceIdentifier").value("checkpoints").build();
    Metric::builder().namespace("AWS/RDS").metric_name("WriteIOPS").dimensions(dimension).build()
}

pub(crate) fn stat(id: &str, metric: Metric, statistic: &str, period: i32) -> MetricDataQuery {
    let stat = MetricStat::builder().metric(metric).period(period).stat(statistic).build();
    MetricDataQuery::builder().id(id).metric_stat(stat).build()
}
