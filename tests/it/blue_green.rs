//! The strategy `blue_green` end to end: the whole controller on the simulation, in virtual time.

use std::time::Duration;

use tempfile::TempDir;
use upshift::config;
use upshift::model::action::ActionResult;
use upshift::model::call::{Keeps, MutatingCall};
use upshift::model::command::{Answer, Command};
use upshift::model::database::{DatabaseName, ResourceId};
use upshift::model::event::{Entry, Event};
use upshift::model::hold::{Hold, HoldCause};
use upshift::model::old_machine::Fate;
use upshift::model::outage::OutageSource;
use upshift::model::policy::{CopyPolicy, OldMachinePolicy, RemovedBy, Strategy, Switchover};
use upshift::model::settings::Settings;
use upshift::sim::Sim;

use crate::controlled::{Running, ends, entries, order, sent, simulation, start_by};
use crate::sim_account::Account;

fn settings(blue_green: CopyPolicy) -> Settings {
    let mut settings = config::checkpoints();
    settings.databases[0].database = DatabaseName::new("orders");
    settings.databases[0].strategy = Strategy::BlueGreen;
    settings.databases[0].copy = blue_green;
    settings
}

const SCENARIO: &str = include_str!("../../src/sim/scenarios/blue-green.toml");

fn class(sim: &Sim) -> String {
    sim.world().fleet().instance("orders").unwrap().class.clone()
}

/// Instances besides the database itself.
fn others(sim: &Sim) -> Vec<String> {
    let world = sim.world();
    world.fleet().instances().map(|instance| instance.id.clone()).filter(|id| id != "orders").collect()
}

/// An armed engine on the built-in scenario for so many minutes, with deployments that come to such an end; then it is
/// stopped. The world as it is then, and the records.
async fn play(end: &str, settings: Settings, minutes: u64) -> (Sim, Vec<Entry>) {
    let fault = format!("[[fault]]\nat = \"0s\"\nfor = \"3h\"\nblue_green = \"{end}\"\n");
    let (sim, directory) = (simulation(SCENARIO, &fault), TempDir::new().unwrap());
    let mut running = start_by(settings, &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(minutes)).await;
    running.end().await;
    (sim, entries(directory.path()))
}

#[tokio::test(start_paused = true)]
async fn it_goes_up_and_down_by_copies_that_take_over_the_name() {
    let (sim, directory) = (simulation(SCENARIO, ""), TempDir::new().unwrap());
    let mut running = start_by(settings(CopyPolicy::default()), &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(50)).await;
    assert_eq!(class(&sim), "db.m5.large");
    sim.clock().sleep(Duration::from_hours(4)).await;
    running.end().await;
    let all = entries(directory.path());
    let words: Vec<String> = all.iter().map(|entry| entry.event.words()).collect();
    assert_eq!(
        sent(&all),
        [
            "CreateBlueGreenDeployment",
            "SwitchoverBlueGreenDeployment",
            "CreateBlueGreenDeployment",
            "SwitchoverBlueGreenDeployment"
        ],
        "{words:#?}"
    );
    assert_eq!(ends(&all), [ActionResult::Verified, ActionResult::Verified]);
    assert_outages(&all);
    assert_eq!(class(&sim), "db.t4g.small");
    assert_eq!(others(&sim), ["orders-old1", "orders-old2"]);
    let switched = |entry: &&Entry| matches!(entry.event, Event::SwitchedOver { .. });
    assert_eq!(all.iter().filter(switched).count(), 2);
    let foreign = |entry: &&Entry| matches!(entry.event, Event::ForeignChange { .. });
    assert_eq!(all.iter().filter(foreign).count(), 0, "its own switchover is nobody else's");
    assert!(upshift::journal::verify(directory.path()).is_ok());
}

/// Each action says how long clients were without the database, by RDS's own events, and that is within the bound of the order.
fn assert_outages(all: &[Entry]) {
    let most = CopyPolicy::default().switchover_timeout.as_secs();
    for entry in all {
        if let Event::ActionEnded { outage_secs, outage_by, .. } = &entry.event {
            assert_eq!(*outage_by, Some(OutageSource::Rds));
            assert!(outage_secs.is_some_and(|secs| (1..=most).contains(&u64::from(secs))), "{outage_secs:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn supervised_it_waits_at_the_edge_for_one_word() {
    let (sim, directory) = (simulation(SCENARIO, ""), TempDir::new().unwrap());
    let policy = CopyPolicy { switchover: Switchover::Supervised, ..CopyPolicy::default() };
    let mut running = start_by(settings(policy), &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(8)).await;
    let early = order(&mut running, Command::Approve { database: DatabaseName::new("orders") }).await;
    assert!(matches!(early, Answer::Refused { .. }), "{early:?}");
    sim.clock().sleep(Duration::from_mins(40)).await;
    assert_eq!(sent(&entries(directory.path())), ["CreateBlueGreenDeployment"]);
    let word = order(&mut running, Command::Approve { database: DatabaseName::new("orders") }).await;
    assert!(matches!(word, Answer::Done { .. }), "{word:?}");
    sim.clock().sleep(Duration::from_mins(10)).await;
    running.end().await;
    assert_eq!(ends(&entries(directory.path())), [ActionResult::Verified]);
    assert_eq!(class(&sim), "db.m5.large");
}

#[tokio::test(start_paused = true)]
async fn stopped_before_the_switchover_it_removes_its_copy() {
    let (sim, directory) = (simulation(SCENARIO, ""), TempDir::new().unwrap());
    let policy = CopyPolicy { switchover: Switchover::Supervised, ..CopyPolicy::default() };
    let mut running = start_by(settings(policy), &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(12)).await;
    assert_eq!(others(&sim).len(), 1);
    let stop = order(&mut running, Command::Stop { database: DatabaseName::new("orders") }).await;
    assert!(matches!(stop, Answer::Done { .. }), "{stop:?}");
    order(&mut running, Command::Disarm).await;
    sim.clock().sleep(Duration::from_mins(30)).await;
    running.end().await;
    let all = entries(directory.path());
    assert_eq!(sent(&all), ["CreateBlueGreenDeployment", "DeleteBlueGreenDeployment"]);
    assert!(matches!(ends(&all)[..], [ActionResult::Stopped { .. }]));
    assert_eq!((others(&sim).len(), class(&sim).as_str()), (0, "db.t4g.small"));
}

#[tokio::test(start_paused = true)]
async fn a_cut_that_aws_takes_back_ends_with_the_old_machine_and_no_copy() {
    let mut settings = settings(CopyPolicy::default());
    settings.databases[0].max_actions_per_day = 1;
    let (sim, all) = play("cut_too_long", settings, 70).await;
    assert!(matches!(ends(&all)[..], [ActionResult::RolledBack { .. }]), "{:?}", ends(&all));
    assert_eq!((others(&sim).len(), class(&sim).as_str()), (0, "db.t4g.small"));
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_too_far_behind_is_not_switched_over_by_aws_and_its_words_are_told() {
    // A policy that lets any lag pass: AWS's own guardrail is what is left.
    let late = "[[fault]]\nat = \"0s\"\nfor = \"3h\"\nlag = \"10m\"\n";
    let mut settings = settings(CopyPolicy { max_lag: Duration::from_hours(1), ..CopyPolicy::default() });
    settings.databases[0].max_actions_per_day = 1;
    let (sim, directory) = (simulation(SCENARIO, late), TempDir::new().unwrap());
    let mut running = start_by(settings, &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(70)).await;
    running.end().await;
    let all = entries(directory.path());
    let [ActionResult::RolledBack { why }] = &ends(&all)[..] else { panic!("{:?}", ends(&all)) };
    assert!(why.contains("due to replication lag of 600 seconds"), "{why}");
    assert_eq!((others(&sim).len(), class(&sim).as_str()), (0, "db.t4g.small"));
}

#[tokio::test(start_paused = true)]
async fn a_class_that_aws_does_not_take_with_the_order_is_given_to_the_copy_afterwards() {
    let (sim, all) = play("class_refused", settings(CopyPolicy::default()), 75).await;
    assert_eq!(
        sent(&all),
        ["CreateBlueGreenDeployment", "CreateBlueGreenDeployment", "ModifyDBInstance", "SwitchoverBlueGreenDeployment"]
    );
    assert_eq!((ends(&all), class(&sim).as_str()), (vec![ActionResult::Verified], "db.m5.large"));
    let resized = all.iter().find_map(|entry| match &entry.event {
        Event::CallSent { call: MutatingCall::ModifyDbInstanceClass { database, .. }, .. } => Some(database.as_str()),
        _ => None,
    });
    assert!(resized.unwrap().starts_with("orders-green-"), "the copy and not the database: {resized:?}");
}

#[tokio::test(start_paused = true)]
async fn a_switchover_that_breaks_off_is_held_with_the_name_where_it_was() {
    let (sim, all) = play("cut_fails", settings(CopyPolicy::default()), 70).await;
    assert_eq!(sent(&all), ["CreateBlueGreenDeployment", "SwitchoverBlueGreenDeployment"]);
    let [ActionResult::Held { why, remedy, .. }] = &ends(&all)[..] else { panic!("{:?}", ends(&all)) };
    assert!(why.contains("SWITCHOVER_FAILED") && !remedy.is_empty(), "{why}; {remedy}");
    assert_eq!(class(&sim), "db.t4g.small");
}

#[tokio::test(start_paused = true)]
async fn the_old_machine_is_shown_with_its_price_until_it_is_gone() {
    let (sim, directory) = (simulation(SCENARIO, ""), TempDir::new().unwrap());
    let mut running = start_by(settings(CopyPolicy::default()), &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(70)).await;
    let old = |running: &Running| running.client.snapshot().databases[0].old_machines.clone();
    let [left] = &old(&running)[..] else { panic!("{:?}", old(&running)) };
    let words = left.words();
    assert!(words.starts_with("orders-old1 (db.t4g.small) is still there, $0.032/h: a1 replaced it"), "{words}");
    running.end().await;
    let mut again = start_by(settings(CopyPolicy::default()), &sim, directory.path()).await;
    again.arm().await;
    sim.clock().sleep(Duration::from_mins(1)).await;
    assert_eq!(old(&again).len(), 1, "a restart knows of it");
    let account = Account::on(&sim);
    let delete = account.rds.delete_db_instance().db_instance_identifier("orders-old1");
    delete.skip_final_snapshot(true).send().await.unwrap();
    sim.clock().sleep(Duration::from_mins(20)).await;
    assert_eq!(old(&again), [], "gone");
    again.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_cannot_be_made_is_held_for_a_person() {
    let (_, all) = play("fails", settings(CopyPolicy::default()), 70).await;
    assert_eq!(sent(&all), ["CreateBlueGreenDeployment"]);
    let [ActionResult::Held { why, .. }] = &ends(&all)[..] else { panic!("{:?}", ends(&all)) };
    assert!(why.contains("INVALID_CONFIGURATION") && why.contains("capacity"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_minute_it_ends_alike_and_sends_nothing_twice() {
    for minute in 6..34 {
        let (sim, directory) = (simulation(SCENARIO, ""), TempDir::new().unwrap());
        let mut running = start_by(settings(CopyPolicy::default()), &sim, directory.path()).await;
        running.arm().await;
        sim.clock().sleep(Duration::from_mins(minute)).await;
        running.kill().await;
        sim.clock().sleep(Duration::from_secs(40)).await;
        let mut running = start_by(settings(CopyPolicy::default()), &sim, directory.path()).await;
        running.arm().await;
        sim.clock().sleep(Duration::from_mins(60 - minute)).await;
        running.end().await;
        let all = entries(directory.path());
        let calls = ["CreateBlueGreenDeployment", "SwitchoverBlueGreenDeployment"];
        assert_eq!(sent(&all), calls, "killed at minute {minute}");
        assert_eq!(ends(&all), [ActionResult::Verified], "killed at minute {minute}");
        assert_eq!((class(&sim).as_str(), others(&sim).len()), ("db.m5.large", 1), "killed at minute {minute}");
    }
}

/// The machine that a copy has replaced: a policy that keeps it for so long, and who removes it then.
fn settings_that_remove(mins: u64, removed_by: RemovedBy, final_snapshot: bool) -> Settings {
    let mut settings = settings(CopyPolicy::default());
    settings.databases[0].old_machine =
        OldMachinePolicy { keep: Duration::from_mins(mins), removed_by, final_snapshot };
    settings
}

fn deletions(entries: &[Entry]) -> Vec<MutatingCall> {
    let call = |entry: &Entry| match &entry.event {
        Event::CallSent { call: call @ MutatingCall::DeleteDbInstance { .. }, .. } => Some(call.clone()),
        _ => None,
    };
    entries.iter().filter_map(call).collect()
}

#[tokio::test(start_paused = true)]
async fn the_engine_removes_the_old_machine_when_it_was_kept_long_enough_and_only_once() {
    let (sim, directory) = (simulation(SCENARIO, ""), TempDir::new().unwrap());
    let mut running = start_by(settings_that_remove(30, RemovedBy::Engine, true), &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(50)).await;
    let [old] = &running.client.snapshot().databases[0].old_machines[..] else { panic!("none") };
    let Fate::ByEngine { at } = old.fate else { panic!("{old:?}") };
    assert_eq!(at.duration_since(old.since).as_mins(), 30);
    assert_eq!(deletions(&entries(directory.path())), [], "not before its time");
    sim.clock().sleep(Duration::from_mins(40)).await;
    running.end().await;
    let all = entries(directory.path());
    let [MutatingCall::DeleteDbInstance { machine, keeps: Keeps::FinalSnapshot { name }, .. }] = &deletions(&all)[..]
    else {
        panic!("{:?}", deletions(&all))
    };
    assert_eq!(machine.as_str(), "orders-old1");
    assert!(name.starts_with("upshift-orders-old1-a2-20260105t"), "{name}");
    assert_eq!(ends(&all)[..2], [ActionResult::Verified, ActionResult::Verified]);
    assert_eq!(others(&sim), Vec::<String>::new(), "it is gone");
    assert_eq!(class(&sim), "db.m5.large", "and the database is as it was");
}

#[tokio::test(start_paused = true)]
async fn a_removal_counts_neither_against_the_cooldown_nor_against_the_budget() {
    let (sim, directory) = (simulation(SCENARIO, ""), TempDir::new().unwrap());
    let mut settings = settings_that_remove(30, RemovedBy::Engine, true);
    settings.databases[0].max_actions_per_day = 2;
    settings.databases[0].cooldown_down = Duration::from_mins(30);
    let mut running = start_by(settings, &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_hours(4)).await;
    running.end().await;
    let calls = sent(&entries(directory.path()));
    let change = ["CreateBlueGreenDeployment", "SwitchoverBlueGreenDeployment", "DeleteDBInstance"];
    assert_eq!(calls, [change, change].concat(), "up and down, each old machine gone");
    assert_eq!((class(&sim).as_str(), others(&sim).len()), ("db.t4g.small", 0));
}

#[tokio::test(start_paused = true)]
async fn a_person_removes_it_early_without_a_snapshot_where_the_policy_says_so() {
    let (sim, directory) = (simulation(SCENARIO, ""), TempDir::new().unwrap());
    let mut running = start_by(settings_that_remove(300, RemovedBy::Person, false), &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(50)).await;
    let [old] = &running.client.snapshot().databases[0].old_machines[..] else { panic!("none") };
    let live = sim.world().fleet().instance("orders").unwrap().resource_id.clone();
    let old = old.resource_id.clone();
    let remove = |resource_id: &ResourceId| Command::RemoveOld {
        database: DatabaseName::new("orders"),
        machine: DatabaseName::new("orders-old1"),
        resource_id: resource_id.clone(),
        reason: "backups are elsewhere".to_owned(),
    };
    for wrong in [ResourceId::new(live), ResourceId::new("db-SOMEBODYELSES")] {
        let Answer::Refused { sentence } = order(&mut running, remove(&wrong)).await else { panic!("{wrong}") };
        assert!(sentence.contains("no action of ours has left a machine"), "{sentence}");
    }
    let Answer::Done { sentence, .. } = order(&mut running, remove(&old)).await else { panic!("refused") };
    assert!(sentence.contains("orders-old1 goes; orders stays"), "{sentence}");
    sim.clock().sleep(Duration::from_mins(20)).await;
    running.end().await;
    let all = entries(directory.path());
    let [MutatingCall::DeleteDbInstance { keeps, .. }] = &deletions(&all)[..] else { panic!("{:?}", deletions(&all)) };
    assert_eq!(*keeps, Keeps::Nothing);
    assert_eq!(ends(&all), [ActionResult::Verified, ActionResult::Verified]);
    assert_eq!(others(&sim), Vec::<String>::new());
    assert!(!all.iter().any(|entry| matches!(entry.event, Event::HoldSet { .. })), "nothing of the database is held");
}

#[tokio::test(start_paused = true)]
async fn a_protected_old_machine_is_left_alone_and_says_why() {
    let sim = simulation(&SCENARIO.replace("deletion_protection = false", "deletion_protection = true"), "");
    let directory = TempDir::new().unwrap();
    let mut running = start_by(settings_that_remove(30, RemovedBy::Engine, true), &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(85)).await;
    let [old] = &running.client.snapshot().databases[0].old_machines[..] else { panic!("none") };
    assert!(
        old.words().contains("deletion protection is on: whoever wants it deleted turns it off there first"),
        "{}",
        old.words()
    );
    let command = Command::RemoveOld {
        database: DatabaseName::new("orders"),
        machine: DatabaseName::new("orders-old1"),
        resource_id: old.resource_id.clone(),
        reason: "try".to_owned(),
    };
    assert!(matches!(order(&mut running, command).await, Answer::Done { .. }));
    sim.clock().sleep(Duration::from_mins(2)).await;
    running.end().await;
    let all = entries(directory.path());
    assert_eq!(deletions(&all), [], "nothing was sent");
    let [_, ActionResult::FailedSafe { why }] = &ends(&all)[..] else { panic!("{:?}", ends(&all)) };
    assert!(why.contains("orders-old1: deletion protection is on"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_others_take_away_is_put_on_record_held_and_never_mended() {
    let (sim, directory) = (simulation(SCENARIO, ""), TempDir::new().unwrap());
    let mut running = start_by(settings(CopyPolicy::default()), &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(2)).await;
    let account = Account::on(&sim);
    let rename = account.rds.modify_db_instance().db_instance_identifier("orders");
    rename.new_db_instance_identifier("orders-moved").apply_immediately(true).send().await.unwrap();
    sim.clock().sleep(Duration::from_mins(40)).await;
    running.end().await;
    let all = entries(directory.path());
    assert_eq!(sent(&all), [] as [&str; 0], "the burst has come, and nothing was asked of AWS");
    let gone = "no database has its name any more: it was deleted or renamed";
    let foreign = |entry: &Entry| matches!(&entry.event, Event::ForeignChange { what, .. } if what == gone);
    let of_name = |hold: &Hold| hold.cause == HoldCause::ForeignChange { what: gone.to_owned() };
    let held = |entry: &Entry| matches!(&entry.event, Event::HoldSet { hold, .. } if of_name(hold));
    assert_eq!(all.iter().filter(|entry| foreign(entry)).count(), 1);
    assert_eq!(all.iter().filter(|entry| held(entry)).count(), 1);
    assert_eq!(others(&sim), ["orders-moved"], "and it keeps the name that others gave it");
}

#[tokio::test(start_paused = true)]
async fn a_copy_whose_removal_was_refused_has_its_price_and_goes_by_a_person_once_it_may() {
    let sim = simulation(&SCENARIO.replace("deletion_protection = false", "deletion_protection = true"), "");
    let directory = TempDir::new().unwrap();
    let policy = CopyPolicy { switchover: Switchover::Supervised, ..CopyPolicy::default() };
    let mut running = start_by(settings(policy.clone()), &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(30)).await;
    order(&mut running, Command::Stop { database: DatabaseName::new("orders") }).await;
    sim.clock().sleep(Duration::from_mins(5)).await;
    running.end().await;
    let mut running = start_by(settings(policy), &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(5)).await;
    let left = running.client.snapshot().databases[0].old_machines.clone();
    let [copy] = &left[..] else { panic!("a restart knows of it: {left:?}") };
    let words = copy.words();
    assert!(words.starts_with("orders-green-") && words.contains("(db.m5.large) is still there, $0.178/h"), "{words}");
    assert!(words.contains("a1 made it for nothing") && words.contains("deletion protection is on"), "{words}");
    let remove = Command::RemoveOld {
        database: DatabaseName::new("orders"),
        machine: copy.name.clone(),
        resource_id: copy.resource_id.clone(),
        reason: "nobody needs it".to_owned(),
    };
    assert!(matches!(order(&mut running, remove.clone()).await, Answer::Done { .. }));
    sim.clock().sleep(Duration::from_mins(3)).await;
    let unprotect = Account::on(&sim).rds.modify_db_instance().db_instance_identifier(copy.name.as_str());
    unprotect.deletion_protection(false).send().await.unwrap();
    sim.clock().sleep(Duration::from_mins(1)).await;
    assert!(matches!(order(&mut running, remove).await, Answer::Done { .. }), "no hold keeps a person from it");
    sim.clock().sleep(Duration::from_mins(20)).await;
    let left = running.client.snapshot().databases[0].old_machines.clone();
    running.end().await;
    let all = entries(directory.path());
    let calls = ["CreateBlueGreenDeployment", "DeleteBlueGreenDeployment", "DeleteBlueGreenDeployment"];
    assert_eq!(sent(&all), calls);
    let ends = ends(&all);
    let [ActionResult::Held { .. }, ActionResult::FailedSafe { why }, ActionResult::Verified] = &ends[..] else {
        panic!("{ends:?}")
    };
    assert!(why.contains("deletion protection is on"), "{why}");
    assert_eq!((others(&sim), left), (Vec::new(), Vec::new()));
    assert_eq!(sim.world().fleet().deployments().count(), 0);
    assert_eq!(class(&sim), "db.t4g.small", "and the database is as it was");
}
