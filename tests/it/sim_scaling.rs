//! Application Auto Scaling of the simulation, driven by the real SDK over the in-process connector, in virtual time.

use aws_sdk_applicationautoscaling::error::ProvideErrorMetadata;
use aws_sdk_applicationautoscaling::types::{
    MetricType, PolicyType, PredefinedMetricSpecification, ScalableDimension, ScalingActivity,
    ScalingActivityStatusCode, ServiceNamespace, SuspendedState, TargetTrackingScalingPolicyConfiguration,
};
use aws_sdk_rds::types::Tag;
use jiff::SignedDuration;
use upshift::sim::rds::Role;
use upshift::sim::scaling::{NAME_PREFIX, RESOURCE_TAG};

use crate::sim_account::Account;

/// 30 connections to the readers, then 240 for two hours, then 30 again.
const SHOP: &str = r#"
name = "shop"
[[cluster]]
id = "shop"
kind = "aurora"
class = "db.t4g.medium"
members = [{ id = "shop-1", class = "db.r6g.large" }, { id = "shop-2", tier = 2 }]
[[demand]]
at = "0s"
writes = 20
reads = 50
read_connections = 30
[[demand]]
at = "10m"
read_connections = 240
[[demand]]
at = "2h"
read_connections = 30
"#;

const NAME: &str = "by-connections";

async fn register(account: &Account, min: Option<i32>, max: Option<i32>) -> Result<(), String> {
    let request = account
        .scaling
        .register_scalable_target()
        .service_namespace(ServiceNamespace::Rds)
        .resource_id("cluster:shop")
        .scalable_dimension(ScalableDimension::RdsClusterReadReplicaCount)
        .set_min_capacity(min)
        .set_max_capacity(max);
    let answer = request.send().await;
    answer.map(drop).map_err(|error| format!("{}: {}", error.code().unwrap_or("?"), error.message().unwrap_or("?")))
}

async fn suspend(account: &Account, out: bool) {
    let state = SuspendedState::builder().dynamic_scaling_out_suspended(out).build();
    let request = account.scaling.register_scalable_target().service_namespace(ServiceNamespace::Rds);
    let request = request.resource_id("cluster:shop").suspended_state(state);
    request.scalable_dimension(ScalableDimension::RdsClusterReadReplicaCount).send().await.unwrap();
}

async fn policy(account: &Account, name: &str, metric: MetricType, target: f64) -> Result<(), String> {
    let spec = PredefinedMetricSpecification::builder().predefined_metric_type(metric).build().unwrap();
    let tracking = TargetTrackingScalingPolicyConfiguration::builder()
        .target_value(target)
        .predefined_metric_specification(spec)
        .scale_in_cooldown(600)
        .scale_out_cooldown(300)
        .build()
        .unwrap();
    let request = account
        .scaling
        .put_scaling_policy()
        .policy_name(name)
        .service_namespace(ServiceNamespace::Rds)
        .resource_id("cluster:shop")
        .scalable_dimension(ScalableDimension::RdsClusterReadReplicaCount)
        .policy_type(PolicyType::TargetTrackingScaling)
        .target_tracking_scaling_policy_configuration(tracking);
    let answer = request.send().await;
    answer.map(drop).map_err(|error| format!("{}: {}", error.code().unwrap_or("?"), error.message().unwrap_or("?")))
}

async fn set_up(account: &Account, min: i32, max: i32) {
    register(account, Some(min), Some(max)).await.unwrap();
    policy(account, NAME, MetricType::RdsReaderAverageDatabaseConnections, 65.0).await.unwrap();
}

async fn activities(account: &Account) -> Vec<ScalingActivity> {
    let request = account.scaling.describe_scaling_activities().service_namespace(ServiceNamespace::Rds);
    let pages = request.resource_id("cluster:shop").include_not_scaled_activities(true).max_results(1);
    pages.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.unwrap()
}

/// The readers by name, those that go left out.
fn readers(account: &Account) -> Vec<String> {
    let world = account.sim.world();
    let stays = world.fleet().cluster_members("shop").filter(|it| it.role == Role::Reader && it.status != "deleting");
    stays.map(|member| member.id.clone()).collect()
}

fn scaled(account: &Account) -> Vec<String> {
    readers(account).into_iter().filter(|name| name.starts_with(NAME_PREFIX)).collect()
}

async fn pass_mins(account: &Account, mins: i64) {
    account.pass(SignedDuration::from_mins(mins)).await;
}

#[tokio::test(start_paused = true)]
async fn readers_come_with_the_connections_and_only_those_go_again() {
    let account = Account::of(SHOP);
    set_up(&account, 1, 4).await;
    pass_mins(&account, 9).await;
    assert_eq!(readers(&account), ["shop-2"], "30 of 65 connections");
    // 240 connections to one reader are four times the target.
    pass_mins(&account, 10).await;
    let made = scaled(&account);
    assert_eq!(made.len(), 3, "{made:?}");
    {
        let world = account.sim.world();
        for name in &made {
            let reader = world.fleet().instance(name).unwrap();
            let membership = reader.membership.as_ref().unwrap();
            assert_eq!((reader.class.as_str(), membership.promotion_tier), ("db.r6g.large", 15), "the writer's class");
            assert_eq!(reader.tags[RESOURCE_TAG], "cluster:shop");
        }
        assert_eq!(world.fleet().cluster("shop").unwrap().status, "available");
    }
    let under_way = activities(&account).await;
    assert_eq!(under_way[0].status_code(), &ScalingActivityStatusCode::InProgress, "{under_way:?}");
    assert_eq!(under_way[0].description(), "Setting replica count to 4.");
    assert!(under_way[0].cause().contains("AlarmHigh") && under_way[0].cause().ends_with(NAME), "{under_way:?}");
    pass_mins(&account, 20).await;
    assert_eq!(readers(&account).len(), 4, "60 connections each are near enough");
    assert_eq!(activities(&account).await[0].status_code(), &ScalingActivityStatusCode::Successful);
    // Calm again: 7.5 connections each.
    pass_mins(&account, 150).await;
    assert_eq!(readers(&account), ["shop-2"], "what was there before stays");
    let all = activities(&account).await;
    let told: Vec<String> = all.iter().map(|it| format!("{} {:?}", it.description(), it.status_code())).collect();
    assert_eq!(told[0], "Attempting to scale due to alarm triggered Failed", "{told:?}");
    let reasons = all[0].not_scaled_reasons();
    assert_eq!((reasons[0].code(), reasons[0].min_capacity()), ("AlreadyAtMinCapacity", Some(1)));
    assert_eq!(told[1], "Setting replica count to 1. Successful", "{told:?}");
    assert!(all[1].cause().contains("AlarmLow"), "{:?}", all[1]);
}

#[tokio::test(start_paused = true)]
async fn bounds_hold_and_what_is_not_done_is_told_once() {
    let account = Account::of(SHOP);
    set_up(&account, 1, 2).await;
    pass_mins(&account, 60).await;
    assert_eq!(readers(&account).len(), 2);
    let all = activities(&account).await;
    let at_max = all.iter().filter(|it| it.not_scaled_reasons().iter().any(|why| why.code() == "AlreadyAtMaxCapacity"));
    assert_eq!(at_max.count(), 1, "{all:?}");
    assert_eq!(all[0].not_scaled_reasons()[0].max_capacity(), Some(2));
    // Other bounds: the least of them is made, whatever the load.
    register(&account, Some(3), Some(3)).await.unwrap();
    pass_mins(&account, 2).await;
    assert_eq!(readers(&account).len(), 3);
    register(&account, Some(1), Some(1)).await.unwrap();
    pass_mins(&account, 20).await;
    assert_eq!(readers(&account), ["shop-2"], "the most of them is kept to");
    let plain = account.scaling.describe_scaling_activities().service_namespace(ServiceNamespace::Rds).send();
    let plain = plain.await.unwrap();
    assert!(plain.scaling_activities().iter().all(|it| it.not_scaled_reasons().is_empty()), "not asked for");
}

#[tokio::test(start_paused = true)]
async fn cooldowns_keep_a_second_step_back() {
    let account = Account::of(&SHOP.replace("read_connections = 240", "read_connections = 110"));
    set_up(&account, 1, 6).await;
    let mut steps = Vec::new();
    for _ in 0..240 {
        let now = readers(&account).len();
        if steps.last().is_none_or(|(count, _)| *count != now) {
            steps.push((now, account.now()));
        }
        pass_mins(&account, 1).await;
    }
    let counts: Vec<usize> = steps.iter().map(|(count, _)| *count).collect();
    assert_eq!(counts, [1, 2, 1], "110 connections are 55 for each of two");
    let account = Account::of(SHOP);
    set_up(&account, 1, 6).await;
    suspend(&account, true).await;
    pass_mins(&account, 60).await;
    assert_eq!(readers(&account).len(), 1, "suspended");
    suspend(&account, false).await;
    pass_mins(&account, 50).await;
    assert_eq!(readers(&account).len(), 4, "enough: those that are made count, and a metric of before does not");
}

#[tokio::test(start_paused = true)]
async fn without_a_reader_nothing_is_computed_and_nothing_is_done() {
    let alone = SHOP.replace(", { id = \"shop-2\", tier = 2 }", "");
    let account = Account::of(&alone);
    set_up(&account, 2, 4).await;
    pass_mins(&account, 60).await;
    assert!(readers(&account).is_empty());
    assert!(activities(&account).await.is_empty());
    let alarms = account.cloudwatch.describe_alarms().alarm_name_prefix("TargetTracking-cluster:shop").send().await;
    let alarms = alarms.unwrap();
    let states: Vec<&str> = alarms.metric_alarms().iter().map(|it| it.state_value().unwrap().as_str()).collect();
    assert_eq!(states, ["INSUFFICIENT_DATA", "INSUFFICIENT_DATA"]);
}

#[tokio::test(start_paused = true)]
async fn it_acts_only_while_the_cluster_is_available() {
    let account = Account::of(&format!("{SHOP}[timing]\naurora_failover = [\"30m\", \"31m\"]\n"));
    set_up(&account, 1, 4).await;
    pass_mins(&account, 9).await;
    account.rds.failover_db_cluster().db_cluster_identifier("shop").send().await.unwrap();
    pass_mins(&account, 20).await;
    assert_eq!(account.sim.world().fleet().cluster("shop").unwrap().status, "failing-over");
    assert!(scaled(&account).is_empty());
    let newest = activities(&account).await.remove(0);
    assert_eq!(newest.not_scaled_reasons()[0].code(), "TargetServicePutResourceAsUnscalable", "{newest:?}");
    pass_mins(&account, 15).await;
    assert_eq!(scaled(&account).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_cannot_be_made_is_a_failed_activity() {
    let fault = "[[fault]]\nat = \"0s\"\nfor = \"40m\"\nreader = \"no_capacity\"\n";
    let account = Account::of(&format!("{SHOP}{fault}"));
    set_up(&account, 1, 2).await;
    pass_mins(&account, 35).await;
    let told = activities(&account).await;
    let failed = told.iter().find(|it| it.not_scaled_reasons().is_empty()).unwrap();
    assert_eq!(failed.status_code(), &ScalingActivityStatusCode::Failed);
    assert!(failed.status_message().unwrap().contains("insufficient-capacity"), "{failed:?}");
}

#[tokio::test(start_paused = true)]
async fn what_aws_refuses_is_refused() {
    let account = Account::of(SHOP);
    let connections = MetricType::RdsReaderAverageDatabaseConnections;
    let refused = policy(&account, NAME, connections.clone(), 60.0).await.unwrap_err();
    assert!(refused.starts_with("ObjectNotFoundException: No scalable target"), "{refused}");
    let wrong = [(Some(3), Some(1)), (Some(-1), Some(1)), (Some(1), Some(16)), (Some(1), None)];
    for (min, max) in wrong {
        let refused = register(&account, min, max).await.unwrap_err();
        assert!(refused.starts_with("ValidationException"), "{min:?} {max:?}: {refused}");
    }
    set_up(&account, 1, 4).await;
    let refused = policy(&account, "another", connections, 30.0).await.unwrap_err();
    assert!(refused.contains("Only one TargetTrackingScaling policy"), "{refused}");
    let refused = policy(&account, "another", MetricType::DynamoDbReadCapacityUtilization, 30.0).await.unwrap_err();
    assert!(refused.starts_with("ValidationException"), "{refused}");
    policy(&account, "another", MetricType::RdsReaderAverageCpuUtilization, 30.0).await.unwrap();
    let gone = account.scaling.delete_scaling_policy().policy_name("nobodys").service_namespace(ServiceNamespace::Rds);
    let gone = gone.resource_id("cluster:shop").scalable_dimension(ScalableDimension::RdsClusterReadReplicaCount);
    assert_eq!(gone.send().await.unwrap_err().code(), Some("ObjectNotFoundException"));
    let gone = account.scaling.deregister_scalable_target().service_namespace(ServiceNamespace::Rds);
    let gone = gone.resource_id("cluster:shop").scalable_dimension(ScalableDimension::RdsClusterReadReplicaCount);
    gone.send().await.unwrap();
    let left = account.cloudwatch.describe_alarms().send().await.unwrap();
    assert!(left.metric_alarms().is_empty(), "the alarms of both policies go with the target");
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_somebody_elses_is_never_taken_away() {
    let account = Account::of(SHOP);
    set_up(&account, 1, 1).await;
    let tag = Tag::builder().key("made-by").value("test").build();
    let request = account.rds.create_db_instance().db_instance_identifier("shop-3").db_instance_class("db.r6g.large");
    let request = request.engine("aurora-postgresql").db_cluster_identifier("shop").tags(tag);
    request.send().await.unwrap();
    pass_mins(&account, 240).await;
    assert_eq!(readers(&account), ["shop-2", "shop-3"], "more than the most, and none of them its own");
}
