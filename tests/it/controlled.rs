//! A whole controller on a simulation in this process, in virtual time, for the tests of what it does.

use std::path::Path;

use tokio::sync::watch;
use tokio::task::JoinSet;
use upshift::aws::connect::{InProcess, Target, connect};
use upshift::clock::Clock;
use upshift::control::{self, Client};
use upshift::controller::pooler::Poolers;
use upshift::controller::reload;
use upshift::controller::{Controller, Ended, Outward, Parts};
use upshift::journal::{self, Journal};
use upshift::lease::{self, Lease};
use upshift::model::action::ActionResult;
use upshift::model::backend::Backend;
use upshift::model::call::MutatingCall;
use upshift::model::command::{Answer, Command};
use upshift::model::event::{Entry, Event};
use upshift::model::guard::Guards;
use upshift::model::operator::Operator;
use upshift::model::settings::Settings;
use upshift::model::snapshot::Snapshot;
use upshift::sim::Sim;
use upshift::sim::scenario::Scenario;

/// An engine that runs, and what is needed to end it.
pub(crate) struct Running {
    pub(crate) client: Client,
    stop: watch::Sender<Option<String>>,
    task: JoinSet<Ended>,
}

/// Starts a controller on the simulation, with its evidence in `directory`.
pub(crate) async fn start_by(settings: Settings, sim: &Sim, directory: &Path) -> Running {
    let (journal, entries) = Journal::open(directory, sim.clock().now()).unwrap();
    start_with(settings, sim, (Ok(journal), entries), Poolers::new()).await
}

/// The same with a journal, or why there is none, what it says already, and poolers.
pub(crate) async fn start_with(
    settings: Settings,
    sim: &Sim,
    (journal, entries): (Result<Journal, String>, Vec<Entry>),
    poolers: Poolers,
) -> Running {
    let clock = sim.clock().clone();
    let aws = connect(&settings.aws, Target::InProcess(InProcess::new(sim.http_client(), clock.clone()))).await;
    let backend = Backend::Simulation { scenario: "checkpoints".into(), speed: 1.0, endpoint: String::new() };
    let first = Snapshot::before_the_start(clock.now(), backend.clone());
    let (client, server) = control::pair(first, Operator { user: "test".into(), ssh_client: None, peer: None });
    let start =
        Event::EngineStarted { version: "test".into(), pid: 1, mode: "test".into(), config_digest: "digest".into() };
    let digest = |_: &_| "digest".to_owned();
    let guards = Guards::all();
    let (servers, outward) = (Vec::new(), Outward::default());
    let lease = settings.lease.clone().map(|terms| {
        let known = lease::highest_epoch(&entries);
        Lease::start(terms, lease::identity().unwrap(), known, (aws.clone(), clock.clone()))
    });
    let reloads = reload::none();
    let parts = Parts {
        settings,
        digest,
        journal,
        entries,
        aws,
        servers,
        poolers,
        lease,
        clock,
        server,
        reloads,
        backend,
        start,
        outward,
        guards,
    };
    let controller = Controller::new(parts);
    let (stop, stopped) = watch::channel(None);
    let mut task = JoinSet::new();
    task.spawn(controller.run(stopped));
    Running { client, stop, task }
}

impl Running {
    /// Arms it once AWS has said who we are.
    pub(crate) async fn arm(&mut self) {
        while self.client.snapshot().identity.is_none() {
            self.client.changed().await.unwrap();
        }
        let answer = self.client.send(Command::Arm { reason: "test".into(), duration: None }).await.unwrap().answer;
        assert!(matches!(answer, Answer::Done { .. }), "{answer:?}");
    }

    /// Ends it as a person does.
    pub(crate) async fn end(mut self) {
        self.stop.send_replace(Some("the test is over".into()));
        assert!(matches!(self.task.join_next().await, Some(Ok(Ended::Asked(_)))));
    }

    /// Ends it as a crash does: at once, with nothing more written.
    pub(crate) async fn kill(mut self) {
        self.task.abort_all();
        while self.task.join_next().await.is_some() {}
    }

    /// Waits for a record.
    pub(crate) async fn until(&mut self, found: impl Fn(&Event) -> bool) {
        while !self.client.snapshot().tail.iter().any(|entry| found(&entry.event)) {
            self.client.changed().await.unwrap();
        }
    }
}

/// Every record of a journal.
pub(crate) fn entries(directory: &Path) -> Vec<Entry> {
    journal::read(directory).unwrap().into_iter().map(|(entry, _)| entry).collect()
}

/// The operations that were sent, in order.
pub(crate) fn sent(entries: &[Entry]) -> Vec<&'static str> {
    let call = |entry: &Entry| match &entry.event {
        Event::CallSent { call, .. } => Some(MutatingCall::operation(call)),
        _ => None,
    };
    entries.iter().filter_map(call).collect()
}

/// How actions ended, in order.
pub(crate) fn ends(entries: &[Entry]) -> Vec<ActionResult> {
    let end = |entry: &Entry| match &entry.event {
        Event::ActionEnded { result, .. } => Some(result.clone()),
        _ => None,
    };
    entries.iter().filter_map(end).collect()
}

/// What is answered to an order.
pub(crate) async fn order(running: &mut Running, command: Command) -> Answer {
    running.client.send(command).await.unwrap().answer
}

/// A simulation of a scenario's text, with these lines after it.
pub(crate) fn simulation(text: &str, more: &str) -> Sim {
    let scenario = Scenario::parse("test", &format!("{text}\n{more}")).unwrap_or_else(|error| panic!("{error}"));
    let clock = Clock::scaled(scenario.start, 1.0);
    Sim::new(&scenario, None, clock)
}
