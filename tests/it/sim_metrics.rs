//! What the simulated databases show in CloudWatch, read by the real SDK: the story of the load, the publishing delay,
//! the hole of an outage, saturation.

use aws_sdk_cloudwatch::error::ProvideErrorMetadata;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy};
use jiff::{SignedDuration, Timestamp};
use upshift::sim::scenario::Scenario;

use crate::sim_account::Account;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The minutes of a metric in `[from, to)`, oldest first.
async fn minutes(account: &Account, metric: &str, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, f64)> {
    let dimension = Dimension::builder().name("DBInstanceIdentifier").value("checkpoints").build();
    let metric = Metric::builder().namespace("AWS/RDS").metric_name(metric).dimensions(dimension).build();
    let stat = MetricStat::builder().metric(metric).period(60).stat("Average").build();
    let request = account.cloudwatch.get_metric_data().scan_by(ScanBy::TimestampAscending);
    let request = request.metric_data_queries(MetricDataQuery::builder().id("m").metric_stat(stat).build());
    let at = |time: Timestamp| DateTime::from_secs(time.as_second());
    let output = request.start_time(at(from)).end_time(at(to)).send().await.unwrap();
    let result = &output.metric_data_results()[0];
    let stamp = |time: &DateTime| Timestamp::from_second(time.secs()).unwrap();
    result.timestamps().iter().map(stamp).zip(result.values().iter().copied()).collect()
}

fn checkpoints() -> Scenario {
    Scenario::builtin("checkpoints").unwrap().unwrap()
}

fn average(points: &[(Timestamp, f64)]) -> f64 {
    points.iter().map(|(_, value)| value).sum::<f64>() / points.len() as f64
}

#[tokio::test(start_paused = true)]
async fn history_is_there_at_the_start_and_the_newest_minute_is_not() {
    let account = Account::from_scenario(&checkpoints(), None);
    let now = account.now();
    let points = minutes(&account, "WriteIOPS", now - HOUR * 3, now).await;
    assert!((117..=119).contains(&points.len()), "{}", points.len());
    let newest = points.last().unwrap().0 + SignedDuration::from_mins(1);
    let age = now.duration_since(newest);
    assert!((SignedDuration::from_secs(60)..SignedDuration::from_secs(180)).contains(&age), "{age}");
}

#[tokio::test(start_paused = true)]
async fn the_load_of_the_first_scenario_crosses_500_soon_and_falls_again() {
    let scenario = checkpoints();
    let account = Account::from_scenario(&scenario, None);
    account.pass(HOUR * 9).await;
    let at = |minutes| scenario.start + SignedDuration::from_mins(minutes);
    let before = minutes(&account, "WriteIOPS", at(-30), at(0)).await;
    assert!(before.iter().all(|(_, writes)| *writes < 250.0), "{before:?}");
    let rush = minutes(&account, "WriteIOPS", at(5), at(40)).await;
    assert!(rush.len() == 35 && rush.iter().all(|(_, writes)| *writes > 500.0), "{rush:?}");
    let calm = minutes(&account, "WriteIOPS", at(50), at(200)).await;
    assert!(calm.iter().all(|(_, writes)| *writes < 225.0), "45 % of 500");
    let wave = minutes(&account, "WriteIOPS", at(260), at(300)).await;
    assert!(average(&wave) > 600.0);
    let again = minutes(&account, "WriteIOPS", at(485), at(520)).await;
    assert!(again.iter().all(|(_, writes)| *writes > 500.0), "the story repeats after 8 h");
}

#[tokio::test(start_paused = true)]
async fn the_rush_shows_as_strain_on_the_small_class_and_not_on_the_large_one() {
    let scenario = checkpoints();
    let account = Account::from_scenario(&scenario, None);
    account.pass(SignedDuration::from_mins(12)).await;
    let at = |minutes| scenario.start + SignedDuration::from_mins(minutes);
    let request = account.rds.modify_db_instance().db_instance_identifier("checkpoints");
    request.db_instance_class("db.m5.large").apply_immediately(true).send().await.unwrap();
    account.pass(SignedDuration::from_mins(28)).await;
    for (metric, falls) in
        [("CPUUtilization", true), ("WriteLatency", true), ("DiskQueueDepth", true), ("FreeableMemory", false)]
    {
        let small = average(&minutes(&account, metric, at(6), at(12)).await);
        let large = average(&minutes(&account, metric, at(30), at(38)).await);
        assert_eq!(large < small, falls, "{metric}: {small} on db.t4g.small, {large} on db.m5.large");
    }
    let (small, large) =
        (minutes(&account, "WriteIOPS", at(6), at(12)).await, minutes(&account, "WriteIOPS", at(30), at(38)).await);
    assert!((average(&small) / average(&large) - 1.0).abs() < 0.1, "the small class still carried it");
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_a_hole_in_the_metrics() {
    let scenario = checkpoints();
    let account = Account::from_scenario(&scenario, None);
    let request = account.rds.modify_db_instance().db_instance_identifier("checkpoints");
    request.db_instance_class("db.m5.large").apply_immediately(true).send().await.unwrap();
    account.pass(HOUR).await;
    let points = minutes(&account, "WriteIOPS", scenario.start, scenario.start + SignedDuration::from_mins(30)).await;
    let steps = points.windows(2).map(|pair| pair[1].0.duration_since(pair[0].0));
    let gaps: Vec<i64> = steps.map(|step| step.as_secs() / 60 - 1).filter(|missing| *missing > 0).collect();
    let [missing] = gaps[..] else { panic!("not one hole but {gaps:?}") };
    assert!((3..=5).contains(&missing), "{missing} minutes are missing of an outage of 200 to 280 s");
    assert!(points.iter().all(|(_, writes)| *writes > 50.0), "no zero instead of a hole: {points:?}");
}

#[tokio::test(start_paused = true)]
async fn demand_beyond_the_class_is_flat_at_its_capacity() {
    let text = "name = \"over\"\nnoise = 0.0\n[[instance]]\nid = \"checkpoints\"\nclass = \"db.t4g.small\"\n\
                [capacity.\"db.t4g.small\"]\nwrites = 400\n[[demand]]\nat = \"0s\"\nwrites = 900\nconnections = 30\n";
    let account = Account::of(text);
    let now = account.now();
    let writes = minutes(&account, "WriteIOPS", now - HOUR, now).await;
    assert!(writes.iter().all(|(_, writes)| (*writes - 400.0).abs() < 1e-6), "{writes:?}");
    assert!(average(&minutes(&account, "CPUUtilization", now - HOUR, now).await) > 85.0);
    assert!(average(&minutes(&account, "WriteLatency", now - HOUR, now).await) > 0.01);
    assert!(average(&minutes(&account, "DatabaseConnections", now - HOUR, now).await) > 40.0);
}

#[tokio::test(start_paused = true)]
async fn faults_reach_cloudwatch_too() {
    let text = "name = \"holes\"\n[[instance]]\nid = \"checkpoints\"\nclass = \"db.t4g.small\"\n\
                [[demand]]\nat = \"0s\"\nwrites = 300\n\
                [[fault]]\nat = \"10m\"\nfor = \"5m\"\nhole_in = \"WriteIOPS\"\n\
                [[fault]]\nat = \"30m\"\nfor = \"5m\"\naction = \"GetMetricData\"\nerror = \"AccessDenied\"\n";
    let account = Account::of(text);
    let start = account.now();
    account.pass(SignedDuration::from_mins(25)).await;
    let until = start + SignedDuration::from_mins(20);
    assert_eq!(minutes(&account, "WriteIOPS", start, until).await.len(), 15);
    assert_eq!(minutes(&account, "CPUUtilization", start, until).await.len(), 20);
    account.pass(SignedDuration::from_mins(7)).await;
    let at = |time: Timestamp| DateTime::from_secs(time.as_second());
    let request = account.cloudwatch.get_metric_data().start_time(at(start)).end_time(at(until));
    let query = MetricDataQuery::builder().id("m").expression("1").build();
    let error = request.metric_data_queries(query).send().await.unwrap_err();
    assert_eq!(error.code(), Some("AccessDenied"), "{error:?}");
}
