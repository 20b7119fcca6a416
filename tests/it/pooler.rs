//! Clients held by a real PgBouncer while another server takes over: they lose nothing, and none is held for ever.

use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use upshift::clock::{Clock, Stopwatch};
use upshift::config;
use upshift::controller::pooler::{Gate, News, Pauses, PooledServer, Poolers};
use upshift::journal::Journal;
use upshift::model::action::ActionId;
use upshift::model::call::{CallOutcome, NOT_SENT};
use upshift::model::database::DatabaseName;
use upshift::model::event::Event;
use upshift::model::pooler::PoolerStep;
use upshift::workload::access::{Access, Password};

use crate::controlled::{entries, sent, simulation, start_with};
use crate::pgbouncer::{PATIENCE, PgBouncer};
use crate::postgres::Server;
use crate::proxy::Proxy;

const ACCEPTED: CallOutcome = CallOutcome::Accepted { request_id: None };

/// A server, its endpoint, a PgBouncer in front of that, and what pauses it.
struct Ground {
    server: Server,
    endpoint: Proxy,
    bouncer: PgBouncer,
    pauses: Pauses,
}

impl Ground {
    async fn new(max_pause: Duration) -> Self {
        let server = Server::start();
        server.psql("create table t (v int)");
        let endpoint = Proxy::to(server.port()).await;
        let bouncer = PgBouncer::before(endpoint.port()).await;
        let pauses = Self::pauses(&bouncer, &endpoint, max_pause, "app");
        Self { server, endpoint, bouncer, pauses }
    }

    /// As a new process has them.
    fn pauses(bouncer: &PgBouncer, endpoint: &Proxy, max_pause: Duration, database: &str) -> Pauses {
        Pauses::new(Self::poolers(bouncer, endpoint, max_pause, database), Clock::system(), None)
    }

    fn poolers(bouncer: &PgBouncer, endpoint: &Proxy, max_pause: Duration, database: &str) -> Poolers {
        let pause_within = Duration::from_millis(300);
        let held = PooledServer { pooler: bouncer.pooler(database), server: way(endpoint), max_pause, pause_within };
        Poolers::from([(orders(), held)])
    }

    fn begin(&mut self) -> Gate {
        self.pauses.begin(action(), orders())
    }

    /// What is told until clients go on, or may not.
    async fn told(&mut self) -> Vec<PoolerStep> {
        let mut told = Vec::new();
        let all = async {
            loop {
                let News { step, .. } = self.pauses.news().await;
                told.push(step);
                if matches!(told.last(), Some(PoolerStep::Resumed { .. } | PoolerStep::NotResumed { .. })) {
                    return;
                }
            }
        };
        Clock::system().bounded(PATIENCE, all).await.expect("clients never went on");
        told
    }

    /// Why clients went on.
    async fn why(&mut self) -> String {
        match self.told().await.pop() {
            Some(PoolerStep::Resumed { why, .. }) => why,
            other => panic!("{other:?}"),
        }
    }
}

fn orders() -> DatabaseName {
    DatabaseName::new("orders")
}

fn action() -> ActionId {
    ActionId("a1".into())
}

fn way(endpoint: &Proxy) -> Access {
    let dsn = format!("postgresql://postgres@127.0.0.1:{}/postgres", endpoint.port()).parse().unwrap();
    Access::new(dsn, Password::None, None, Clock::system()).unwrap()
}

/// A call that AWS takes, and a word when it was sent.
fn call(answer: CallOutcome) -> (impl Future<Output = CallOutcome>, oneshot::Receiver<()>) {
    let (sent, was_sent) = oneshot::channel();
    let call = async move {
        sent.send(()).unwrap();
        answer
    };
    (call, was_sent)
}

fn not_sent(outcome: &CallOutcome) -> &str {
    match outcome {
        CallOutcome::Refused { code, message, .. } if code == NOT_SENT => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_wait_while_a_standby_takes_over_and_lose_nothing() {
    let mut ground = Ground::new(PATIENCE).await;
    let standby = ground.server.standby();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut clients = JoinSet::new();
    for _ in 0..4 {
        let (client, stopped) = (ground.bouncer.client().await, stopped.clone());
        clients.spawn(async move {
            let (mut written, mut longest) = (0_u64, Duration::ZERO);
            while !*stopped.borrow() {
                let stopwatch = Stopwatch::start();
                client.simple_query("insert into t values (1)").await.unwrap();
                (written, longest) = (written + 1, longest.max(stopwatch.elapsed()));
            }
            (written, longest)
        });
    }
    let gate = ground.begin();
    let (server, endpoint) = (&ground.server, &ground.endpoint);
    let cut = async {
        // As RDS does it: the old one takes no writes, the new one has all of them, then the name moves.
        server.psql("alter system set default_transaction_read_only = on");
        server.psql("select pg_reload_conf()");
        let end = server.psql("select pg_current_wal_lsn()");
        standby.until(&format!("select pg_last_wal_replay_lsn() >= '{end}'"), "t");
        standby.promote();
        // What followed from the old one.
        standby.psql("alter system reset default_transaction_read_only");
        standby.psql("select pg_reload_conf()");
        endpoint.move_to(standby.port());
        ACCEPTED
    };
    assert_eq!(gate.send(cut).await, ACCEPTED);
    let told = ground.told().await;
    let [PoolerStep::Paused { .. }, PoolerStep::Resumed { held_millis: Some(held), why }] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(why, "another machine takes writes");
    let before: u64 = standby.psql("select count(*) from t").parse().unwrap();
    let goes_on = async {
        while standby.psql("select count(*) from t").parse::<u64>().unwrap() <= before {
            tokio::task::yield_now().await;
        }
    };
    Clock::system().bounded(PATIENCE, goes_on).await.expect("clients write to the new server");
    stop.send_replace(true);
    let (mut written, mut longest) = (0, Duration::ZERO);
    while let Some(client) = clients.join_next().await {
        let (more, waited) = client.expect("a client's write failed");
        (written, longest) = (written + more, longest.max(waited));
    }
    assert_eq!(standby.psql("select count(*) from t"), written.to_string(), "none lost, none twice");
    assert!(longest >= Duration::from_millis(held / 2), "they did wait: {longest:?} of {held} ms");
    eprintln!("held for {held} ms, longest write {longest:?}, {written} writes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_go_on_when_the_takeover_did_not_begin_or_was_taken_back() {
    let mut ground = Ground::new(PATIENCE).await;
    let refusal = CallOutcome::Refused { code: "InvalidState".into(), message: String::new(), request_id: None };
    assert_eq!(ground.begin().send(call(refusal.clone()).0).await, refusal);
    assert_eq!(ground.why().await, "the takeover did not begin");
    // The sender is gone with its task.
    drop(ground.begin());
    assert_eq!(ground.why().await, "the call was lost");
    // The answer is lost; the old machine takes no writes for a while, and then it does again.
    let unknown = CallOutcome::Unknown { why: "the connection was reset".into() };
    let server = &ground.server;
    let read_only = |value: &str| {
        server.psql(&format!("alter system set default_transaction_read_only = {value}"));
        server.psql("select pg_reload_conf()");
    };
    let gate = ground.pauses.begin(action(), orders());
    gate.send(async {
        read_only("on");
        unknown
    })
    .await;
    // Long enough to have been seen: as often as it is looked for.
    let log_lines = || server.said().matches("upshift writer").count();
    server.psql("alter system set log_line_prefix = '%a '");
    server.psql("alter system set log_statement = 'all'");
    server.psql("select pg_reload_conf()");
    let (before, clock) = (log_lines(), Clock::system());
    let seen = async {
        while log_lines() < before + 4 {
            // The bound is heard only between two looks.
            tokio::task::yield_now().await;
        }
    };
    clock.bounded(PATIENCE, seen).await.expect("the writer is looked for");
    assert!(ground.bouncer.is_paused().await, "a machine that takes no writes is waited for");
    read_only("off");
    assert_eq!(ground.why().await, "taken back: the machine of before takes writes again");
    assert!(!ground.bouncer.is_paused().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_a_stale_name_nor_a_restart_is_another_machine_and_the_limit_is_hard() {
    let mut ground = Ground::new(Duration::from_secs(4)).await;
    let stopwatch = Stopwatch::start();
    assert_eq!(ground.begin().send(call(ACCEPTED).0).await, ACCEPTED);
    // The machine is the old one in another life: nothing has taken over.
    ground.server.restart();
    assert!(ground.bouncer.is_paused().await);
    assert_eq!(ground.why().await, "4 s are over, and no other machine takes writes");
    let held = stopwatch.elapsed();
    assert!(held >= Duration::from_secs(4) && held < Duration::from_secs(8), "{held:?}");
    ground.bouncer.client().await.simple_query("insert into t values (1)").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_transaction_keeps_the_call_from_being_sent_and_nobody_is_held() {
    let mut ground = Ground::new(PATIENCE).await;
    let open = ground.bouncer.client().await;
    open.batch_execute("begin; insert into t values (1)").await.unwrap();
    let gate = ground.begin();
    let (call, was_sent) = call(ACCEPTED);
    let outcome = gate.send(call).await;
    assert!(not_sent(&outcome).contains("a transaction was still open after 300 ms"), "{outcome:?}");
    assert!(was_sent.await.is_err(), "the call was sent");
    assert!(ground.why().await.contains("clients could not be held"));
    open.batch_execute("commit").await.unwrap();
    ground.bouncer.client().await.simple_query("insert into t values (1)").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_ends_meanwhile_is_waited_for() {
    let mut ground = Ground::new(PATIENCE).await;
    let open = ground.bouncer.client().await;
    open.batch_execute("begin; insert into t values (1)").await.unwrap();
    let gate = ground.begin();
    ground.bouncer.until_paused(true).await;
    ground.bouncer.until_paused(false).await;
    open.batch_execute("commit").await.unwrap();
    let (call, was_sent) = call(ACCEPTED);
    assert_eq!(gate.send(call).await, ACCEPTED);
    was_sent.await.unwrap();
    assert!(ground.bouncer.is_paused().await);
    let mut told = Vec::new();
    ground.pauses.end(|news| told.push(news.step)).await;
    assert!(matches!(&told[..], [PoolerStep::Paused { .. }, PoolerStep::Resumed { .. }]), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_of_somebody_else_is_neither_ours_nor_taken_back() {
    let mut ground = Ground::new(PATIENCE).await;
    for (pause, resume) in [("PAUSE app", "RESUME app"), ("PAUSE", "RESUME"), ("DISABLE app", "ENABLE app")] {
        ground.bouncer.console(pause).await.unwrap();
        let outcome = ground.begin().send(call(ACCEPTED).0).await;
        assert!(!not_sent(&outcome).is_empty());
        let why = ground.why().await;
        assert!(why.contains("somebody else") || why.contains("already"), "{pause}: {why}");
        // Theirs is still to be taken back, and by them.
        ground.bouncer.console(resume).await.unwrap_or_else(|error| panic!("{pause} was taken back: {error}"));
    }
    // PgBouncer would make up a database from `*`, and hold nobody.
    ground.pauses = Ground::pauses(&ground.bouncer, &ground.endpoint, PATIENCE, "typo");
    let outcome = ground.begin().send(call(ACCEPTED).0).await;
    assert!(not_sent(&outcome).contains("no database typo"), "{outcome:?}");
    assert!(ground.why().await.starts_with("nothing was paused"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_ends_lets_go_what_is_held_and_what_is_just_being_held() {
    let mut ground = Ground::new(PATIENCE).await;
    assert_eq!(ground.begin().send(call(ACCEPTED).0).await, ACCEPTED);
    let mut told = Vec::new();
    ground.pauses.end(|news| told.push(news.step)).await;
    let words = format!("{told:?}");
    assert!(words.contains("Paused") && words.contains("the engine ends"), "{words}");
    assert!(!ground.bouncer.is_paused().await);

    // While PgBouncer waits for a transaction.
    ground.pauses = Ground::pauses(&ground.bouncer, &ground.endpoint, PATIENCE, "app");
    let open = ground.bouncer.client().await;
    open.batch_execute("begin; insert into t values (1)").await.unwrap();
    let gate = ground.begin();
    ground.bouncer.until_paused(true).await;
    ground.pauses.end(|_| ()).await;
    assert!(not_sent(&gate.send(call(ACCEPTED).0).await).contains("the engine ends"));
    assert!(!ground.bouncer.is_paused().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_is_gone_is_asked_until_it_is_back() {
    let mut ground = Ground::new(PATIENCE).await;
    assert_eq!(ground.begin().send(call(ACCEPTED).0).await, ACCEPTED);
    ground.bouncer.kill();
    ground.pauses.let_go(action(), orders());
    let told = ground.told().await;
    let Some(PoolerStep::NotResumed { why }) = told.last() else { panic!("{told:?}") };
    assert!(why.contains("PgBouncer at"), "{why}");
    // A second pause would be ended by the RESUME that is owed to the first.
    let second = ground.pauses.begin(ActionId("a2".into()), orders());
    assert!(not_sent(&second.send(call(ACCEPTED).0).await).contains("the pause of a1 is not over"));
    ground.bouncer.start().await;
    assert_eq!(ground.why().await, "the action goes on without them");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_process_asked_for_is_undone_also_when_pgbouncer_hears_it_late() {
    let mut ground = Ground::new(PATIENCE).await;
    assert_eq!(ground.begin().send(call(ACCEPTED).0).await, ACCEPTED);
    // Dead: its tasks are gone with it.
    ground.pauses = Ground::pauses(&ground.bouncer, &ground.endpoint, PATIENCE, "app");
    assert!(ground.bouncer.is_paused().await);
    ground.pauses.let_go(action(), orders());
    ground.why().await;
    assert!(!ground.bouncer.is_paused().await);

    // The order to pause lies in a socket that PgBouncer has not read when the RESUME comes.
    let pooler = ground.bouncer.pooler("app");
    let door = pooler.door().await.unwrap();
    ground.bouncer.freeze(true);
    assert!(door.pause(Duration::from_millis(100)).await.is_err());
    ground.pauses.let_go(action(), orders());
    ground.bouncer.freeze(false);
    ground.why().await;
    assert!(!ground.bouncer.is_paused().await);

    // A session that asked for it is still there: a RESUME of now may come before what it asks for.
    let door = pooler.door().await.unwrap();
    assert!(pooler.resume().await.unwrap_err().to_string().contains("still has a session"));
    drop(door);
    let gone = async { while pooler.resume().await.is_err() {} };
    Clock::system().bounded(PATIENCE, gone).await.expect("the session never went");
}

/// Killed at any point after the first record of a pause, an engine leaves this: the record, and clients that are held.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_engine_lets_go_what_a_dead_one_held_also_where_it_can_record_nothing() {
    let ground = Ground::new(PATIENCE).await;
    let sim = simulation(include_str!("../../src/sim/scenarios/checkpoints.toml"), "");
    let directory = TempDir::new().unwrap();
    let step = PoolerStep::Pausing { max_pause_secs: 60 };
    let owed = Event::Pooler { action: action(), database: orders(), step };
    let (mut journal, _) = Journal::open(directory.path(), sim.clock().now()).unwrap();
    journal.append(sim.clock().now(), owed).unwrap();
    journal.sync().unwrap();
    drop(journal);
    let poolers = || Ground::poolers(&ground.bouncer, &ground.endpoint, PATIENCE, "app");

    ground.bouncer.console("PAUSE app").await.unwrap();
    let unusable = (Err("no space left".to_owned()), entries(directory.path()));
    let running = start_with(config::checkpoints(), &sim, unusable, poolers()).await;
    ground.bouncer.until_paused(false).await;
    running.end().await;

    ground.bouncer.console("PAUSE app").await.unwrap();
    let kept = Journal::open(directory.path(), sim.clock().now()).unwrap();
    let mut running = start_with(config::checkpoints(), &sim, (Ok(kept.0), kept.1), poolers()).await;
    let is_resumed = |event: &Event| matches!(event, Event::Pooler { step: PoolerStep::Resumed { .. }, .. });
    Clock::system().bounded(PATIENCE, running.until(is_resumed)).await.expect("RESUME was never recorded");
    assert!(!ground.bouncer.is_paused().await);
    running.end().await;

    // Nothing is owed any more: a pause of now is somebody else's.
    ground.bouncer.console("PAUSE app").await.unwrap();
    let kept = Journal::open(directory.path(), sim.clock().now()).unwrap();
    let mut running = start_with(config::checkpoints(), &sim, (Ok(kept.0), kept.1), poolers()).await;
    let knows = |event: &Event| matches!(event, Event::IdentityConfirmed { .. });
    Clock::system().bounded(PATIENCE, running.until(knows)).await.expect("it never looked");
    running.end().await;
    assert!(ground.bouncer.is_paused().await);
    assert_eq!(sent(&entries(directory.path())), Vec::<&str>::new());
}

/// `preflight` reads what would make a pause fail or hurt.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_matters_for_a_pause_is_read_of_pgbouncer() {
    let bouncer = PgBouncer::with(1, "query_wait_timeout = 7\ndns_max_ttl = 1").await;
    let seen = bouncer.pooler("app").look().await.unwrap();
    assert_eq!((seen.leads_to.as_str(), seen.pool_mode.as_str()), ("127.0.0.1:1", "transaction"));
    assert_eq!(seen.query_wait, Some(Duration::from_secs(7)));
    assert_eq!(seen.dns_max_ttl, Some(Duration::from_secs(1)));
}
