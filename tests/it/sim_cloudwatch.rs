//! The simulated CloudWatch alone, driven by the real SDK: metrics in, metrics out, and what is refused.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::error::ProvideErrorMetadata;
use aws_sdk_cloudwatch::operation::RequestId;
use aws_sdk_cloudwatch::operation::get_metric_data::builders::GetMetricDataFluentBuilder;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, DimensionFilter, Metric, MetricDataQuery, MetricDatum, ScanBy, StandardUnit, Statistic, StatisticSet,
    StatusCode,
};
use jiff::SignedDuration;
use proptest::prelude::*;

use crate::cloudwatch_desk::{Desk, MINUTE, date, stat, write_iops};
use crate::sim_account::Account;

fn custom(name: &str) -> Metric {
    Metric::builder().namespace("Custom").metric_name(name).build()
}

/// The last `minutes` minutes of the load.
fn ask(client: &Client, desk: &Desk, minutes: i32) -> GetMetricDataFluentBuilder {
    let now = desk.now();
    client.get_metric_data().start_time(date(now - MINUTE * minutes)).end_time(date(now))
}

#[tokio::test]
async fn the_newest_comes_first_and_the_end_is_excluded() {
    let desk = Desk::new();
    desk.history(&[1.0, 2.0, 3.0, 4.0]);
    desk.publish(desk.now(), SignedDuration::ZERO, 99.0);
    let query = stat("w", write_iops(), "Average", 60);
    let output = ask(&desk.client(), &desk, 3).metric_data_queries(query.clone()).send().await.unwrap();
    let result = &output.metric_data_results()[0];
    assert_eq!(result.values(), [4.0, 3.0, 2.0]);
    assert_eq!(result.timestamps()[0], date(desk.now() - MINUTE));
    assert_eq!((result.id(), result.label()), (Some("w"), Some("WriteIOPS")));
    assert_eq!(result.status_code(), Some(&StatusCode::Complete));
    assert_eq!(output.request_id(), Some("req-0001"));
    let ascending = ask(&desk.client(), &desk, 3).scan_by(ScanBy::TimestampAscending).metric_data_queries(query);
    assert_eq!(ascending.send().await.unwrap().metric_data_results()[0].values(), [2.0, 3.0, 4.0]);
}

#[tokio::test]
async fn the_start_is_rounded_down_and_periods_are_aggregated_from_it() {
    let desk = Desk::new();
    desk.history(&[1.0, 2.0, 3.0, 4.0]);
    let start = desk.now() - MINUTE * 4 + SignedDuration::from_secs(59);
    let request = desk.client().get_metric_data().start_time(date(start)).end_time(date(desk.now()));
    let mut request = request.scan_by(ScanBy::TimestampAscending);
    for statistic in ["Average", "Sum", "Minimum", "Maximum", "SampleCount", "p50"] {
        request = request.metric_data_queries(stat(&statistic.to_lowercase(), write_iops(), statistic, 120));
    }
    let output = request.send().await.unwrap();
    let values: Vec<&[f64]> =
        output.metric_data_results().iter().map(aws_sdk_cloudwatch::types::MetricDataResult::values).collect();
    assert_eq!(values, [[1.5, 3.5], [3.0, 7.0], [1.0, 3.0], [2.0, 4.0], [2.0, 2.0], [1.0, 3.0]]);
}

#[tokio::test]
async fn unpublished_and_absent_minutes_are_not_there_at_all() {
    let desk = Desk::new();
    desk.publish(desk.now() - MINUTE * 5, MINUTE, 5.0);
    desk.publish(desk.now() - MINUTE, MINUTE + SignedDuration::from_secs(1), 1.0);
    let query = stat("w", write_iops(), "Average", 60);
    let read = || async { ask(&desk.client(), &desk, 10).metric_data_queries(query.clone()).send().await.unwrap() };
    assert_eq!(read().await.metric_data_results()[0].values(), [5.0]);
    desk.pass(SignedDuration::from_secs(1));
    assert_eq!(read().await.metric_data_results()[0].values(), [1.0, 5.0]);
}

#[tokio::test]
async fn pages_bring_each_datapoint_once_even_while_new_ones_arrive() {
    let desk = Desk::new();
    desk.history(&[1.0, 2.0, 3.0, 4.0, 5.0]);
    let client = desk.client();
    let (start, end) = (date(desk.now() - MINUTE * 9), date(desk.now() + MINUTE * 9));
    let request = client.get_metric_data().start_time(start).end_time(end).max_datapoints(3);
    let request = request.metric_data_queries(stat("a", write_iops(), "Average", 60));
    let request = request.metric_data_queries(stat("b", write_iops(), "SampleCount", 60));
    let (mut token, mut values, mut pages) = (None, BTreeMap::<String, Vec<f64>>::new(), Vec::new());
    loop {
        let page = request.clone().set_next_token(token).send().await.unwrap();
        for result in page.metric_data_results() {
            values.entry(result.id().unwrap().to_owned()).or_default().extend(result.values());
        }
        pages.push(page.metric_data_results().iter().filter_map(|r| r.status_code().cloned()).collect::<Vec<_>>());
        token = page.next_token().map(ToOwned::to_owned);
        desk.publish(desk.now() + MINUTE, -SignedDuration::from_secs(30), 6.0);
        desk.pass(MINUTE);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(values["a"], [5.0, 4.0, 3.0, 2.0, 1.0]);
    assert_eq!(values["b"], [1.0; 5]);
    let (complete, partial) = (StatusCode::Complete, StatusCode::PartialData);
    assert_eq!(pages.len(), 4);
    assert_eq!(pages[0], [partial.clone(), partial.clone()]);
    assert_eq!(pages[1], [complete.clone(), partial]);
    assert_eq!(pages[3], [complete.clone(), complete]);
}

#[tokio::test]
async fn a_token_of_another_request_is_refused_as_the_sdk_models_it() {
    let desk = Desk::new();
    desk.history(&[1.0, 2.0]);
    let request = || ask(&desk.client(), &desk, 9).max_datapoints(1);
    let query = |id| stat(id, write_iops(), "Average", 60);
    let token = request().metric_data_queries(query("a")).send().await.unwrap().next_token().unwrap().to_owned();
    for (id, token) in [("b", token.as_str()), ("a", "nonsense"), ("a", "1:2:3:4")] {
        let error = request().metric_data_queries(query(id)).next_token(token).send().await.unwrap_err();
        assert!(error.into_service_error().is_invalid_next_token(), "{id} {token}");
    }
}

#[tokio::test]
async fn expressions_are_evaluated_and_never_paged() {
    let desk = Desk::new();
    desk.history(&[100.0, 200.0, 300.0]);
    let sum = MetricDataQuery::builder().id("e").expression("FILL(w, 0) / 100 + TIME_SERIES(1)").label("load").build();
    let mut w = stat("w", write_iops(), "Average", 60);
    w.return_data = Some(false);
    let request = ask(&desk.client(), &desk, 4).metric_data_queries(sum).metric_data_queries(w);
    let output = request.clone().send().await.unwrap();
    let [result] = output.metric_data_results() else { panic!("{output:?}") };
    assert_eq!((result.label(), result.values()), (Some("load"), [4.0, 3.0, 2.0, 1.0].as_slice()));
    let cut = request.max_datapoints(2).send().await.unwrap();
    assert_eq!(cut.metric_data_results()[0].status_code(), Some(&StatusCode::PartialData));
    assert_eq!(cut.next_token(), None);
}

#[tokio::test]
async fn old_data_need_coarse_periods() {
    let desk = Desk::new();
    let long_ago = desk.now() - SignedDuration::from_hours(14 * 24);
    desk.publish(long_ago, MINUTE, 1.0);
    for (age_hours, period, expected) in [(14 * 24 + 1, 60, 1), (16 * 24, 60, 0), (16 * 24, 300, 1), (64 * 24, 300, 0)]
    {
        let start = desk.now() - SignedDuration::from_hours(age_hours);
        let request = desk.client().get_metric_data().start_time(date(start)).end_time(date(desk.now()));
        let output = request.metric_data_queries(stat("w", write_iops(), "Sum", period)).send().await.unwrap();
        assert_eq!(output.metric_data_results()[0].values().len(), expected, "{age_hours} h, {period} s");
    }
}

#[tokio::test]
async fn wrong_queries_are_refused_with_a_validation_error() {
    let desk = Desk::new();
    let good = || stat("w", write_iops(), "Average", 60);
    let many: Vec<MetricDataQuery> = (0..501).map(|i| stat(&format!("q{i}"), write_iops(), "Sum", 60)).collect();
    let expression = MetricDataQuery::builder().id("e").expression("w +").build();
    for (queries, what) in [
        (many, "must not have a size greater than 500"),
        (vec![good(), good()], "not unique"),
        (vec![stat("W", write_iops(), "Sum", 60)], "not matching the expected pattern"),
        (vec![stat("w", write_iops(), "Sum", 61)], "multiple of 60"),
        (vec![stat("w", write_iops(), "Median", 60)], "MetricStat.Stat is not supported"),
        (vec![good(), expression], "Error in expression 'e': the expression ends too early"),
        (vec![MetricDataQuery::builder().id("e").build()], "must be specified"),
    ] {
        let error = ask(&desk.client(), &desk, 5).set_metric_data_queries(Some(queries)).send().await.unwrap_err();
        assert_eq!(error.code(), Some("ValidationError"));
        assert!(error.message().unwrap().contains(what), "{what}: {error:?}");
    }
    let backwards = desk.client().get_metric_data().start_time(date(desk.now())).end_time(date(desk.now()));
    let error = backwards.metric_data_queries(good()).send().await.unwrap_err();
    assert!(error.message().unwrap().contains("StartTime must be less than"), "{error:?}");
}

#[tokio::test]
async fn four_hundred_data_are_put_compressed_and_read_back() {
    let desk = Desk::new();
    let datum = |minute: i32| {
        let at = desk.now() - MINUTE * minute;
        MetricDatum::builder().metric_name("m").value(f64::from(minute)).timestamp(date(at)).build()
    };
    let data: Vec<MetricDatum> = (1..=400).map(datum).collect();
    desk.client().put_metric_data().namespace("Custom").set_metric_data(Some(data)).send().await.unwrap();
    assert_eq!(desk.last_request().headers["content-encoding"], "gzip");
    let output = ask(&desk.client(), &desk, 500).metric_data_queries(stat("m", custom("m"), "Sum", 60)).send();
    let values = output.await.unwrap().metric_data_results()[0].values().to_vec();
    assert_eq!(values, (1..=400).map(f64::from).collect::<Vec<_>>());
}

#[tokio::test]
async fn counted_values_and_statistic_sets_add_up() {
    let desk = Desk::new();
    let at = date(desk.now() - MINUTE);
    let counted = MetricDatum::builder().metric_name("m").timestamp(at).values(2.0).values(8.0).counts(3.0).counts(1.0);
    let set = StatisticSet::builder().sample_count(2.0).sum(30.0).minimum(10.0).maximum(20.0).build();
    let set = MetricDatum::builder().metric_name("m").timestamp(at).statistic_values(set);
    let put =
        desk.client().put_metric_data().namespace("Custom").metric_data(counted.unit(StandardUnit::Bytes).build());
    put.metric_data(set.unit(StandardUnit::Bytes).build()).send().await.unwrap();
    let request = desk.client().get_metric_statistics().namespace("Custom").metric_name("m").period(60);
    let request = request.start_time(date(desk.now() - MINUTE * 2)).end_time(date(desk.now()));
    let all = [Statistic::Average, Statistic::Sum, Statistic::Minimum, Statistic::Maximum, Statistic::SampleCount];
    let output = request.set_statistics(Some(all.to_vec())).send().await.unwrap();
    let [point] = output.datapoints() else { panic!("{output:?}") };
    assert_eq!((point.sum(), point.average(), point.sample_count()), (Some(44.0), Some(44.0 / 6.0), Some(6.0)));
    assert_eq!((point.minimum(), point.maximum(), point.unit()), (Some(2.0), Some(20.0), Some(&StandardUnit::Bytes)));
}

#[tokio::test]
async fn what_may_not_be_put_is_refused_and_nothing_is_kept() {
    let desk = Desk::new();
    let datum = || MetricDatum::builder().metric_name("m");
    let late = date(desk.now() - SignedDuration::from_hours(15 * 24));
    let early = date(desk.now() + SignedDuration::from_hours(3));
    let set = StatisticSet::builder().sample_count(1.0).sum(1.0).minimum(1.0).maximum(1.0).build();
    for (namespace, datum, code) in [
        ("Custom", datum().build(), "MissingParameter"),
        ("Custom", datum().value(1.0).statistic_values(set).build(), "InvalidParameterCombination"),
        ("Custom", datum().value(f64::NAN).build(), "InvalidParameterValue"),
        ("Custom", datum().value(1e300).build(), "InvalidParameterValue"),
        ("Custom", datum().value(1.0).timestamp(late).build(), "InvalidParameterValue"),
        ("Custom", datum().value(1.0).timestamp(early).build(), "InvalidParameterValue"),
        ("Custom", datum().values(1.0).counts(1.0).counts(1.0).build(), "InvalidParameterValue"),
        ("AWS/RDS", datum().value(1.0).build(), "InvalidParameterValue"),
    ] {
        let good = MetricDatum::builder().metric_name("good").value(1.0).build();
        let put = desk.client().put_metric_data().namespace(namespace).metric_data(good).metric_data(datum.clone());
        let error = put.send().await.unwrap_err();
        assert_eq!(error.code(), Some(code), "{datum:?}");
        let error = error.into_service_error();
        assert!(
            error.is_missing_required_parameter_exception()
                || error.is_invalid_parameter_combination_exception()
                || error.is_invalid_parameter_value_exception(),
            "the SDK knows {code}"
        );
    }
    assert!(desk.client().list_metrics().send().await.unwrap().metrics().is_empty());
}

#[tokio::test]
async fn metrics_are_listed_by_namespace_name_and_dimension_in_pages() {
    let desk = Desk::new();
    desk.history(&[1.0]);
    for start in [0, 400] {
        let datum = |index: i32| {
            let dimension = Dimension::builder().name("Index").value(format!("{index:04}")).build();
            MetricDatum::builder().metric_name("m").value(1.0).dimensions(dimension).build()
        };
        let data: Vec<MetricDatum> = (start..start + 400).map(datum).collect();
        desk.client().put_metric_data().namespace("Custom").set_metric_data(Some(data)).send().await.unwrap();
    }
    let pages = desk.client().list_metrics().namespace("Custom").into_paginator().send();
    let pages = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
    assert_eq!(pages.iter().map(|page| page.metrics().len()).collect::<Vec<_>>(), [500, 300]);
    let filter = |value: Option<&str>| {
        DimensionFilter::builder().name("DBInstanceIdentifier").set_value(value.map(ToOwned::to_owned)).build()
    };
    for (value, expected) in [(None, 1), (Some("checkpoints"), 1), (Some("other"), 0)] {
        let found = desk.client().list_metrics().dimensions(filter(value)).send().await.unwrap();
        assert_eq!(found.metrics().len(), expected, "{value:?}");
    }
}

#[tokio::test]
async fn more_than_1440_statistics_are_refused() {
    let desk = Desk::new();
    let request = desk.client().get_metric_statistics().namespace("N").metric_name("m").period(60);
    let request = request.start_time(date(desk.now() - MINUTE * 1441)).end_time(date(desk.now()));
    let error = request.clone().statistics(Statistic::Sum).send().await.unwrap_err();
    assert!(error.message().unwrap().contains("up to 1441 datapoints"), "{error:?}");
    assert!(error.into_service_error().is_invalid_parameter_combination_exception());
}

#[tokio::test(start_paused = true)]
async fn rows_of_performance_insights_add_up_to_the_writes_of_the_database() {
    let text = "name = \"rows\"\n[[instance]]\nid = \"checkpoints\"\nclass = \"db.t4g.small\"\n\
                [[demand]]\nat = \"0s\"\nwrites = 300\n";
    let account = Account::of(text);
    let instances = account.rds.describe_db_instances().send().await.unwrap();
    let resource = instances.db_instances()[0].dbi_resource_id().unwrap();
    let rows = |counter: &str| format!("DB_PERF_INSIGHTS('RDS', '{resource}', 'db.SQL.tup_{counter}.avg')");
    let sum = format!("{} + {} + {}", rows("inserted"), rows("updated"), rows("deleted"));
    let rows = MetricDataQuery::builder().id("rows").expression(sum).period(60).build();
    let now = account.now();
    let request = account.cloudwatch.get_metric_data().start_time(date(now - MINUTE * 30)).end_time(date(now));
    let request = request.metric_data_queries(rows).metric_data_queries(stat("w", write_iops(), "Average", 60));
    let output = request.send().await.unwrap();
    let [rows, writes] = output.metric_data_results() else { panic!("{output:?}") };
    assert!(rows.values().len() >= 25, "{rows:?}");
    let writes: BTreeMap<i64, f64> =
        writes.timestamps().iter().map(DateTime::secs).zip(writes.values().iter().copied()).collect();
    for (at, rows) in rows.timestamps().iter().zip(rows.values()) {
        // Each metric has its own publishing delay, so the newest minute of one may be missing in the other.
        if let Some(writes) = writes.get(&at.secs()) {
            assert!((rows - writes).abs() < 1e-6, "{rows} rows, {writes} writes at {at:?}");
        }
    }
    assert!(account.cloudwatch.list_metrics().namespace("DB_PERF_INSIGHTS").send().await.unwrap().metrics().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The SDK's codec writes what ours reads, and reads what ours writes.
    #[test]
    fn any_values_put_with_the_sdk_are_read_back_with_the_sdk(
        values in prop::collection::vec(-1e100_f64..1e100, 1..60),
        name in "[a-zA-Z0-9_é☃ ./:-]{1,40}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let read = runtime.block_on(async {
            let desk = Desk::new();
            let datum = |(minute, value): (i32, &f64)| {
                let at = desk.now() - MINUTE * minute;
                MetricDatum::builder().metric_name(&name).value(*value).timestamp(date(at)).build()
            };
            let data = (1..).zip(&values).map(datum).collect();
            desk.client().put_metric_data().namespace("Custom").set_metric_data(Some(data)).send().await.unwrap();
            let query = stat("m", custom(&name), "Average", 60);
            let output = ask(&desk.client(), &desk, 60).metric_data_queries(query).send().await.unwrap();
            let result = &output.metric_data_results()[0];
            assert_eq!(result.label(), Some(name.as_str()));
            result.values().to_vec()
        });
        prop_assert_eq!(read, values);
    }
}
