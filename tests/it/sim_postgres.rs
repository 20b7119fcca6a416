//! Real PostgreSQL servers behind the simulated instances, driven by the real SDK: what RDS claims is so at the servers.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_rds::types::{BlueGreenDeployment, DbInstance};
use jiff::SignedDuration;
use tokio::task::JoinSet;
use upshift::clock::{Clock, Stopwatch};
use upshift::sim::Sim;
use upshift::sim::postgres::Plane;
use upshift::sim::scenario::Scenario;
use upshift::workload::access::{Access, AccessError, Password, Session};

use crate::process::{Process, upshift};
use crate::sim_account::Account;

const SPEED: f64 = 60.0;
const STALENESS: Duration = Duration::from_millis(300);
/// A machine that is busy with other tests takes its time.
const PATIENCE: Duration = Duration::from_mins(2);
const LOOK: Duration = Duration::from_millis(10);

const SHOP: &str = r#"
name = "shop"
[[instance]]
id = "shop"
class = "db.t4g.small"
deletion_protection = false
[timing]
publish_delay = "1s"
status_flip = "1s"
preparation = "10s"
outage = "20s"
standby = "10s"
failover = "20s"
old_primary = "5s"
settle = "2s"
green_provisioning = "5s"
green_backup = "2s"
green_storage = "2s"
switchover_checks = "2s"
switchover_cut = "6s"
deletion = "3s"
"#;

/// A simulation with its servers.
struct Plant {
    account: Account,
    _plane: JoinSet<String>,
}

impl Plant {
    async fn start(scenario: &str) -> Self {
        let scenario = Scenario::parse("test", scenario).unwrap_or_else(|error| panic!("{error}"));
        let sim = Sim::new(&scenario, None, Clock::scaled(scenario.start, SPEED));
        let plane = Plane::start(&sim, &scenario, None, STALENESS).await.unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(plane.run());
        Self { account: Account::on(&sim), _plane: tasks }
    }

    async fn find(&self, name: &str) -> Option<DbInstance> {
        let found = self.account.rds.describe_db_instances().db_instance_identifier(name).send().await;
        found.ok().map(|found| found.db_instances()[0].clone())
    }

    async fn instance(&self, name: &str) -> DbInstance {
        self.find(name).await.unwrap_or_else(|| panic!("no {name}"))
    }

    /// Where RDS says that clients reach it.
    async fn place(&self, name: &str) -> SocketAddr {
        let instance = self.instance(name).await;
        let endpoint = instance.endpoint().unwrap();
        format!("{}:{}", endpoint.address().unwrap(), endpoint.port().unwrap()).parse().unwrap()
    }

    async fn modify(&self, name: &str, class: &str) {
        let request = self.account.rds.modify_db_instance().db_instance_identifier(name);
        request.db_instance_class(class).apply_immediately(true).send().await.unwrap();
    }

    async fn until_available(&self, name: &str, class: &str) {
        let is_so = async || {
            let now = self.instance(name).await;
            now.db_instance_status() == Some("available") && now.db_instance_class() == Some(class)
        };
        until(&format!("{name} is {class}"), is_so).await;
    }

    async fn copy(&self, class: &str) -> String {
        let source = self.instance("shop").await;
        let request = self.account.rds.create_blue_green_deployment().blue_green_deployment_name("copy");
        let request = request.source(source.db_instance_arn().unwrap()).target_db_instance_class(class);
        let made = request.send().await.unwrap();
        made.blue_green_deployment().unwrap().blue_green_deployment_identifier().unwrap().to_owned()
    }

    async fn deployment(&self, id: &str) -> BlueGreenDeployment {
        let request = self.account.rds.describe_blue_green_deployments().blue_green_deployment_identifier(id);
        request.send().await.unwrap().blue_green_deployments()[0].clone()
    }

    async fn until_deployment(&self, id: &str, status: &str) {
        until(status, async || self.deployment(id).await.status() == Some(status)).await;
    }

    async fn switch_over(&self, id: &str) {
        let request = self.account.rds.switchover_blue_green_deployment().blue_green_deployment_identifier(id);
        request.switchover_timeout(300).send().await.unwrap();
    }
}

/// Waits until it is so.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let clock = Clock::system();
    let looks = async {
        while !is_so().await {
            clock.sleep(LOOK).await;
        }
    };
    assert!(clock.bounded(PATIENCE, looks).await.is_some(), "never: {what}");
}

async fn try_session(place: SocketAddr) -> Result<Session, AccessError> {
    let dsn = format!("postgresql://postgres@{place}/postgres").parse().unwrap();
    Access::new(dsn, Password::None, None, Clock::system()).unwrap().connect("test", Duration::from_secs(5)).await
}

async fn session(place: SocketAddr) -> Session {
    try_session(place).await.unwrap()
}

/// The only value of a query's only row.
async fn ask(session: &Session, sql: &str) -> String {
    let row =
        session.query_one(&format!("select ({sql})::text"), &[]).await.unwrap_or_else(|error| panic!("{error:?}"));
    row.get(0)
}

async fn ask_at(place: SocketAddr, sql: &str) -> String {
    ask(&session(place).await, sql).await
}

const DATA: &str = "current_setting('data_directory')";
const PROCESS: &str = "pg_postmaster_start_time()";

/// Clients that write a row each, again and again, each row once; what was acknowledged to them.
struct Writers {
    tasks: JoinSet<()>,
    goes_on: Arc<AtomicBool>,
    acknowledged: Arc<[AtomicU64]>,
}

impl Writers {
    async fn start(place: SocketAddr, number: usize) -> Self {
        session(place).await.batch_execute("create table written (client int, row bigint)").await.unwrap();
        let goes_on = Arc::new(AtomicBool::new(true));
        let acknowledged: Arc<[AtomicU64]> = (0..number).map(|_| AtomicU64::new(0)).collect();
        let mut tasks = JoinSet::new();
        for client in 0..number {
            tasks.spawn(write(place, client, goes_on.clone(), acknowledged.clone()));
        }
        Self { tasks, goes_on, acknowledged }
    }

    fn so_far(&self) -> u64 {
        self.acknowledged.iter().map(|rows| rows.load(Ordering::Relaxed)).sum()
    }

    /// Ends them, and looks for every row that was acknowledged. How many.
    async fn end(mut self, place: SocketAddr) -> u64 {
        self.goes_on.store(false, Ordering::Relaxed);
        while self.tasks.join_next().await.is_some() {}
        let session = session(place).await;
        for (client, rows) in self.acknowledged.iter().enumerate() {
            let rows = rows.load(Ordering::Relaxed);
            let there = format!("select count(distinct row) from written where client = {client} and row <= {rows}");
            assert_eq!(ask(&session, &there).await, rows.to_string(), "client {client} has lost writes");
        }
        self.acknowledged.iter().map(|rows| rows.load(Ordering::Relaxed)).sum()
    }
}

/// Writes rows 1, 2, 3 …; a row that was not acknowledged is written again by a new session.
async fn write(place: SocketAddr, client: usize, goes_on: Arc<AtomicBool>, acknowledged: Arc<[AtomicU64]>) {
    let client_id = i32::try_from(client).unwrap();
    let insert = "insert into written values ($1, $2)";
    while goes_on.load(Ordering::Relaxed) {
        let Ok(session) = try_session(place).await else {
            Clock::system().sleep(LOOK).await;
            continue;
        };
        let Ok(insert) = session.prepare(insert).await else { continue };
        while goes_on.load(Ordering::Relaxed) {
            let next = i64::try_from(acknowledged[client].load(Ordering::Relaxed)).unwrap() + 1;
            if session.execute(&insert, &[&client_id, &next]).await.is_err() {
                break;
            }
            acknowledged[client].fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_stands_behind_each_instance_with_the_settings_of_its_class() {
    let two = format!("{SHOP}[[instance]]\nid = \"big\"\nclass = \"db.m5.large\"\n");
    let plant = Plant::start(&two).await;
    let (small, big) = (session(plant.place("shop").await).await, session(plant.place("big").await).await);
    assert_ne!(ask(&small, DATA).await, ask(&big, DATA).await);
    for (session, connections, buffers) in [(&small, "225", "16MB"), (&big, "901", "32MB")] {
        assert_eq!(ask(session, "current_setting('max_connections')").await, connections);
        assert_eq!(ask(session, "current_setting('shared_buffers')").await, buffers);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_is_held_to_what_the_class_sustains_and_a_larger_class_sustains_more() {
    let limited =
        format!("{SHOP}[capacity.\"db.t4g.small\"]\nwrites = 200\n[capacity.\"db.m5.large\"]\nwrites = 400\n");
    let plant = Plant::start(&limited).await;
    let place = plant.place("shop").await;
    let writers = Writers::start(place, 8).await;
    assert_rate(&writers, 200.0).await;
    plant.modify("shop", "db.m5.large").await;
    plant.until_available("shop", "db.m5.large").await;
    assert_rate(&writers, 400.0).await;
    writers.end(place).await;
}

/// The rate of acknowledged rows over some seconds is that, within a tenth.
async fn assert_rate(writers: &Writers, rows_per_sec: f64) {
    let begun_with = writers.so_far();
    until("clients write", async || writers.so_far() > begun_with + 50).await;
    let (before, watch) = (writers.so_far(), Stopwatch::start());
    Clock::system().sleep(Duration::from_secs(4)).await;
    let rate = (writers.so_far() - before) as f64 / watch.elapsed().as_secs_f64();
    assert!((rate / rows_per_sec - 1.0).abs() < 0.1, "{rate} rows/s where {rows_per_sec} are sustained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_in_place_restarts_the_server_and_its_data_stays() {
    let plant = Plant::start(SHOP).await;
    let place = plant.place("shop").await;
    let old = session(place).await;
    let (data, process) = (ask(&old, DATA).await, ask(&old, PROCESS).await);
    let writers = Writers::start(place, 2).await;
    plant.modify("shop", "db.m5.large").await;
    until("sessions end", async || old.is_closed()).await;
    plant.until_available("shop", "db.m5.large").await;
    assert_eq!(plant.place("shop").await, place);
    let new = session(place).await;
    assert_eq!(ask(&new, DATA).await, data);
    assert_ne!(ask(&new, PROCESS).await, process);
    assert_eq!(ask(&new, "current_setting('max_connections')").await, "901");
    assert!(writers.end(place).await > 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_multi_az_instance_fails_over_to_the_server_that_followed_and_gets_another_one() {
    let plant = Plant::start(&SHOP.replace("id = \"shop\"", "id = \"shop\"\nmulti_az = true")).await;
    let place = plant.place("shop").await;
    let follows =
        "select count(*) from pg_stat_replication where state = 'streaming' and application_name like 'standby%'";
    let old = session(place).await;
    assert_eq!(ask(&old, follows).await, "1");
    let data = ask(&old, DATA).await;
    let writers = Writers::start(place, 4).await;
    plant.modify("shop", "db.m5.large").await;
    until("sessions end", async || old.is_closed()).await;
    plant.until_available("shop", "db.m5.large").await;
    until("clients find the new server", async || try_session(place).await.is_ok()).await;
    let new = session(place).await;
    assert_ne!(ask(&new, DATA).await, data, "another server");
    assert_eq!(ask(&new, "current_setting('max_connections')").await, "901");
    assert!(writers.end(place).await > 100);
    until("a new standby follows", async || ask(&new, follows).await == "1").await;
    until("the old server's data is gone", async || !Path::new(&data).exists()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_takes_over_with_every_write_and_the_old_one_takes_none_whatever_a_session_says() {
    let plant = Plant::start(SHOP).await;
    let place = plant.place("shop").await;
    let data = ask_at(place, DATA).await;
    let writers = Writers::start(place, 4).await;
    let id = plant.copy("db.m5.large").await;
    plant.until_deployment(&id, "AVAILABLE").await;
    let followers = "select count(*) from pg_stat_replication where state = 'streaming'";
    assert_eq!(ask_at(place, followers).await, "1");
    plant.switch_over(&id).await;
    plant.until_deployment(&id, "SWITCHOVER_COMPLETED").await;
    assert_eq!(plant.place("shop").await, place, "the name's address stays");
    until(
        "the endpoint leads to the new machine",
        async || matches!(try_session(place).await, Ok(session) if ask(&session, DATA).await != data),
    )
    .await;
    let new = session(place).await;
    assert_eq!(ask(&new, "current_setting('max_connections')").await, "901");
    let before = writers.so_far();
    until("clients write again", async || writers.so_far() > before + 100).await;
    writers.end(place).await;

    let old = session(plant.place("shop-old1").await).await;
    assert_eq!(ask(&old, DATA).await, data);
    for trick in [
        "insert into written values (9, 9)",
        "begin; set transaction read write; insert into written values (9, 9); commit",
        "set default_transaction_read_only = off; insert into written values (9, 9)",
        "set session characteristics as transaction read write; insert into written values (9, 9)",
    ] {
        let refused = old.batch_execute(trick).await.unwrap_err();
        assert!(["25006", "0A000"].contains(&refused.code().unwrap().code()), "{trick}: {refused:?}");
        old.batch_execute("rollback").await.unwrap();
    }

    plant.account.rds.delete_blue_green_deployment().blue_green_deployment_identifier(&id).send().await.unwrap();
    let request = plant.account.rds.delete_db_instance().db_instance_identifier("shop-old1");
    request.skip_final_snapshot(true).send().await.unwrap();
    until("the old machine is gone", async || plant.find("shop-old1").await.is_none()).await;
    until("its data is gone", async || !Path::new(&data).exists()).await;
    until("its sessions have ended", async || old.is_closed()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_sessions_go_to_the_old_machine_for_as_long_as_its_address_is_remembered() {
    let plant = Plant::start(SHOP).await;
    let place = plant.place("shop").await;
    let data = ask_at(place, DATA).await;
    let id = plant.copy("db.m5.large").await;
    plant.until_deployment(&id, "AVAILABLE").await;
    plant.switch_over(&id).await;
    let held = plant.account.sim.clone();
    until("the name is the copy's", async || {
        held.world().fleet().instance("shop-old1").is_some() && try_session(place).await.is_ok()
    })
    .await;
    let (watch, mut stale_until) = (Stopwatch::start(), Duration::ZERO);
    let fresh_from = loop {
        let asked = watch.elapsed();
        let Ok(session) = try_session(place).await else { continue };
        let led_to = ask(&session, DATA).await;
        if led_to != data {
            break watch.elapsed();
        }
        stale_until = asked;
    };
    assert!(
        stale_until <= STALENESS && fresh_from > STALENESS / 4,
        "stale until {stale_until:?}, fresh {fresh_from:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_cut_that_was_cancelled_everything_is_as_it_was() {
    for end in ["cut_too_long", "cut_fails"] {
        let faulty = format!("{SHOP}[[fault]]\nat = \"0s\"\nfor = \"1d\"\nblue_green = \"{end}\"\n");
        let plant = Plant::start(&faulty).await;
        let place = plant.place("shop").await;
        let before = session(place).await;
        let data = ask(&before, DATA).await;
        let writers = Writers::start(place, 2).await;
        let id = plant.copy("db.m5.large").await;
        plant.until_deployment(&id, "AVAILABLE").await;
        let request = plant.account.rds.switchover_blue_green_deployment().blue_green_deployment_identifier(&id);
        request.switchover_timeout(30).send().await.unwrap();
        until("clients are kept out", async || before.is_closed()).await;
        until("clients are let in", async || try_session(place).await.is_ok()).await;
        let so_far = writers.so_far();
        until("clients write again", async || writers.so_far() > so_far + 50).await;
        assert_eq!(ask_at(place, DATA).await, data, "{end}: the same machine");
        writers.end(place).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_deleted_while_it_is_made_leaves_no_server() {
    let plant = Plant::start(SHOP).await;
    let place = plant.place("shop").await;
    let yard = Path::new(&ask_at(place, DATA).await).parent().unwrap().parent().unwrap().to_owned();
    // Beside the mark of its owner.
    let servers = || std::fs::read_dir(&yard).unwrap().flatten().filter(|entry| entry.path().is_dir()).count();
    assert_eq!(servers(), 1);
    // Makes the base backup take a while.
    session(place)
        .await
        .batch_execute("create table much as select repeat('x', 500) from generate_series(1, 200000)")
        .await
        .unwrap();
    let id = plant.copy("db.m5.large").await;
    until("the copy is being made", async || servers() == 2).await;
    let request = plant.account.rds.delete_blue_green_deployment().blue_green_deployment_identifier(&id);
    request.delete_target(true).send().await.unwrap();
    until("its record is gone", async || {
        let asked = plant.account.rds.describe_blue_green_deployments().send().await.unwrap();
        asked.blue_green_deployments().is_empty()
    })
    .await;
    until("its server is gone", async || servers() == 1).await;
    until("nobody follows", async || ask_at(place, "select count(*) from pg_stat_replication").await == "0").await;
    let instances = plant.account.rds.describe_db_instances().send().await.unwrap();
    assert_eq!(instances.db_instances().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cloudwatch_publishes_what_the_server_does() {
    let limited = format!("{SHOP}[capacity.\"db.t4g.small\"]\nwrites = 200\n");
    let plant = Plant::start(&limited).await;
    let place = plant.place("shop").await;
    let writers = Writers::start(place, 8).await;
    until("clients write", async || writers.so_far() > 100).await;
    let (from, before, watch) = (plant.account.now(), writers.so_far(), Stopwatch::start());
    // Six of its minutes.
    Clock::system().sleep(Duration::from_secs(6)).await;
    let rate = (writers.so_far() - before) as f64 / watch.elapsed().as_secs_f64();
    // A base backup moves the log to another segment; nobody has written that.
    let id = plant.copy("db.m5.large").await;
    plant.until_deployment(&id, "AVAILABLE").await;
    let until = plant.account.now();
    let average = async |metric: &str| {
        let dimension =
            aws_sdk_cloudwatch::types::Dimension::builder().name("DBInstanceIdentifier").value("shop").build();
        let date = |at: jiff::Timestamp| aws_sdk_cloudwatch::primitives::DateTime::from_secs(at.as_second() / 60 * 60);
        let request = plant.account.cloudwatch.get_metric_statistics().namespace("AWS/RDS").metric_name(metric);
        let request = request.dimensions(dimension).period(60).statistics("Average".into());
        let request = request.start_time(date(from + SignedDuration::from_secs(60))).end_time(date(until));
        let points = request.send().await.unwrap();
        points.datapoints().iter().map(|point| point.average().unwrap()).collect::<Vec<f64>>()
    };
    let writes = average("WriteIOPS").await;
    assert!(writes.len() >= 5, "{writes:?}");
    for minute in &writes {
        assert!((minute / rate - 1.0).abs() < 0.25, "{writes:?}, and clients wrote {rate}/s");
    }
    let sessions = average("DatabaseConnections").await;
    assert!(sessions.iter().all(|sessions| (8.0..=9.0).contains(sessions)), "{sessions:?}, and clients had 8");
    let latency = average("WriteLatency").await;
    assert!(latency.iter().all(|secs| *secs > 0.005), "{latency:?}: eight clients at 200/s wait 40 ms each");
    writers.end(place).await;
}

/// Whether any process still runs a server in that folder.
fn serves(yard: &Path) -> bool {
    let yard = yard.to_str().unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes.into_iter().any(|process| {
        let words = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&words).contains(yard)
    })
}

/// The built simulation with servers, and the folder of its servers.
async fn built(directory: &Path) -> (Process, std::path::PathBuf) {
    let words = ["sim", "--postgres", "--scenario", "drill", "--speed", "60"];
    let mut process = Process::start(directory, &words, |child| Box::new(child.stdout.take().unwrap()));
    process.until("databases");
    let ready: serde_json::Value = serde_json::from_str(process.said.last().unwrap()).unwrap();
    let dsn = ready["databases"]["checkpoints"].as_str().unwrap();
    let place = dsn.rsplit('@').next().unwrap().split('/').next().unwrap().parse().unwrap();
    let data = ask_at(place, DATA).await;
    (process, Path::new(&data).parent().unwrap().parent().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_simulation_leaves_no_process_and_the_next_one_removes_its_folder() {
    let directory = tempfile::tempdir().unwrap();
    let (mut process, yard) = built(directory.path()).await;
    process.kill();
    until("its servers have ended", async || !serves(&yard)).await;
    let (process, next) = built(directory.path()).await;
    assert!(!yard.exists());
    let (code, _) = process.terminate();
    assert_eq!(code, 0);
    assert!(!next.exists());
    until("no server runs after SIGTERM", async || !serves(&next)).await;
}

#[test]
fn what_servers_cannot_do_is_said_before_anything_starts() {
    let state = tempfile::tempdir().unwrap();
    let cases: [(&[&str], &str); 2] = [
        (&["--scenario", "aurora"], "the scenario has clusters, which are simulated without real servers"),
        (&["--speed", "600"], "real servers cannot follow 600 times real time: choose a speed of 120 or less"),
    ];
    for (words, sentence) in cases {
        let output = upshift(state.path(), &[&["sim", "--postgres"], words].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(sentence), "{said}");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{said}");
    }
}
