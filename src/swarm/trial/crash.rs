//! Dying at every single point: for each kind of action, the process is killed before and after every poll of its task,
//! and the power is cut at every byte of every record that it writes. Whatever the moment, the next start must bring the
//! world to the same end with the same single change.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::time::Duration;

use jiff::SignedDuration;

use super::people;
use super::process::Life;
use super::stage::Stage;
use crate::config;
use crate::model::command::Command;
use crate::model::ladder::Direction;
use crate::model::old_machine::{Fate, OldMachine};
use crate::model::policy::{OldMachinePolicy, RemovedBy, Strategy};
use crate::sim::rds::Role;
use crate::sim::rng::Rng;
use crate::sim::scenario::Scenario;
use crate::swarm::oracle::invariants::copies;
use crate::swarm::oracle::truth;
use crate::swarm::plan::draw;
use crate::swarm::plan::{Load, TrialPlan};

/// One kind of action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The engine goes up.
    EngineUp,
    /// The engine goes down.
    EngineDown,
    /// The engine goes up with a standby.
    EngineUpMultiAz,
    /// A person goes up.
    PersonUp,
    /// The engine goes up by a blue/green deployment, and deletes the old machine a while later.
    EngineUpBlueGreen,
    /// The same where AWS does not take the class with the order: the copy is moved afterwards.
    EngineUpResizedCopy,
    /// The engine goes up by a reader that takes over the writes of an Aurora cluster.
    EngineUpReader,
    /// The engine goes up by a change of a Multi-AZ DB cluster.
    EngineUpCluster,
}

/// Where a run dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Nowhere: to count the points.
    Never,
    /// At that point of its life: an odd one is before a poll, an even one after.
    Point(u64),
    /// Nowhere, but at that poll a person disarms, and arms again when coming by.
    Disarmed(u64),
    /// The power goes at that append, when so many bytes of it have come down.
    Byte {
        /// From 1.
        append: u64,
        /// 0 is none.
        bytes: usize,
    },
}

/// What came of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What is not as it must be; empty when all is well.
    pub wrong: Vec<String>,
    /// Points of life until the action had ended.
    pub points: u64,
    /// The length of each record that was written, in bytes.
    pub records: Vec<usize>,
    /// What happened last, before anything was wrong.
    pub last_events: Vec<String>,
}

const DATABASE: &str = "checkpoints";
/// What takes AWS minutes takes less here: every look is a life, and one that sees the same as the one before shows nothing.
const TIMING: &str = "[timing]\npreparation = [\"30s\", \"60s\"]\noutage = [\"60s\", \"90s\"]\nstandby = [\"60s\", \"90s\"]\n\
     old_primary = [\"60s\", \"90s\"]\ngreen_provisioning = [\"2m\", \"3m\"]\ngreen_backup = [\"60s\", \"90s\"]\n\
     green_storage = [\"60s\", \"90s\"]\nreader_creation = [\"60s\", \"90s\"]\ncluster_member = [\"30s\", \"60s\"]\n";
/// Shorter than a configuration may say: every poll of the wait is a life.
const KEPT: Duration = Duration::from_mins(3);
/// A person looks this often, and does what is needed.
const TICK: SignedDuration = SignedDuration::from_secs(20);
/// An action with a lost call takes ten minutes of looking, then another action follows.
const LIMIT: SignedDuration = SignedDuration::from_hours(3);

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::EngineUp,
        Self::EngineDown,
        Self::EngineUpMultiAz,
        Self::PersonUp,
        Self::EngineUpBlueGreen,
        Self::EngineUpResizedCopy,
        Self::EngineUpReader,
        Self::EngineUpCluster,
    ];

    fn target(self) -> &'static str {
        let [small, large] = self.ladder();
        if self == Self::EngineDown { small } else { large }
    }

    fn ladder(self) -> [&'static str; 2] {
        match self {
            Self::EngineUpReader => ["db.t4g.medium", "db.t4g.large"],
            Self::EngineUpCluster => ["db.m6gd.large", "db.m6gd.xlarge"],
            _ => ["db.t4g.small", "db.m5.large"],
        }
    }

    /// The old machine goes by an action of its own.
    fn removes_old(self) -> bool {
        self == Self::EngineUpBlueGreen
    }

    fn strategy(self) -> Strategy {
        match self {
            Self::EngineUpBlueGreen | Self::EngineUpResizedCopy => Strategy::BlueGreen,
            Self::EngineUpReader => Strategy::ReaderFailover,
            Self::EngineUpCluster => Strategy::ClusterModify,
            Self::EngineUp | Self::EngineDown | Self::EngineUpMultiAz | Self::PersonUp => Strategy::InPlace,
        }
    }

    /// The calls that it takes, each of them once.
    fn calls(self) -> &'static [&'static str] {
        match self {
            Self::EngineUpBlueGreen => {
                &["CreateBlueGreenDeployment", "SwitchoverBlueGreenDeployment", "DeleteDBInstance"]
            }
            Self::EngineUpResizedCopy => {
                &["CreateBlueGreenDeployment", "ModifyDBInstance", "SwitchoverBlueGreenDeployment"]
            }
            Self::EngineUpReader => &["CreateDBInstance", "FailoverDBCluster"],
            Self::EngineUpCluster => &["ModifyDBCluster"],
            _ => &["ModifyDBInstance"],
        }
    }

    fn plan(self) -> TrialPlan {
        let [small, large] = self.ladder();
        let (from, load) = match self {
            Self::EngineDown => (large, 100.0),
            Self::PersonUp => (small, 300.0),
            _ => (small, 620.0),
        };
        let what = match self {
            Self::EngineUpReader => "[[cluster]]\nkind = \"aurora\"\n",
            Self::EngineUpCluster => "[[cluster]]\nkind = \"multi_az\"\n",
            Self::EngineUpMultiAz => "[[instance]]\nmulti_az = true\n",
            _ => "[[instance]]\n",
        };
        let strategy = self.strategy().as_str();
        let mut plan = draw::plan(1, 5);
        let fault = if self == Self::EngineUpResizedCopy {
            "[[fault]]\nat = \"0s\"\nfor = \"12h\"\nblue_green = \"class_refused\"\n"
        } else {
            ""
        };
        let scenario = format!(
            "name = \"crash\"\naccount = \"111122223333\"\nregion = \"us-east-1\"\nstart = \"{}\"\nseed = 1\n\
             noise = 0.02\nhistory = \"15m\"\n{what}id = \"{DATABASE}\"\nclass = \"{from}\"\n\
             deletion_protection = false\n[[demand]]\nat = \"0s\"\nwrites = {load}\n{fault}{TIMING}",
            plan.start
        );
        let rules = "[[database.up]]\nsignal = \"writes\"\nabove = 500\ndatapoints = 2\nperiods = 3\n\
                     [[database.down]]\nsignal = \"writes\"\nbelow = 225\ndatapoints = 3\nperiods = 3\n";
        let policy = format!(
            "[engine]\nevaluate_every = \"60s\"\nwatch_every = \"30s\"\n[[database]]\nid = \"{DATABASE}\"\n\
             ladder = [\"{small}\", \"{large}\"]\nstrategy = \"{strategy}\"\nmax_actions_per_day = 24\n\
             cooldown = {{ up = \"10s\", down = \"10s\" }}\n{rules}"
        );
        // Both texts are constants of this file but for a class, a number and a switch: its tests run all of them.
        if let (Ok(scenario), Ok(settings)) = (Scenario::parse("crash", &scenario), config::parse(&policy, "crash")) {
            plan.scenario = scenario;
            plan.settings = settings;
            if self.removes_old() {
                for policy in &mut plan.settings.databases {
                    policy.old_machine =
                        OldMachinePolicy { keep: KEPT, removed_by: RemovedBy::Engine, final_snapshot: true };
                }
            }
        }
        plan.loads = [(DATABASE.to_owned(), vec![(plan.start, Load { writes: load, connections: 0.0 })])].into();
        plan.faults.clear();
        plan.strikes.clear();
        plan.deeds.clear();
        plan
    }
}

/// Runs one action of that kind, with that death on its way, until the world has come to its end.
///
/// # Errors
/// When the runtime cannot be made.
pub fn run(kind: Kind, death: Death) -> std::io::Result<Outcome> {
    fastrand::seed(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    let stage = runtime.block_on(Stage::new(kind.plan(), None));
    let witness = stage.shared_witness();
    let played = catch_unwind(AssertUnwindSafe(|| runtime.block_on(play(stage, kind, death))));
    Ok(played.unwrap_or_else(|panic| {
        let mut witness = witness.lock().unwrap_or_else(PoisonError::into_inner);
        witness.on_panic(panic.as_ref());
        let wrong = witness.telling().broken().to_vec();
        Outcome { wrong, points: 0, records: Vec::new(), last_events: witness.telling().last_events() }
    }))
}

async fn play(mut stage: Stage, kind: Kind, death: Death) -> Outcome {
    match death {
        Death::Never => {}
        Death::Point(point) => stage.fuse.light(point),
        Death::Disarmed(poll) => stage.disarming.light(poll),
        Death::Byte { append, bytes } => stage.disk.die_at(append, bytes),
    }
    let clock = stage.sim.clock().clone();
    let begin = clock.now();
    let mut life = Some(stage.boot().await);
    let mut records = Vec::new();
    while clock.now().duration_since(begin) < LIMIT && !is_over(&stage, life.as_ref(), kind) {
        let until = clock.now().saturating_add(TICK).unwrap_or(begin);
        match &mut life {
            Some(running) => tokio::select! {
                biased;
                ended = running => {
                    life = None;
                    stage.bury(ended);
                    if matches!(death, Death::Byte { .. }) {
                        stage.disk.lose_power(&mut Rng::of(0, "nothing is loose that was not cut", 0));
                    }
                }
                () = clock.sleep_until(until) => {}
            },
            None => life = Some(stage.boot().await),
        }
        if let Some(life) = &mut life {
            tend(&stage, life, kind);
        }
        records.extend(stage.witness().take_lengths());
    }
    drop(life);
    let wrong = wrongs(&stage, kind);
    let last_events = stage.witness().telling().last_events();
    Outcome { wrong, points: stage.fuse.passed(), records, last_events }
}

/// What the person does who wants this to happen.
fn tend(stage: &Stage, life: &mut Life, kind: Kind) {
    let snapshot = life.orders.snapshot();
    let Some(view) = snapshot.databases.first() else { return };
    let acting = view.active_run().is_some();
    if kind == Kind::PersonUp {
        if !acting && view.state.as_ref().is_some_and(|state| state.class.as_str() != kind.target()) {
            people::scale(&mut life.orders, DATABASE, Direction::Up);
        }
    } else if let Some(OldMachine { fate: Fate::ByPerson { .. }, .. }) =
        view.old_machines.first().filter(|_| kind.removes_old() && !acting)
    {
        // The engine tries it once: where that left no trace, it is for a person.
        people::remove_old(&mut life.orders, DATABASE);
    } else if !snapshot.arming.is_armed() {
        stage.witness().arm_ordered = true;
        life.orders.give(Command::Arm { reason: "test".to_owned() });
    }
}

fn is_over(stage: &Stage, life: Option<&Life>, kind: Kind) -> bool {
    let truth = truth::of(stage.sim.world().fleet(), DATABASE);
    let there = truth.is_some_and(|truth| truth.class == kind.target());
    let snapshot = life.map(|life| life.orders.snapshot());
    let run = snapshot.as_ref().and_then(|snapshot| snapshot.databases.first()?.run.clone());
    let old_is_there = stage.sim.world().fleet().instances().any(|instance| instance.role == Role::Replaced);
    let waits = kind.removes_old() && old_is_there;
    there && !waits && run.is_some_and(|run| run.is_ended())
}

fn wrongs(stage: &Stage, kind: Kind) -> Vec<String> {
    let mut witness = stage.witness();
    witness.absorb();
    let mut wrong = witness.telling().broken().to_vec();
    let truth = truth::of(witness.sim.world().fleet(), DATABASE);
    if truth.as_ref().is_none_or(|truth| truth.class != kind.target() || truth.status != "available") {
        let class = truth.map(|truth| format!("{} {}", truth.class, truth.status));
        wrong.push(format!("the world ends as {class:?} and not as {}", kind.target()));
    }
    let taken = witness.ledger.calls.iter().filter(|call| call.took_effect);
    let taken: Vec<&str> = taken.map(|call| call.call.operation()).collect();
    // A switchover whose record outlived the process that should have sent it is never sent again: its copy is removed,
    // and another action does what is still wanted.
    let undo = if kind == Kind::EngineUpReader { "DeleteDBInstance" } else { "DeleteBlueGreenDeployment" };
    let given_up = taken.iter().position(|operation| *operation == undo);
    let given_up = given_up.filter(|at| kind.calls().starts_with(&taken[..*at]));
    if &taken[given_up.map_or(0, |at| at + 1)..] != kind.calls() {
        wrong.push(format!("{taken:?} were taken and not {:?}", kind.calls()));
    }
    let left = copies(&witness, DATABASE);
    if !left.is_empty() {
        wrong.push(format!("left behind: {}", left.join(", ")));
    }
    let open =
        witness.ledger.intents.keys().filter(|action| witness.ledger.ended.get(action).copied() != Some(1)).count();
    if open > 0 {
        wrong.push(format!("{open} actions have no end, or two"));
    }
    wrong
}
