//! The stage of a trial: a backend, a disk, a wire and a witness, on which one process after the other lives.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_credential_types::provider::SharedCredentialsProvider;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};

use super::orders::Orders;
use super::process::{Fuse, Life};
use crate::aws::connect::{InProcess, Target, connect};
use crate::clock::Clock;
use crate::control;
use crate::controller::pooler::Poolers;
use crate::controller::servers::ServerSource;
use crate::controller::{Controller, Ended, Outward, Parts};
use crate::journal::Journal;
use crate::model::backend::Backend;
use crate::model::event::Event;
use crate::model::guard::{Guard, Guards};
use crate::model::operator::Operator;
use crate::model::snapshot::Snapshot;
use crate::sim::Sim;
use crate::sim::rng::Rng;
use crate::swarm::faults::disk::SimDisk;
use crate::swarm::faults::endpoint::{Endpoints, SeenEndpoints};
use crate::swarm::faults::wire::Wire;
use crate::swarm::oracle::witness::Witness;
use crate::swarm::plan::{Dying, Power, TrialPlan};

/// Numbers the boots of this process. The SDK keeps its retry budgets in a map of the process for ever, by name: a name
/// that is used twice would let one trial feel another. It is no part of any trace.
static BOOTS: AtomicU64 = AtomicU64::new(0);

/// Everything of one trial.
pub(in crate::swarm) struct Stage {
    pub(in crate::swarm) plan: TrialPlan,
    guards: Guards,
    pub(in crate::swarm) sim: Sim,
    /// The machine's clock, which can be set; the world's cannot.
    pub(in crate::swarm) wall: Clock,
    pub(in crate::swarm) off_by: SignedDuration,
    pub(in crate::swarm) disk: SimDisk,
    pub(in crate::swarm) wire: Wire,
    endpoints: Endpoints,
    witness: Arc<Mutex<Witness>>,
    pub(in crate::swarm) fuse: Fuse,
    pub(in crate::swarm) disarming: Fuse,
    rng: Rng,
    lives: u32,
    /// What the death or the end that is on its way will leave.
    pub(in crate::swarm) dying: Option<Dying>,
}

impl Stage {
    pub(in crate::swarm) async fn new(plan: TrialPlan, without: Option<Guard>) -> Self {
        let guards = without.map_or(Guards::all(), Guards::without);
        let clock = Clock::repeatable(plan.start).await;
        let sim = Sim::new(&plan.scenario, Some(plan.seed), clock.clone());
        let disk = SimDisk::new();
        let endpoints = Endpoints::new(sim.clone(), &plan.strikes);
        let witness = Witness::new(plan.clone(), disk.clone(), sim.clone(), endpoints.clone());
        let witness = Arc::new(Mutex::new(witness));
        let wire = Wire::new(sim.clone(), Arc::clone(&witness), plan.strikes.clone(), plan.seed);
        let rng = Rng::of(plan.seed, "swarm stage", 0);
        let wall = clock.unset();
        let fuse = Fuse::default();
        Self {
            plan,
            guards,
            sim,
            wall,
            off_by: SignedDuration::ZERO,
            disk,
            wire,
            endpoints,
            witness,
            fuse,
            disarming: Fuse::default(),
            rng,
            lives: 0,
            dying: None,
        }
    }

    /// The witness, for whoever must know what it saw when the stage is gone.
    pub(in crate::swarm) fn shared_witness(&self) -> Arc<Mutex<Witness>> {
        Arc::clone(&self.witness)
    }

    pub(in crate::swarm) fn witness(&self) -> MutexGuard<'_, Witness> {
        self.witness.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a process on the disk as it is.
    pub(in crate::swarm) async fn boot(&mut self) -> Life {
        self.lives += 1;
        self.wire.set_dead(false);
        self.witness().on_boot();
        self.witness().absorb();
        self.witness().plan.settings = self.plan.settings.clone();
        let known = self.witness().durable_records;
        let (journal, entries) = match Journal::open_on(Box::new(self.disk.boot()), self.wall.now()) {
            Ok((journal, entries)) => {
                if (entries.len() as u64) < known {
                    let words = format!("I18: {} records came back of {known} durable ones", entries.len());
                    self.witness().break_promise(words);
                }
                (Ok(journal), entries)
            }
            Err(error) => {
                // Such an engine never was armed, and there was nothing of it that could be lost.
                self.disk.forget_failure();
                self.witness().note(format!("the journal does not open: {error}"));
                (Err(error.to_string()), Vec::new())
            }
        };
        self.witness().note(format!("life {} begins", self.lives));
        let mut in_process = InProcess::new(self.wire.http_client(), self.wall.clone());
        in_process.credentials = SharedCredentialsProvider::new(self.wire.credentials(self.wall.clone()));
        in_process.retry_partition = format!("swarm-{}", BOOTS.fetch_add(1, Ordering::Relaxed));
        if !self.guards.stand(Guard::OneAttempt) {
            in_process.mutation_attempts = 3;
        }
        let aws = connect(&self.plan.settings.aws, Target::InProcess(in_process)).await;
        let backend = Backend::Simulation { scenario: "swarm".to_owned(), speed: 1.0, endpoint: String::new() };
        let first = Snapshot::before_the_start(self.wall.now(), backend.clone());
        let (client, server) = control::pair(first, Operator { user: "ada".to_owned(), ssh_client: None, peer: None });
        let start = Event::EngineStarted {
            version: "swarm".to_owned(),
            pid: self.lives,
            mode: "swarm".to_owned(),
            config_digest: String::new(),
        };
        let (reload, reloads) = mpsc::channel(1);
        let parts = Parts {
            settings: self.plan.settings.clone(),
            digest: |_| "swarm".to_owned(),
            journal,
            entries,
            aws,
            servers: self.servers(),
            poolers: Poolers::new(),
            lease: None,
            clock: self.wall.clone(),
            server,
            reloads,
            backend,
            start,
            outward: Outward::default(),
            guards: self.guards,
        };
        let (stop, stopped) = watch::channel(None);
        let task = Box::pin(Controller::new(parts).run(stopped));
        Life {
            task,
            orders: Orders::of(client),
            reload,
            during: Vec::new(),
            stop,
            fuse: self.fuse.clone(),
            disarming: self.disarming.clone(),
            witness: Arc::clone(&self.witness),
            disk: self.disk.clone(),
        }
    }

    /// The servers that are read.
    pub(in crate::swarm) fn servers(&self) -> Vec<ServerSource> {
        let (endpoints, wall) = (self.endpoints.clone(), self.wall.clone());
        let model = Arc::new(SeenEndpoints { endpoints, wall, witness: Arc::clone(&self.witness) });
        let read = self.plan.settings.databases.iter().filter(|policy| policy.postgres.is_some());
        read.map(|policy| ServerSource::Model(policy.database.clone(), model.clone())).collect()
    }

    /// A life is over. Returns when the next one begins.
    pub(in crate::swarm) fn bury(&mut self, ended: Option<Ended>) -> Timestamp {
        self.wire.set_dead(true);
        self.disk.kill();
        self.witness().absorb();
        let dying = self.dying.take().unwrap_or(Dying { power: Power::Stays, down_secs: 30 });
        match ended {
            None => {
                self.fuse.light(0);
                self.witness().note(format!("the process is gone, its power {:?}", dying.power));
                if dying.power == Power::Lost {
                    self.disk.lose_power(&mut self.rng);
                }
            }
            Some(Ended::Asked(_)) => self.witness().note("the process has stopped"),
            Some(Ended::Failed(why)) => self.witness().break_promise(format!("the controller failed: {why}")),
        }
        let now = self.sim.clock().now();
        now.saturating_add(SignedDuration::from_secs(dying.down_secs)).unwrap_or(now)
    }
}
