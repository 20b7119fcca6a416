//! One engine at a time across hosts: two whole controllers on one simulation and one table, in virtual time.

use std::path::Path;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use upshift::model::command::{Answer, Command};
use upshift::model::event::{Entry, Event};
use upshift::model::lease::LeaseStanding;
use upshift::model::settings::Settings;
use upshift::sim::Sim;

use crate::controlled::{Running, entries, order, sent, simulation, start_by};
use crate::sim_account::Account;

const SCENARIO: &str = include_str!("../../src/sim/scenarios/checkpoints.toml");
const TABLE: &str = "upshift";

fn settings() -> Settings {
    let text = "[lease]\ntable = \"upshift\"\n[[database]]\nid = \"checkpoints\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n";
    upshift::config::parse(text, "config.toml").unwrap_or_else(|problems| panic!("{problems}"))
}

/// Makes the table that a lease is kept in, as the README says it.
pub(crate) async fn create_table(client: &aws_sdk_dynamodb::Client) {
    let key = KeySchemaElement::builder().attribute_name("lease").key_type(KeyType::Hash).build().unwrap();
    let attribute = AttributeDefinition::builder().attribute_name("lease").attribute_type(ScalarAttributeType::S);
    let request = client.create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
    request.key_schema(key).attribute_definitions(attribute.build().unwrap()).send().await.unwrap();
}

async fn world() -> Sim {
    let sim = simulation(SCENARIO, "");
    create_table(&Account::on(&sim).dynamodb).await;
    sim
}

async fn armed(sim: &Sim, directory: &Path) -> Running {
    let mut running = start_by(settings(), sim, directory).await;
    running.arm().await;
    running
}

async fn pass(sim: &Sim, minutes: u64) {
    sim.clock().sleep(Duration::from_mins(minutes)).await;
}

fn at(entries: &[Entry], found: impl Fn(&Event) -> bool) -> Option<Timestamp> {
    entries.iter().find(|entry| found(&entry.event)).map(|entry| entry.at)
}

fn acquired(entries: &[Entry]) -> Vec<(u64, bool)> {
    let one = |entry: &Entry| match &entry.event {
        Event::LeaseAcquired { epoch, after } => Some((*epoch, after.is_some())),
        _ => None,
    };
    entries.iter().filter_map(one).collect()
}

fn disarmed(entries: &[Entry]) -> Vec<(Option<String>, String)> {
    let one = |entry: &Entry| match &entry.event {
        Event::Disarmed { by, why } => Some((by.as_ref().map(|by| by.user.clone()), why.clone())),
        _ => None,
    };
    entries.iter().filter_map(one).collect()
}

#[tokio::test(start_paused = true)]
async fn one_engine_acts_the_other_observes_and_follows_when_the_lease_is_given_back() {
    let sim = world().await;
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let first = armed(&sim, one.path()).await;
    pass(&sim, 1).await;
    let mut second = armed(&sim, other.path()).await;
    pass(&sim, 35).await;
    let told = entries(one.path());
    assert_eq!((acquired(&told), sent(&told)), (vec![(1, false)], vec!["ModifyDBInstance"]));
    let observed = entries(other.path());
    assert_eq!((acquired(&observed), sent(&observed)), (vec![], vec![]));
    assert!(at(&observed, |event| matches!(event, Event::LeaseHeldElsewhere { epoch: 1, .. })).is_some());
    let refused = order(
        &mut second,
        Command::Scale {
            database: upshift::model::database::DatabaseName::new("checkpoints"),
            to: upshift::model::class::InstanceClass::observed("db.t4g.small"),
            reason: "a person may not either".into(),
            hold_for: None,
        },
    );
    match refused.await {
        Answer::Refused { sentence } => assert!(sentence.contains("observer: held by "), "{sentence}"),
        done => panic!("{done:?}"),
    }
    // To disarm is for everyone, and says whom it does not reach.
    match order(&mut second, Command::Disarm).await {
        Answer::Done { sentence, .. } => assert!(sentence.contains("NOT disarmed by this"), "{sentence}"),
        refused => panic!("{refused:?}"),
    }
    order(&mut second, Command::Arm { reason: "it was the other one".into(), duration: None }).await;
    first.end().await;
    let ended = at(&entries(one.path()), |event| matches!(event, Event::EngineStopped { .. })).unwrap();
    pass(&sim, 1).await;
    let followed = entries(other.path());
    assert_eq!(acquired(&followed), [(2, true)]);
    let taken = at(&followed, |event| matches!(event, Event::LeaseAcquired { .. })).unwrap();
    assert!(taken.duration_since(ended) < SignedDuration::from_secs(5), "{taken} after {ended}");
    let standing = second.client.snapshot().lease.clone().unwrap().standing;
    assert!(matches!(standing, LeaseStanding::Held { epoch: 2, .. }), "{standing:?}");
    second.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_dies_is_waited_out_and_what_a_person_disarmed_stays_disarmed() {
    let sim = world().await;
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut first = armed(&sim, one.path()).await;
    let second = armed(&sim, other.path()).await;
    pass(&sim, 2).await;
    assert_eq!(acquired(&entries(one.path())), [(1, false)]);
    order(&mut first, Command::Disarm).await;
    sim.clock().sleep(Duration::from_millis(500)).await;
    let killed = sim.clock().now();
    first.kill().await;
    pass(&sim, 40).await;
    let followed = entries(other.path());
    let taken = at(&followed, |event| matches!(event, Event::LeaseAcquired { epoch: 2, .. })).unwrap();
    let waited = taken.duration_since(killed);
    assert!(waited <= SignedDuration::from_secs(45), "{waited:?}");
    // The heartbeat before the death was the disarming itself, a moment ago: nothing may be shorter than the whole lease.
    assert!(waited >= SignedDuration::from_secs(39), "{waited:?}");
    let [(by, why)] = &disarmed(&followed)[..] else { panic!("{followed:?}") };
    assert!(by.as_deref() == Some("test") && why.contains("which had the lease before: by test"), "{by:?} {why}");
    assert!(sent(&followed).is_empty(), "the rush came and nobody was armed");
    second.end().await;
}

#[tokio::test(start_paused = true)]
async fn without_its_table_an_engine_observes_and_a_table_that_was_made_anew_disarms_it() {
    let sim = world().await;
    let directory = TempDir::new().unwrap();
    let mut engine = armed(&sim, directory.path()).await;
    pass(&sim, 2).await;
    let client = Account::on(&sim).dynamodb;
    client.delete_table().table_name(TABLE).send().await.unwrap();
    pass(&sim, 20).await;
    let all = entries(directory.path());
    assert!(sent(&all).is_empty(), "the rush is there, and the lease is not");
    let lost = all.iter().find(|entry| matches!(entry.event, Event::LeaseLost { epoch: 1, .. })).unwrap();
    assert!(lost.event.words().contains("not renewed within 40 s"), "{}", lost.event.words());
    let failed = all
        .iter()
        .filter(
            |entry| matches!(&entry.event, Event::ReadFailed(failure) if failure.sentence.contains("no such table")),
        )
        .count();
    assert_eq!(failed, 1, "on record once");
    create_table(&client).await;
    sim.clock().sleep(Duration::from_secs(10)).await;
    let snapshot = engine.client.snapshot();
    let standing = &snapshot.lease.as_ref().unwrap().standing;
    assert_eq!(*standing, LeaseStanding::SetBack { epoch: 0, known: 1 });
    match order(&mut engine, Command::Arm { reason: "in a hurry".into(), duration: None }).await {
        Answer::Refused { sentence } => assert!(sentence.contains("epoch 1 is on record"), "{sentence}"),
        done => panic!("{done:?}"),
    }
    pass(&sim, 2).await;
    let all = entries(directory.path());
    assert_eq!(acquired(&all), [(1, false), (2, false)]);
    let [(None, why)] = &disarmed(&all)[..] else { panic!("{:?}", disarmed(&all)) };
    assert!(why.contains("made anew or restored: it said epoch 0, this one is 2"), "{why}");
    pass(&sim, 3).await;
    assert!(sent(&entries(directory.path())).is_empty(), "nothing until a person has armed it");
    engine.arm().await;
    pass(&sim, 10).await;
    assert_eq!(sent(&entries(directory.path())), ["ModifyDBInstance"]);
    engine.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_backup_says_is_not_believed() {
    let sim = world().await;
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let first = armed(&sim, one.path()).await;
    pass(&sim, 2).await;
    let backup = sim.world().dynamodb_mut().backup(TABLE).unwrap();
    first.end().await;
    let second = armed(&sim, other.path()).await;
    pass(&sim, 2).await;
    assert_eq!(acquired(&entries(other.path())), [(2, true)]);
    sim.world().dynamodb_mut().restore(&backup);
    pass(&sim, 2).await;
    let all = entries(other.path());
    let words: Vec<String> = all.iter().map(|entry| entry.event.words()).collect();
    assert!(words.iter().any(|words| words.contains("LOST") && words.contains("restored from a backup")), "{words:#?}");
    assert_eq!(acquired(&all), [(2, true), (3, true)]);
    let [(None, why)] = &disarmed(&all)[..] else { panic!("{words:#?}") };
    assert!(why.contains("it said epoch 1, this one is 3"), "{why}");
    second.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_stands_at_the_fence_without_the_lease_is_not_sent() {
    use upshift::model::call::{CallOutcome, MutatingCall, NOT_SENT};
    let sim = world().await;
    let aws = Account::on(&sim).adapter().await;
    aws.fence(std::sync::Arc::new(|| Err("the lease is over".to_owned())));
    let call = MutatingCall::ModifyDbInstanceClass {
        database: upshift::model::database::DatabaseName::new("checkpoints"),
        class: upshift::model::class::InstanceClass::observed("db.m5.large"),
        capacity_reservation: None,
    };
    match aws.send(&call).await {
        CallOutcome::Refused { code, message, .. } => {
            assert_eq!((code.as_str(), message.as_str()), (NOT_SENT, "the lease is over"));
        }
        outcome => panic!("{outcome:?}"),
    }
    let alarm = aws.set_alarm_state("any", upshift::model::alarm::AlarmState::Ok, "a test").await.unwrap_err();
    assert!(alarm.sentence.contains("the lease is over"), "{alarm:?}");
    let name = upshift::model::database::DatabaseName::new("checkpoints");
    let found = aws.instances(std::slice::from_ref(&name)).await.unwrap();
    assert_eq!(found[&name].as_ref().unwrap().class.as_str(), "db.t4g.small");
}
