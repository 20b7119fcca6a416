//! Alarms of the simulated CloudWatch, driven by the real SDK: their life, their reasons, their history.

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::error::ProvideErrorMetadata;
use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder;
use aws_sdk_cloudwatch::types::{
    AlarmHistoryItem, AlarmType, ComparisonOperator, Dimension, HistoryItemType, MetricAlarm, MetricDataQuery, ScanBy,
    StateValue, Statistic, Tag,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::cloudwatch_desk::{Desk, MINUTE, date, stat, write_iops};
use crate::sim_account::Account;

/// `writes > 500`, 2 of 3 minutes.
fn alarm(client: &Client, name: &str) -> PutMetricAlarmFluentBuilder {
    let dimension = Dimension::builder().name("DBInstanceIdentifier").value("checkpoints").build();
    bare(client, name)
        .namespace("AWS/RDS")
        .metric_name("WriteIOPS")
        .dimensions(dimension)
        .statistic(Statistic::Average)
        .period(60)
        .datapoints_to_alarm(2)
}

fn bare(client: &Client, name: &str) -> PutMetricAlarmFluentBuilder {
    let put = client.put_metric_alarm().alarm_name(name).evaluation_periods(3).threshold(500.0);
    put.comparison_operator(ComparisonOperator::GreaterThanThreshold)
}

async fn describe(client: &Client, name: &str) -> MetricAlarm {
    client.describe_alarms().alarm_names(name).send().await.unwrap().metric_alarms()[0].clone()
}

async fn history(client: &Client, name: &str, kind: HistoryItemType) -> Vec<AlarmHistoryItem> {
    let request = client.describe_alarm_history().alarm_name(name).history_item_type(kind);
    request.send().await.unwrap().alarm_history_items().to_vec()
}

fn data(item: &AlarmHistoryItem) -> Value {
    serde_json::from_str(item.history_data().unwrap()).unwrap()
}

/// Lives through a minute in which the database did so many writes, seen 90 s after its start.
fn minute(desk: &Desk, writes: f64) {
    desk.publish(desk.now(), SignedDuration::from_secs(90), writes);
    desk.pass(MINUTE);
}

#[tokio::test]
async fn an_alarm_lives_from_unchecked_to_alarm_to_ok_to_insufficient_data() {
    let desk = Desk::new();
    let client = desk.client();
    alarm(&client, "writes").alarm_description("too many").send().await.unwrap();
    let new = describe(&client, "writes").await;
    assert_eq!(new.state_value(), Some(&StateValue::InsufficientData));
    assert_eq!(new.state_reason(), Some("Unchecked: Initial alarm creation"));
    assert_eq!(new.alarm_arn(), Some("arn:aws:cloudwatch:us-east-1:111122223333:alarm:writes"));
    assert_eq!((new.alarm_description(), new.datapoints_to_alarm()), (Some("too many"), Some(2)));
    for writes in [100.0, 100.0, 100.0, 100.0] {
        minute(&desk, writes);
    }
    assert_eq!(describe(&client, "writes").await.state_value(), Some(&StateValue::Ok));
    for writes in [600.0, 620.5] {
        minute(&desk, writes);
        assert_eq!(describe(&client, "writes").await.state_value(), Some(&StateValue::Ok), "not published yet");
    }
    minute(&desk, 100.0);
    let alarmed = describe(&client, "writes").await;
    assert_eq!(alarmed.state_value(), Some(&StateValue::Alarm));
    assert_eq!(
        alarmed.state_reason().unwrap(),
        "Threshold Crossed: 2 out of the last 3 datapoints [620.5 (05/01/26 10:05:00), 600.0 (05/01/26 10:04:00)] were \
         greater than the threshold (500.0) (minimum 2 datapoints for OK -> ALARM transition)."
    );
    let reason: Value = serde_json::from_str(alarmed.state_reason_data().unwrap()).unwrap();
    assert_eq!(reason["recentDatapoints"], serde_json::json!([100.0, 600.0, 620.5]));
    assert_eq!(reason["queryDate"], "2026-01-05T10:07:00.000+0000");
    assert_eq!(reason["startDate"], "2026-01-05T10:03:00.000+0000");
    assert_eq!(reason["evaluatedDatapoints"][0]["timestamp"], "2026-01-05T10:05:00.000+0000");
    assert_eq!((&reason["statistic"], &reason["period"]), (&"Average".into(), &60.into()));
    for _ in 0..3 {
        minute(&desk, 100.0);
    }
    assert_eq!(describe(&client, "writes").await.state_value(), Some(&StateValue::Ok));
    desk.pass(MINUTE * 10);
    let silent = describe(&client, "writes").await;
    assert_eq!(silent.state_reason(), Some("Insufficient Data: 3 datapoints were unknown."));
    let updates = history(&client, "writes", HistoryItemType::StateUpdate).await;
    let summaries: Vec<&str> = updates.iter().filter_map(|item| item.history_summary()).collect();
    assert_eq!(
        summaries,
        [
            "Alarm updated from OK to INSUFFICIENT_DATA",
            "Alarm updated from ALARM to OK",
            "Alarm updated from OK to ALARM",
            "Alarm updated from INSUFFICIENT_DATA to OK",
        ]
    );
    let update = data(&updates[2]);
    assert_eq!(update["oldState"]["stateValue"], "OK");
    assert_eq!(update["newState"]["stateReasonData"]["threshold"], 500.0);
}

#[tokio::test]
async fn no_alarm_sees_data_before_they_are_published() {
    let desk = Desk::new();
    alarm(&desk.client(), "writes").send().await.unwrap();
    for age in 1..=5 {
        desk.publish(desk.now() - MINUTE * age, SignedDuration::from_mins(30), 900.0);
    }
    desk.pass(MINUTE);
    assert_eq!(describe(&desk.client(), "writes").await.state_value(), Some(&StateValue::InsufficientData));
}

#[tokio::test]
async fn a_period_of_five_minutes_slides_from_minute_to_minute() {
    let desk = Desk::new();
    alarm(&desk.client(), "slow").period(300).evaluation_periods(1).datapoints_to_alarm(1).send().await.unwrap();
    desk.history(&[0.0; 20]);
    desk.pass(MINUTE);
    assert_eq!(describe(&desk.client(), "slow").await.state_value(), Some(&StateValue::Ok));
    let mut minutes = 0;
    while describe(&desk.client(), "slow").await.state_value() != Some(&StateValue::Alarm) {
        desk.publish(desk.now(), SignedDuration::ZERO, 1000.0);
        desk.pass(MINUTE);
        minutes += 1;
        assert!(minutes < 10);
    }
    // One minute is missing, so the third of four is more than half of what there is.
    assert_eq!(minutes, 3, "of minutes in no way aligned to 300 s");
}

#[tokio::test]
async fn an_alarm_on_an_expression_is_evaluated_and_shown() {
    let desk = Desk::new();
    let client = desk.client();
    let mut writes = stat("w", write_iops(), "Average", 60);
    writes.return_data = Some(false);
    let per_five = MetricDataQuery::builder().id("e").expression("w / 5").label("fifth").return_data(true).build();
    bare(&client, "math").metrics(writes.clone()).metrics(per_five).send().await.unwrap();
    desk.history(&[3000.0; 6]);
    desk.pass(MINUTE);
    let alarm = describe(&client, "math").await;
    assert_eq!(alarm.state_value(), Some(&StateValue::Alarm), "{alarm:?}");
    assert!(alarm.state_reason().unwrap().starts_with("Threshold Crossed: 3 datapoints [600.0 ("), "{alarm:?}");
    assert_eq!(alarm.metrics()[0].metric_stat().unwrap().period(), Some(60));
    assert_eq!(alarm.metrics()[1].expression(), Some("w / 5"));
    for (expression, what) in [("v / 5", "no metric or expression with the id 'v'"), ("e + w", "refers to itself")] {
        let query = MetricDataQuery::builder().id("e").expression(expression).return_data(true).build();
        let error = bare(&client, "wrong").metrics(writes.clone()).metrics(query).send().await.unwrap_err();
        assert!(error.message().unwrap().contains(what), "{error:?}");
    }
    let error = bare(&client, "none").metrics(writes).send().await.unwrap_err();
    assert!(error.message().unwrap().contains("Exactly one element"), "{error:?}");
}

#[tokio::test]
async fn the_data_of_a_long_alarm_stay_within_their_bounds_and_stay_json() {
    let desk = Desk::new();
    let client = desk.client();
    alarm(&client, "long").evaluation_periods(400).datapoints_to_alarm(300).send().await.unwrap();
    desk.history(&[1_234.567_891; 500]);
    desk.pass(MINUTE);
    let alarmed = describe(&client, "long").await;
    let (reason, text) = (alarmed.state_reason().unwrap(), alarmed.state_reason_data().unwrap());
    assert!(reason.chars().count() <= 1023 && text.len() <= 4000, "{} {}", reason.len(), text.len());
    assert_eq!(serde_json::from_str::<Value>(text).unwrap()["threshold"], 500.0);
    let item = &history(&client, "long", HistoryItemType::StateUpdate).await[0];
    assert!(item.history_data().unwrap().len() <= 4095);
    assert_eq!(data(item)["newState"]["stateValue"], "ALARM");
}

#[tokio::test]
async fn missing_data_are_treated_as_asked() {
    let desk = Desk::new();
    let client = desk.client();
    for treatment in ["missing", "ignore", "breaching", "notBreaching"] {
        alarm(&client, treatment).treat_missing_data(treatment).send().await.unwrap();
    }
    desk.pass(MINUTE);
    for (name, state) in [
        ("missing", StateValue::InsufficientData),
        ("ignore", StateValue::InsufficientData),
        ("breaching", StateValue::Alarm),
        ("notBreaching", StateValue::Ok),
    ] {
        assert_eq!(describe(&client, name).await.state_value(), Some(&state), "{name}");
    }
    let reason = describe(&client, "notBreaching").await.state_reason().unwrap().to_owned();
    assert_eq!(
        reason,
        "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as \
         [NonBreaching]."
    );
}

#[tokio::test]
async fn a_state_set_by_hand_lasts_until_the_data_are_looked_at() {
    let desk = Desk::new();
    let client = desk.client();
    alarm(&client, "writes").send().await.unwrap();
    desk.history(&[100.0; 10]);
    desk.pass(MINUTE);
    let set =
        |name: &str| client.set_alarm_state().alarm_name(name).state_value(StateValue::Alarm).state_reason("drill");
    set("writes").send().await.unwrap();
    assert_eq!(describe(&client, "writes").await.state_reason(), Some("drill"));
    desk.pass(MINUTE);
    assert_eq!(describe(&client, "writes").await.state_value(), Some(&StateValue::Ok));
    assert_eq!(history(&client, "writes", HistoryItemType::StateUpdate).await.len(), 3);
    let error = set("nobody").send().await.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found(), "{error:?}");
    let error = set("writes").state_reason_data("{").send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_format_fault(), "{error:?}");
}

#[tokio::test]
async fn an_update_keeps_the_state_and_a_deleted_alarm_keeps_its_history() {
    let desk = Desk::new();
    let client = desk.client();
    alarm(&client, "writes").send().await.unwrap();
    desk.history(&[900.0; 6]);
    desk.pass(MINUTE);
    alarm(&client, "writes").threshold(2000.0).send().await.unwrap();
    let updated = describe(&client, "writes").await;
    assert_eq!((updated.state_value(), updated.threshold()), (Some(&StateValue::Alarm), Some(2000.0)));
    client.disable_alarm_actions().alarm_names("writes").send().await.unwrap();
    assert_eq!(describe(&client, "writes").await.actions_enabled(), Some(false));
    client.enable_alarm_actions().alarm_names("writes").send().await.unwrap();
    let error = client.delete_alarms().alarm_names("writes").alarm_names("nobody").send().await.unwrap_err();
    assert!(error.into_service_error().is_resource_not_found());
    desk.pass(MINUTE);
    client.delete_alarms().alarm_names("writes").send().await.unwrap();
    assert!(client.describe_alarms().send().await.unwrap().metric_alarms().is_empty());
    let changes = history(&client, "writes", HistoryItemType::ConfigurationUpdate).await;
    assert_eq!(changes.last().unwrap().history_summary(), Some("Alarm \"writes\" created"));
    assert_eq!(changes[0].history_summary(), Some("Alarm \"writes\" deleted"));
    let created = data(changes.last().unwrap());
    assert_eq!((&created["type"], &created["createdAlarm"]["okactions"]), (&"Create".into(), &serde_json::json!([])));
    assert_eq!(created["createdAlarm"]["metricName"], "WriteIOPS");
}

#[tokio::test]
async fn history_is_paged_ordered_and_cut_by_date() {
    let desk = Desk::new();
    let client = desk.client();
    let begin: Timestamp = desk.now();
    alarm(&client, "writes").send().await.unwrap();
    for state in [StateValue::Alarm, StateValue::Ok, StateValue::Alarm, StateValue::Ok, StateValue::Alarm] {
        let set = client.set_alarm_state().alarm_name("writes").state_value(state);
        set.state_reason("drill").send().await.unwrap();
        desk.pass(SignedDuration::from_secs(5));
    }
    let request = || client.describe_alarm_history().alarm_name("writes");
    let oldest_first = request().scan_by(ScanBy::TimestampAscending).max_records(4).into_paginator().items().send();
    let items = oldest_first.collect::<Result<Vec<_>, _>>().await.unwrap();
    assert_eq!(items.len(), 6);
    assert!(items.windows(2).all(|pair| pair[0].timestamp() <= pair[1].timestamp()));
    let late = request().start_date(date(begin + SignedDuration::from_secs(9))).send().await.unwrap();
    assert_eq!(late.alarm_history_items().len(), 3);
    let composite = request().alarm_types(AlarmType::CompositeAlarm).send().await.unwrap();
    assert!(composite.alarm_history_items().is_empty());
    let error = request().max_records(101).send().await.unwrap_err();
    assert_eq!(error.code(), Some("ValidationError"));
    let error = request().next_token("?").send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_next_token());
    desk.pass(SignedDuration::from_hours(31 * 24));
    alarm(&client, "other").send().await.unwrap();
    assert!(request().send().await.unwrap().alarm_history_items().len() <= 1, "30 days");
}

#[tokio::test]
async fn alarms_are_described_by_prefix_state_and_page() {
    let desk = Desk::new();
    let client = desk.client();
    for index in 0..7 {
        alarm(&client, &format!("{}-{index}", if index < 5 { "up" } else { "down" })).send().await.unwrap();
    }
    let set = client.set_alarm_state().alarm_name("up-3").state_value(StateValue::Alarm).state_reason("drill");
    set.send().await.unwrap();
    let up = client.describe_alarms().alarm_name_prefix("up").max_records(2).into_paginator().send();
    let pages = up.collect::<Result<Vec<_>, _>>().await.unwrap();
    let names: Vec<&str> =
        pages.iter().flat_map(DescribeAlarmsOutput::metric_alarms).filter_map(MetricAlarm::alarm_name).collect();
    assert_eq!((pages.len(), names), (3, vec!["up-0", "up-1", "up-2", "up-3", "up-4"]));
    let alarmed = client.describe_alarms().state_value(StateValue::Alarm).send().await.unwrap();
    assert_eq!(alarmed.metric_alarms()[0].alarm_name(), Some("up-3"));
    let composite = client.describe_alarms().alarm_types(AlarmType::CompositeAlarm).send().await.unwrap();
    assert!(composite.metric_alarms().is_empty());
}

#[tokio::test]
async fn wrong_alarms_are_refused() {
    let desk = Desk::new();
    let client = desk.client();
    let good = || alarm(&client, "a");
    for (put, code, what) in [
        (good().period(61), "ValidationError", "multiple of 60"),
        (good().datapoints_to_alarm(4), "ValidationError", "DatapointsToAlarm"),
        (good().evaluation_periods(0), "ValidationError", "EvaluationPeriods"),
        (good().evaluation_periods(1500), "ValidationError", "more than a day"),
        (good().treat_missing_data("maybe"), "ValidationError", "TreatMissingData"),
        (good().comparison_operator(ComparisonOperator::from("Above")), "ValidationError", "enum value set"),
        (good().set_statistic(None), "ValidationError", "Exactly one of"),
        (good().set_threshold(None), "MissingParameter", "Threshold"),
        (good().set_namespace(None), "MissingParameter", "Namespace"),
        (good().threshold_metric_id("band"), "ValidationError", "anomaly detection"),
    ] {
        let error = put.send().await.unwrap_err();
        assert_eq!(error.code(), Some(code), "{error:?}");
        assert!(error.message().unwrap().contains(what), "{what}: {error:?}");
    }
    assert!(client.describe_alarms().send().await.unwrap().metric_alarms().is_empty());
}

const PAGER: &str = "arn:aws:sns:us-east-1:111122223333:pager";
const ELSEWHERE: &str = "arn:aws:sns:eu-west-1:111122223333:pager";

#[tokio::test]
async fn each_change_of_state_runs_the_actions_of_the_new_one() {
    let desk = Desk::new();
    let client = desk.client();
    let put = alarm(&client, "writes").alarm_actions(PAGER).alarm_actions(ELSEWHERE).ok_actions(PAGER);
    put.alarm_description("too many writes").send().await.unwrap();
    desk.history(&[600.0; 10]);
    desk.pass(MINUTE);
    let [sent] = &desk.notifications()[..] else { panic!("{:?}", desk.notifications()) };
    assert_eq!((sent.topic.as_str(), sent.at), (PAGER, desk.now()));
    assert_eq!(sent.subject, "ALARM: \"writes\" in US East (N. Virginia)");
    let message = &sent.message;
    assert_eq!((&message["OldStateValue"], &message["NewStateValue"]), (&"INSUFFICIENT_DATA".into(), &"ALARM".into()));
    assert!(message["NewStateReason"].as_str().unwrap().starts_with("Threshold Crossed: "), "{message}");
    assert_eq!(message["Trigger"]["MetricName"], "WriteIOPS");
    let actions = history(&client, "writes", HistoryItemType::Action).await;
    let summaries: Vec<&str> = actions.iter().filter_map(|item| item.history_summary()).collect();
    let failed = format!("Failed to execute action {ELSEWHERE}. Received error: \"Invalid region eu-west-1 specified.");
    assert!(summaries[0].starts_with(&failed), "{summaries:?}");
    assert_eq!(summaries[1], format!("Successfully executed action {PAGER}"));
    let data: Value = serde_json::from_str(actions[1].history_data().unwrap()).unwrap();
    assert_eq!((&data["actionState"], &data["notificationResource"]), (&"Succeeded".into(), &PAGER.into()));
    assert_eq!(data["publishedMessage"]["AlarmDescription"], "too many writes");
    client.disable_alarm_actions().alarm_names("writes").send().await.unwrap();
    let set = |state| client.set_alarm_state().alarm_name("writes").state_value(state).state_reason("drill").send();
    set(StateValue::Ok).await.unwrap();
    assert_eq!(desk.notifications().len(), 1, "they are switched off");
    client.enable_alarm_actions().alarm_names("writes").send().await.unwrap();
    set(StateValue::Ok).await.unwrap();
    assert_eq!(desk.notifications().len(), 1, "no other state, no action");
    set(StateValue::InsufficientData).await.unwrap();
    set(StateValue::Ok).await.unwrap();
    assert_eq!(desk.notifications()[1].subject, "OK: \"writes\" in US East (N. Virginia)");
}

#[tokio::test]
async fn an_alarm_has_tags_from_its_making_on() {
    let desk = Desk::new();
    let client = desk.client();
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
    alarm(&client, "writes").tags(tag("team", "dba")).send().await.unwrap();
    alarm(&client, "writes").tags(tag("team", "sre")).send().await.unwrap();
    let arn = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:writes";
    let list = async || {
        let tags = client.list_tags_for_resource().resource_arn(arn).send().await.unwrap().tags().to_vec();
        tags.iter().map(|tag| format!("{}={}", tag.key().unwrap(), tag.value().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(list().await, ["team=dba"], "an update takes none");
    let more = client.tag_resource().resource_arn(arn).tags(tag("stage", "live")).tags(tag("team", "sre"));
    more.send().await.unwrap();
    assert_eq!(list().await, ["stage=live", "team=sre"]);
    client.untag_resource().resource_arn(arn).tag_keys("team").tag_keys("nothing").send().await.unwrap();
    assert_eq!(list().await, ["stage=live"]);
    let unknown = client.list_tags_for_resource().resource_arn(format!("{arn}-not")).send().await.unwrap_err();
    assert!(unknown.into_service_error().is_resource_not_found_exception());
    let own = client.tag_resource().resource_arn(arn).tags(tag("aws:own", "x")).send().await.unwrap_err();
    assert_eq!(own.code(), Some("ValidationError"), "{own:?}");
}

#[tokio::test(start_paused = true)]
async fn an_account_has_so_many_alarms_and_no_more() {
    let account =
        Account::of("name = \"small\"\nalarm_quota = 2\n[[instance]]\nid = \"a\"\nclass = \"db.t4g.small\"\n");
    let client = &account.cloudwatch;
    for name in ["a1", "a2"] {
        alarm(client, name).send().await.unwrap();
    }
    let error = alarm(client, "a3").send().await.unwrap_err().into_service_error();
    assert!(error.is_limit_exceeded_fault(), "{error:?}");
    alarm(client, "a2").threshold(7.0).send().await.unwrap();
    client.delete_alarms().alarm_names("a1").send().await.unwrap();
    alarm(client, "a3").send().await.unwrap();
}
