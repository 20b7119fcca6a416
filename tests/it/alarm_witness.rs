//! CloudWatch's alarms beside a whole controller, in virtual time: as a rule, as a witness, and behind an action.

use std::time::Duration;

use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, StateValue, Statistic};
use jiff::SignedDuration;
use tempfile::TempDir;
use upshift::config;
use upshift::model::alarm::{AlarmSettings, AlarmState, DATABASE_TAG};
use upshift::model::class::InstanceClass;
use upshift::model::command::{Answer, Command};
use upshift::model::database::DatabaseName;
use upshift::model::event::{Entry, Event};
use upshift::model::settings::Settings;
use upshift::setup::alarms;

use crate::controlled::{Running, ends, entries, order, sent, simulation, start_by};
use crate::sim_account::Account;

const WORLD: &str = "name = \"shop\"\n[[instance]]\nid = \"shop\"\nclass = \"db.t4g.small\"\n\
                     [[demand]]\nat = \"0s\"\nwrites = 100\n";

fn settings(more: &str) -> Settings {
    let text = format!("[[database]]\nid = \"shop\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n{more}");
    config::parse(&text, "config.toml").unwrap_or_else(|problems| panic!("{problems}"))
}

fn with_alarms() -> Settings {
    Settings { alarms: Some(AlarmSettings::default()), ..settings("") }
}

/// Up by an alarm alone.
fn by_alarm() -> Settings {
    settings(
        "[[database.up]]\nalarm = \"slow-commits\"\n\
         [[database.down]]\nsignal = \"writes\"\nbelow = 5\ndatapoints = 10\nperiods = 10\n",
    )
}

/// Somebody's alarm on the writes of `shop`.
async fn put(account: &Account, name: &str, threshold: f64) {
    let dimension = Dimension::builder().name("DBInstanceIdentifier").value("shop").build();
    let put = account.cloudwatch.put_metric_alarm().alarm_name(name).namespace("AWS/RDS").metric_name("WriteIOPS");
    let put = put.dimensions(dimension).statistic(Statistic::Average).period(60).evaluation_periods(2);
    let put = put.comparison_operator(ComparisonOperator::GreaterThanThreshold).threshold(threshold);
    put.send().await.unwrap();
}

/// What `upshift alarms apply` would make of these settings.
async fn apply(account: &Account, settings: &Settings) {
    let aws = account.adapter().await;
    let shop = DatabaseName::new("shop");
    let state = aws.databases(std::slice::from_ref(&shop), &[]).await.unwrap().remove(&shop).unwrap().unwrap();
    let derived = alarms::of_database(&settings.databases[0], settings.alarms.as_ref().unwrap(), &state);
    for wanted in derived.wanted {
        let tags = [(DATABASE_TAG.to_owned(), "shop".to_owned())].into();
        aws.put_alarm(&wanted.name, &wanted.definition, &tags).await.unwrap();
    }
}

async fn threshold(account: &Account, name: &str) -> Option<f64> {
    let found = account.cloudwatch.describe_alarms().alarm_names(name).send().await.unwrap();
    found.metric_alarms()[0].threshold()
}

async fn scale(running: &mut Running, account: &Account) {
    // Until it is known what AWS offers.
    account.pass(SignedDuration::from_mins(2)).await;
    let to = InstanceClass::observed("db.m5.large");
    let order_to = Command::Scale { database: DatabaseName::new("shop"), to, reason: "test".into(), hold_for: None };
    let answer = order(running, order_to).await;
    assert!(matches!(answer, Answer::Done { .. }), "{answer:?}");
}

/// The states that an alarm went to, as the journal has them.
fn states(entries: &[Entry], alarm: &str) -> Vec<String> {
    let state = |entry: &Entry| match &entry.event {
        Event::AlarmChanged { change, .. } if change.alarm == alarm => Some(change.state.clone()),
        _ => None,
    };
    entries.iter().filter_map(state).collect()
}

#[tokio::test(start_paused = true)]
async fn an_alarm_can_be_the_rule_that_asks_for_more() {
    let (sim, directory) = (simulation(WORLD, ""), TempDir::new().unwrap());
    let account = Account::on(&sim);
    put(&account, "slow-commits", 50.0).await;
    let mut running = start_by(by_alarm(), &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(30)).await;
    running.end().await;
    let all = entries(directory.path());
    assert_eq!(sent(&all), ["ModifyDBInstance"]);
    // Behind it there is an outage, in which CloudWatch does not know.
    assert_eq!(states(&all, "slow-commits")[0], "ALARM");
    let decided = all.iter().find_map(|entry| match &entry.event {
        Event::Decision { decision, .. } if decision.verdict.wanted().is_some() => Some(decision),
        _ => None,
    });
    let rule = &decided.unwrap().rules[0];
    assert_eq!((rule.rule.to_string().as_str(), rule.holds), ("alarm slow-commits is in ALARM", true));
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_is_not_there_not_known_or_well_asks_for_nothing() {
    let (sim, directory) = (simulation(WORLD, ""), TempDir::new().unwrap());
    let account = Account::on(&sim);
    let mut running = start_by(by_alarm(), &sim, directory.path()).await;
    running.arm().await;
    let failed = |event: &Event| matches!(event, Event::ReadFailed(failure) if failure.sentence.contains("no alarm named slow-commits"));
    running.until(failed).await;
    put(&account, "slow-commits", 5_000.0).await;
    let missing = async |running: &Running| {
        sim.clock().sleep(Duration::from_mins(5)).await;
        let snapshot = running.client.snapshot();
        let decision = snapshot.databases[0].decision.clone().unwrap();
        assert!(!decision.rules[0].holds);
        decision.rules[0].missing
    };
    assert_eq!(missing(&running).await, 0, "it is OK");
    // It looks at what is not published.
    let dimension = Dimension::builder().name("DBInstanceIdentifier").value("nobody").build();
    let put = account.cloudwatch.put_metric_alarm().alarm_name("slow-commits").namespace("AWS/RDS");
    let put = put.metric_name("WriteIOPS").dimensions(dimension).statistic(Statistic::Average).period(60);
    let put = put.comparison_operator(ComparisonOperator::GreaterThanThreshold).threshold(1.0).evaluation_periods(2);
    put.send().await.unwrap();
    assert_eq!(missing(&running).await, 1, "CloudWatch does not know");
    running.end().await;
    assert!(sent(&entries(directory.path())).is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_alarm_of_the_connections_follows_the_class_and_no_hand_is_overruled() {
    let (sim, directory) = (simulation(WORLD, ""), TempDir::new().unwrap());
    let account = Account::on(&sim);
    let settings = with_alarms();
    apply(&account, &settings).await;
    assert_eq!(threshold(&account, "upshift-shop-connections").await, Some(144.0));
    put(&account, "upshift-shop-writes_2", 777.0).await;
    let mut running = start_by(settings, &sim, directory.path()).await;
    running.arm().await;
    scale(&mut running, &account).await;
    running.until(|event| matches!(event, Event::AlarmFollowed { .. })).await;
    sim.clock().sleep(Duration::from_mins(5)).await;
    running.end().await;
    assert_eq!(threshold(&account, "upshift-shop-connections").await, Some(576.0));
    assert_eq!(threshold(&account, "upshift-shop-writes_2").await, Some(777.0));
    let all = entries(directory.path());
    let words: Vec<String> = all
        .iter()
        .filter(|entry| matches!(entry.event, Event::AlarmFollows { .. } | Event::AlarmFollowed { .. }))
        .map(|entry| entry.event.words())
        .collect();
    assert_eq!(
        words,
        [
            "a1: the alarm upshift-shop-connections follows: threshold from 144 to 576",
            "a1: upshift-shop-connections has followed"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_cannot_follow_is_no_trouble_of_the_action() {
    let (sim, directory) = (simulation(WORLD, ""), TempDir::new().unwrap());
    let account = Account::on(&sim);
    let settings = with_alarms();
    apply(&account, &settings).await;
    // Somebody else's, for all that its tags say.
    let arn = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:upshift-shop-connections";
    account.cloudwatch.untag_resource().resource_arn(arn).tag_keys(DATABASE_TAG).send().await.unwrap();
    let mut running = start_by(settings, &sim, directory.path()).await;
    running.arm().await;
    scale(&mut running, &account).await;
    running.until(|event| matches!(event, Event::AlarmFollowed { .. })).await;
    sim.clock().sleep(Duration::from_mins(20)).await;
    running.end().await;
    assert_eq!(threshold(&account, "upshift-shop-connections").await, Some(144.0));
    let all = entries(directory.path());
    let tries = all
        .iter()
        .filter(|entry| matches!(&entry.event, Event::AlarmFollowed { why: Some(why), .. } if why == "it is not ours"));
    assert_eq!((tries.count(), ends(&all).len()), (3, 1));
    assert!(matches!(ends(&all)[0], upshift::model::action::ActionResult::Verified));
}

#[tokio::test(start_paused = true)]
async fn a_disagreement_is_seen_while_it_lasts_and_both_changes_are_on_record() {
    let (sim, directory) = (simulation(WORLD, ""), TempDir::new().unwrap());
    let account = Account::on(&sim);
    let settings = with_alarms();
    apply(&account, &settings).await;
    let running = start_by(settings, &sim, directory.path()).await;
    sim.clock().sleep(Duration::from_mins(10)).await;
    let view = |running: &Running| running.client.snapshot().databases[0].alarms[0].clone();
    let well = view(&running);
    assert_eq!((well.name.as_str(), well.state.unwrap().0), ("upshift-shop-writes", AlarmState::Ok));
    assert_eq!((well.disagrees_since, well.has_drifted), (None, false));
    let set = account.cloudwatch.set_alarm_state().alarm_name("upshift-shop-writes").state_value(StateValue::Alarm);
    // Just behind a whole minute, at which it would be looked at again.
    let to_minute = 62 - sim.clock().now().as_second().rem_euclid(60);
    account.pass(SignedDuration::from_secs(to_minute)).await;
    set.state_reason("a drill").send().await.unwrap();
    sim.clock().sleep(Duration::from_secs(40)).await;
    let odd = view(&running);
    assert_eq!(odd.state.unwrap().0, AlarmState::Alarm);
    assert!(odd.disagrees_since.is_some(), "{odd:?}");
    sim.clock().sleep(Duration::from_mins(3)).await;
    assert_eq!(view(&running).disagrees_since, None);
    running.end().await;
    let all = entries(directory.path());
    assert_eq!(states(&all, "upshift-shop-writes"), ["OK", "ALARM", "OK"]);
}
