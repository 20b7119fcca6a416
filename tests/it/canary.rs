//! The canary against real servers that are killed, frozen, replaced and cut off: it must find what was planted, all of it,
//! and nothing else.

use std::time::Duration;

use jiff::Timestamp;
use upshift::clock::Clock;
use upshift::model::availability::{Availability, ClientOutage, ClientPath, PathResult};
use upshift::workload::access::{Access, Password};
use upshift::workload::canary::setup::{ROLE, carry_out, remove_sql, setup_sql};
use upshift::workload::canary::{Canary, Live, OldWriter, Plan};

use crate::postgres::Server;
use crate::proxy::Proxy;

const EVERY: Duration = Duration::from_millis(20);

/// A client that knows nothing of a canary: one write after the other, a new session when one is lost. The longest time between
/// two acknowledgements, in milliseconds.
struct RawClient {
    tasks: tokio::task::JoinSet<u64>,
    stop: tokio::sync::watch::Sender<bool>,
}

impl RawClient {
    fn start(port: u16) -> Self {
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(async move {
            let (mut last, mut longest) = (now(), 0);
            let dsn = format!("host=127.0.0.1 port={port} user=postgres dbname=postgres connect_timeout=1");
            while !*stopped.borrow() {
                let Ok((client, connection)) = tokio_postgres::connect(&dsn, tokio_postgres::NoTls).await else {
                    Clock::system().sleep(Duration::from_millis(2)).await;
                    continue;
                };
                let writes = async {
                    while !*stopped.borrow() && client.batch_execute("insert into raw values (1)").await.is_ok() {
                        let at = now();
                        longest = longest.max(millis(last, at));
                        last = at;
                        Clock::system().sleep(Duration::from_millis(2)).await;
                    }
                };
                tokio::select! {
                    _ = connection => {}
                    () = writes => {}
                }
            }
            longest
        });
        Self { tasks, stop }
    }

    async fn longest_gap(mut self) -> u64 {
        self.stop.send_replace(true);
        self.tasks.join_next().await.unwrap().unwrap()
    }
}

/// A machine that is busy with other tests takes its time.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a way sees later than it happened: an attempt is due each 20 ms, and takes its time on a busy machine.
const NEAR_MILLIS: u64 = 60;

fn access(role: &str, port: u16) -> Access {
    let dsn = format!("postgresql://{role}@127.0.0.1:{port}/postgres").parse().unwrap();
    Access::new(dsn, Password::None, None, Clock::system()).unwrap()
}

async fn prepared(settings: &[&str]) -> Server {
    let server = Server::start_with(settings);
    let admin = access("postgres", server.port());
    carry_out(&admin, &setup_sql(admin.dsn(), &ROLE.parse().unwrap())).await.unwrap();
    server
}

/// A canary through an endpoint, pinned to the server behind it.
async fn begun(endpoint: &Proxy, server: &Server) -> Canary {
    let old = OldWriter { host: "127.0.0.1".to_owned(), port: server.port() };
    let plan = Plan::new(EVERY, Duration::from_millis(200)).unwrap().with_old_writer(old);
    let canary = Canary::start(access(ROLE, endpoint.port()), plan, Clock::system()).await.unwrap();
    more(&canary, &[ClientPath::Persistent], 25).await;
    canary
}

async fn until(canary: &Canary, what: &str, is_so: impl FnMut(&Live) -> bool) {
    let mut live = canary.watch();
    let so = Clock::system().bounded(PATIENCE, live.wait_for(is_so)).await;
    assert!(matches!(so, Some(Ok(_))), "never {what}: {:?}", canary.watch().borrow());
}

/// Waits until these ways have so many acknowledgements more, and are not out.
async fn more(canary: &Canary, paths: &[ClientPath], count: u64) {
    let before = canary.watch().borrow().clone();
    let acknowledged = |live: &Live, path| live.paths[path].acknowledged;
    until(canary, "acknowledged again", |live| {
        let is_back = |path| {
            live.paths[path].out_since.is_none() && acknowledged(live, path) >= acknowledged(&before, path) + count
        };
        paths.iter().all(is_back)
    })
    .await;
}

async fn out(canary: &Canary, paths: &[ClientPath]) {
    until(canary, "out", |live| paths.iter().all(|path| live.paths[path].out_since.is_some())).await;
}

fn of(availability: &Availability, path: ClientPath) -> &PathResult {
    availability.paths.iter().find(|result| result.path == path).unwrap()
}

fn one_outage(availability: &Availability, path: ClientPath) -> ClientOutage {
    let outages = &of(availability, path).outages;
    assert_eq!(outages.len(), 1, "{path:?}: {outages:?}");
    outages[0]
}

#[track_caller]
fn assert_near(what: &str, seen: u64, truth: u64) {
    assert!(seen.abs_diff(truth) <= NEAR_MILLIS, "{what}: seen {seen} ms, in truth {truth} ms");
}

#[track_caller]
fn assert_whole(availability: &Availability) {
    let integrity = availability.integrity.as_ref().unwrap_or_else(|| panic!("{:?}", availability.unchecked));
    assert!(integrity.is_whole() && integrity.acknowledged > 0, "{integrity:?}");
}

fn now() -> Timestamp {
    Clock::system().now()
}

fn millis(from: Timestamp, until: Timestamp) -> u64 {
    until.duration_since(from).as_millis().try_into().unwrap()
}

use ClientPath::{Fresh, OldWriter as Pinned, Persistent};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_well_raises_no_alarm_and_nothing_is_left_in_it() {
    let server = prepared(&[]).await;
    let standby = server.standby();
    let reader = access(ROLE, standby.port());
    let plan = Plan::new(EVERY, Duration::from_millis(100)).unwrap().with_reader(reader);
    let canary = Canary::start(access(ROLE, server.port()), plan, Clock::system()).await.unwrap();
    more(&canary, &[Persistent, ClientPath::Reader], 150).await;
    let availability = canary.stop().await;
    assert_whole(&availability);
    assert_eq!(availability.paths.len(), 4);
    for path in &availability.paths {
        assert!(path.acknowledged == path.attempts && path.outages.is_empty(), "{path:?}");
        // Nothing is answered within a tenth of a millisecond.
        assert!(path.latency.p50_millis > 0.1 && path.seconds.len() >= 3, "{path:?}");
        assert!(path.latency.max_millis < 1_000.0 && path.latency.p50_millis <= path.latency.max_millis, "{path:?}");
    }
    let writers = &availability.integrity.as_ref().unwrap().writers;
    assert!(writers.len() == 1 && writers[0].starts_with(&format!("127.0.0.1:{}, timeline 1", server.port())));
    assert_eq!(server.psql("select count(*) from upshift_canary.attempt"), "0");
    // The role can do that and nothing else.
    let rights = format!("set role {ROLE}; create table public.t (v int)");
    assert!(!server.run("psql", &["-h", "127.0.0.1", "-c", &rights, &server.dsn()]).status.success());
    let admin = access("postgres", server.port());
    carry_out(&admin, &remove_sql(admin.dsn(), &ROLE.parse().unwrap())).await.unwrap();
    let left = "select (select count(*) from pg_roles where rolname like 'upshift%') + \
                (select count(*) from pg_namespace where nspname like 'upshift%')";
    assert_eq!(server.psql(left), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_is_an_outage_of_its_true_length_and_nothing_is_lost() {
    let mut server = prepared(&["log_line_prefix=%n "]).await;
    let endpoint = Proxy::to(server.port()).await;
    let canary = begun(&endpoint, &server).await;
    let killed = now();
    server.kill_9();
    out(&canary, &[Persistent, Fresh, Pinned]).await;
    server.restart();
    more(&canary, &[Persistent, Fresh, Pinned], 25).await;
    let availability = canary.stop().await;
    assert_whole(&availability);
    // The server's own word, with the time in milliseconds.
    let said = server.said();
    let ready = said.lines().rfind(|line| line.contains("ready to accept connections")).unwrap();
    let ready: f64 = ready.split(' ').next().unwrap().parse().unwrap();
    let truth = (ready * 1000.0) as u64 - killed.as_millisecond() as u64;
    for path in [Persistent, Fresh, Pinned] {
        assert_near(path.words(), one_outage(&availability, path).millis, truth);
    }
    // It started anew, and that is no second writer.
    assert_eq!(availability.integrity.unwrap().writers.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_takes_over_without_the_last_writes_has_lost_exactly_those() {
    let mut server = prepared(&[]).await;
    let standby = server.standby();
    let endpoint = Proxy::to(server.port()).await;
    let canary = begun(&endpoint, &server).await;
    // It hears nothing more.
    standby.psql("alter system set primary_conninfo = ''");
    standby.psql("select pg_reload_conf()");
    standby.until("select count(*) from pg_stat_wal_receiver", "0");
    more(&canary, &[Persistent], 25).await;
    // Nothing is under way when it dies, so that the truth is a number.
    server.psql("alter system set default_transaction_read_only = on");
    server.psql("select pg_reload_conf()");
    out(&canary, &[Persistent, Fresh]).await;
    server.kill_9();
    standby.promote();
    endpoint.move_to(standby.port());
    more(&canary, &[Persistent, Fresh], 25).await;
    let availability = canary.stop().await;
    server.restart();
    let key = "select path || ' ' || seq from upshift_canary.attempt order by 1";
    let there = standby.psql(key);
    let there: Vec<&str> = there.lines().collect();
    let truth = server.psql(key).lines().filter(|row| !there.contains(row)).count() as u64;
    let integrity = availability.integrity.unwrap();
    assert!(truth >= 25 && !integrity.is_whole());
    let found = (integrity.lost, integrity.phantom, integrity.duplicated, integrity.split_brain);
    assert_eq!((found, integrity.writers.len()), ((truth, 0, 0, 0), 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_machine_is_not_taken_for_the_old_writer() {
    let server = prepared(&[]).await;
    let standby = server.standby();
    let other = OldWriter { host: "127.0.0.1".to_owned(), port: standby.port() };
    let plan = Plan::new(EVERY, EVERY).unwrap().with_old_writer(other);
    let refused = Canary::start(access(ROLE, server.port()), plan, Clock::system()).await.unwrap_err();
    assert!(refused.to_string().contains("is not the machine that serves"), "{refused}");
    let plan = Plan::new(EVERY, EVERY).unwrap();
    let refused = Canary::start(access(ROLE, standby.port()), plan, Clock::system()).await.unwrap_err();
    assert!(refused.to_string().contains("is a reader: the canary writes"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_at_once_are_found_with_every_write_that_is_lost_by_it() {
    let server = prepared(&[]).await;
    let standby = server.standby();
    let endpoint = Proxy::to(server.port()).await;
    let canary = begun(&endpoint, &server).await;
    standby.promote();
    endpoint.move_to(standby.port());
    until(&canary, "written by two", |live| live.writers == 2).await;
    let before = canary.watch().borrow().paths[&Persistent].acknowledged;
    more(&canary, &[Persistent, Pinned], 25).await;
    let availability = canary.stop().await;
    let key = "select path || ' ' || seq from upshift_canary.attempt order by 1";
    let there = standby.psql(key);
    let there: Vec<&str> = there.lines().collect();
    let truth = server.psql(key).lines().filter(|row| !there.contains(row)).count() as u64;
    let integrity = availability.integrity.as_ref().unwrap();
    // All that went to the one after the other had taken its first: those of two ways.
    let after = of(&availability, Persistent).acknowledged - before;
    assert_eq!((integrity.lost, integrity.phantom, integrity.duplicated), (truth, 0, 0));
    assert!((2 * after - 10..=truth).contains(&integrity.split_brain) && after >= 25, "{integrity:?}");
    assert_eq!(integrity.writers.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stands_still_is_an_outage_of_its_true_length_and_nothing_is_lost() {
    let server = prepared(&[]).await;
    let endpoint = Proxy::to(server.port()).await;
    let canary = begun(&endpoint, &server).await;
    let frozen = now();
    server.freeze();
    // The deadlines of a few attempts have passed.
    until(&canary, "unknown", |live| live.paths[&Persistent].unknown > 10).await;
    let thawed = now();
    server.thaw();
    more(&canary, &[Persistent, Fresh, Pinned], 25).await;
    let availability = canary.stop().await;
    assert_whole(&availability);
    let truth = millis(frozen, thawed);
    assert_near("persistent", one_outage(&availability, Persistent).millis, truth);
    // A new session is tried at every tick only when the others have waited for a while.
    let fresh = one_outage(&availability, Fresh);
    assert!(
        fresh.millis + fresh.error_millis + NEAR_MILLIS >= truth && fresh.millis <= truth + NEAR_MILLIS,
        "{fresh:?}"
    );
    assert_eq!(availability.integrity.unwrap().writers.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_swallows_everything_is_given_up_at_the_deadline() {
    let server = prepared(&[]).await;
    let endpoint = Proxy::to(server.port()).await;
    let canary = begun(&endpoint, &server).await;
    endpoint.swallow_what_is_open();
    until(&canary, "unknown", |live| live.paths[&Persistent].unknown > 0).await;
    more(&canary, &[Persistent, Fresh, Pinned], 25).await;
    let availability = canary.stop().await;
    assert_whole(&availability);
    assert_near("persistent", one_outage(&availability, Persistent).millis, 1_000);
    // Others never noticed.
    assert!(of(&availability, Pinned).outages.is_empty());
    assert!(of(&availability, Persistent).unknown >= 45);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_moves_in_order_is_an_outage_and_nothing_else() {
    let server = prepared(&[]).await;
    let standby = server.standby();
    let endpoint = Proxy::to(server.port()).await;
    let canary = begun(&endpoint, &server).await;
    server.psql("alter system set default_transaction_read_only = on");
    let before = now();
    server.psql("select pg_reload_conf()");
    let after = now();
    out(&canary, &[Persistent, Fresh, Pinned]).await;
    let last = server.psql("select pg_current_wal_lsn()");
    standby.until(&format!("select pg_last_wal_replay_lsn() >= '{last}'"), "t");
    standby.promote();
    let moved = now();
    endpoint.move_to(standby.port());
    more(&canary, &[Persistent, Fresh], 25).await;
    let availability = canary.stop().await;
    assert_whole(&availability);
    for path in [Persistent, Fresh] {
        // Somewhere between the order and its answer.
        let seen = one_outage(&availability, path).millis;
        assert_near(path.words(), seen, seen.clamp(millis(after, moved), millis(before, moved)));
    }
    // The old machine takes nothing any more.
    assert_eq!(one_outage(&availability, Pinned).until, None);
    assert_eq!(of(&availability, Pinned).unknown, 0);
    let writers = availability.integrity.unwrap().writers;
    assert!(writers[1].starts_with(&format!("127.0.0.1:{}, timeline 2", standby.port())), "{writers:?}");
}

/// On a busy machine the client beside it is the truth: both wait for the same processor.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_place_is_as_long_as_a_client_beside_it_says() {
    let mut server = prepared(&[]).await;
    server.psql("create table raw (v int)");
    let endpoint = Proxy::to(server.port()).await;
    let canary = begun(&endpoint, &server).await;
    let raw = RawClient::start(endpoint.port());
    more(&canary, &[Persistent], 50).await;
    server.restart();
    more(&canary, &[Persistent, Fresh], 50).await;
    let truth = raw.longest_gap().await;
    let availability = canary.stop().await;
    assert_whole(&availability);
    let seen = one_outage(&availability, Persistent);
    assert!(truth > 50, "it was away for {truth} ms");
    // On a machine of its own 40 ms and no more; where attempts wait for the processor, the canary says so itself.
    let allowed = 40.max(seen.error_millis + seen.until_error_millis);
    assert!(seen.millis.abs_diff(truth) <= allowed, "{seen:?}, the client beside it {truth} ms");
    assert!(seen.millis + seen.error_millis + 20 >= truth, "{seen:?}, the client beside it {truth} ms");
    assert!(seen.millis <= truth + seen.until_error_millis + 20, "{seen:?}, the client beside it {truth} ms");
    // The machine itself came back: nothing has moved.
    assert!(one_outage(&availability, Pinned).until.is_some());
}

/// With a session for each attempt it would take the server a while to get rid of them, and that would be told as outage.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stands_still_is_not_stormed_when_it_goes_on() {
    let server = prepared(&["log_connections=on"]).await;
    server.psql("create table raw (v int)");
    let endpoint = Proxy::to(server.port()).await;
    let canary = begun(&endpoint, &server).await;
    let raw = RawClient::start(server.port());
    more(&canary, &[Persistent], 25).await;
    let before = server.said().matches("connection authorized: user=upshift_canary").count();
    server.freeze();
    let frozen = now();
    // The kept sessions are given up after a second; from then on new ones are asked for.
    until(&canary, "frozen for long", |_| millis(frozen, now()) > 2_000).await;
    server.thaw();
    more(&canary, &[Persistent, Fresh, Pinned], 25).await;
    let truth = raw.longest_gap().await;
    let availability = canary.stop().await;
    assert_whole(&availability);
    let seen = one_outage(&availability, Persistent);
    assert!(seen.millis.abs_diff(truth) <= NEAR_MILLIS, "{seen:?}, the client beside it {truth} ms");
    let sessions = server.said().matches("connection authorized: user=upshift_canary").count() - before;
    // Of new ones each time there is one for each acknowledgement.
    let fresh = of(&availability, Fresh).acknowledged as usize;
    assert!(sessions <= fresh + 25, "{sessions} sessions were asked for, {fresh} of them for a write each");
}
