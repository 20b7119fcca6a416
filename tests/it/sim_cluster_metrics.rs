//! What the members of DB clusters, and copies that follow another machine, show in CloudWatch; read by the real SDK.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy};
use jiff::{SignedDuration, Timestamp};
use upshift::sim::scenario::Scenario;

use crate::sim_account::Account;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The values of a metric under exactly these dimensions since `from`, oldest first.
async fn values(
    account: &Account,
    metric: &str,
    dimensions: &[(&str, &str)],
    period: i32,
    from: Timestamp,
) -> Vec<f64> {
    let of = |(name, value): &(&str, &str)| Dimension::builder().name(*name).value(*value).build();
    let dimensions = dimensions.iter().map(of).collect();
    let metric = Metric::builder().namespace("AWS/RDS").metric_name(metric).set_dimensions(Some(dimensions)).build();
    let stat = MetricStat::builder().metric(metric).period(period).stat("Average").build();
    let request = account.cloudwatch.get_metric_data().scan_by(ScanBy::TimestampAscending);
    let request = request.metric_data_queries(MetricDataQuery::builder().id("m").metric_stat(stat).build());
    let at = |time: Timestamp| DateTime::from_secs(time.as_second());
    let output = request.start_time(at(from)).end_time(at(account.now())).send().await.unwrap();
    output.metric_data_results()[0].values().to_vec()
}

fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn builtin(name: &str) -> Account {
    Account::from_scenario(&Scenario::builtin(name).unwrap().unwrap(), None)
}

const WRITER: [(&str, &str); 1] = [("DBInstanceIdentifier", "orders-aurora-1")];
const READER: [(&str, &str); 1] = [("DBInstanceIdentifier", "orders-aurora-2")];
const CLUSTER: [(&str, &str); 1] = [("DBClusterIdentifier", "orders-aurora")];

#[tokio::test(start_paused = true)]
async fn aurora_publishes_by_member_role_and_cluster() {
    let account = builtin("aurora");
    let start = account.now();
    account.pass(HOUR).await;
    let rush = start + SignedDuration::from_mins(10);
    let role = |role| [CLUSTER[0], ("Role", role)];
    let of_writer = values(&account, "WriteIOPS", &WRITER, 60, rush).await;
    assert!(of_writer.iter().all(|records| *records > 2500.0), "{of_writer:?}");
    assert_eq!(values(&account, "WriteIOPS", &role("WRITER"), 60, rush).await, of_writer);
    assert!(values(&account, "WriteIOPS", &READER, 60, rush).await.iter().all(|records| *records < 1e-9));
    let of_all = values(&account, "WriteIOPS", &CLUSTER, 60, rush).await;
    assert!((average(&of_all) / average(&of_writer) - 0.5).abs() < 0.01, "the average of both");
    let cpu = average(&values(&account, "CPUUtilization", &role("READER"), 60, rush).await);
    assert!((6.0..40.0).contains(&cpu), "{cpu}");
    assert!(average(&values(&account, "CPUUtilization", &role("WRITER"), 60, rush).await) > 60.0);
    let reads = average(&values(&account, "ReadIOPS", &READER, 60, rush).await);
    assert!((360.0..440.0).contains(&reads), "the reader has the script's reads: {reads}");
    let lag = values(&account, "AuroraReplicaLag", &READER, 60, rush).await;
    assert!(!lag.is_empty() && lag.iter().all(|millis| (5.0..100.0).contains(millis)), "{lag:?}");
    assert!(values(&account, "AuroraReplicaLag", &WRITER, 60, rush).await.is_empty());
    let commit = average(&values(&account, "CommitLatency", &WRITER, 60, rush).await);
    assert!(commit > 3.0, "in milliseconds: {commit}");
    let volume = values(&account, "VolumeWriteIOPs", &CLUSTER, 300, rush).await;
    assert!((8..=10).contains(&volume.len()), "one each five minutes: {volume:?}");
    assert!(volume.iter().all(|count| (250_000.0..400_000.0).contains(count)), "{volume:?}");
    for none in ["EBSIOBalance%", "TransactionLogsGeneration", "FreeStorageSpace"] {
        assert!(values(&account, none, &WRITER, 60, rush).await.is_empty(), "{none} is none of Aurora's");
    }
}

#[tokio::test(start_paused = true)]
async fn the_writes_follow_the_writer_and_a_new_reader_is_measured_once_it_is_available() {
    let account = builtin("aurora");
    account.pass(SignedDuration::from_mins(10)).await;
    let made = account.now();
    let request =
        account.rds.create_db_instance().db_instance_identifier("orders-aurora-3").engine("aurora-postgresql");
    let request = request.db_instance_class("db.r6g.large").db_cluster_identifier("orders-aurora").promotion_tier(0);
    request.send().await.unwrap();
    let new = [("DBInstanceIdentifier", "orders-aurora-3")];
    account.pass(SignedDuration::from_mins(4)).await;
    assert!(values(&account, "CPUUtilization", &new, 60, made).await.is_empty());
    account.pass(SignedDuration::from_mins(8)).await;
    assert!(!values(&account, "CPUUtilization", &new, 60, made).await.is_empty());
    account.rds.failover_db_cluster().db_cluster_identifier("orders-aurora").send().await.unwrap();
    account.pass(SignedDuration::from_mins(2)).await;
    let after = account.now();
    account.pass(SignedDuration::from_mins(10)).await;
    assert!(average(&values(&account, "WriteIOPS", &new, 60, after).await) > 2500.0);
    assert!(average(&values(&account, "WriteIOPS", &WRITER, 60, after).await) < 1e-9);
}

#[tokio::test(start_paused = true)]
async fn a_multi_az_cluster_replicates_with_a_lag_of_its_readers() {
    let account = builtin("cluster");
    let start = account.now();
    account.pass(HOUR).await;
    let rush = start + SignedDuration::from_mins(10);
    let of = |number| [("DBInstanceIdentifier", ["orders-cluster-instance-1", "orders-cluster-instance-2"][number])];
    assert!(average(&values(&account, "WriteIOPS", &of(0), 60, rush).await) > 2000.0);
    assert!(average(&values(&account, "WriteIOPS", &of(1), 60, rush).await) > 2000.0, "a reader writes the same");
    assert!(values(&account, "ReplicaLag", &of(0), 60, rush).await.is_empty());
    let lag = values(&account, "ReplicaLag", &of(1), 60, rush).await;
    let calm = values(&account, "ReplicaLag", &of(1), 60, start - HOUR).await;
    assert!(calm[0] < 1.0 && !lag.is_empty() && average(&lag) > calm[0], "{calm:?} {lag:?}");
    let all = [("DBClusterIdentifier", "orders-cluster")];
    assert!(!values(&account, "CPUUtilization", &all, 60, rush).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_green_copy_catches_up() {
    let text = "name = \"shop\"\n[[instance]]\nid = \"shop\"\nclass = \"db.t4g.small\"\n[[demand]]\nat = \"0s\"\nwrites = 400\n\
                [timing]\ngreen_backup = \"10m\"\n";
    let account = Account::of(text);
    let start = account.now();
    let found = account.rds.describe_db_instances().db_instance_identifier("shop").send().await.unwrap();
    let source = found.db_instances()[0].db_instance_arn().unwrap().to_owned();
    let request = account.rds.create_blue_green_deployment().blue_green_deployment_name("a").source(source);
    request.send().await.unwrap();
    account.pass(SignedDuration::from_mins(35)).await;
    let all = account.rds.describe_db_instances().send().await.unwrap();
    let ids = all.db_instances().iter().map(|instance| instance.db_instance_identifier().unwrap());
    let green = ids.into_iter().find(|id| id.starts_with("shop-green-")).unwrap();
    let lag = values(&account, "ReplicaLag", &[("DBInstanceIdentifier", green)], 60, start).await;
    assert!(lag[0] > 60.0 && *lag.last().unwrap() < 1.0, "{lag:?}");
    assert!(values(&account, "ReplicaLag", &[("DBInstanceIdentifier", "shop")], 60, start).await.is_empty());
}

/// A hole of a cluster is one of all of its series, a hole of a member is one of its own.
#[tokio::test(start_paused = true)]
async fn holes_strike_a_cluster_or_one_member() {
    let text = "name = \"a\"\n[[cluster]]\nid = \"orders-aurora\"\nkind = \"aurora\"\nclass = \"db.t4g.medium\"\n\
                members = [{ id = \"orders-aurora-1\" }, { id = \"orders-aurora-2\" }]\n\
                [[demand]]\nat = \"0s\"\nwrites = 100\n\
                [[fault]]\nat = \"0s\"\nfor = \"10m\"\nhole_in = \"*\"\ninstance = \"orders-aurora\"\n\
                [[fault]]\nat = \"20m\"\nfor = \"10m\"\nhole_in = \"*\"\ninstance = \"orders-aurora-2\"\n";
    let account = Account::of(text);
    let start = account.now();
    account.pass(SignedDuration::from_mins(40)).await;
    let of_writer = values(&account, "CPUUtilization", &WRITER, 60, start).await.len();
    let of_reader = values(&account, "CPUUtilization", &READER, 60, start).await.len();
    assert!((27..=30).contains(&of_writer) && of_writer - of_reader == 10, "{of_writer} {of_reader}");
}
