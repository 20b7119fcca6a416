//! The strategies `reader_failover` and `cluster_modify` end to end: the whole controller on the simulation, in virtual time.

use std::time::Duration;

use tempfile::TempDir;
use upshift::config;
use upshift::model::action::ActionResult;
use upshift::model::class::InstanceClass;
use upshift::model::command::{Answer, Command};
use upshift::model::database::DatabaseName;
use upshift::model::event::{Entry, Event};
use upshift::model::hold::HoldCause;
use upshift::model::ladder::Ladder;
use upshift::model::outage::{Outage, OutageSource};
use upshift::model::policy::{OldMachinePolicy, Strategy, Switchover};
use upshift::model::settings::Settings;
use upshift::sim::Sim;
use upshift::sim::rds::Role;

use crate::controlled::{Running, ends, entries, order, sent, simulation, start_by};
use crate::sim_account::Account;

const AURORA: &str = include_str!("../../src/sim/scenarios/aurora.toml");
const CLUSTER: &str = include_str!("../../src/sim/scenarios/cluster.toml");

/// The built-in policy for a cluster.
fn settings(id: &str, strategy: Strategy, rungs: [&str; 2]) -> Settings {
    let mut settings = config::checkpoints();
    let policy = &mut settings.databases[0];
    policy.database = DatabaseName::new(id);
    policy.strategy = strategy;
    policy.old_machine = OldMachinePolicy::of(strategy);
    policy.ladder = Ladder::new(rungs.map(|rung| InstanceClass::known(rung).unwrap()).to_vec()).unwrap();
    settings
}

fn by_reader() -> Settings {
    settings("orders-aurora", Strategy::ReaderFailover, ["db.t4g.medium", "db.t4g.large"])
}

fn by_change() -> Settings {
    settings("orders-cluster", Strategy::ClusterModify, ["db.m6gd.large", "db.m6gd.xlarge"])
}

/// A bad end for three hours.
fn fault(line: &str) -> String {
    format!("[[fault]]\nat = \"0s\"\nfor = \"3h\"\n{line}\n")
}

/// An armed engine for so many minutes; the records then.
async fn play(sim: &Sim, settings: Settings, minutes: u64) -> Vec<Entry> {
    let directory = TempDir::new().unwrap();
    let mut running = start_by(settings, sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(minutes)).await;
    running.end().await;
    entries(directory.path())
}

/// Each member of a cluster: its class, and whether it writes.
fn members(sim: &Sim, cluster: &str) -> Vec<(String, String, bool)> {
    let world = sim.world();
    let members = world.fleet().cluster_members(cluster);
    members.map(|it| (it.id.clone(), it.class.clone(), it.role == Role::Writer)).collect()
}

fn writer(sim: &Sim, cluster: &str) -> (String, String) {
    let writer = members(sim, cluster).into_iter().find(|(_, _, writes)| *writes);
    writer.map(|(name, class, _)| (name, class)).expect("one writes")
}

fn run(running: &Running) -> upshift::model::action::Run {
    running.client.snapshot().databases[0].run.clone().expect("there was an action")
}

#[tokio::test(start_paused = true)]
async fn a_reader_takes_over_the_writes_and_the_old_writer_takes_them_back() {
    let (sim, directory) = (simulation(AURORA, ""), TempDir::new().unwrap());
    let mut running = start_by(by_reader(), &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(30)).await;
    let (name, class) = writer(&sim, "orders-aurora");
    assert!(name.starts_with("upshift-a1-20260105t") && class == "db.t4g.large", "{name} {class}");
    assert_eq!(members(&sim, "orders-aurora").len(), 3, "the old writer reads now");
    let own = |name: &str| {
        let world = sim.world();
        let instance = world.fleet().instance(name).expect("it is a member");
        (instance.settings.clone(), instance.tags.clone())
    };
    assert_eq!(own(&name), own("orders-aurora-1"), "monitoring, certificate and tags are the old writer's");
    assert!(own(&name).0.performance_insights.is_some() && !own(&name).1.is_empty());
    let outage = Outage::of(&run(&running)).expect("RDS dates it");
    assert_eq!(outage.by, OutageSource::Rds);
    assert!((1..=60).contains(&outage.secs()), "{}", outage.words());
    let [old] = &running.client.snapshot().databases[0].old_machines[..] else { panic!("one was replaced") };
    assert_eq!(old.name.as_str(), "orders-aurora-1");
    assert!(old.words().contains("D deletes it, its data stay in the cluster"), "{}", old.words());
    sim.clock().sleep(Duration::from_hours(4)).await;
    running.end().await;
    let all = entries(directory.path());
    assert_eq!(ends(&all), [ActionResult::Verified, ActionResult::Verified, ActionResult::Verified]);
    let calls = ["CreateDBInstance", "FailoverDBCluster", "FailoverDBCluster", "DeleteDBInstance"];
    assert_eq!(sent(&all), calls, "down by the writer that was left, then the reader that was made goes");
    assert_eq!(writer(&sim, "orders-aurora"), ("orders-aurora-1".to_owned(), "db.t4g.medium".to_owned()));
    assert_eq!(members(&sim, "orders-aurora").len(), 2, "as at the beginning");
}

#[tokio::test(start_paused = true)]
async fn a_multi_az_cluster_is_changed_up_and_down() {
    let sim = simulation(CLUSTER, "");
    let all = play(&sim, by_change(), 300).await;
    assert_eq!(ends(&all), [ActionResult::Verified, ActionResult::Verified]);
    assert_eq!(sent(&all), ["ModifyDBCluster", "ModifyDBCluster"]);
    assert!(members(&sim, "orders-cluster").iter().all(|(_, class, _)| class == "db.m6gd.large"));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_cannot_be_made_is_deleted_and_the_writer_stays() {
    for end in ["fails", "no_capacity", "incompatible_network"] {
        let sim = simulation(AURORA, &fault(&format!("reader = \"{end}\"")));
        let all = play(&sim, by_reader(), 28).await;
        assert_eq!(sent(&all), ["CreateDBInstance", "DeleteDBInstance"], "{end}");
        let [ActionResult::FailedSafe { why }] = &ends(&all)[..] else { panic!("{end}: {:?}", ends(&all)) };
        assert!(why.contains("RDS could not make the reader"), "{why}");
        assert_eq!(members(&sim, "orders-aurora").len(), 2, "{end}: none is left behind");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_not_ready_in_time_is_deleted_as_soon_as_rds_has_made_it() {
    for (stuck, minutes) in [("50m", 75), ("5h", 130)] {
        let line = format!("[[fault]]\nat = \"0s\"\nfor = \"{stuck}\"\nreader = \"stuck\"\n");
        let sim = simulation(AURORA, &line);
        let mut settings = by_reader();
        settings.databases[0].copy.give_up_after = Duration::from_mins(30);
        let all = play(&sim, settings, minutes).await;
        if stuck == "50m" {
            assert_eq!(sent(&all), ["CreateDBInstance", "DeleteDBInstance"]);
            let Some(ActionResult::FailedSafe { why }) = ends(&all).into_iter().next() else {
                panic!("{:?}", ends(&all))
            };
            assert!(why.contains("the reader was not ready within 30 min; it is deleted"), "{why}");
            assert_eq!(members(&sim, "orders-aurora").len(), 2);
        } else {
            assert_eq!(sent(&all), ["CreateDBInstance"], "RDS deletes nothing that it still makes");
            let [ActionResult::Held { why, remedy, .. }] = &ends(&all)[..] else { panic!("{:?}", ends(&all)) };
            assert!(why.contains("the reader is still being created"), "{why}");
            assert!(remedy.contains("delete the instance upshift-a1-20260105t"), "{remedy}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_lags_takes_over_when_it_has_caught_up_and_is_deleted_when_it_does_not() {
    for (lasts, last) in [("40m", "FailoverDBCluster"), ("5h", "DeleteDBInstance")] {
        let line = format!("[[fault]]\nat = \"0s\"\nfor = \"{lasts}\"\nlag = \"2m\"\n");
        let sim = simulation(AURORA, &line);
        let all = play(&sim, by_reader(), 85).await;
        assert_eq!(sent(&all), ["CreateDBInstance", last], "{lasts}");
        let cut_at = all.iter().find(|entry| entry.event.words().contains("sending FailoverDBCluster"));
        let early = cut_at.is_some_and(|cut| cut.at.duration_since(all[0].at).as_mins() < 40);
        assert!(!early, "not before it has caught up");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_failover_leaves_no_reader_and_a_failed_one_neither() {
    for (end, words) in [("refused", "AWS refused the failover with"), ("fails", "the failover did not happen")] {
        let sim = simulation(AURORA, &fault(&format!("failover = \"{end}\"")));
        let all = play(&sim, by_reader(), 50).await;
        assert_eq!(sent(&all)[..3], ["CreateDBInstance", "FailoverDBCluster", "DeleteDBInstance"], "{end}");
        let first = ends(&all).into_iter().next();
        let Some(ActionResult::FailedSafe { why } | ActionResult::RolledBack { why }) = &first else {
            panic!("{end}: {first:?}")
        };
        assert!(why.contains(words) && why.contains("the reader is deleted"), "{why}");
        assert_eq!(writer(&sim, "orders-aurora").0, "orders-aurora-1");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failover_to_another_member_is_held() {
    let sim = simulation(AURORA, &fault("failover = \"other_member\""));
    let all = play(&sim, by_reader(), 50).await;
    assert_eq!(sent(&all), ["CreateDBInstance", "FailoverDBCluster"]);
    let [ActionResult::Held { why, remedy, .. }] = &ends(&all)[..] else { panic!("{:?}", ends(&all)) };
    assert!(why.contains("neither the old writer nor the reader"), "{why}");
    assert!(remedy.contains("the reader upshift-a1-20260105t"), "{remedy}");
}

#[tokio::test(start_paused = true)]
async fn supervised_it_waits_for_one_word_and_stopped_it_deletes_its_reader() {
    for stops in [false, true] {
        let (sim, directory) = (simulation(AURORA, ""), TempDir::new().unwrap());
        let mut settings = by_reader();
        settings.databases[0].copy.switchover = Switchover::Supervised;
        let mut running = start_by(settings, &sim, directory.path()).await;
        running.arm().await;
        sim.clock().sleep(Duration::from_mins(40)).await;
        assert_eq!(sent(&entries(directory.path())), ["CreateDBInstance"], "it waits");
        let lag = running.client.snapshot().databases[0].copy_lag_secs;
        assert!(lag.is_some_and(|lag| lag < 1.0), "{lag:?}");
        let database = DatabaseName::new("orders-aurora");
        let command = if stops { Command::Stop { database } } else { Command::Approve { database } };
        assert!(matches!(order(&mut running, command).await, Answer::Done { .. }));
        sim.clock().sleep(Duration::from_mins(20)).await;
        running.end().await;
        let all = entries(directory.path());
        let second = if stops { "DeleteDBInstance" } else { "FailoverDBCluster" };
        assert_eq!(sent(&all), ["CreateDBInstance", second]);
        assert!(matches!(
            (&ends(&all)[..], stops),
            ([ActionResult::Verified], false) | ([ActionResult::Stopped { .. }], true)
        ));
    }
}

#[tokio::test(start_paused = true)]
async fn a_failover_that_aws_makes_by_itself_is_noticed_and_waited_out() {
    let (sim, directory) = (simulation(AURORA, ""), TempDir::new().unwrap());
    let mut running = start_by(by_reader(), &sim, directory.path()).await;
    sim.clock().sleep(Duration::from_mins(1)).await;
    let account = Account::on(&sim);
    account.rds.failover_db_cluster().db_cluster_identifier("orders-aurora").send().await.unwrap();
    running.until(|event| matches!(event, Event::HoldSet { .. })).await;
    let snapshot = running.client.snapshot();
    let [hold] = &snapshot.databases[0].holds[..] else { panic!("{:?}", snapshot.databases[0].holds) };
    let HoldCause::ForeignChange { what } = &hold.cause else { panic!("{hold:?}") };
    assert!(what.contains("another instance of the cluster writes now"), "{what}");
    assert!(hold.until.is_some(), "no person is needed: both instances are the cluster's own");
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_strategy_that_is_for_another_kind_of_cluster_is_refused_with_the_reason() {
    let (sim, directory) = (simulation(CLUSTER, ""), TempDir::new().unwrap());
    let wrong = settings("orders-cluster", Strategy::ReaderFailover, ["db.m6gd.large", "db.m6gd.xlarge"]);
    let mut running = start_by(wrong, &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(2)).await;
    let scale = Command::Scale {
        database: DatabaseName::new("orders-cluster"),
        to: InstanceClass::known("db.m6gd.xlarge").unwrap(),
        reason: "try".to_owned(),
        hold_for: None,
    };
    let Answer::Refused { sentence } = order(&mut running, scale).await else { panic!("it is no Aurora cluster") };
    assert!(sentence.contains("it is a Multi-AZ DB cluster, not an Aurora cluster"), "{sentence}");
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_member_of_a_cluster_is_not_changed_in_place() {
    let (sim, directory) = (simulation(AURORA, ""), TempDir::new().unwrap());
    let wrong = settings("orders-aurora-1", Strategy::InPlace, ["db.t4g.medium", "db.t4g.large"]);
    let mut running = start_by(wrong, &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(30)).await;
    running.end().await;
    let all = entries(directory.path());
    assert_eq!(sent(&all), Vec::<&str>::new());
    let says = |entry: &Entry| {
        entry.event.words().contains("closed: stands alone") || entry.event.words().contains("stands alone")
    };
    assert!(all.iter().any(says), "and it says why");
}
