//! One trial: a plan played on a stage to its end, and what came of it.

pub mod crash;
mod kind;
pub(in crate::swarm) mod orders;
pub(in crate::swarm) mod people;
pub(in crate::swarm) mod perturb;
pub(in crate::swarm) mod process;
pub(in crate::swarm) mod stage;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;

use jiff::Timestamp;

use crate::model::guard::Guard;
use crate::swarm::faults::Fault;
use crate::swarm::oracle::coverage::Coverage;
use crate::swarm::oracle::end_state;
use crate::swarm::oracle::lost_data::{self, FirstSteps};
use crate::swarm::oracle::witness::Witness;
use crate::swarm::plan::TrialPlan;
use crate::swarm::plan::draw;
use process::Life;
use stage::Stage;

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
    /// What the engine began first.
    pub first_steps: Option<FirstSteps>,
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
    play(trial, draw::plan(trial.seed, trial.hours), Until::TheEnd)
}

/// Whether a trial with data taken away can be held against the whole one: where values are forged, which ones are is
/// drawn from what there is, and the poorer run sees other values, not fewer.
pub fn can_be_thinned(trial: Trial) -> bool {
    let faults = draw::plan(trial.seed, trial.hours).faults;
    !faults.contains(&Fault::M3Impossible) && !faults.contains(&Fault::M4SilentZero)
}

/// Runs the same trial with data taken away, until the engine first scales: see [`step_for_want_of_data`].
///
/// [`step_for_want_of_data`]: super::step_for_want_of_data
///
/// # Errors
/// When the runtime cannot be made.
pub fn run_poorer(trial: Trial) -> std::io::Result<Report> {
    let mut plan = draw::plan(trial.seed, trial.hours);
    lost_data::thin(&mut plan);
    play(trial, plan, Until::TheFirstStep)
}

/// How far a trial is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    TheEnd,
    /// Of the engine's own.
    TheFirstStep,
}

fn play(trial: Trial, plan: TrialPlan, until: Until) -> std::io::Result<Report> {
    fastrand::seed(trial.seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    let stage = runtime.block_on(Stage::new(plan, trial.without));
    let witness = stage.shared_witness();
    let played = catch_unwind(AssertUnwindSafe(|| runtime.block_on(stage.play(until))));
    let mut witness = witness.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(panic) = played {
        witness.on_panic(panic.as_ref());
    }
    Ok(report(&witness))
}

/// Whether a trial has what it takes to miss a guard: most faults bring out the absence of some guards only.
pub fn can_miss(trial: Trial) -> bool {
    let needed = match trial.without {
        Some(Guard::MissingMetric | Guard::UpRulesComplete) => Fault::M1Missing,
        Some(Guard::TargetOrderable) => Fault::P2Stop,
        Some(Guard::CpuFits) => Fault::M4SilentZero,
        Some(Guard::SameAccount) => Fault::A15OtherAccount,
        Some(Guard::FreshData | Guard::LookAge) => Fault::L5ClockStep,
        _ => return true,
    };
    draw::plan(trial.seed, trial.hours).faults.contains(&needed)
}

fn report(witness: &Witness) -> Report {
    let telling = witness.telling();
    Report {
        seed: witness.plan.seed,
        broken: telling.broken().to_vec(),
        last_events: telling.last_events(),
        coverage: witness.coverage.clone(),
        trace: telling.trace(),
        first_steps: witness.first_steps.clone(),
        mutations: witness.mutations,
        records: witness.durable_records,
    }
}

impl Stage {
    /// Plays the whole plan, then judges the end; or a part of it.
    async fn play(mut self, until: Until) {
        let mut life = Some(self.boot().await);
        let mut back_at: Option<Timestamp> = None;
        let deeds = std::mem::take(&mut self.plan.deeds);
        let mut deeds = deeds.into_iter().peekable();
        loop {
            let next = deeds.peek().map_or(self.plan.ends_at, |(at, _)| *at).min(self.plan.ends_at);
            let next = back_at.map_or(next, |back_at| back_at.min(next));
            let clock = self.sim.clock().clone();
            match &mut life {
                Some(running) => tokio::select! {
                    biased;
                    ended = running => {
                        life = None;
                        back_at = Some(self.bury(ended));
                        continue;
                    }
                    () = clock.sleep_until(next) => {}
                },
                None => clock.sleep_until(next).await,
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
                if let Some(life) = &mut life {
                    life.during.clear();
                }
                // Somebody has set the clock right.
                self.wall.set_by(-std::mem::take(&mut self.off_by));
            }
            if until == Until::TheFirstStep && self.witness().first_steps.is_some() {
                return;
            }
            if now >= self.plan.ends_at || !self.witness().telling().broken().is_empty() {
                break;
            }
        }
        self.judge(life);
    }

    /// What must hold at the end.
    fn judge(self, life: Option<Life>) {
        let snapshot = life.as_ref().map(|life| life.orders.snapshot());
        drop(life);
        let mut witness = self.witness();
        witness.absorb();
        if witness.telling().broken().is_empty() {
            end_state::judge(&mut witness, &self.disk, snapshot.as_deref());
        }
    }
}
