//! The main job, without sockets and in virtual time: the real engine, journal and SDK clients against the simulation.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;
use upshift::clock::Clock;
use upshift::config;
use upshift::journal;
use upshift::model::action::ActionResult;
use upshift::model::call::CallOutcome;
use upshift::model::class::InstanceClass;
use upshift::model::event::{Entry, Event};
use upshift::model::ladder::Ladder;
use upshift::sim::Sim;
use upshift::sim::scenario::Scenario;

use crate::controlled::{Running, start_by};

fn simulation(faults: &str) -> Sim {
    let text = format!("{}\n{faults}", include_str!("../../src/sim/scenarios/checkpoints.toml"));
    let scenario = Scenario::parse("checkpoints with faults", &text).unwrap();
    let clock = Clock::scaled(scenario.start, 1.0);
    Sim::new(&scenario, None, clock)
}

async fn start(sim: &Sim, directory: &Path) -> Running {
    start_by(config::checkpoints(), sim, directory).await
}

fn entries(directory: &Path) -> Vec<Entry> {
    journal::read(directory).unwrap().into_iter().map(|(entry, _)| entry).collect()
}

fn count(entries: &[Entry], what: impl Fn(&Event) -> bool) -> usize {
    entries.iter().filter(|entry| what(&entry.event)).count()
}

fn is_sent(event: &Event) -> bool {
    matches!(event, Event::CallSent { .. })
}

fn is_verified(event: &Event) -> bool {
    matches!(event, Event::ActionEnded { result: ActionResult::Verified, .. })
}

fn class(sim: &Sim) -> String {
    sim.world().fleet().instance("checkpoints").unwrap().class.clone()
}

#[tokio::test(start_paused = true)]
async fn it_goes_up_under_load_and_down_when_the_load_is_gone() {
    let (sim, directory) = (simulation(""), TempDir::new().unwrap());
    let mut running = start(&sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(30)).await;
    let up = entries(directory.path());
    assert_eq!((count(&up, is_sent), count(&up, is_verified)), (1, 1), "up");
    sim.clock().sleep(Duration::from_hours(2)).await;
    running.end().await;
    let all = entries(directory.path());
    assert_eq!((count(&all, is_sent), count(&all, is_verified)), (2, 2), "down again");
    let ends: Vec<String> = all
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::ActionEnded { class, .. } => class.as_ref().map(ToString::to_string),
            _ => None,
        })
        .collect();
    assert_eq!(ends, ["db.m5.large", "db.t4g.small"]);
    let finished =
        |event: &Event| matches!(event, Event::RdsEvent(event) if event.message.starts_with("Finished applying"));
    assert_eq!(count(&all, finished), 2, "AWS's own words are in the journal");
    assert!(journal::verify(directory.path()).is_ok());
}

#[tokio::test(start_paused = true)]
async fn disarmed_it_records_what_it_would_do_and_sends_nothing() {
    let (sim, directory) = (simulation(""), TempDir::new().unwrap());
    let running = start(&sim, directory.path()).await;
    sim.clock().sleep(Duration::from_mins(30)).await;
    running.end().await;
    let all = entries(directory.path());
    let would =
        |event: &Event| matches!(event, Event::Decision { decision, .. } if decision.verdict.wanted().is_some());
    assert!(count(&all, would) > 0);
    assert_eq!(count(&all, is_sent), 0);
    assert_eq!(class(&sim), "db.t4g.small");
}

#[tokio::test(start_paused = true)]
async fn a_crash_after_the_call_is_resumed_by_looking_and_not_sent_again() {
    let (sim, directory) = (simulation(""), TempDir::new().unwrap());
    let mut running = start(&sim, directory.path()).await;
    running.arm().await;
    running.until(is_sent).await;
    running.kill().await;
    let before: Timestamp = sim.clock().now();
    let mut running = start(&sim, directory.path()).await;
    running.until(|event| matches!(event, Event::ActionResumed { .. })).await;
    assert!(sim.clock().now().duration_since(before).as_secs() < 10, "the action in flight is stated within 10 s");
    running.until(is_verified).await;
    running.end().await;
    assert_eq!(count(&entries(directory.path()), is_sent), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_resolved_by_observation_only() {
    let fault = "[[fault]]\nat = \"0s\"\nfor = \"30m\"\naction = \"ModifyDBInstance\"\ndrop_answer = true\n";
    let (sim, directory) = (simulation(fault), TempDir::new().unwrap());
    let mut running = start(&sim, directory.path()).await;
    running.arm().await;
    running.until(is_verified).await;
    running.end().await;
    let all = entries(directory.path());
    let unknown = |event: &Event| matches!(event, Event::CallAnswered { outcome: CallOutcome::Unknown { .. }, .. });
    assert_eq!((count(&all, unknown), count(&all, is_sent)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_denied_read_is_said_and_stands_until_it_works_again() {
    let fault = "[[fault]]\nat = \"0s\"\nfor = \"20m\"\naction = \"GetMetricData\"\nerror = \"AccessDenied\"\n";
    let (sim, directory) = (simulation(fault), TempDir::new().unwrap());
    let mut running = start(&sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(10)).await;
    let problems = running.client.snapshot().problems.clone();
    assert!(problems.iter().any(|problem| problem.failure.sentence.contains("GetMetricData")), "{problems:?}");
    sim.clock().sleep(Duration::from_mins(20)).await;
    assert!(running.client.snapshot().problems.is_empty());
    running.end().await;
    let all = entries(directory.path());
    assert_eq!(count(&all, |event| matches!(event, Event::ReadFailed(_))), 1, "said once, not at every look");
    assert_eq!(count(&all, |event| matches!(event, Event::ReadRecovered { .. })), 1);
}

#[tokio::test(start_paused = true)]
async fn slow_answers_about_offers_hold_up_no_look_for_long() {
    let fault =
        "[[fault]]\nat = \"0s\"\nfor = \"1h\"\naction = \"DescribeOrderableDBInstanceOptions\"\nlatency = \"8s\"\n";
    let (sim, directory) = (simulation(fault), TempDir::new().unwrap());
    let mut settings = config::checkpoints();
    let is_of_ladder = |name: &String| name.starts_with("db.t4g.") || name.starts_with("db.m6g.");
    let rungs: Vec<_> = InstanceClass::all_known().filter(is_of_ladder).map(InstanceClass::observed).collect();
    assert!(rungs.len() > 12, "together they take longer than a look may");
    settings.databases[0].ladder = Ladder::new(rungs).unwrap();
    let mut running = start_by(settings, &sim, directory.path()).await;
    let began = sim.clock().now();
    let mut seen = Vec::new();
    while sim.clock().now().duration_since(began).as_secs() < 600 {
        seen.extend(running.client.changed().await.unwrap().databases.first().and_then(|view| view.state_at));
    }
    let longest = seen.windows(2).map(|pair| pair[1].duration_since(pair[0]).as_secs()).max();
    assert!((60..80).contains(&longest.unwrap()), "{longest:?}");
    assert!(seen.last().unwrap().duration_since(began).as_secs() > 570, "all is asked: looks are quick again");
    running.end().await;
}
