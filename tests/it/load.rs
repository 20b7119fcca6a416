//! A load of writes on a real PostgreSQL: what it says it did is there, a server that goes away is survived, and what it
//! has made is gone afterwards.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use upshift::clock::Clock;
use upshift::model::load_run::{LoadRun, LoadSecond};
use upshift::workload::access::{Access, Password};
use upshift::workload::load::{Afterwards, Load, LoadEnd, LoadPlan, Progress, Statements};

use crate::postgres::Server;
use crate::process::{Process, code_and_words, upshift};

/// No load of these tests lasts so long.
const NEVER: Duration = Duration::from_mins(5);

fn load(server: &Server, duration: Duration, mix: &str) -> Load {
    let clock = Clock::system();
    let access = Access::new(server.dsn().parse().unwrap(), Password::None, None, clock.clone()).unwrap();
    let plan = LoadPlan {
        duration,
        ramp: Duration::ZERO,
        connections: 4,
        mix: mix.parse().unwrap(),
        statements: Statements::Prepared,
        table: Afterwards::Kept,
    };
    Load { access, plan, clock }
}

/// Runs `load` at 400/s beside `meanwhile`, which is given its progress, and ends it with that.
async fn beside<F: Future<Output = ()>>(
    load: &Load,
    meanwhile: impl FnOnce(watch::Receiver<Progress>, watch::Sender<f64>) -> F,
) -> LoadEnd {
    let (rate, wanted) = watch::channel(400.0);
    let (progress, seen) = watch::channel(Progress::default());
    load.run(wanted, &progress, meanwhile(seen, rate)).await.unwrap()
}

async fn until(seen: &mut watch::Receiver<Progress>, what: impl FnMut(&Progress) -> bool) {
    let waited = Clock::system().bounded(Duration::from_mins(2), seen.wait_for(what)).await;
    drop(waited.expect("the load never came so far").unwrap());
}

fn assert_adds_up(run: &LoadRun) {
    assert_eq!(run.scheduled, run.acknowledged + run.failed + run.not_begun, "{run:?}");
    assert_eq!(run.acknowledged, run.inserted + run.updated + run.deleted, "{run:?}");
    assert_eq!(run.failed, run.failures.iter().map(|(_, count)| count).sum::<u64>(), "{run:?}");
    let seconds = run.seconds.iter().fold((0, 0, 0), |(scheduled, acknowledged, failed), second| {
        let LoadSecond { scheduled: a, acknowledged: b, failed: c, .. } = *second;
        (scheduled + u64::from(a), acknowledged + u64::from(b), failed + u64::from(c))
    });
    assert_eq!(seconds, (run.scheduled, run.acknowledged, run.failed), "{run:?}");
}

/// Rows of a run's table, and how often they were written to.
fn rows_and_writes(server: &Server, run: &LoadRun) -> (u64, u64) {
    let told = server.psql(&format!("select count(*), coalesce(sum(writes), 0) from {}", run.table));
    let (rows, writes) = told.split_once('|').unwrap();
    (rows.parse().unwrap(), writes.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there() {
    let server = Server::start();
    for statements in [Statements::Prepared, Statements::Unnamed] {
        let mut load = load(&server, Duration::from_secs(2), "5:3:2");
        load.plan.statements = statements;
        let LoadEnd { run, left } = beside(&load, |_, _| std::future::pending()).await;
        assert_adds_up(&run);
        assert_eq!((run.scheduled, run.failed, run.not_begun, left), (800, 0, 0, None), "{run:?}");
        let (rows, _) = rows_and_writes(&server, &run);
        assert_eq!(rows, run.inserted - run.deleted, "{run:?}");
        // The first updates and deletes may have found no row yet, and were inserts.
        assert!(run.updated > 200 && run.deleted > 130, "{run:?}");
        assert!(run.latency.p50_millis > 0.0 && run.latency.max_millis >= run.latency.p999_millis, "{run:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn updates_are_counted_row_by_row() {
    let server = Server::start();
    let load = load(&server, Duration::from_secs(1), "1:3:0");
    let LoadEnd { run, .. } = beside(&load, |_, _| std::future::pending()).await;
    assert_adds_up(&run);
    assert_eq!(rows_and_writes(&server, &run), (run.inserted, run.inserted + run.updated), "{run:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_in_the_middle_costs_writes_and_not_the_run() {
    let mut server = Server::start();
    let load = load(&server, NEVER, "5:3:2");
    let LoadEnd { run, .. } = {
        let server = &mut server;
        beside(&load, async move |mut seen, _rate| {
            until(&mut seen, |now| now.acknowledged > 400).await;
            tokio::task::block_in_place(|| {
                server.kill_9();
                server.restart();
            });
            let before = seen.borrow().acknowledged;
            until(&mut seen, |now| now.failed > 0 && now.acknowledged > before + 400).await;
        })
        .await
    };
    assert_adds_up(&run);
    assert!(run.failed > 0 && run.acknowledged > 800, "{run:?}");
    // A write that was lost on the way may have been done, an insert as well as a delete.
    let (rows, _) = rows_and_writes(&server, &run);
    assert!(rows.abs_diff(run.inserted - run.deleted) <= run.failed, "{rows} rows of {run:?}");
    assert!(run.failures.iter().all(|(words, _)| !words.contains("was not there")), "{run:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rate_can_be_changed_while_it_runs_and_the_table_goes() {
    let server = Server::start();
    let mut load = load(&server, NEVER, "1:0:0");
    load.plan.table = Afterwards::Removed;
    let LoadEnd { run, left } = beside(&load, async |mut seen, rate| {
        until(&mut seen, |now| now.acknowledged > 100).await;
        rate.send_replace(0.0);
        until(&mut seen, |now| now.wanted_per_sec == 0.0).await;
        let still = seen.borrow().scheduled;
        let at = seen.borrow().elapsed;
        until(&mut seen, |now| now.elapsed > at + Duration::from_millis(500)).await;
        assert_eq!(seen.borrow().scheduled, still);
        rate.send_replace(1_000.0);
        until(&mut seen, |now| now.acknowledged > still + 1_000).await;
    })
    .await;
    assert_adds_up(&run);
    assert_eq!((run.failed, left), (0, None), "{run:?}");
    assert!((run.target_writes_per_sec - 1_000.0).abs() < 1e-9, "{run:?}");
    assert_eq!(server.psql("select count(*) from pg_namespace where nspname = 'upshift_load'"), "0");
}

#[test]
fn the_command_prints_its_result_and_leaves_nothing() {
    let server = Server::start();
    let state = tempfile::tempdir().unwrap();
    let dsn = server.dsn();
    let words =
        ["load", "--dsn", &dsn, "--writes", "300", "--for", "2s", "--ramp", "1s", "--connections", "3", "--json"];
    let output = upshift(state.path(), &words);
    let (code, said) = code_and_words(&output);
    assert_eq!(code, 0, "{said}");
    let run: LoadRun = serde_json::from_slice(&output.stdout).unwrap();
    assert_adds_up(&run);
    assert_eq!((run.scheduled, run.connections), (450, 3), "{run:?}");
    assert!(run.achieved_writes_per_sec > 0.0, "{run:?}");
    assert_eq!(server.psql("select count(*) from pg_namespace where nspname = 'upshift_load'"), "0");
    // Without --json, and what is kept.
    let output = upshift(state.path(), &["load", "--dsn", &dsn, "--writes", "50", "--for", "1s", "--keep"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("acknowledged  50: ") && told.contains("failed        0"), "{told}");
    assert_eq!(server.psql("select count(*) from pg_tables where schemaname = 'upshift_load'"), "1");
}

#[test]
fn a_signal_ends_it_in_order() {
    let server = Server::start();
    let state = tempfile::tempdir().unwrap();
    let dsn = server.dsn();
    let words = ["load", "--dsn", &dsn, "--writes", "200", "--for", "1h", "--json"];
    let mut process = Process::talking(state.path(), &words);
    process.until("writing to upshift_load.");
    let (code, said) = process.terminate();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("ended by SIGTERM"), "{said}");
    assert_eq!(server.psql("select count(*) from pg_namespace where nspname = 'upshift_load'"), "0");
}

#[test]
fn what_cannot_be_is_said_in_a_sentence() {
    let server = Server::start_with(&["max_connections=10", "superuser_reserved_connections=3"]);
    server.psql("create role guest login");
    let state = tempfile::tempdir().unwrap();
    let (dsn, guest) = (server.dsn(), server.dsn_of("guest"));
    let refused = |dsn: &str, more: &[&str]| {
        let words = [&["load", "--dsn", dsn, "--for", "1s"], more].concat();
        code_and_words(&upshift(state.path(), &words))
    };
    for (dsn, more, code, words) in [
        (dsn.as_str(), &["--writes", "0"][..], 2, "0 is not in 1..=100000"),
        (&dsn, &["--writes", "100001"], 2, "100001 is not in 1..=100000"),
        (&dsn, &["--writes", "9", "--connections", "0"], 2, "0 is not in 1..=10000"),
        (&dsn, &["--writes", "9", "--mix", "0:0:0"], 2, "--mix: the share of inserts must be above zero"),
        (&dsn, &["--writes", "9", "--mix", "half"], 2, "--mix: must be three whole numbers"),
        (&dsn, &["--writes", "9", "--ramp", "2s"], 2, "--ramp is a part of --for"),
        ("nonsense", &["--writes", "9"], 2, "--dsn: not a connection string"),
        ("postgresql://a@127.0.0.1:1/b", &["--writes", "9"], 1, "no session with a@127.0.0.1:1/b: "),
        ("postgresql://nobody@h:1/b", &["--writes", "9"], 2, "sslrootcert"),
        (&dsn, &["--writes", "9", "--connections", "8"], 1, "8 sessions are wanted and the server has room for 7 more"),
        (&guest, &["--writes", "9", "--connections", "1"], 1, "permission denied for database postgres (42501)"),
    ] {
        let (seen, said) = refused(dsn, more);
        assert_eq!(seen, code, "{more:?}: {said}");
        assert!(said.contains(words), "{more:?}: {said}");
        assert_eq!(said.trim_end().lines().filter(|line| line.starts_with("error")).count(), 1, "{more:?}: {said}");
    }
    // Nothing is left of any, and a role that may not make a schema can have one made for it.
    server.psql("create schema upshift_load authorization guest");
    let (code, said) = refused(&guest, &["--writes", "9", "--connections", "1"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(server.psql("select count(*) from pg_tables where schemaname = 'upshift_load'"), "0");
}
