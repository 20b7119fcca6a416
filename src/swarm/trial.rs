//! One trial: a world, an engine that lives and dies in it, people around it, and a witness.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::coverage::{Coverage, Milestone};
use super::disk::SimDisk;
use super::draw::{Deed, Plan, Switch};
use super::fault::Fault;
use super::wire::Wire;
use super::witness::Witness;
use super::{people, promises};
use crate::aws::connect::{InProcess, Target, connect};
use crate::clock::Clock;
use crate::control::{self, Client};
use crate::controller::{Controller, Ended, Parts};
use crate::journal::{Journal, verify_on};
use crate::model::command::Command;
use crate::model::database::DatabaseName;
use crate::model::decision::Decision;
use crate::model::event::Event;
use crate::model::guard::{Guard, Guards};
use crate::model::operator::Operator;
use crate::model::snapshot::{Snapshot, World};
use crate::sim::Sim;
use crate::sim::rng::Rng;

/// Numbers the boots of this process. The SDK keeps its retry budgets in a map of the process for ever, by name: a name
/// that is used twice would let one trial feel another. It is no part of any trace.
static BOOTS: AtomicU64 = AtomicU64::new(0);

/// Which trial.
#[derive(Debug, Clone, Copy)]
pub struct Trial {
    /// What everything is derived from.
    pub seed: u64,
    /// Virtual hours, the last four of them without faults.
    pub hours: u32,
    /// A guard that is taken away, to show that it is missed.
    pub without: Option<Guard>,
}

/// What came of a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// Promises that did not hold, in order.
    pub broken: Vec<String>,
    /// What happened last before the first of them was noticed, or before the end.
    pub last_events: Vec<String>,
    /// What happened at all.
    pub coverage: Coverage,
    /// A hash of everything: records, requests with their signatures, effects.
    pub trace: String,
    /// Mutating requests on the wire.
    pub mutations: u64,
    /// Durable records.
    pub records: u64,
}

/// Runs a trial on this thread, in virtual time; it takes a fraction of a second of real time.
///
/// # Errors
/// When the runtime cannot be made.
pub fn run(trial: Trial) -> std::io::Result<Report> {
    fastrand::seed(trial.seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    let plan = Plan::of(trial.seed, trial.hours);
    Ok(runtime.block_on(async { Stage::new(plan, trial.without).await.play().await }))
}

/// Counts the points of a process's life, the moments before and after each poll of its task; at one of them it dies.
#[derive(Debug, Clone, Default)]
pub(super) struct Fuse {
    left: Arc<AtomicU64>,
    passed: Arc<AtomicU64>,
}

impl Fuse {
    /// Burns down after so many more points; 0 never.
    pub(super) fn light(&self, points: u64) {
        self.left.store(points, Ordering::Relaxed);
    }

    /// Points passed since the beginning.
    pub(super) fn passed(&self) -> u64 {
        self.passed.load(Ordering::Relaxed)
    }

    /// One point. True when it was the last.
    fn burn(&self) -> bool {
        self.passed.fetch_add(1, Ordering::Relaxed);
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return false;
        }
        self.left.store(left - 1, Ordering::Relaxed);
        left == 1
    }
}

/// The life of one process: its controller, until it ends or dies.
pub(super) struct Life {
    task: Pin<Box<dyn Future<Output = Ended>>>,
    pub(super) client: Client,
    stop: watch::Sender<Option<String>>,
    fuse: Fuse,
    witness: Arc<Mutex<Witness>>,
    disk: SimDisk,
}

impl Future for Life {
    type Output = Option<Ended>;

    /// `None` when it died.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.fuse.burn() {
            return Poll::Ready(None);
        }
        let polled = self.task.as_mut().poll(context).map(Some);
        // Judged at the moment it is true, not when something else happens to be looked at.
        self.witness.lock().unwrap_or_else(PoisonError::into_inner).absorb();
        // Also just after: what this poll has begun, such as a call, is then recorded and never happens.
        if self.fuse.burn() || self.disk.has_died() { Poll::Ready(None) } else { polled }
    }
}

/// Everything of one trial.
pub(super) struct Stage {
    plan: Plan,
    guards: Guards,
    pub(super) sim: Sim,
    /// The machine's clock, which can be set; the world's cannot.
    wall: Clock,
    off_by: SignedDuration,
    pub(super) disk: SimDisk,
    wire: Wire,
    witness: Arc<Mutex<Witness>>,
    pub(super) fuse: Fuse,
    rng: Rng,
    lives: u32,
    /// What a crash that is on its way will do, and how long the process is down.
    dying: Option<(bool, i64)>,
}

impl Stage {
    pub(super) async fn new(plan: Plan, without: Option<Guard>) -> Self {
        let guards = without.map_or(Guards::all(), Guards::without);
        let clock = Clock::repeatable(plan.start).await;
        let sim = Sim::new(&plan.scenario, Some(plan.seed), clock.clone());
        let disk = SimDisk::new();
        let witness = Arc::new(Mutex::new(Witness::new(plan.clone(), disk.clone(), sim.clone())));
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
            witness,
            fuse,
            rng,
            lives: 0,
            dying: None,
        }
    }

    pub(super) fn witness(&self) -> MutexGuard<'_, Witness> {
        self.witness.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plays the whole plan, then judges the end.
    async fn play(mut self) -> Report {
        let mut life = Some(self.boot().await);
        let mut back_at: Option<Timestamp> = None;
        let deeds = std::mem::take(&mut self.plan.deeds);
        let mut deeds = deeds.into_iter().peekable();
        loop {
            let next = deeds.peek().map_or(self.plan.ends_at, |(at, _)| *at).min(self.plan.ends_at);
            let until = back_at.map_or(next, |back_at| back_at.min(next));
            let clock = self.sim.clock().clone();
            match &mut life {
                Some(running) => tokio::select! {
                    biased;
                    ended = running => {
                        life = None;
                        back_at = Some(self.bury(ended));
                        continue;
                    }
                    () = clock.sleep_until(until) => {}
                },
                None => clock.sleep_until(until).await,
            }
            let now = clock.now();
            if back_at.is_some_and(|back_at| back_at <= now) {
                back_at = None;
                life = Some(self.boot().await);
            }
            while let Some((_, deed)) = deeds.next_if(|(at, _)| *at <= now) {
                self.perform(deed, life.as_mut());
            }
            if now >= self.plan.heals_at {
                self.wire.heal();
                // Somebody has set the clock right.
                self.wall.set_by(-std::mem::take(&mut self.off_by));
            }
            if now >= self.plan.ends_at || !self.witness().broken.is_empty() {
                break;
            }
        }
        self.judge(life)
    }

    /// Starts a process on the disk as it is.
    pub(super) async fn boot(&mut self) -> Life {
        self.lives += 1;
        self.wire.set_dead(false);
        self.witness().absorb();
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
                self.disk.take_failed();
                self.witness().note(format!("the journal does not open: {error}"));
                (Err(error.to_string()), Vec::new())
            }
        };
        self.witness().note(format!("life {} begins", self.lives));
        let attempts = if self.guards.stand(Guard::OneAttempt) { 1 } else { 3 };
        let mut in_process = InProcess::new(self.wire.http_client(), self.wall.clone());
        in_process.retry_partition = format!("swarm-{}", BOOTS.fetch_add(1, Ordering::Relaxed));
        in_process.mutation_attempts = attempts;
        let aws = connect(&self.plan.settings.aws, Target::InProcess(in_process)).await;
        let world = World::Simulation { scenario: "swarm".to_owned(), speed: 1.0, endpoint: String::new() };
        let first = Snapshot::before_the_start(self.wall.now(), world.clone());
        let (client, server) = control::pair(first, Operator { user: "ada".to_owned(), ssh_client: None });
        let start = Event::EngineStarted {
            version: "swarm".to_owned(),
            pid: self.lives,
            mode: "swarm".to_owned(),
            config_digest: String::new(),
        };
        let parts = Parts {
            settings: self.plan.settings.clone(),
            digest: |_| "swarm".to_owned(),
            journal,
            entries,
            aws,
            clock: self.wall.clone(),
            server,
            world,
            start,
            guards: self.guards,
        };
        let (stop, stopped) = watch::channel(None);
        let task = Box::pin(Controller::new(parts).run(stopped));
        Life {
            task,
            client,
            stop,
            fuse: self.fuse.clone(),
            witness: Arc::clone(&self.witness),
            disk: self.disk.clone(),
        }
    }

    /// A life is over. Returns when the next one begins.
    pub(super) fn bury(&mut self, ended: Option<Ended>) -> Timestamp {
        self.wire.set_dead(true);
        self.disk.kill();
        self.witness().absorb();
        let (power_loss, down_secs) = self.dying.take().unwrap_or((false, 30));
        match ended {
            None => {
                self.fuse.light(0);
                self.witness().note(format!("the process is gone, power lost: {power_loss}"));
                if power_loss {
                    self.disk.lose_power(&mut self.rng);
                }
            }
            Some(Ended::Asked(_)) => self.witness().note("the process has stopped"),
            Some(Ended::Failed(why)) => self.witness().break_promise(format!("the controller failed: {why}")),
        }
        let now = self.sim.clock().now();
        now.saturating_add(SignedDuration::from_secs(down_secs)).unwrap_or(now)
    }

    fn perform(&mut self, deed: Deed, life: Option<&mut Life>) {
        self.witness().note(format!("deed {deed:?}"));
        let now = self.sim.clock().now();
        match &deed {
            Deed::Disk(trouble) => self.disk.set_trouble(*trouble),
            Deed::ClockStep { secs } => {
                self.wall.set_by(SignedDuration::from_secs(*secs));
                self.off_by = self.off_by.saturating_add(SignedDuration::from_secs(*secs));
            }
            Deed::ForeignClass { database, class } => {
                let what = [("DBInstanceClass", class.as_str()), ("ApplyImmediately", "true")];
                if people::foreign_modify(&self.sim, now, database, &what) {
                    self.witness().foreign.insert(database.clone(), now);
                }
            }
            Deed::ForeignSwitch(to) => {
                self.wire.switch(*to);
                let mut witness = self.witness();
                for name in self.plan.loads.keys() {
                    witness.foreign.insert(name.clone(), now);
                }
            }
            Deed::ForeignPending { database } => {
                let class = self.sim.world().fleet().instance(database).map(|instance| instance.storage_gib);
                let more = class.map_or_else(|| "200".to_owned(), |gib| (gib * 2).to_string());
                people::foreign_modify(&self.sim, now, database, &[("AllocatedStorage", more.as_str())]);
            }
            _ => {}
        }
        if let Some(fault) = fault_of(&deed) {
            self.witness().strike(fault);
        }
        if let Some(life) = life {
            self.perform_on(deed, life);
        }
    }

    fn perform_on(&mut self, deed: Deed, life: &mut Life) {
        let client = &mut life.client;
        match deed {
            Deed::Arm => people::order(client, Command::Arm { reason: "the trial begins".to_owned() }),
            Deed::Disarm => people::order(client, Command::Disarm),
            Deed::Scale { database, up } => people::scale(client, &database, up),
            Deed::Hold { database } => {
                let hold = Command::Hold {
                    database: DatabaseName::new(database),
                    direction: None,
                    duration: std::time::Duration::from_hours(1),
                    reason: "by hand".to_owned(),
                };
                people::order(client, hold);
            }
            Deed::StopAction { database } => {
                people::order(client, Command::Stop { database: DatabaseName::new(database) });
            }
            Deed::OldPicture { database } => people::order_on_old_picture(client, &database),
            Deed::LookAfter if client.snapshot().journal.broken.is_some() => {
                self.witness().coverage.reach(Milestone::DisarmedByJournal);
                life.stop.send_replace(Some("the journal takes no records: started anew".to_owned()));
            }
            Deed::LookAfter => people::look_after(client),
            Deed::Crash { after_points, power_loss, down_secs } => {
                self.dying = Some((power_loss, down_secs));
                life.fuse.light(after_points + 1);
            }
            Deed::Stop { down_secs } => {
                self.dying = Some((false, down_secs));
                life.stop.send_replace(Some("SIGTERM".to_owned()));
            }
            Deed::Disk(_)
            | Deed::ClockStep { .. }
            | Deed::ForeignClass { .. }
            | Deed::ForeignSwitch(_)
            | Deed::ForeignPending { .. } => {}
        }
    }

    /// What must hold at the end.
    fn judge(self, life: Option<Life>) -> Report {
        let snapshot = life.as_ref().map(|life| life.client.snapshot());
        drop(life);
        let mut witness = self.witness();
        witness.absorb();
        if witness.broken.is_empty() {
            promises::at_rest(&mut witness);
            self.judge_rest(&mut witness, snapshot.as_deref());
        }
        Report {
            seed: self.plan.seed,
            broken: witness.broken.clone(),
            last_events: witness.last_events(),
            coverage: witness.coverage.clone(),
            trace: witness.trace(),
            mutations: witness.mutations,
            records: witness.durable_records,
        }
    }

    /// I20: hours after everything was mended, each database is where its policy wants it, or says why not.
    fn judge_rest(&self, witness: &mut Witness, snapshot: Option<&Snapshot>) {
        if let Err(error) = verify_on(&self.disk.boot()) {
            witness.break_promise(format!("I18: at the end the journal does not verify: {error}"));
        }
        let Some(snapshot) = snapshot else { return witness.break_promise("I20: no engine is left") };
        if !snapshot.arming.is_armed() {
            witness.break_promise(format!("I20: not armed at the end: {:?}", snapshot.arming));
        }
        if let Some(problem) = snapshot.problems.first() {
            witness.break_promise(format!("I20: still failing at the end: {}", problem.failure.sentence));
        }
        for view in &snapshot.databases {
            let acting = view.run.as_ref().filter(|run| !run.is_ended());
            if acting.is_some_and(|run| promises::is_young(witness, &run.intent.action)) {
                continue;
            }
            let Some(decision) = &view.decision else {
                witness.break_promise(format!("I20: {} was never evaluated", view.name()));
                continue;
            };
            let unexcused = self.unexcused(decision);
            let waits = decision.verdict.wanted().is_some();
            if waits && decision.closed_gates().count() == 0 || !unexcused.is_empty() {
                let words = decision.verdict.words();
                witness.break_promise(format!("I20: {} does not come to rest: {words}, {unexcused:?}", view.name()));
            }
        }
    }
}

impl Stage {
    /// Closed gates that no rest explains.
    fn unexcused(&self, decision: &Decision) -> Vec<&'static str> {
        let closed: Vec<&str> = decision.closed_gates().map(|gate| gate.gate.name()).collect();
        if closed.contains(&"rung on the ladder") {
            return Vec::new();
        }
        // A cooldown and a budget end by themselves, foreign storage pends until the window, a late world stays late.
        let late = self.plan.faults.contains(&Fault::M2Late);
        let of_lateness = ["fresh data", "up rules complete", "connections fit", "cpu fits"];
        let excused = |name: &&str| {
            ["cooldown over", "daily budget", "nothing pending", "not held", "fleet slot"].contains(name)
                || (late && of_lateness.contains(name))
        };
        closed.into_iter().filter(|name| !excused(name)).collect()
    }
}

/// The fault that a deed is, for the table of what happened.
fn fault_of(deed: &Deed) -> Option<Fault> {
    use super::disk::Trouble;
    Some(match deed {
        Deed::Disarm => Fault::O1Disarm,
        Deed::Scale { .. } => Fault::O2Override,
        Deed::OldPicture { .. } => Fault::O3TwoOperators,
        Deed::ForeignClass { .. } | Deed::ForeignSwitch(Switch::Class) => Fault::R8ForeignHands,
        Deed::ForeignSwitch(Switch::Machine) => Fault::M6OtherMachine,
        Deed::ForeignPending { .. } => Fault::R11Maintenance,
        Deed::Crash { power_loss: false, .. } => Fault::P1Crash,
        Deed::Crash { power_loss: true, .. } => Fault::P8PowerLoss,
        Deed::Stop { .. } => Fault::P2Stop,
        Deed::Disk(Trouble::Full) => Fault::P7DiskFull,
        Deed::Disk(Trouble::WriteError) => Fault::P7DiskError,
        Deed::Disk(Trouble::SyncError) => Fault::P7SyncFails,
        Deed::ClockStep { .. } => Fault::L5ClockStep,
        Deed::Arm
        | Deed::Hold { .. }
        | Deed::StopAction { .. }
        | Deed::ForeignSwitch(Switch::Back)
        | Deed::LookAfter
        | Deed::Disk(Trouble::None) => {
            return None;
        }
    })
}
