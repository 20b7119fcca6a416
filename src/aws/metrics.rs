//! `GetMetricData`: every signal of every database in as few calls as its limits allow.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StandardUnit, StatusCode,
};
use jiff::Timestamp;

use super::pages::Pages;
use super::{Aws, convert};
use crate::model::database::{DatabaseName, ResourceId};
use crate::model::failure::{Failure, FailureKind};
use crate::model::series::{Datapoint, Series, SignalName, SignalSource, SignalSpec, Signals};

/// `GetMetricData` takes this many queries at most.
const QUERIES_PER_CALL: usize = 500;

/// One signal to read.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Of which database.
    pub database: DatabaseName,
    /// The instance that CloudWatch knows it by; one that is not known is not asked for.
    pub instance: Option<DatabaseName>,
    /// Its machine; expressions that name it wait until it is known.
    pub resource_id: Option<ResourceId>,
    /// What to read.
    pub spec: SignalSpec,
}

impl Aws {
    /// The datapoints of `wanted` from `start` (included) to `end` (excluded).
    ///
    /// # Errors
    /// When any call fails for a reason that all databases share. CloudWatch refuses a whole batch for one query that
    /// it does not take: then each database is asked for alone, and the failure is that database's own.
    pub async fn signals(&self, wanted: &[Wanted], start: Timestamp, end: Timestamp) -> Result<Signals, Failure> {
        let mut signals = Signals::new();
        for wanted in wanted.chunks(QUERIES_PER_CALL) {
            match self.batch(wanted, start, end).await {
                Ok(part) => add(&mut signals, part),
                Err(failure) if failure.kind == FailureKind::Rejected => {
                    for of_one in wanted.chunk_by(|a, b| a.database == b.database) {
                        match self.batch(of_one, start, end).await {
                            Ok(part) => add(&mut signals, part),
                            Err(failure) if failure.kind == FailureKind::Rejected => {
                                let failure = naming(failure, &of_one[0].database);
                                signals.insert(of_one[0].database.clone(), Err(failure));
                            }
                            Err(failure) => return Err(failure),
                        }
                    }
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(signals)
    }

    async fn batch(&self, wanted: &[Wanted], start: Timestamp, end: Timestamp) -> Result<Part, Failure> {
        let ids: Vec<String> = (0..wanted.len()).map(|i| format!("q{i}")).collect();
        let queries: Vec<MetricDataQuery> =
            wanted.iter().zip(&ids).filter_map(|(wanted, id)| query(wanted, id)).collect();
        if queries.is_empty() {
            return Ok(Part::new());
        }
        let results = self.metric_data(queries, start, end).await?;
        let one = |(wanted, id): (&Wanted, &String)| {
            let of_it: Vec<&MetricDataResult> =
                results.iter().filter(|result| result.id() == Some(id.as_str())).collect();
            let name = (wanted.database.clone(), wanted.spec.name.clone());
            (!of_it.is_empty()).then(|| (name, series(&of_it, &wanted.spec)))
        };
        Ok(wanted.iter().zip(&ids).filter_map(one).collect())
    }

    async fn metric_data(
        &self,
        queries: Vec<MetricDataQuery>,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Vec<MetricDataResult>, Failure> {
        let mut results = Vec::new();
        let mut pages = Pages::of("GetMetricData");
        loop {
            let request = self
                .cloudwatch
                .get_metric_data()
                .set_metric_data_queries(Some(queries.clone()))
                .start_time(convert::date_time(start))
                .end_time(convert::date_time(end))
                .scan_by(ScanBy::TimestampAscending)
                .set_next_token(pages.marker());
            let page = request.send().await.map_err(|error| self.read_failure("GetMetricData", &error))?;
            results.extend_from_slice(page.metric_data_results());
            if !pages.follow(page.next_token())? {
                return Ok(results);
            }
        }
    }
}

/// Series as one call brought them.
type Part = Vec<((DatabaseName, SignalName), Series)>;

fn add(signals: &mut Signals, part: Part) {
    for ((database, name), series) in part {
        if let Ok(of_database) = signals.entry(database).or_insert_with(|| Ok(BTreeMap::new())) {
            of_database.insert(name, series);
        }
    }
}

fn naming(failure: Failure, database: &DatabaseName) -> Failure {
    Failure { sentence: format!("signals of {database}: {}", failure.sentence), ..failure }
}

fn query(wanted: &Wanted, id: &str) -> Option<MetricDataQuery> {
    let period = i32::try_from(wanted.spec.period_secs).ok()?;
    let instance = wanted.instance.as_ref()?;
    let query = MetricDataQuery::builder().id(id);
    let query = match &wanted.spec.source {
        SignalSource::Metric { namespace, metric_name } => {
            // A second dimension would name another metric: sets of dimensions match exactly.
            let dimension = Dimension::builder().name("DBInstanceIdentifier").value(instance.as_str()).build();
            let metric = Metric::builder().namespace(namespace).metric_name(metric_name).dimensions(dimension).build();
            let stat = MetricStat::builder().metric(metric).period(period).stat(wanted.spec.statistic.as_str());
            let unit = wanted.spec.published_in.as_deref().map(StandardUnit::from);
            let stat = stat.set_unit(unit).build();
            query.metric_stat(stat)
        }
        SignalSource::Expression { expression } => {
            let mut text = expression.replace("{database}", instance.as_str());
            if text.contains("{resource_id}") {
                text = text.replace("{resource_id}", wanted.resource_id.as_ref()?.as_str());
            }
            query.expression(text).period(period)
        }
        // No metric.
        SignalSource::Alarm { .. } | SignalSource::Postgres { .. } => return None,
    };
    Some(query.build())
}

fn series(results: &[&MetricDataResult], spec: &SignalSpec) -> Series {
    let mut all = Series::empty(spec.period_secs);
    for result in results {
        let pairs = result.timestamps().iter().zip(result.values());
        let point = |(start, value): (&aws_smithy_types::DateTime, &f64)| {
            let start = convert::timestamp(start)?;
            is_possible(*value, &spec.unit).then_some(Datapoint { start, value: *value })
        };
        let points: Vec<Datapoint> = pairs.clone().filter_map(point).collect();
        all.rejected += (pairs.count() - points.len()) as u32;
        let part = Series { points, ..Series::empty(spec.period_secs) };
        let rejected = all.rejected;
        all.merge(&part, Timestamp::MIN);
        all.rejected = rejected;
    }
    // Pages before the last one are partial by nature; the last word counts.
    all.partial = results.last().is_some_and(|result| result.status_code() != Some(&StatusCode::Complete));
    all
}

/// No rate, count, size, time or share is below zero, no percentage above a hundred, nothing larger than the storage of
/// a whole region in bytes, and none is not a number: such a value is a fault of its source, and is treated as if it
/// had not come.
fn is_possible(value: f64, unit: &str) -> bool {
    let most = if unit == "%" { 100.0 } else { 1e18 };
    (0.0..=most).contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_values_are_no_values() {
        assert!(is_possible(0.0, "writes/s") && is_possible(100.0, "%") && is_possible(101.0, ""));
        for (value, unit) in [(-0.1, ""), (f64::NAN, ""), (f64::INFINITY, ""), (1e308, ""), (100.1, "%")] {
            assert!(!is_possible(value, unit), "{value} {unit}");
        }
    }
}
