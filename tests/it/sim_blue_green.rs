//! Blue/green deployments of the simulation, driven by the real SDK over the in-process connector, in virtual time.

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy};
use aws_sdk_rds::error::ProvideErrorMetadata;
use aws_sdk_rds::types::{BlueGreenDeployment, DbInstance, SourceType};
use jiff::{SignedDuration, Timestamp};

use crate::sim_account::Account;

const SHOP: &str = r#"
name = "shop"
[[instance]]
id = "shop"
class = "db.t4g.small"
deletion_protection = false
tags = { team = "core" }
[[demand]]
at = "0s"
writes = 100
"#;

const LIMIT: SignedDuration = SignedDuration::from_hours(2);
const TICK: SignedDuration = SignedDuration::from_secs(1);

async fn instance(account: &Account, id: &str) -> Option<DbInstance> {
    let asked = account.rds.describe_db_instances().db_instance_identifier(id).send().await;
    asked.ok().map(|output| output.db_instances()[0].clone())
}

async fn create(account: &Account, name: &str, class: &str) -> BlueGreenDeployment {
    let source = instance(account, "shop").await.unwrap();
    let request = account.rds.create_blue_green_deployment().blue_green_deployment_name(name);
    let request = request.source(source.db_instance_arn().unwrap()).target_db_instance_class(class);
    let tag = aws_sdk_rds::types::Tag::builder().key("made-by").value("test").build();
    request.tags(tag).send().await.unwrap().blue_green_deployment().unwrap().clone()
}

async fn deployment(account: &Account, id: &str) -> Option<BlueGreenDeployment> {
    let asked = account.rds.describe_blue_green_deployments().blue_green_deployment_identifier(id).send().await;
    asked.ok().map(|output| output.blue_green_deployments()[0].clone())
}

/// Waits until the deployment has that status; every status and task on the way, each once.
async fn until(account: &Account, id: &str, status: &str) -> Vec<String> {
    let deadline = account.now() + LIMIT;
    let mut seen: Vec<String> = Vec::new();
    loop {
        let now = deployment(account, id).await.unwrap();
        let tasks: Vec<&str> = now.tasks().iter().map(|task| task.status().unwrap()).collect();
        let words = format!("{} {}", now.status().unwrap(), tasks.join(" "));
        if seen.last() != Some(&words) {
            seen.push(words);
        }
        if now.status() == Some(status) {
            return seen;
        }
        assert!(account.now() < deadline, "never {status}: {seen:?}");
        account.pass(TICK).await;
    }
}

async fn words_of(account: &Account, kind: SourceType) -> Vec<String> {
    let output = account.rds.describe_events().source_type(kind).duration(14 * 24 * 60).send().await.unwrap();
    output.events().iter().map(|event| event.message().unwrap().to_owned()).collect()
}

async fn switchover(account: &Account, id: &str, timeout_secs: i32) -> Result<BlueGreenDeployment, String> {
    let request = account.rds.switchover_blue_green_deployment().blue_green_deployment_identifier(id);
    match request.switchover_timeout(timeout_secs).send().await {
        Ok(output) => Ok(output.blue_green_deployment().unwrap().clone()),
        Err(error) => Err(error.code().unwrap_or_default().to_owned()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_made_takes_over_the_name_and_leaves_the_old_machine_behind() {
    let account = Account::of(SHOP);
    let before = instance(&account, "shop").await.unwrap();
    let made = create(&account, "to-large", "db.m5.large").await;
    assert_eq!((made.status(), made.target()), (Some("PROVISIONING"), None));
    assert_eq!(made.tag_list()[0].key(), Some("made-by"));
    let id = made.blue_green_deployment_identifier().unwrap();
    assert!(id.starts_with("bgd-") && id.len() == 20, "{id}");

    let seen = until(&account, id, "AVAILABLE").await;
    assert_eq!(
        seen,
        [
            "PROVISIONING PENDING PENDING",
            "PROVISIONING IN_PROGRESS PENDING",
            "PROVISIONING COMPLETED IN_PROGRESS",
            "AVAILABLE COMPLETED COMPLETED"
        ]
    );
    let target = deployment(&account, id).await.unwrap().target().unwrap().to_owned();
    let green_name = target.rsplit(':').next().unwrap().to_owned();
    let green = instance(&account, &green_name).await.unwrap();
    assert_eq!(green.db_instance_status(), Some("storage-initialization"));
    assert_eq!(green.db_instance_class(), Some("db.m5.large"));
    assert_eq!(green.read_replica_source_db_instance_identifier(), Some("shop"));

    let answer = switchover(&account, id, 300).await.unwrap();
    assert_eq!(answer.status(), Some("SWITCHOVER_IN_PROGRESS"));
    let refused = account.rds.modify_db_instance().db_instance_identifier("shop").db_instance_class("db.t4g.medium");
    assert_eq!(refused.send().await.unwrap_err().code(), Some("InvalidDBInstanceState"));
    until(&account, id, "SWITCHOVER_COMPLETED").await;

    let after = instance(&account, "shop").await.unwrap();
    assert_eq!(after.dbi_resource_id(), green.dbi_resource_id());
    assert_eq!(
        after.endpoint().unwrap().address(),
        before.endpoint().unwrap().address(),
        "the host goes with the name"
    );
    assert_eq!(after.db_instance_arn(), before.db_instance_arn());
    let old = instance(&account, "shop-old1").await.unwrap();
    assert_eq!(old.dbi_resource_id(), before.dbi_resource_id());
    assert_eq!(old.db_instance_class(), Some("db.t4g.small"));
    assert!(instance(&account, &green_name).await.is_none());
    let done = deployment(&account, id).await.unwrap();
    assert!(done.source().unwrap().ends_with(":shop-old1") && done.target().unwrap().ends_with(":shop"));

    let words = words_of(&account, SourceType::BlueGreenDeployment).await;
    let told = |part: &str| words.iter().any(|event| event.contains(part));
    assert!(told("tasks completed") && told("Renamed shop to shop-old1") && told("Switchover completed"), "{words:?}");
    assert!(words_of(&account, SourceType::DbInstance).await.iter().all(|event| !event.contains("Switchover")));
}

#[tokio::test(start_paused = true)]
async fn the_series_of_the_name_goes_on_and_each_machine_keeps_its_own() {
    let account = Account::of(SHOP);
    let made = create(&account, "to-large", "db.m5.large").await;
    let id = made.blue_green_deployment_identifier().unwrap();
    until(&account, id, "AVAILABLE").await;
    let old = instance(&account, "shop").await.unwrap().dbi_resource_id().unwrap().to_owned();
    let cut = account.now();
    switchover(&account, id, 300).await.unwrap();
    until(&account, id, "SWITCHOVER_COMPLETED").await;
    let new = instance(&account, "shop").await.unwrap().dbi_resource_id().unwrap().to_owned();

    let longest = longest_outage(&account, &new);
    assert!(longest <= SignedDuration::from_secs(40), "{longest}");
    account.pass(SignedDuration::from_mins(20)).await;

    let of_name = writes_of_the_name(&account, "shop", cut).await;
    assert!(of_name.len() >= 15, "the name is measured after the cut too: {of_name:?}");
    let old_rows = rows_of_the_machine(&account, &old, cut).await;
    let new_rows = rows_of_the_machine(&account, &new, cut).await;
    assert!(new_rows.last().unwrap() > &50.0, "{new_rows:?}");
    assert!(old_rows.last().unwrap() < &1.0, "{old_rows:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cut_that_takes_too_long_is_rolled_back_and_can_be_tried_again() {
    let text = format!("{SHOP}\n[[fault]]\nat = \"0s\"\nfor = \"50m\"\nblue_green = \"cut_too_long\"\n");
    let account = Account::of(&text);
    let before = instance(&account, "shop").await.unwrap();
    let made = create(&account, "to-medium", "db.t4g.medium").await;
    let id = made.blue_green_deployment_identifier().unwrap();
    until(&account, id, "AVAILABLE").await;
    switchover(&account, id, 60).await.unwrap();
    until(&account, id, "AVAILABLE").await;
    assert_eq!(instance(&account, "shop").await.unwrap().dbi_resource_id(), before.dbi_resource_id());
    let words = words_of(&account, SourceType::BlueGreenDeployment).await;
    assert!(words.last().unwrap().contains("Switchover canceled"), "{words:?}");
    account.pass(SignedDuration::from_mins(50)).await;
    switchover(&account, id, 60).await.unwrap();
    until(&account, id, "SWITCHOVER_COMPLETED").await;
    assert_ne!(instance(&account, "shop").await.unwrap().dbi_resource_id(), before.dbi_resource_id());
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_cannot_be_made_says_why_and_goes_with_its_deployment() {
    let text = format!("{SHOP}\n[[fault]]\nat = \"0s\"\nfor = \"1d\"\nblue_green = \"fails\"\n");
    let account = Account::of(&text);
    let made = create(&account, "to-large", "db.m5.large").await;
    let id = made.blue_green_deployment_identifier().unwrap();
    until(&account, id, "INVALID_CONFIGURATION").await;
    let failed = deployment(&account, id).await.unwrap();
    assert!(failed.status_details().unwrap().contains("capacity"));
    assert_eq!(switchover(&account, id, 300).await.unwrap_err(), "InvalidBlueGreenDeploymentStateFault");
    let green = failed.target().unwrap().rsplit(':').next().unwrap().to_owned();
    let delete = account.rds.delete_blue_green_deployment().blue_green_deployment_identifier(id).delete_target(true);
    assert_eq!(delete.send().await.unwrap().blue_green_deployment().unwrap().status(), Some("DELETING"));
    account.pass(SignedDuration::from_mins(10)).await;
    assert!(deployment(&account, id).await.is_none());
    assert!(instance(&account, &green).await.is_none());
    assert_eq!(instance(&account, "shop").await.unwrap().db_instance_status(), Some("available"));
}

#[tokio::test(start_paused = true)]
async fn wrong_orders_are_refused_with_the_words_of_aws() {
    let account = Account::of(SHOP);
    let arn = instance(&account, "shop").await.unwrap().db_instance_arn().unwrap().to_owned();
    let create_of = |name: &str, source: &str| {
        let request = account.rds.create_blue_green_deployment().blue_green_deployment_name(name).source(source);
        request.send()
    };
    let missing = create_of("a", "arn:aws:rds:us-east-1:123456789012:db:nobody").await.unwrap_err();
    assert_eq!(missing.code(), Some("DBInstanceNotFound"));
    let made = create_of("a", &arn).await.unwrap().blue_green_deployment().unwrap().clone();
    assert_eq!(create_of("a", &arn).await.unwrap_err().code(), Some("BlueGreenDeploymentAlreadyExistsFault"));
    assert_eq!(create_of("b", &arn).await.unwrap_err().code(), Some("SourceDatabaseNotSupportedFault"));
    let id = made.blue_green_deployment_identifier().unwrap();
    assert_eq!(switchover(&account, id, 300).await.unwrap_err(), "InvalidBlueGreenDeploymentStateFault");
    assert_eq!(switchover(&account, id, 29).await.unwrap_err(), "InvalidParameterValue");
    assert_eq!(switchover(&account, "bgd-none", 300).await.unwrap_err(), "BlueGreenDeploymentNotFoundFault");
    let keep = account.rds.delete_db_instance().db_instance_identifier("shop").skip_final_snapshot(true);
    assert_eq!(keep.send().await.unwrap_err().code(), Some("InvalidDBInstanceState"));
}

#[tokio::test(start_paused = true)]
async fn an_old_machine_is_deleted_with_its_final_snapshot() {
    let account = Account::of(SHOP);
    let made = create(&account, "to-medium", "db.t4g.medium").await;
    let id = made.blue_green_deployment_identifier().unwrap();
    until(&account, id, "AVAILABLE").await;
    switchover(&account, id, 300).await.unwrap();
    until(&account, id, "SWITCHOVER_COMPLETED").await;
    let with_target = account.rds.delete_blue_green_deployment().blue_green_deployment_identifier(id);
    let refused = with_target.delete_target(true).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidBlueGreenDeploymentStateFault"));
    account.rds.delete_blue_green_deployment().blue_green_deployment_identifier(id).send().await.unwrap();
    let delete = |snapshot: Option<&str>| {
        let request = account.rds.delete_db_instance().db_instance_identifier("shop-old1");
        request.set_final_db_snapshot_identifier(snapshot.map(str::to_owned)).send()
    };
    assert_eq!(delete(None).await.unwrap_err().code(), Some("InvalidParameterCombination"));
    let going = delete(Some("shop-last")).await.unwrap();
    assert_eq!(going.db_instance().unwrap().db_instance_status(), Some("deleting"));
    account.pass(SignedDuration::from_mins(10)).await;
    assert!(instance(&account, "shop-old1").await.is_none());
    assert!(words_of(&account, SourceType::DbInstance).await.contains(&"DB instance deleted".to_owned()));
}

/// A deployment of a shop whose copies are further behind than their load makes them, ready to be switched over; and when it is
/// ordered to within 60 s, how that ended by its own words, whether the name passed to the copy, and for how long the database
/// was down.
async fn cut_with_lag(lag: &str) -> (String, bool, SignedDuration) {
    let timing = "[timing]\nswitchover_cut = [\"5s\", \"5s\"]\n";
    let fault = format!("[[fault]]\nat = \"0s\"\nfor = \"1d\"\ninstance = \"shop\"\nlag = \"{lag}\"\n");
    let account = Account::of(&format!("{SHOP}{timing}{fault}"));
    let before = instance(&account, "shop").await.unwrap();
    let made = create(&account, "to-medium", "db.t4g.medium").await;
    let id = made.blue_green_deployment_identifier().unwrap();
    until(&account, id, "AVAILABLE").await;
    account.pass(SignedDuration::from_mins(15)).await;
    assert_eq!(switchover(&account, id, 60).await.unwrap().status(), Some("SWITCHOVER_IN_PROGRESS"));
    account.pass(SignedDuration::from_mins(3)).await;
    let told = words_of(&account, SourceType::BlueGreenDeployment).await;
    let last = told.iter().rfind(|words| words.starts_with("Switchover from primary")).unwrap().clone();
    let ended = deployment(&account, id).await.unwrap();
    let after = instance(&account, "shop").await.unwrap();
    let switched = after.dbi_resource_id() != before.dbi_resource_id();
    assert_eq!(ended.status(), Some(if switched { "SWITCHOVER_COMPLETED" } else { "AVAILABLE" }));
    assert_eq!(told.contains(&"Switchover canceled on blue/green deployment.".to_owned()), !switched, "{told:?}");
    (last, switched, longest_outage(&account, before.dbi_resource_id().unwrap()))
}

#[tokio::test(start_paused = true)]
async fn a_cut_lasts_as_long_as_its_copy_must_catch_up_or_is_taken_back() {
    let (said, switched, down) = cut_with_lag("30s").await;
    assert!(switched && said.contains("completed"), "{said}");
    assert!((35..37).contains(&down.as_secs()), "5 s, 30 s to catch up and a little of its own: {down:?}");
    let (said, switched, down) = cut_with_lag("57s").await;
    assert!(!switched && said.ends_with("was canceled due to the switchover timeout was exceeded."), "{said}");
    assert_eq!(down.as_secs(), 60, "as long as the order allowed");
    let (said, switched, down) = cut_with_lag("2m").await;
    assert!(!switched && said.contains("due to replication lag of 120 seconds"), "{said}");
    assert_eq!(down, SignedDuration::ZERO, "nobody was kept out");
}

/// The longest time that a machine was down within the last minutes; zero if it was not.
fn longest_outage(account: &Account, resource: &str) -> SignedDuration {
    let world = account.sim.world();
    let machine = world.fleet().instances().find(|instance| instance.resource_id == resource).unwrap();
    let spans = machine.outages.iter().filter_map(|(from, until)| Some((*until)?.duration_since(*from)));
    spans.max().unwrap_or_default()
}

/// The value of every minute since `from`, oldest first.
async fn minutes(account: &Account, query: MetricDataQuery, from: Timestamp) -> Vec<f64> {
    let time = |at: Timestamp| aws_sdk_cloudwatch::primitives::DateTime::from_secs(at.as_second());
    let request = account.cloudwatch.get_metric_data().metric_data_queries(query).start_time(time(from));
    let request = request.end_time(time(account.now())).scan_by(ScanBy::TimestampAscending);
    request.send().await.unwrap().metric_data_results()[0].values().to_vec()
}

async fn writes_of_the_name(account: &Account, name: &str, from: Timestamp) -> Vec<f64> {
    let dimension = Dimension::builder().name("DBInstanceIdentifier").value(name).build();
    let metric = Metric::builder().namespace("AWS/RDS").metric_name("WriteIOPS").dimensions(dimension).build();
    let stat = MetricStat::builder().metric(metric).period(60).stat("Average").build();
    minutes(account, MetricDataQuery::builder().id("a").metric_stat(stat).build(), from).await
}

/// Rows inserted per second as Performance Insights counts them, by machine.
async fn rows_of_the_machine(account: &Account, resource: &str, from: Timestamp) -> Vec<f64> {
    let text = format!("DB_PERF_INSIGHTS('RDS', '{resource}', 'db.SQL.tup_inserted.avg')");
    minutes(account, MetricDataQuery::builder().id("a").expression(text).period(60).build(), from).await
}
