//! RDS and STS of the simulation, driven by the real SDK over the in-process connector, in virtual time.

use std::fmt::Write;

use aws_sdk_rds::error::ProvideErrorMetadata;
use aws_sdk_rds::operation::RequestId;
use aws_sdk_rds::types::{DbInstance, Filter, SourceType};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use upshift::sim::scenario::Scenario;
use upshift::sim::wire::xml::is_xml_char;

use crate::sim_account::Account;

const ONE: &str = r#"
name = "one"
[[instance]]
id = "checkpoints"
class = "db.t4g.small"
tags = { team = "p&l <core>" }
[[demand]]
at = "0s"
writes = 300
[capacity."db.m7g.large"]
orderable = false
"#;

const TWO_ZONES: &str =
    "name = \"two-zones\"\n[[instance]]\nid = \"orders\"\nclass = \"db.t4g.medium\"\nmulti_az = true\n";

async fn describe(account: &Account, id: &str) -> DbInstance {
    let output = account.rds.describe_db_instances().db_instance_identifier(id).send().await.unwrap();
    output.db_instances()[0].clone()
}

/// Messages of an instance's events since the beginning, oldest first, with their dates.
async fn events(account: &Account, id: &str) -> Vec<(Timestamp, String)> {
    let request = account.rds.describe_events().source_identifier(id).source_type(SourceType::DbInstance);
    let output = request.duration(14 * 24 * 60).send().await.unwrap();
    let read = |event: &aws_sdk_rds::types::Event| {
        let date = Timestamp::new(event.date().unwrap().secs(), 0).unwrap();
        (date, event.message().unwrap().to_owned())
    };
    output.events().iter().map(read).collect()
}

async fn modify(account: &Account, class: &str, apply_immediately: bool) -> DbInstance {
    let request = account.rds.modify_db_instance().db_instance_identifier("checkpoints");
    let request = request.db_instance_class(class).apply_immediately(apply_immediately);
    request.send().await.unwrap().db_instance().unwrap().clone()
}

fn pending_class(instance: &DbInstance) -> Option<&str> {
    instance.pending_modified_values().and_then(|pending| pending.db_instance_class())
}

/// Looks every 5 s of virtual time until the status changes; the statuses seen, each once, with the class then.
async fn statuses(account: &Account, id: &str, last: &str, limit: SignedDuration) -> Vec<(String, String)> {
    let deadline = account.now() + limit;
    let mut seen: Vec<(String, String)> = Vec::new();
    while account.now() < deadline {
        let instance = describe(account, id).await;
        let status = instance.db_instance_status().unwrap().to_owned();
        let entry = (status, instance.db_instance_class().unwrap().to_owned());
        if seen.last() != Some(&entry) {
            seen.push(entry);
        }
        let (status, class) = seen.last().unwrap();
        if seen.len() > 1 && status == "available" && class == last {
            break;
        }
        account.pass(SignedDuration::from_secs(5)).await;
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn an_instance_is_described_in_full() {
    let account = Account::of(ONE);
    let output = account.rds.describe_db_instances().send().await.unwrap();
    assert_eq!(output.request_id().unwrap().len(), 36);
    let [instance] = output.db_instances() else { panic!("{output:?}") };
    assert_eq!(instance.db_instance_identifier(), Some("checkpoints"));
    assert_eq!(instance.db_instance_class(), Some("db.t4g.small"));
    assert_eq!(instance.db_instance_status(), Some("available"));
    assert_eq!(instance.engine_version(), Some("16.8"));
    assert_eq!(instance.multi_az(), Some(false));
    assert_eq!(instance.allocated_storage(), Some(100));
    assert_eq!(instance.endpoint().unwrap().port(), Some(5432));
    assert!(instance.dbi_resource_id().unwrap().starts_with("db-"));
    assert_eq!(instance.db_instance_arn(), Some("arn:aws:rds:us-east-1:111122223333:db:checkpoints"));
    assert_eq!(instance.tag_list()[0].value(), Some("p&l <core>"));
    assert_eq!(instance.db_parameter_groups()[0].parameter_apply_status(), Some("in-sync"));
    assert_eq!(pending_class(instance), None);
}

#[tokio::test(start_paused = true)]
async fn sts_says_who_the_caller_is() {
    let account = Account::of(ONE);
    let identity = account.sts.get_caller_identity().send().await.unwrap();
    assert_eq!(identity.account(), Some("111122223333"));
    assert!(identity.arn().unwrap().starts_with("arn:aws:sts::111122223333:assumed-role/"));
    let error = account.sts.get_session_token().send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidAction"));
}

#[tokio::test(start_paused = true)]
async fn pages_cover_every_instance_once_and_markers_are_checked() {
    let mut scenario = "name = \"many\"\nhistory = \"1m\"\n".to_owned();
    for number in 0..45 {
        writeln!(scenario, "[[instance]]\nid = \"db-{number:02}\"\nclass = \"db.t4g.small\"\n").unwrap();
    }
    let account = Account::of(&scenario);
    let pages: Vec<_> =
        account.rds.describe_db_instances().into_paginator().page_size(20).send().collect::<Vec<_>>().await;
    let sizes: Vec<usize> = pages.iter().map(|page| page.as_ref().unwrap().db_instances().len()).collect();
    assert_eq!(sizes, [20, 20, 5]);
    let ids = pages.iter().flat_map(|page| page.as_ref().unwrap().db_instances());
    let ids: std::collections::BTreeSet<_> = ids.map(|instance| instance.db_instance_identifier().unwrap()).collect();
    assert_eq!(ids.len(), 45);
    let error = account.rds.describe_db_instances().marker("not ours").send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
    for size in [19, 101, -1] {
        let error = account.rds.describe_db_instances().max_records(size).send().await.unwrap_err();
        assert_eq!(
            error.message(),
            Some(format!("Invalid value {size} for MaxRecords. Must be between 20 and 100").as_str())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn filters_select_and_unknown_ones_are_refused() {
    let account = Account::of(&format!("{ONE}\n[[instance]]\nid = \"other\"\nclass = \"db.m5.large\"\n"));
    let resource_id = describe(&account, "other").await.dbi_resource_id().unwrap().to_owned();
    let cases = [
        ("db-instance-id", vec!["CHECKPOINTS", "nothing"], vec!["checkpoints"]),
        ("db-instance-id", vec!["arn:aws:rds:us-east-1:111122223333:db:other"], vec!["other"]),
        ("dbi-resource-id", vec![resource_id.as_str()], vec!["other"]),
        ("engine", vec!["postgres"], vec!["checkpoints", "other"]),
        ("engine", vec!["mysql"], vec![]),
        ("db-cluster-id", vec!["any"], vec![]),
    ];
    for (name, values, expected) in cases {
        let values = values.into_iter().map(str::to_owned).collect();
        let filter = Filter::builder().name(name).set_values(Some(values)).build();
        let output = account.rds.describe_db_instances().filters(filter).send().await.unwrap();
        let ids: Vec<_> = output.db_instances().iter().filter_map(|found| found.db_instance_identifier()).collect();
        assert_eq!(ids, expected, "{name}");
    }
    let wrong = Filter::builder().name("colour").values("red").build();
    let error = account.rds.describe_db_instances().filters(wrong).send().await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Some("InvalidParameterValue"), Some("Unrecognized filter name: colour"))
    );
}

#[tokio::test(start_paused = true)]
async fn wrong_modifications_are_refused_in_the_words_of_rds() {
    let account = Account::of(ONE);
    let ask = |id: &str, class: &str| {
        account
            .rds
            .modify_db_instance()
            .db_instance_identifier(id)
            .db_instance_class(class)
            .apply_immediately(true)
            .send()
    };
    let error = ask("nosuch", "db.m5.large").await.unwrap_err().into_service_error();
    assert!(
        error.is_db_instance_not_found_fault() && error.message() == Some("DBInstance nosuch not found."),
        "{error:?}"
    );
    let error = ask("checkpoints", "db.m5.huge").await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Some("InvalidParameterValue"), Some("Invalid DB Instance class: db.m5.huge"))
    );
    let error = ask("checkpoints", "db.m7g.large").await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterCombination"));
    assert!(error.message().unwrap().contains("DBInstanceClass=db.m7g.large, Engine=postgres, EngineVersion=16.8"));
    let storage = account.rds.modify_db_instance().db_instance_identifier("checkpoints").allocated_storage(90);
    assert_eq!(storage.send().await.unwrap_err().code(), Some("InvalidParameterCombination"));
    let unheard = account.rds.modify_db_instance().db_instance_identifier("checkpoints").engine_version("17.4");
    assert!(unheard.send().await.unwrap_err().message().unwrap().contains("EngineVersion"));
    assert!(events(&account, "checkpoints").await.is_empty());
    assert_eq!(pending_class(&describe(&account, "checkpoints").await), None);
}

#[tokio::test(start_paused = true)]
async fn unknown_actions_get_the_error_of_aws() {
    let account = Account::of(ONE);
    let error = account.rds.describe_db_snapshots().send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidAction"));
    assert_eq!(error.message(), Some("Could not find operation DescribeDBSnapshots for version 2014-10-31"));
}

#[tokio::test(start_paused = true)]
async fn a_single_az_change_runs_its_course() {
    let account = Account::of(ONE);
    account.pass(SignedDuration::from_mins(10)).await;
    let answer = modify(&account, "db.m5.large", true).await;
    assert_eq!(answer.db_instance_status(), Some("available"));
    assert_eq!(answer.db_instance_class(), Some("db.t4g.small"));
    assert_eq!(pending_class(&answer), Some("db.m5.large"));
    let seen = statuses(&account, "checkpoints", "db.m5.large", SignedDuration::from_mins(30)).await;
    let seen: Vec<_> = seen.iter().map(|(status, class)| (status.as_str(), class.as_str())).collect();
    let path = [
        ("available", "db.t4g.small"),
        ("modifying", "db.t4g.small"),
        ("modifying", "db.m5.large"),
        ("available", "db.m5.large"),
    ];
    assert_eq!(seen, path);
    let after = describe(&account, "checkpoints").await;
    assert_eq!((pending_class(&after), after.dbi_resource_id()), (None, answer.dbi_resource_id()));
    let events = events(&account, "checkpoints").await;
    let messages: Vec<&str> = events.iter().map(|(_, message)| message.as_str()).collect();
    let expected = [
        "Applying modification to database instance class",
        "DB instance shutdown",
        "DB instance restarted",
        "Finished applying modification to DB instance class",
    ];
    assert_eq!(messages, expected);
    let outage = events[2].0.duration_since(events[1].0);
    assert!((SignedDuration::from_secs(199)..=SignedDuration::from_secs(281)).contains(&outage), "{outage}");
}

#[tokio::test(start_paused = true)]
async fn a_multi_az_change_fails_over_with_a_short_outage() {
    let account = Account::of(TWO_ZONES);
    let before = describe(&account, "orders").await;
    let request = account.rds.modify_db_instance().db_instance_identifier("orders");
    request.db_instance_class("db.m6g.large").apply_immediately(true).send().await.unwrap();
    statuses(&account, "orders", "db.m6g.large", SignedDuration::from_hours(1)).await;
    let after = describe(&account, "orders").await;
    assert_eq!(after.availability_zone(), before.secondary_availability_zone());
    let events = events(&account, "orders").await;
    let messages: Vec<&str> = events.iter().map(|(_, message)| message.as_str()).collect();
    let expected = [
        "Applying modification to database instance class",
        "DB instance shutdown",
        "Multi-AZ instance failover started.",
        "DB instance restarted",
        "Multi-AZ instance failover completed",
        "Finished applying modification to DB instance class",
    ];
    assert_eq!(messages, expected);
    let outage = events[4].0.duration_since(events[1].0);
    assert!((SignedDuration::from_secs(64)..=SignedDuration::from_secs(96)).contains(&outage), "{outage}");
    assert!(events[5].0.duration_since(events[0].0) > SignedDuration::from_mins(13));
}

#[tokio::test(start_paused = true)]
async fn during_the_change_nothing_else_is_accepted() {
    let account = Account::of(ONE);
    modify(&account, "db.m5.large", true).await;
    account.pass(SignedDuration::from_mins(1)).await;
    let request =
        account.rds.modify_db_instance().db_instance_identifier("checkpoints").db_instance_class("db.t4g.small");
    let error = request.send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_db_instance_state_fault(), "{error:?}");
    assert_eq!(error.message(), Some("Database instance is not in available state."));
}

#[tokio::test(start_paused = true)]
async fn a_deferred_change_waits_for_the_window_or_for_the_next_immediate_one() {
    let account = Account::of(ONE);
    modify(&account, "db.m5.large", false).await;
    account.pass(SignedDuration::from_hours(24)).await;
    let waiting = describe(&account, "checkpoints").await;
    assert_eq!((waiting.db_instance_class(), pending_class(&waiting)), (Some("db.t4g.small"), Some("db.m5.large")));
    assert!(events(&account, "checkpoints").await.is_empty());
    // Sunday 06:00 is less than a week off; the change takes minutes.
    account.pass(SignedDuration::from_hours(6 * 24)).await;
    let done = describe(&account, "checkpoints").await;
    assert_eq!((done.db_instance_class(), pending_class(&done)), (Some("db.m5.large"), None));
    let (began, _) = events(&account, "checkpoints").await[0];
    assert!(began.to_string().starts_with("2026-01-11T06:00:00"), "{began}");

    // An immediate change of one thing takes the deferred other along.
    modify(&account, "db.m6g.large", false).await;
    let request = account.rds.modify_db_instance().db_instance_identifier("checkpoints");
    request.allocated_storage(120).apply_immediately(true).send().await.unwrap();
    account.pass(SignedDuration::from_hours(1)).await;
    let both = describe(&account, "checkpoints").await;
    assert_eq!((both.db_instance_class(), both.allocated_storage()), (Some("db.m6g.large"), Some(120)));
}

#[tokio::test(start_paused = true)]
async fn a_change_for_the_window_is_not_swept_along_with_one_that_is_about_to_begin() {
    let account = Account::of(ONE);
    let request = account.rds.modify_db_instance().db_instance_identifier("checkpoints");
    request.multi_az(true).apply_immediately(true).send().await.unwrap();
    let both = modify(&account, "db.m5.large", false).await;
    let values = both.pending_modified_values().unwrap();
    assert_eq!((values.multi_az(), pending_class(&both)), (Some(true), Some("db.m5.large")));
    account.pass(SignedDuration::from_hours(2)).await;
    let converted = describe(&account, "checkpoints").await;
    assert_eq!((converted.multi_az(), converted.db_instance_status()), (Some(true), Some("available")));
    assert_eq!(
        (converted.db_instance_class(), pending_class(&converted)),
        (Some("db.t4g.small"), Some("db.m5.large")),
        "the class waits for the window"
    );
    account.pass(SignedDuration::from_hours(7 * 24)).await;
    let done = describe(&account, "checkpoints").await;
    assert_eq!((done.db_instance_class(), pending_class(&done)), (Some("db.m5.large"), None));
}

#[tokio::test(start_paused = true)]
async fn an_immediate_change_takes_along_what_was_deferred_behind_the_one_before_it() {
    let account = Account::of(ONE);
    let request = || account.rds.modify_db_instance().db_instance_identifier("checkpoints");
    request().multi_az(true).apply_immediately(true).send().await.unwrap();
    modify(&account, "db.m5.large", false).await;
    request().allocated_storage(120).apply_immediately(true).send().await.unwrap();
    account.pass(SignedDuration::from_hours(2)).await;
    let done = describe(&account, "checkpoints").await;
    assert_eq!((done.multi_az(), done.db_instance_class()), (Some(true), Some("db.m5.large")));
}

#[tokio::test(start_paused = true)]
async fn asking_for_the_old_class_again_takes_a_deferred_change_back() {
    let account = Account::of(ONE);
    modify(&account, "db.m5.large", false).await;
    let back = modify(&account, "db.t4g.small", true).await;
    assert_eq!(pending_class(&back), None);
    account.pass(SignedDuration::from_hours(8 * 24)).await;
    let instance = describe(&account, "checkpoints").await;
    assert_eq!(instance.db_instance_class(), Some("db.t4g.small"));
    assert!(events(&account, "checkpoints").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn events_follow_their_rules_of_source_time_and_category() {
    let account = Account::of(ONE);
    modify(&account, "db.m5.large", true).await;
    account.pass(SignedDuration::from_mins(30)).await;
    let error = account.rds.describe_events().source_identifier("checkpoints").send().await.unwrap_err();
    assert_eq!(error.message(), Some("Cannot specify source identifier without source type"));
    let hour = account.rds.describe_events().send().await.unwrap();
    assert_eq!(hour.events().len(), 4);
    let availability = account.rds.describe_events().event_categories("availability").send().await.unwrap();
    assert_eq!(availability.events().len(), 2);
    let start = aws_sdk_rds::primitives::DateTime::from_secs(account.now().as_second());
    let none = account.rds.describe_events().start_time(start).send().await.unwrap();
    assert!(none.events().is_empty());
    account.pass(SignedDuration::from_mins(61)).await;
    assert!(account.rds.describe_events().send().await.unwrap().events().is_empty());
    account.pass(SignedDuration::from_hours(14 * 24)).await;
    assert!(events(&account, "checkpoints").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn orderable_options_are_paged_and_answer_the_question_of_a_class() {
    let account = Account::of(ONE);
    let ask = |class: &str| {
        let request = account.rds.describe_orderable_db_instance_options().engine("postgres").engine_version("16.8");
        request.db_instance_class(class).vpc(true).send()
    };
    let offered = ask("db.m5.large").await.unwrap();
    let gp3 =
        offered.orderable_db_instance_options().iter().find(|option| option.storage_type() == Some("gp3")).unwrap();
    assert_eq!(gp3.availability_zones().len(), 3);
    assert_eq!(gp3.multi_az_capable(), Some(true));
    assert!(ask("db.m7g.large").await.unwrap().orderable_db_instance_options().is_empty());
    let all = account.rds.describe_orderable_db_instance_options().engine("postgres").into_paginator().page_size(1000);
    let pages: Vec<_> = all.send().collect::<Vec<_>>().await;
    assert!(pages.len() > 2 && pages.iter().all(Result::is_ok));
    let error = account.rds.describe_orderable_db_instance_options().engine("dbase").send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
}

#[tokio::test(start_paused = true)]
async fn equal_seeds_give_equal_answers_and_other_seeds_do_not() {
    let mut traces = Vec::new();
    for seed in [Some(5), Some(5), Some(6)] {
        let account = Account::seeded(ONE, seed);
        modify(&account, "db.m5.large", true).await;
        account.pass(SignedDuration::from_hours(1)).await;
        let output = account.rds.describe_db_instances().send().await.unwrap();
        traces.push(format!("{:?} {output:?} {:?}", output.request_id(), events(&account, "checkpoints").await));
    }
    assert_eq!(traces[0], traces[1]);
    assert_ne!(traces[0], traces[2]);
}

#[tokio::test(start_paused = true)]
async fn faults_strike_in_their_window_only() {
    let faults = r#"
        [[fault]]
        at = "1m"
        for = "1m"
        action = "ModifyDBInstance"
        error = "InsufficientDBInstanceCapacity"
        [[fault]]
        at = "2m"
        for = "1m"
        action = "ModifyDBInstance"
        drop_answer = true
        [[fault]]
        at = "1h"
        for = "1h"
        class_change = "fails"
    "#;
    let account = Account::of(&format!("{ONE}{faults}"));
    let ask = |class: &str| {
        let request = account.rds.modify_db_instance().db_instance_identifier("checkpoints").apply_immediately(true);
        request.db_instance_class(class).send()
    };
    account.pass(SignedDuration::from_secs(70)).await;
    let error = ask("db.m5.large").await.unwrap_err().into_service_error();
    assert!(error.is_insufficient_db_instance_capacity_fault(), "{error:?}");
    assert_eq!(pending_class(&describe(&account, "checkpoints").await), None);
    account.pass(SignedDuration::from_secs(60)).await;
    let error = ask("db.m5.large").await.unwrap_err();
    assert!(error.as_service_error().is_none(), "the answer got lost: {error:?}");
    account.pass(SignedDuration::from_mins(40)).await;
    assert_eq!(describe(&account, "checkpoints").await.db_instance_class(), Some("db.m5.large"));
    // Accepted, and then nothing comes of it but an event.
    account.pass(SignedDuration::from_mins(20)).await;
    ask("db.m5.xlarge").await.unwrap();
    account.pass(SignedDuration::from_mins(30)).await;
    let failed = describe(&account, "checkpoints").await;
    assert_eq!((failed.db_instance_class(), failed.db_instance_status()), (Some("db.m5.large"), Some("available")));
    let last = events(&account, "checkpoints").await.pop().unwrap().1;
    assert!(last.starts_with("Unable to modify the DB instance class"), "{last}");
}

#[tokio::test(start_paused = true)]
async fn another_region_is_refused() {
    let account = Account::of(&ONE.replace("name = \"one\"", "name = \"one\"\nregion = \"eu-west-1\""));
    let error = account.rds.describe_db_instances().send().await.unwrap_err();
    assert!(error.message().unwrap().contains("'us-east-1'"), "{error:?}");
}

/// Any string, and strings of nothing but what is dangerous in XML.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["(?s).{0,40}", "[\\x00-\\x1f \\x7f<>&\"';\\]\\u{85}\\u{2028}\\u{fffe}\\u{10ffff}]{0,40}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Our writer and the SDK's parser agree on every string that XML can carry; what it cannot comes as U+FFFD.
    #[test]
    fn any_text_comes_through_the_xml(value in text(), key in "[a-z]{1,8}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut scenario = Scenario::parse("test", &format!("history = \"1m\"{ONE}")).unwrap();
            scenario.instances[0].tags = [(key.clone(), value.clone())].into();
            let account = Account::from_scenario(&scenario, None);
            let instance = describe(&account, "checkpoints").await;
            let carried = |char| if is_xml_char(char) { char } else { '\u{FFFD}' };
            let expected: String = value.chars().map(carried).collect();
            prop_assert_eq!(instance.tag_list()[0].value(), Some(expected.as_str()));
            Ok(())
        })?;
    }
}
