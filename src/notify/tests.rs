//! What a queue does when nobody takes what is in it, and what programs do to those who wait for them.

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::aws::connect::{Target, connect};
use crate::clock::Stopwatch;
use crate::model::database::DatabaseName;
use crate::model::event::Event;
use crate::model::hold::{Hold, HoldCause};
use crate::model::operator::Operator;
use crate::model::settings::AwsSettings;

async fn about() -> About {
    let endpoint = Target::Endpoint { url: "http://127.0.0.1:9".to_owned(), region: "us-east-1".to_owned() };
    let aws = connect(&AwsSettings::default(), endpoint).await;
    let environment = vec![("PATH".to_owned(), "/usr/bin:/bin".into())];
    About { clock: Clock::system(), aws, backend: Backend::Aws, host: "bastion".to_owned(), environment }
}

async fn telling(script: &str) -> (Teller, Telling) {
    let command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
    start(&NotifySettings { topic: None, command }, about().await)
}

fn held(reason: &str) -> Event {
    let by = Operator { user: "ada".to_owned(), ssh_client: None, peer: None };
    let hold = Hold { direction: None, until: None, cause: HoldCause::Person { by, reason: reason.to_owned() } };
    Event::HoldSet { database: DatabaseName::new("checkpoints"), hold, supersedes: Vec::new() }
}

fn tell(teller: &mut Teller, event: &Event) {
    teller.hear(&Happened { seq: Some(1), at: Timestamp::UNIX_EPOCH, event, identity: None });
}

async fn until(telling: &mut Telling, is: impl FnMut(&Vec<NotifyView>) -> bool) -> NotifyView {
    telling.views.wait_for(is).await.unwrap()[0].clone()
}

#[tokio::test]
async fn a_full_queue_is_counted_and_told_and_nothing_waits_for_it() {
    let (mut teller, telling) = telling("exec sleep 1000").await;
    let event = held("a sale");
    tell(&mut teller, &event);
    // The first one is at the program; then as many as the queue has places, and five more.
    while teller.queues[0].messages.capacity() < QUEUE {
        tokio::task::yield_now().await;
    }
    let began = Stopwatch::start();
    for _ in 0..QUEUE + 5 {
        tell(&mut teller, &event);
    }
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let view = telling.views.borrow()[0].clone();
    assert_eq!((view.lost, view.waiting, view.told), (5, QUEUE as u64 + 1, 0));
}

#[tokio::test]
async fn what_was_lost_is_told_with_the_next_message() {
    let directory = tempfile::tempdir().unwrap();
    let heard = directory.path().join("heard");
    let (mut teller, mut telling) = telling(&format!("cat >> {}", heard.display())).await;
    teller.queues[0].lost = 5;
    let event = held("a sale");
    tell(&mut teller, &event);
    tell(&mut teller, &event);
    tell(&mut teller, &Event::ReadRecovered { operation: "of no interest".to_owned() });
    let view = until(&mut telling, |views| views[0].told == 2).await;
    assert_eq!((view.waiting, view.failed), (0, 0));
    let text = std::fs::read_to_string(heard).unwrap();
    let told: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((told.len(), &told[0]["not_told"], told[1].get("not_told")), (2, &5.into(), None));
}

#[tokio::test]
async fn a_program_that_fails_is_a_failure_with_its_own_words_and_a_later_one_mends_it() {
    let directory = tempfile::tempdir().unwrap();
    let flag = directory.path().join("flag");
    let script =
        format!("cat >/dev/null; test -e {} && exit 0; echo 'no route to the pager' >&2; exit 3", flag.display());
    let (mut teller, mut telling) = telling(&script).await;
    let event = held("a sale");
    tell(&mut teller, &event);
    let view = until(&mut telling, |views| views[0].failed == 1).await;
    let problem = view.problem().unwrap();
    assert!(problem.contains("exit status: 3: no route to the pager"), "{problem}");
    std::fs::write(&flag, "").unwrap();
    tell(&mut teller, &event);
    let view = until(&mut telling, |views| views[0].told == 1).await;
    assert_eq!((view.problem(), view.failed, view.failures_in_a_row), (None, 1, 0));
}

#[tokio::test]
async fn a_program_gets_nothing_of_the_environment_but_what_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let heard = directory.path().join("heard");
    let (mut teller, mut telling) = telling(&format!("env > {}", heard.display())).await;
    tell(&mut teller, &held("a sale"));
    until(&mut telling, |views| views[0].told == 1).await;
    let text = std::fs::read_to_string(heard).unwrap();
    let mut names: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.retain(|name| !["PWD", "SHLVL", "_", "OLDPWD"].contains(name));
    assert_eq!(names, ["PATH"], "{text}");
}

#[tokio::test]
async fn a_program_that_hangs_is_killed_with_what_it_started() {
    let directory = tempfile::tempdir().unwrap();
    let heard = directory.path().join("heard");
    let script = format!("sleep 1000 & echo $! > {}; wait", heard.display());
    let (mut teller, mut telling) = telling(&script).await;
    tell(&mut teller, &held("a sale"));
    let view = until(&mut telling, |views| views[0].failed == 1).await;
    assert!(view.problem().unwrap().contains("killed after 10 s"), "{view:?}");
    goes_away(&std::fs::read_to_string(heard).unwrap()).await;
}

/// Sees a process go: gone, or a zombie that its new parent has not looked at yet.
async fn goes_away(pid: &str) {
    let state = || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    let gone = async {
        while !(state().is_empty() || state().contains(") Z ")) {
            tokio::task::yield_now().await;
        }
    };
    assert!(Clock::system().bounded(Duration::from_secs(10), gone).await.is_some(), "{}", state());
}

#[tokio::test]
async fn an_end_of_upshift_takes_a_program_along_with_what_it_started() {
    let directory = tempfile::tempdir().unwrap();
    let heard = directory.path().join("heard");
    let script = format!("sleep 1000 & echo $! > {0}.new; mv {0}.new {0}; wait", heard.display());
    let (mut teller, telling) = telling(&script).await;
    tell(&mut teller, &held("a sale"));
    let started = async {
        while !heard.exists() {
            tokio::task::yield_now().await;
        }
    };
    assert!(Clock::system().bounded(Duration::from_secs(10), started).await.is_some());
    drop(teller);
    telling.end().await;
    goes_away(&std::fs::read_to_string(heard).unwrap()).await;
}

#[tokio::test]
async fn a_program_that_is_not_there_is_told() {
    let command = vec!["/nowhere/tell".to_owned()];
    let (mut teller, mut telling) = start(&NotifySettings { topic: None, command }, about().await);
    tell(&mut teller, &held("a sale"));
    let view = until(&mut telling, |views| views[0].failed == 1).await;
    assert!(view.problem().unwrap().contains("could not be started: No such file"), "{view:?}");
    // Nothing waits, so that the end does not either.
    drop(teller);
    telling.end().await;
}
