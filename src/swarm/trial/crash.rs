//! Dying at every single point: for each kind of action, the process is killed before and after every poll of its task,
//! and the power is cut at every byte of every record that it writes. Whatever the moment, the next start must bring the
//! world to the same end with the same single change.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;

use jiff::SignedDuration;

use super::kind::DATABASE;
pub use super::kind::Kind;
use super::people;
use super::process::Life;
use super::stage::Stage;
use crate::model::command::Command;
use crate::model::ladder::Direction;
use crate::model::old_machine::{Fate, OldMachine};
use crate::sim::rds::Role;
use crate::sim::rng::Rng;
use crate::swarm::oracle::invariants::copies;
use crate::swarm::oracle::truth;

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

/// A person looks this often, and does what is needed.
const TICK: SignedDuration = SignedDuration::from_secs(20);
/// An action with a lost call takes ten minutes of looking, then another action follows.
const LIMIT: SignedDuration = SignedDuration::from_hours(3);

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
    if kind.is_allowed() {
        people::allow_cuts(&mut life.orders);
    }
    if kind.comes_to_nothing() {
        // What nobody could be sure to have removed is held, for somebody to look.
        let arms = people::look_after(&mut life.orders, &stage.sim, true);
        stage.witness().arm_ordered |= arms;
        return;
    }
    if kind == Kind::PersonUp {
        if !acting && view.state.as_ref().is_some_and(|state| state.class.as_str() != kind.target()) {
            people::scale(&mut life.orders, DATABASE, Direction::Up, None);
        }
    } else if let Some(OldMachine { fate: Fate::ByPerson { .. }, .. }) =
        view.old_machines.first().filter(|_| kind.removes_old() && !acting)
    {
        // The engine tries it once: where that left no trace, it is for a person.
        people::remove_old(&mut life.orders, DATABASE);
    } else if !snapshot.arming.is_armed() {
        stage.witness().arm_ordered = true;
        life.orders.give(Command::Arm { reason: "test".to_owned(), duration: None });
    }
}

fn is_over(stage: &Stage, life: Option<&Life>, kind: Kind) -> bool {
    let truth = truth::of(stage.sim.world().fleet(), DATABASE);
    let there = truth.is_some_and(|truth| truth.class == kind.target());
    let snapshot = life.map(|life| life.orders.snapshot());
    let run = snapshot.as_ref().and_then(|snapshot| snapshot.databases.first()?.run.clone());
    let old_is_there = stage.sim.world().fleet().instances().any(|instance| instance.role == Role::Replaced);
    let waits = kind.removes_old() && old_is_there;
    let is_copy = |role: &Role| matches!(role, Role::Copy { .. });
    let has_copy = stage.sim.world().fleet().instances().any(|instance| is_copy(&instance.role));
    there && !waits && !has_copy && run.is_some_and(|run| run.is_ended())
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
    if kind.comes_to_nothing() {
        let mut left = kind.calls().iter();
        if !taken.iter().all(|operation| left.any(|call| call == operation)) {
            wrong.push(format!("{taken:?} were taken, which are not of {:?} in their order", kind.calls()));
        }
    } else if &taken[given_up.map_or(0, |at| at + 1)..] != kind.calls() {
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
