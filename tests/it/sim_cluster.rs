//! DB clusters of the simulation, driven by the real SDK over the in-process connector, in virtual time.

use aws_sdk_rds::error::ProvideErrorMetadata;
use aws_sdk_rds::types::{DbCluster, DbInstance, Filter, SourceType, Tag};
use jiff::{SignedDuration, Timestamp};
use upshift::sim::rds::Role;
use upshift::sim::scenario::Scenario;

use crate::sim_account::Account;

const AURORA: &str = r#"
name = "shop"
[[cluster]]
id = "shop"
kind = "aurora"
class = "db.t4g.medium"
proxy = true
members = [
    { id = "shop-1" },
    { id = "shop-2", tier = 2 },
    { id = "shop-3", tier = 2, class = "db.r6g.large" },
]
tags = { team = "core" }
[[demand]]
instance = "shop"
at = "0s"
writes = 100
"#;

const MULTI_AZ: &str = r#"
name = "shop"
[[cluster]]
id = "shop"
kind = "multi_az"
class = "db.m6gd.large"
[[demand]]
at = "0s"
writes = 100
"#;

const LIMIT: SignedDuration = SignedDuration::from_hours(2);
const TICK: SignedDuration = SignedDuration::from_secs(1);

async fn cluster(account: &Account) -> DbCluster {
    let found = account.rds.describe_db_clusters().db_cluster_identifier("shop").send().await.unwrap();
    found.db_clusters()[0].clone()
}

async fn instance(account: &Account, id: &str) -> Option<DbInstance> {
    let asked = account.rds.describe_db_instances().db_instance_identifier(id).send().await;
    asked.ok().map(|output| output.db_instances()[0].clone())
}

async fn class_of(account: &Account, id: &str) -> String {
    instance(account, id).await.unwrap().db_instance_class().unwrap().to_owned()
}

async fn status_of(account: &Account, id: &str) -> Option<String> {
    instance(account, id).await.map(|instance| instance.db_instance_status().unwrap().to_owned())
}

async fn writer(account: &Account) -> Option<String> {
    let found = cluster(account).await;
    let writes = found.db_cluster_members().iter().find(|member| member.is_cluster_writer() == Some(true));
    writes.map(|member| member.db_instance_identifier().unwrap().to_owned())
}

/// Looks each second until the cluster has changed its status and is available again; every status, each once.
async fn settled(account: &Account) -> Vec<String> {
    let deadline = account.now() + LIMIT;
    let mut seen: Vec<String> = vec!["available".to_owned()];
    loop {
        let status = cluster(account).await.status().unwrap().to_owned();
        if seen.last() != Some(&status) {
            seen.push(status.clone());
        }
        if seen.len() > 1 && status == "available" {
            return seen;
        }
        assert!(account.now() < deadline, "never settled: {seen:?}");
        account.pass(TICK).await;
    }
}

async fn words_of(account: &Account, kind: SourceType, id: &str) -> Vec<String> {
    let request = account.rds.describe_events().source_type(kind).source_identifier(id).duration(14 * 24 * 60);
    let output = request.send().await.unwrap();
    output.events().iter().map(|event| event.message().unwrap().to_owned()).collect()
}

async fn failover(account: &Account, target: Option<&str>) -> Result<DbCluster, String> {
    let request = account.rds.failover_db_cluster().db_cluster_identifier("shop");
    match request.set_target_db_instance_identifier(target.map(str::to_owned)).send().await {
        Ok(output) => Ok(output.db_cluster().unwrap().clone()),
        Err(error) => Err(error.code().unwrap_or_default().to_owned()),
    }
}

/// What a reader is created with, beside its name.
const READER: (&str, &str, &str) = ("db.r7g.large", "aurora-postgresql", "shop");

async fn create(
    account: &Account,
    id: &str,
    (class, engine, of): (&str, &str, &str),
    tier: i32,
) -> Result<DbInstance, String> {
    let request = account.rds.create_db_instance().db_instance_identifier(id).db_instance_class(class).engine(engine);
    let request = request.db_cluster_identifier(of).promotion_tier(tier).publicly_accessible(false);
    let tag = Tag::builder().key("made-by").value("test").build();
    match request.tags(tag).send().await {
        Ok(output) => Ok(output.db_instance().unwrap().clone()),
        Err(error) => Err(error.code().unwrap_or_default().to_owned()),
    }
}

async fn delete(account: &Account, id: &str, snapshot: Option<&str>) -> Result<DbInstance, String> {
    let request = account.rds.delete_db_instance().db_instance_identifier(id);
    match request.set_final_db_snapshot_identifier(snapshot.map(str::to_owned)).send().await {
        Ok(output) => Ok(output.db_instance().unwrap().clone()),
        Err(error) => Err(error.code().unwrap_or_default().to_owned()),
    }
}

async fn modify(account: &Account, class: &str, at_once: bool) -> Result<DbCluster, String> {
    let request = account.rds.modify_db_cluster().db_cluster_identifier("shop").db_cluster_instance_class(class);
    match request.apply_immediately(at_once).send().await {
        Ok(output) => Ok(output.db_cluster().unwrap().clone()),
        Err(error) => Err(error.code().unwrap_or_default().to_owned()),
    }
}

/// When a machine was down since the beginning, as far as it is remembered.
fn outages(account: &Account, id: &str) -> Vec<(Timestamp, Timestamp)> {
    let world = account.sim.world();
    let machine = world.fleet().instance(id).unwrap();
    machine.outages.iter().filter_map(|(from, until)| Some((*from, (*until)?))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_cluster_is_described_with_its_members_and_they_name_it() {
    let account = Account::of(AURORA);
    let found = cluster(&account).await;
    assert_eq!(found.engine(), Some("aurora-postgresql"));
    assert_eq!(found.db_cluster_arn(), Some("arn:aws:rds:us-east-1:111122223333:cluster:shop"));
    assert!(found.db_cluster_resource_id().unwrap().starts_with("cluster-"));
    assert!(found.endpoint().unwrap().starts_with("shop.cluster-c"));
    assert!(found.reader_endpoint().unwrap().starts_with("shop.cluster-ro-c"));
    assert_eq!(
        (found.status(), found.multi_az(), found.deletion_protection()),
        (Some("available"), Some(true), Some(true))
    );
    assert_eq!((found.db_cluster_instance_class(), found.storage_type()), (None, Some("aurora")));
    let members: Vec<_> = found
        .db_cluster_members()
        .iter()
        .map(|m| (m.db_instance_identifier().unwrap(), m.is_cluster_writer().unwrap(), m.promotion_tier().unwrap()))
        .collect();
    assert_eq!(members, [("shop-1", true, 1), ("shop-2", false, 2), ("shop-3", false, 2)]);

    let member = instance(&account, "shop-3").await.unwrap();
    assert_eq!((member.db_cluster_identifier(), member.promotion_tier()), (Some("shop"), Some(2)));
    assert_eq!((member.db_instance_class(), member.storage_type()), (Some("db.r6g.large"), Some("aurora")));
    assert_eq!(member.tag_list()[0].value(), Some("core"));
    let arn = found.db_cluster_arn().unwrap();
    for value in ["SHOP", arn] {
        let filter = Filter::builder().name("db-cluster-id").values(value).build();
        let of_it = account.rds.describe_db_instances().filters(filter.clone()).send().await.unwrap();
        assert_eq!(of_it.db_instances().len(), 3, "{value}");
        assert_eq!(account.rds.describe_db_clusters().filters(filter).send().await.unwrap().db_clusters().len(), 1);
    }
    let none = account.rds.describe_db_clusters().db_cluster_identifier("nobody").send().await.unwrap_err();
    assert_eq!(none.code(), Some("DBClusterNotFoundFault"));

    let account = Account::of(MULTI_AZ);
    let found = cluster(&account).await;
    assert_eq!((found.engine(), found.db_cluster_instance_class()), (Some("postgres"), Some("db.m6gd.large")));
    let members: Vec<_> = found.db_cluster_members().iter().map(|m| m.db_instance_identifier().unwrap()).collect();
    assert_eq!(members, ["shop-instance-1", "shop-instance-2", "shop-instance-3"]);
}

#[tokio::test(start_paused = true)]
async fn a_reader_is_created_takes_over_and_the_old_writer_goes() {
    let account = Account::of(AURORA);
    let began = account.now();
    let made = create(&account, "Shop-4", READER, 0).await.unwrap();
    assert_eq!((made.db_instance_status(), made.promotion_tier()), (Some("creating"), Some(0)));
    assert!(made.endpoint().is_none() && made.tag_list()[0].key() == Some("made-by"));
    assert_eq!(failover(&account, Some("shop-4")).await.unwrap_err(), "InvalidDBInstanceState");
    assert_eq!(delete(&account, "shop-4", None).await.unwrap_err(), "InvalidDBInstanceState");
    while status_of(&account, "shop-4").await.as_deref() != Some("available") {
        account.pass(TICK).await;
    }
    let took = account.now().duration_since(began).as_secs();
    assert!((300..=541).contains(&took), "{took}");
    assert_eq!(words_of(&account, SourceType::DbInstance, "shop-4").await, ["DB instance created"]);

    // Without a target the one of the lowest tier takes over.
    let answer = failover(&account, None).await.unwrap();
    assert_eq!(answer.status(), Some("available"));
    assert_eq!(failover(&account, None).await.unwrap_err(), "InvalidDBClusterStateFault");
    let began = account.now();
    assert_eq!(settled(&account).await, ["available", "failing-over", "available"]);
    let took = account.now().duration_since(began).as_secs();
    assert!((20..=46).contains(&took), "{took}");
    assert_eq!(writer(&account).await.as_deref(), Some("shop-4"));
    for member in ["shop-1", "shop-4"] {
        let cut = *outages(&account, member).last().unwrap();
        assert!((5..=25).contains(&cut.1.duration_since(cut.0).as_secs()), "{member}: {cut:?}");
    }
    assert!(outages(&account, "shop-2").is_empty());
    let words = words_of(&account, SourceType::DbCluster, "shop").await;
    let told = words.join("\n");
    let expected =
        "AZ failover to DB instance: shop-4\nCompleted failover to DB instance: shop-4\nCluster topology is updated.";
    assert!(told.ends_with(expected) && told.contains("\nStarted "), "{words:?}");

    let gone = delete(&account, "shop-1", None).await.unwrap();
    assert_eq!(gone.db_instance_status(), Some("deleting"));
    account.pass(SignedDuration::from_mins(7)).await;
    assert!(instance(&account, "shop-1").await.is_none());
    assert_eq!(cluster(&account).await.db_cluster_members().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn of_equal_tiers_the_largest_takes_over() {
    let account = Account::of(AURORA);
    failover(&account, None).await.unwrap();
    settled(&account).await;
    assert_eq!(writer(&account).await.as_deref(), Some("shop-3"));
    failover(&account, Some("shop-2")).await.unwrap();
    settled(&account).await;
    assert_eq!(writer(&account).await.as_deref(), Some("shop-2"));
}

#[tokio::test(start_paused = true)]
async fn readers_that_cannot_be_are_refused_with_the_codes_of_aws() {
    let account = Account::of(&format!("{AURORA}\n[capacity.\"db.r7g.xlarge\"]\norderable = false\n"));
    let (class, engine, of) = READER;
    let cases = [
        ("shop-2", READER, 1, "DBInstanceAlreadyExists"),
        ("2shop", READER, 1, "InvalidParameterValue"),
        ("shop-4", READER, 16, "InvalidParameterValue"),
        ("shop-4", (class, engine, "nobody"), 1, "DBClusterNotFoundFault"),
        ("shop-4", (class, "postgres", of), 1, "InvalidParameterCombination"),
        ("shop-4", ("db.t4g.small", engine, of), 1, "InvalidParameterCombination"),
        ("shop-4", ("db.r7g.xlarge", engine, of), 1, "InvalidParameterCombination"),
        ("shop-4", ("db.r7g.huge", engine, of), 1, "InvalidParameterValue"),
    ];
    for (id, with, tier, code) in cases {
        assert_eq!(create(&account, id, with, tier).await.unwrap_err(), code, "{id} {with:?} {tier}");
    }
    let far = account.rds.create_db_instance().db_instance_identifier("x").db_instance_class(class).engine(engine);
    let far = far.db_cluster_identifier(of).availability_zone("eu-west-1a").send().await.unwrap_err();
    assert_eq!(far.code(), Some("InvalidParameterValue"));
    let alone = account.rds.create_db_instance().db_instance_identifier("x").db_instance_class(class).engine(engine);
    let refused = alone.send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterValue"));
    assert!(refused.message().unwrap().contains("is not part of this simulation"));
    failover(&account, None).await.unwrap();
    assert_eq!(create(&account, "shop-4", READER, 1).await.unwrap_err(), "InvalidDBClusterStateFault");
    let account = Account::of(MULTI_AZ);
    let with = ("db.m6gd.large", "postgres", "shop");
    assert_eq!(create(&account, "shop-4", with, 1).await.unwrap_err(), "InvalidParameterCombination");
}

#[tokio::test(start_paused = true)]
async fn failovers_that_cannot_be_are_refused_with_the_codes_of_aws() {
    let account = Account::of(&format!("{AURORA}\n[[instance]]\nid = \"other\"\nclass = \"db.t4g.small\"\n"));
    assert_eq!(failover(&account, Some("shop-1")).await.unwrap_err(), "InvalidDBInstanceState");
    assert_eq!(failover(&account, Some("other")).await.unwrap_err(), "InvalidDBInstanceState");
    assert_eq!(failover(&account, Some("nobody")).await.unwrap_err(), "DBInstanceNotFound");
    let none = account.rds.failover_db_cluster().db_cluster_identifier("nobody").send().await.unwrap_err();
    assert_eq!(none.code(), Some("DBClusterNotFoundFault"));
    let alone = "name = \"a\"\n[[cluster]]\nid = \"shop\"\nkind = \"aurora\"\nclass = \"db.t4g.medium\"\n";
    let account = Account::of(alone);
    assert_eq!(writer(&account).await.as_deref(), Some("shop-instance-1"));
    assert_eq!(failover(&account, None).await.unwrap_err(), "InvalidDBClusterStateFault");
}

#[tokio::test(start_paused = true)]
async fn members_are_deleted_without_a_snapshot_and_a_writer_hands_over_first() {
    let account = Account::of(AURORA);
    assert_eq!(delete(&account, "shop-2", Some("last")).await.unwrap_err(), "InvalidParameterCombination");
    delete(&account, "shop-1", None).await.unwrap();
    assert_eq!(settled(&account).await, ["available", "failing-over", "available"]);
    assert_eq!(writer(&account).await.as_deref(), Some("shop-3"));
    account.pass(SignedDuration::from_mins(7)).await;
    for id in ["shop-2", "shop-3"] {
        delete(&account, id, None).await.unwrap();
        account.pass(SignedDuration::from_mins(7)).await;
        assert!(instance(&account, id).await.is_none());
    }
    assert_eq!((cluster(&account).await.status(), writer(&account).await), (Some("available"), None));
    create(&account, "shop-4", READER, 1).await.unwrap();
    account.pass(SignedDuration::from_mins(10)).await;
    assert_eq!(writer(&account).await.as_deref(), Some("shop-4"), "the first member of an empty cluster writes");
    let account = Account::of(MULTI_AZ);
    assert_eq!(delete(&account, "shop-instance-2", None).await.unwrap_err(), "InvalidParameterCombination");
}

#[tokio::test(start_paused = true)]
async fn a_member_of_aurora_changes_alone_and_its_tier_at_once() {
    let account = Account::of(AURORA);
    let modify = || account.rds.modify_db_instance().db_instance_identifier("shop-2").apply_immediately(true);
    let tier = modify().promotion_tier(0).send().await.unwrap();
    assert_eq!(tier.db_instance().unwrap().promotion_tier(), Some(0));
    assert_eq!(modify().promotion_tier(16).send().await.unwrap_err().code(), Some("InvalidParameterValue"));
    let backups = modify().backup_retention_period(3).send().await.unwrap_err();
    assert_eq!(backups.code(), Some("InvalidParameterCombination"));
    assert!(backups.message().unwrap().contains("is a member of a cluster"), "{backups:?}");
    let small = modify().db_instance_class("db.t4g.small").send().await.unwrap_err();
    assert_eq!(small.code(), Some("InvalidParameterCombination"));
    modify().db_instance_class("db.r6g.xlarge").send().await.unwrap();
    account.pass(SignedDuration::from_mins(15)).await;
    assert_eq!(class_of(&account, "shop-2").await, "db.r6g.xlarge");
    assert_eq!(status_of(&account, "shop-2").await.as_deref(), Some("available"));
    assert_eq!((outages(&account, "shop-1").len(), outages(&account, "shop-3").len()), (0, 0));
    assert_eq!(writer(&account).await.as_deref(), Some("shop-1"));
}

#[tokio::test(start_paused = true)]
async fn a_multi_az_cluster_changes_its_readers_first_then_fails_over() {
    let account = Account::of(MULTI_AZ);
    let answer = modify(&account, "db.m6gd.xlarge", true).await.unwrap();
    assert_eq!((answer.status(), answer.db_cluster_instance_class()), (Some("available"), Some("db.m6gd.large")));
    let pending = instance(&account, "shop-instance-1").await.unwrap();
    assert_eq!(pending.pending_modified_values().unwrap().db_instance_class(), Some("db.m6gd.xlarge"));
    let seen = settled(&account).await;
    assert_eq!(seen, ["available", "modifying", "failing-over", "modifying", "available"]);
    assert_eq!(cluster(&account).await.db_cluster_instance_class(), Some("db.m6gd.xlarge"));
    for id in ["shop-instance-1", "shop-instance-2", "shop-instance-3"] {
        assert_eq!(class_of(&account, id).await, "db.m6gd.xlarge");
        let words = words_of(&account, SourceType::DbInstance, id).await;
        assert!(words.contains(&"Finished applying modification to DB instance class".to_owned()), "{id}: {words:?}");
    }
    assert_ne!(writer(&account).await.as_deref(), Some("shop-instance-1"));
    let words = words_of(&account, SourceType::DbCluster, "shop").await;
    assert!(words[0].starts_with("Started cross AZ failover to DB instance: shop-instance-"), "{words:?}");
    let world = account.sim.world();
    assert_eq!(world.fleet().instances().filter(|member| member.role == Role::Writer).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_multi_az_cluster_fails_over_within_35_seconds() {
    let account = Account::of(MULTI_AZ);
    assert_eq!(failover(&account, Some("shop-instance-3")).await.unwrap().status(), Some("available"));
    assert_eq!(settled(&account).await, ["available", "failing-over", "available"]);
    assert_eq!(writer(&account).await.as_deref(), Some("shop-instance-3"));
    for member in ["shop-instance-1", "shop-instance-3"] {
        let cut = *outages(&account, member).last().unwrap();
        assert!((10..=35).contains(&cut.1.duration_since(cut.0).as_secs()), "{member}: {cut:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn clusters_come_in_pages() {
    let mut scenario = "name = \"many\"\nhistory = \"1m\"\n".to_owned();
    for number in 0..25 {
        let lines = format!("[[cluster]]\nid = \"db-{number:02}\"\nkind = \"aurora\"\nclass = \"db.t4g.medium\"\n");
        scenario.push_str(&lines);
    }
    let account = Account::of(&scenario);
    let pages: Vec<_> =
        account.rds.describe_db_clusters().into_paginator().page_size(20).send().collect::<Vec<_>>().await;
    let sizes: Vec<usize> = pages.iter().map(|page| page.as_ref().unwrap().db_clusters().len()).collect();
    assert_eq!(sizes, [20, 5]);
    let error = account.rds.describe_db_clusters().max_records(19).send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
}

#[tokio::test(start_paused = true)]
async fn a_deferred_change_of_a_cluster_waits_for_the_window_and_can_be_taken_back() {
    let account = Account::of(MULTI_AZ);
    modify(&account, "db.m6gd.xlarge", false).await.unwrap();
    modify(&account, "db.m6gd.large", false).await.unwrap();
    let days = account.rds.modify_db_cluster().db_cluster_identifier("shop").backup_retention_period(9);
    let answer = days.clone().send().await.unwrap();
    let pending = answer.db_cluster().unwrap().pending_modified_values().unwrap().backup_retention_period();
    assert_eq!(pending, Some(9));
    account.pass(SignedDuration::from_hours(8 * 24)).await;
    let found = cluster(&account).await;
    assert_eq!((found.backup_retention_period(), found.db_cluster_instance_class()), (Some(9), Some("db.m6gd.large")));
    modify(&account, "db.m6gd.xlarge", false).await.unwrap();
    account.pass(SignedDuration::from_hours(8 * 24)).await;
    assert_eq!(cluster(&account).await.db_cluster_instance_class(), Some("db.m6gd.xlarge"));
    assert_eq!(days.backup_retention_period(36).send().await.unwrap_err().code(), Some("InvalidParameterValue"));
}

#[tokio::test(start_paused = true)]
async fn changes_of_clusters_that_cannot_be_are_refused() {
    let account = Account::of(MULTI_AZ);
    assert_eq!(modify(&account, "db.m6g.large", true).await.unwrap_err(), "InvalidParameterCombination");
    assert_eq!(modify(&account, "db.m6gd.huge", true).await.unwrap_err(), "InvalidParameterValue");
    let member = account.rds.modify_db_instance().db_instance_identifier("shop-instance-2");
    let member = member.db_instance_class("db.m6gd.xlarge").send().await.unwrap_err();
    assert_eq!(member.code(), Some("InvalidParameterCombination"));
    modify(&account, "db.m6gd.xlarge", true).await.unwrap();
    assert_eq!(modify(&account, "db.m6gd.large", true).await.unwrap_err(), "InvalidDBClusterStateFault");
    assert_eq!(failover(&account, None).await.unwrap_err(), "InvalidDBClusterStateFault");
    let account = Account::of(AURORA);
    let request =
        account.rds.modify_db_cluster().db_cluster_identifier("shop").db_cluster_instance_class("db.r6g.large");
    let refused = request.send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterCombination"));
    assert!(refused.message().unwrap().contains("isn't supported for DB engine aurora-postgresql"));
}

#[tokio::test(start_paused = true)]
async fn what_goes_wrong_with_a_cluster_goes_wrong_as_the_scenario_says() {
    let fault = |text: &str, what: &str| {
        format!("{text}\n[[fault]]\nat = \"0s\"\nfor = \"30m\"\ninstance = \"shop\"\n{what}\n")
    };
    let account = Account::of(&fault(AURORA, "failover = \"refused\""));
    assert_eq!(failover(&account, Some("shop-2")).await.unwrap_err(), "InvalidDBClusterStateFault");
    let account = Account::of(&fault(AURORA, "failover = \"other_member\""));
    failover(&account, Some("shop-2")).await.unwrap();
    settled(&account).await;
    assert_eq!(writer(&account).await.as_deref(), Some("shop-3"));
    let account = Account::of(&fault(AURORA, "failover = \"fails\""));
    failover(&account, Some("shop-2")).await.unwrap();
    settled(&account).await;
    assert_eq!(writer(&account).await.as_deref(), Some("shop-1"));
    let words = words_of(&account, SourceType::DbCluster, "shop").await;
    assert_eq!(words.last().unwrap(), "Promoting previous primary again: shop-1");
    for (end, status) in [
        ("fails", "failed"),
        ("incompatible_network", "incompatible-network"),
        ("no_capacity", "insufficient-capacity"),
        ("stuck", "creating"),
    ] {
        let account = Account::of(&fault(AURORA, &format!("reader = \"{end}\"")));
        create(&account, "shop-4", READER, 1).await.unwrap();
        account.pass(SignedDuration::from_mins(20)).await;
        assert_eq!(status_of(&account, "shop-4").await.as_deref(), Some(status));
        if end == "stuck" {
            account.pass(SignedDuration::from_mins(11)).await;
            assert_eq!(status_of(&account, "shop-4").await.as_deref(), Some("available"));
        } else {
            delete(&account, "shop-4", None).await.unwrap();
        }
    }
    let account = Account::of(&fault(MULTI_AZ, "class_change = \"fails\""));
    modify(&account, "db.m6gd.xlarge", true).await.unwrap();
    settled(&account).await;
    assert_eq!(cluster(&account).await.db_cluster_instance_class(), Some("db.m6gd.large"));
    let pending = instance(&account, "shop-instance-1").await.unwrap();
    assert_eq!(pending.pending_modified_values().unwrap().db_instance_class(), None);
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_database_has_its_orderable_classes() {
    let account = Account::of(AURORA);
    let options = |engine: &str, class: &str| {
        let request = account.rds.describe_orderable_db_instance_options().engine(engine).engine_version("16.8");
        let request = request.db_instance_class(class).send();
        async move { request.await.unwrap().orderable_db_instance_options().to_vec() }
    };
    assert!(options("aurora-postgresql", "db.t4g.small").await.is_empty());
    for class in ["db.t4g.medium", "db.r6g.large", "db.r7g.large"] {
        let [option] = &options("aurora-postgresql", class).await[..] else { panic!("{class}") };
        assert_eq!((option.storage_type(), option.engine()), (Some("aurora"), Some("aurora-postgresql")));
    }
    let in_clusters = |options: Vec<aws_sdk_rds::types::OrderableDbInstanceOption>| {
        options.iter().any(|option| option.supports_clusters() == Some(true))
    };
    assert!(in_clusters(options("postgres", "db.m6gd.large").await));
    assert!(!in_clusters(options("postgres", "db.m6g.large").await));
}

#[tokio::test(start_paused = true)]
async fn a_proxy_says_what_is_registered_with_it() {
    let account =
        Account::of(&format!("{AURORA}\n[[instance]]\nid = \"other\"\nclass = \"db.t4g.small\"\nproxy = true\n"));
    let proxies = account.rds.describe_db_proxies().send().await.unwrap();
    let names: Vec<_> = proxies.db_proxies().iter().map(|proxy| proxy.db_proxy_name().unwrap()).collect();
    assert_eq!(names, ["other-proxy", "shop-proxy"]);
    let targets = account.rds.describe_db_proxy_targets().db_proxy_name("shop-proxy").send().await.unwrap();
    let of = |target: &aws_sdk_rds::types::DbProxyTarget| {
        let kind = target.r#type().unwrap().as_str().to_owned();
        format!("{kind} {} of {}", target.rds_resource_id().unwrap(), target.tracked_cluster_id().unwrap_or("none"))
    };
    let found: Vec<String> = targets.targets().iter().map(of).collect();
    assert_eq!(found[..2], ["TRACKED_CLUSTER shop of none", "RDS_INSTANCE shop-1 of shop"]);
    let targets = account.rds.describe_db_proxy_targets().db_proxy_name("other-proxy").send().await.unwrap();
    assert_eq!(of(&targets.targets()[0]), "RDS_INSTANCE other of none");
    let groups = account.rds.describe_db_proxy_target_groups().db_proxy_name("shop-proxy").send().await.unwrap();
    assert_eq!(groups.target_groups()[0].is_default(), Some(true));
    let none = account.rds.describe_db_proxy_targets().db_proxy_name("nobody").send().await.unwrap_err();
    assert_eq!(none.code(), Some("DBProxyNotFoundFault"));
}

#[tokio::test(start_paused = true)]
async fn no_blue_green_deployment_is_made_of_a_cluster_or_a_member() {
    let account = Account::of(MULTI_AZ);
    let create = |source: String| {
        account.rds.create_blue_green_deployment().blue_green_deployment_name("a").source(source).send()
    };
    let arn = cluster(&account).await.db_cluster_arn().unwrap().to_owned();
    assert_eq!(create(arn).await.unwrap_err().code(), Some("SourceClusterNotSupportedFault"));
    let arn = instance(&account, "shop-instance-1").await.unwrap().db_instance_arn().unwrap().to_owned();
    assert_eq!(create(arn.clone()).await.unwrap_err().code(), Some("SourceDatabaseNotSupportedFault"));
    let nobody = arn.replace(":db:shop-instance-1", ":cluster:nobody");
    assert_eq!(create(nobody).await.unwrap_err().code(), Some("DBClusterNotFoundFault"));
}

#[test]
fn a_wrong_cluster_is_shown_where_it_is() {
    let text = "name = \"a\"\n[[cluster]]\nid = \"shop\"\nkind = \"aurora\"\nclass = \"db.t4g.small\"\n\
                members = [{ id = \"shop\", tier = 16 }]\n[[cluster]]\nid = \"other\"\nkind = \"multi_az\"\n\
                class = \"db.m6gd.large\"\nmembers = [{}]\nbackup_retention_days = 0\n\
                [[demand]]\ninstance = \"shop-1\"\nat = \"0s\"\nwrites = 1\n";
    let found = Scenario::parse("s.toml", text).unwrap_err().to_string();
    for (place, what) in [
        ("s.toml:2:1", "db.t4g.small is no class of a cluster of kind \"aurora\""),
        ("s.toml:2:1", "tier is not between 0 and 15"),
        ("s.toml:2:1", "a second instance or cluster is called \"shop\""),
        ("s.toml:7:1", "members goes with kind = \"aurora\" only"),
        ("s.toml:7:1", "backup_retention_days is not between 1 and 35"),
        ("s.toml:13:1", "instance names no [[instance]] and no [[cluster]]"),
    ] {
        assert!(found.contains(place) && found.contains(what), "{place} {what}: {found}");
    }
    let kind = text.replace("\"aurora\"", "\"serverless\"");
    let found = Scenario::parse("s.toml", &kind).unwrap_err().to_string();
    assert!(found.contains("unknown word `serverless`") && found.contains("s.toml:4:8"), "{found}");
}
