//! How long it takes from the order to disarm until no new call can be sent: the controller has taken it, recorded it and
//! synced the record. Real time, a real disk, the real SDK busy with looks meanwhile. Once from the engine's own process, and
//! once from a second terminal: over the control socket, with twenty consoles attached to it.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, measures real time, and has nothing to measure without an engine"
)]

mod percentiles;

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use upshift::aws::connect::{InProcess, Target, connect};
use upshift::clock::Clock;
use upshift::config;
use upshift::control::socket::{self, About, Access, SetLog, attach};
use upshift::control::{self, Client, EngineProcess};
use upshift::controller::pooler::Poolers;
use upshift::controller::reload;
use upshift::controller::{Controller, Outward, Parts};
use upshift::journal::Journal;
use upshift::model::backend::Backend;
use upshift::model::command::{Answer, Command};
use upshift::model::event::Event;
use upshift::model::guard::Guards;
use upshift::model::operator::Operator;
use upshift::model::settings::ControlSettings;
use upshift::model::snapshot::Snapshot;
use upshift::sim::Sim;
use upshift::sim::scenario::Scenario;

/// Orders that are timed.
const ORDERS: usize = 500;
/// Consoles that watch meanwhile.
const CONSOLES: usize = 20;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(measure());
}

async fn measure() {
    let scenario = Scenario::builtin("checkpoints").expect("the built-in scenario").expect("it is right");
    // Half a minute passes in a second: a look every half second, as on a busy day with an action to watch.
    let clock = Clock::scaled(scenario.start, 30.0);
    let sim = Sim::new(&scenario, None, clock.clone());
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (journal, entries) = Journal::open(directory.path(), clock.now()).expect("a journal");
    let settings = config::checkpoints();
    let aws = connect(&settings.aws, Target::InProcess(InProcess::new(sim.http_client(), clock.clone()))).await;
    let backend = Backend::Simulation { scenario: "checkpoints".into(), speed: 30.0, endpoint: String::new() };
    let first = Snapshot::before_the_start(clock.now(), backend.clone());
    let (mut client, server) = control::pair(first, Operator { user: "bench".into(), ssh_client: None, peer: None });
    let start =
        Event::EngineStarted { version: "bench".into(), pid: 1, mode: "bench".into(), config_digest: String::new() };
    let (digest, guards) = (|_: &_| String::new(), Guards::all());
    let journal = Ok(journal);
    let (servers, outward) = (Vec::new(), Outward::default());
    let poolers = Poolers::new();
    let reloads = reload::none();
    let parts = Parts {
        settings,
        digest,
        journal,
        entries,
        aws,
        servers,
        poolers,
        lease: None,
        clock: clock.clone(),
        server,
        reloads,
        backend,
        start,
        outward,
        guards,
    };
    let (stop, stopped) = watch::channel(None);
    let mut engine = JoinSet::new();
    engine.spawn(Controller::new(parts).run(stopped));
    let own = own(&mut client).await;
    println!("disarm, from the order to no new call: {}", percentiles::words(own));
    let second = from_second_terminal(&mut client, directory.path(), clock).await;
    println!("the same by the socket, {CONSOLES} consoles attached: {}", percentiles::words(second));
    stop.send_replace(Some("done".to_owned()));
    engine.join_next().await;
}

/// In the engine's own process.
async fn own(client: &mut Client) -> Vec<Duration> {
    let mut times = Vec::with_capacity(ORDERS);
    for _ in 0..ORDERS {
        arm(client).await;
        let began = Instant::now();
        let answer = client.send(Command::Disarm).await.expect("an engine").answer;
        times.push(began.elapsed());
        assert!(matches!(answer, Answer::Done { .. }), "{answer:?}");
    }
    times
}

/// Over the socket, as `upshift ctl disarm` does it.
async fn from_second_terminal(client: &mut Client, directory: &Path, clock: Clock) -> Vec<Duration> {
    let place = socket::of_state(directory);
    let bound = socket::bind(&place, None).await.expect("a socket");
    let (since, state_dir) = (clock.now(), directory.display().to_string());
    let engine = EngineProcess { pid: 1, since, mode: "bench".into(), version: "bench".into(), state_dir };
    let access = Access::new(&ControlSettings::default()).expect("no groups");
    let mut tasks = JoinSet::new();
    let served = client.clone();
    tasks.spawn(async move {
        socket::serve(bound, served, About { engine, clock, access, log: SetLog::none() }).await;
    });
    for _ in 0..CONSOLES {
        let mut attached = attach(&place, client.operator().clone()).await.expect("a console");
        tasks.spawn(async move {
            while attached.client.changed().await.is_some() {}
            drop(attached.keeping);
        });
    }
    let mut times = Vec::with_capacity(ORDERS);
    for _ in 0..ORDERS {
        arm(client).await;
        let began = Instant::now();
        let answer = socket::ask(&place, Command::Disarm, None, None).await.expect("an engine");
        times.push(began.elapsed());
        assert!(matches!(answer, Answer::Done { .. }), "{answer:?}");
    }
    times
}

/// Until AWS has answered the first look, arming is refused.
async fn arm(client: &mut Client) {
    loop {
        let answer =
            client.send(Command::Arm { reason: "bench".into(), duration: None }).await.expect("an engine").answer;
        if matches!(answer, Answer::Done { .. }) {
            return;
        }
        client.changed().await.expect("an engine");
    }
}
