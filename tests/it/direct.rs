//! A server that is read each second: what is counted, what is not, and what else is seen.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;
use upshift::aws::connect::{InProcess, Target, connect};
use upshift::clock::Clock;
use upshift::model::database::DatabaseName;
use upshift::model::failure::FailureKind;
use upshift::model::series::SignalName;
use upshift::model::server::{ServerMetric, ServerReading};
use upshift::model::settings::AwsSettings;
use upshift::workload::access::{Access, Password, Session};
use upshift::workload::private_file::PrivateFile;
use upshift::workload::signals::{Source, read_always, read_once};

use crate::controlled::{entries, sent, simulation, start_by};
use crate::postgres::Server;

const PATIENCE: Duration = Duration::from_mins(1);

fn access(dsn: &str) -> Access {
    Access::new(dsn.parse().unwrap(), Password::None, None, Clock::system()).unwrap()
}

/// Periods of two seconds, so that a test has several of them.
fn source(dsn: &str) -> Source {
    let signal = |name: &str, metric| (SignalName::new(name), metric, 2);
    Source {
        database: DatabaseName::new("checkpoints"),
        access: access(dsn),
        signals: vec![
            signal("rows", ServerMetric::RowsWrittenPerSec),
            signal("commits", ServerMetric::CommitsPerSec),
            signal("connections", ServerMetric::Connections),
        ],
    }
}

async fn seen(dsn: &str) -> ServerReading {
    Box::pin(read_once(&source(dsn), &Clock::system())).await
}

async fn session(dsn: &str) -> Session {
    access(dsn).connect("test", PATIENCE).await.unwrap()
}

/// A reader that runs, and what it knows.
struct Reading {
    known: watch::Receiver<ServerReading>,
    _task: JoinSet<()>,
}

impl Reading {
    fn of(server: &Server) -> Self {
        let (sender, known) = watch::channel(ServerReading::default());
        let mut task = JoinSet::new();
        task.spawn(read_always(source(&server.dsn()), Clock::system(), sender));
        Self { known, _task: task }
    }

    async fn until(&mut self, found: impl FnMut(&ServerReading) -> bool) -> ServerReading {
        let known = Clock::system().bounded(PATIENCE, self.known.wait_for(found)).await;
        known.expect("what is waited for never came").unwrap().clone()
    }
}

fn values(reading: &ServerReading, signal: &str) -> Vec<(Timestamp, f64)> {
    let series = reading.series.get(&SignalName::new(signal));
    series.into_iter().flat_map(|series| &series.points).map(|point| (point.start, point.value)).collect()
}

#[tokio::test]
async fn a_load_is_seen_within_seconds_and_nothing_is_counted_across_resets_and_restarts() {
    let mut server = Server::start();
    server.psql("create table t (v int)");
    let mut reading = Reading::of(&server);
    reading.until(|known| values(known, "rows").iter().any(|(_, rows)| *rows == 0.0)).await;
    // 5,000 rows in one transaction: 2,500 a second over one period, or shared by two.
    server.psql("insert into t select generate_series(1, 5000)");
    let loaded = reading.until(|known| values(known, "rows").iter().any(|(_, rows)| *rows > 0.0)).await;
    let sum = |known: &ServerReading| values(known, "rows").iter().map(|(_, rows)| rows * 2.0).sum::<f64>();
    assert!(values(&loaded, "rows").iter().all(|(_, rows)| (0.0..=5_000.0).contains(rows)), "{loaded:?}");
    let whole = reading.until(|known| (sum(known) - 5_000.0).abs() < 100.0).await;
    assert!(values(&whole, "connections").iter().all(|(_, sessions)| *sessions >= 1.0));
    assert!(values(&whole, "commits").iter().any(|(_, commits)| *commits >= 1.0), "its own are among them");

    server.psql("select pg_stat_reset()");
    server.psql("insert into t select generate_series(1, 5000)");
    let periods = values(&whole, "rows").len();
    let reset = reading.until(|known| values(known, "rows").len() > periods + 1).await;
    assert!(values(&reset, "rows").iter().all(|(_, rows)| (0.0..=5_000.0).contains(rows)), "{reset:?}");

    let before = reset.seen.clone().unwrap().id;
    server.kill_9();
    let failing = reading.until(|known| known.failure.is_some()).await;
    let failure = failing.failure.unwrap();
    assert_eq!((failure.kind, failure.operation.as_str()), (FailureKind::Network, "PostgreSQL checkpoints"));
    server.restart();
    let last = values(&reset, "rows").last().map(|(start, _)| *start);
    let back = reading.until(|known| values(known, "rows").last().map(|(start, _)| *start) > last).await;
    let back = reading
        .until(|known| known.failure.is_none() && values(known, "rows").len() > values(&back, "rows").len())
        .await;
    assert_ne!(back.seen.as_ref().unwrap().id, before, "another server by its start");
    let rows = values(&back, "rows");
    assert!(rows.iter().all(|(_, rows)| (0.0..=5_000.0).contains(rows)), "{rows:?}");
    let gaps = rows.windows(2).filter(|pair| pair[1].0.duration_since(pair[0].0).as_secs() > 2).count();
    assert!(gaps >= 1, "what was not seen is missing, and not zero: {rows:?}");
}

#[tokio::test]
async fn what_a_change_would_cut_off_is_seen() {
    let server = Server::start_with(&["max_connections=29", "max_prepared_transactions=3", "wal_level=logical"]);
    let calm = seen(&server.dsn()).await.seen.unwrap();
    assert!(calm.is_writable && calm.max_connections == 29 && calm.connections >= 1, "{calm:?}");
    assert_eq!((calm.oldest_transaction_secs, calm.oldest_prepared_secs), (Some(0), None));
    assert!(calm.external_slots.is_empty());
    assert_eq!(calm.id.address, Some(format!("127.0.0.1:{}", server.port())));

    server.psql("create table t (v int)");
    // A slot waits for transactions that are open when it is made.
    server.psql("select pg_create_logical_replication_slot('debezium', 'test_decoding')");
    server.psql("begin; insert into t values (1); prepare transaction 'p'");
    server.psql("select pg_create_physical_replication_slot('rds_us_east_1_db_x')");
    let open = session(&server.dsn()).await;
    open.batch_execute("begin; select 1").await.unwrap();
    let clock = Clock::system();
    let busy = clock.bounded(PATIENCE, async {
        loop {
            let now = seen(&server.dsn()).await.seen.unwrap();
            if now.oldest_transaction_secs >= Some(1) && now.oldest_prepared_secs >= Some(1) {
                return now;
            }
        }
    });
    let busy = busy.await.expect("a transaction grows old");
    assert_eq!(busy.external_slots, ["debezium"], "RDS's own are not counted");

    // A role without pg_monitor counts rows, and does not take what it cannot see for nothing.
    server.psql("create role plain login");
    let plain = seen(&server.dsn_of("plain")).await.seen.unwrap();
    assert_eq!((plain.oldest_transaction_secs, plain.external_slots.len()), (None, 1));
    server.psql("grant pg_monitor to plain");
    assert!(seen(&server.dsn_of("plain")).await.seen.unwrap().oldest_transaction_secs >= Some(1));

    server.psql("alter system set default_transaction_read_only = on");
    server.psql("select pg_reload_conf()");
    let clock = Clock::system();
    let closed = clock.bounded(PATIENCE, async { while seen(&server.dsn()).await.seen.unwrap().is_writable {} });
    closed.await.expect("a server that takes no writes is seen to take none");
}

#[tokio::test]
async fn why_a_server_cannot_be_read_is_said_and_no_secret_with_it() {
    let server = Server::start_with(&["log_statement=none"]);
    let absent = seen(&server.dsn_of("nobody")).await;
    let failure = absent.failure.unwrap();
    assert_eq!(failure.kind, FailureKind::AccessDenied);
    assert!(failure.sentence.contains("nobody@127.0.0.1") && failure.sentence.contains("28000"), "{failure:?}");
    let password = Password::File(PrivateFile::new(Path::new("/nonexistent/password")));
    let access = Access::new(server.dsn().parse().unwrap(), password, None, Clock::system()).unwrap();
    let source = Source { access, ..source(&server.dsn()) };
    let failure = read_once(&source, &Clock::system()).await.failure.unwrap();
    assert_eq!(failure.kind, FailureKind::NoCredentials);
    assert!(absent.seen.is_none() && absent.series.values().all(|series| series.points.is_empty()));
}

/// Performance Insights counts rows, and `GetMetricData` has its counters by an expression: a rule on it acts.
#[tokio::test(start_paused = true)]
async fn rows_that_performance_insights_counts_are_a_signal_that_is_acted_on() {
    let text = "[[database]]\nid = \"checkpoints\"\nladder = [\"db.t4g.small\", \"db.m5.large\"]\n\
                up = [{ signal = \"rows\", above = 280, datapoints = 2, periods = 3 }]\n\
                down = [{ signal = \"rows\", below = 100, datapoints = 10, periods = 10 }]\n\
                [[database.signal]]\nname = \"rows\"\nunit = \"rows/s\"\n\
                expression = \"DB_PERF_INSIGHTS('RDS', '{resource_id}', 'db.SQL.tup_inserted.avg')\"\n";
    let settings = upshift::config::parse(text, "config.toml").unwrap_or_else(|problems| panic!("{problems}"));
    let (sim, directory) = (simulation(include_str!("../../src/sim/scenarios/checkpoints.toml"), ""), TempDir::new());
    let directory = directory.unwrap();
    let mut running = start_by(settings, &sim, directory.path()).await;
    running.arm().await;
    sim.clock().sleep(Duration::from_mins(30)).await;
    let rows = running.client.snapshot().databases[0].signal(&SignalName::new("rows")).cloned();
    running.end().await;
    assert!(rows.is_some_and(|rows| rows.points.iter().any(|point| point.value > 280.0)));
    assert_eq!(sent(&entries(directory.path())), ["ModifyDBInstance"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_iam_is_made_for_each_session_and_names_it() {
    let sim = simulation(include_str!("../../src/sim/scenarios/checkpoints.toml"), "");
    let clock = sim.clock().clone();
    let target = Target::InProcess(InProcess::new(sim.http_client(), clock.clone()));
    let aws = connect(&AwsSettings::default(), target).await;
    let token = async || aws.session_token("db.example.com", 5433, "upshift").await.unwrap();
    let first = token().await;
    let text = first.expose_secret();
    assert!(text.starts_with("db.example.com:5433/?Action=connect&DBUser=upshift&"), "{text}");
    assert!(text.contains("X-Amz-Expires=900") && text.contains("X-Amz-Signature="), "{text}");
    clock.sleep(Duration::from_mins(1)).await;
    assert_ne!(token().await.expose_secret(), text);
    assert!(aws.session_token("db.example.com/?x", 5432, "upshift").await.is_err());
}
