//! `GetMetricData`: every signal of every database in as few calls as its limits allow.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StatusCode};
use jiff::Timestamp;

use super::{Aws, PAGE_LIMIT, convert, failure};
use crate::model::call::Failure;
use crate::model::database::{DatabaseName, ResourceId};
use crate::model::series::{Datapoint, Series, SignalName, SignalSource, SignalSpec};

/// `GetMetricData` takes this many queries at most.
const QUERIES_PER_CALL: usize = 500;

/// One signal to read.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Of which database.
    pub database: DatabaseName,
    /// Its machine; expressions that name it wait until it is known.
    pub resource_id: Option<ResourceId>,
    /// What to read.
    pub spec: SignalSpec,
}

/// What was read: per database and signal.
pub type Signals = BTreeMap<DatabaseName, BTreeMap<SignalName, Series>>;

impl Aws {
    /// The datapoints of `wanted` from `start` (included) to `end` (excluded), read at `now`.
    ///
    /// # Errors
    /// When any call fails; what other calls brought is not half an answer and is dropped.
    pub async fn signals(
        &self,
        wanted: &[Wanted],
        start: Timestamp,
        end: Timestamp,
        now: Timestamp,
    ) -> Result<Signals, Failure> {
        let mut signals = Signals::new();
        for (batch, wanted) in wanted.chunks(QUERIES_PER_CALL).enumerate() {
            let ids: Vec<String> = (0..wanted.len()).map(|i| format!("b{batch}q{i}")).collect();
            let queries: Vec<MetricDataQuery> =
                wanted.iter().zip(&ids).filter_map(|(wanted, id)| query(wanted, id)).collect();
            if queries.is_empty() {
                continue;
            }
            let results = self.metric_data(queries, start, end).await?;
            for (wanted, id) in wanted.iter().zip(&ids) {
                let of_it: Vec<&MetricDataResult> =
                    results.iter().filter(|result| result.id() == Some(id.as_str())).collect();
                if of_it.is_empty() {
                    continue;
                }
                let series = series(&of_it, wanted.spec.period_secs, now);
                signals.entry(wanted.database.clone()).or_default().insert(wanted.spec.name.clone(), series);
            }
        }
        Ok(signals)
    }

    async fn metric_data(
        &self,
        queries: Vec<MetricDataQuery>,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Vec<MetricDataResult>, Failure> {
        let mut results = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGE_LIMIT {
            let request = self
                .cloudwatch
                .get_metric_data()
                .set_metric_data_queries(Some(queries.clone()))
                .start_time(convert::date_time(start))
                .end_time(convert::date_time(end))
                .scan_by(ScanBy::TimestampAscending)
                .set_next_token(token);
            let page = request.send().await.map_err(|error| failure::read_failure("GetMetricData", &error))?;
            results.extend_from_slice(page.metric_data_results());
            token = page.next_token().map(ToOwned::to_owned);
            if token.is_none() {
                break;
            }
        }
        Ok(results)
    }
}

fn query(wanted: &Wanted, id: &str) -> Option<MetricDataQuery> {
    let period = i32::try_from(wanted.spec.period_secs).ok()?;
    let query = MetricDataQuery::builder().id(id);
    let query = match &wanted.spec.source {
        SignalSource::Metric { namespace, metric_name } => {
            // A second dimension would name another metric: sets of dimensions match exactly.
            let dimension = Dimension::builder().name("DBInstanceIdentifier").value(wanted.database.as_str()).build();
            let metric = Metric::builder().namespace(namespace).metric_name(metric_name).dimensions(dimension).build();
            let stat = MetricStat::builder().metric(metric).period(period).stat(wanted.spec.statistic.as_str()).build();
            query.metric_stat(stat)
        }
        SignalSource::Expression { expression } => {
            let mut text = expression.replace("{database}", wanted.database.as_str());
            if text.contains("{resource_id}") {
                text = text.replace("{resource_id}", wanted.resource_id.as_ref()?.as_str());
            }
            query.expression(text).period(period)
        }
    };
    Some(query.build())
}

fn series(results: &[&MetricDataResult], period_secs: u32, now: Timestamp) -> Series {
    let mut all = Series::empty(period_secs, now);
    for result in results {
        let pairs = result.timestamps().iter().zip(result.values());
        let point = |(start, value): (&aws_smithy_types::DateTime, &f64)| {
            Some(Datapoint { start: convert::timestamp(start)?, value: *value })
        };
        let mut part = Series::empty(period_secs, now);
        part.points = pairs.filter_map(point).collect();
        all.merge(&part, Timestamp::MIN);
    }
    // Pages before the last one are partial by nature; the last word counts.
    all.partial = results.last().is_some_and(|result| result.status_code() != Some(&StatusCode::Complete));
    all
}
