//! Draws from a seed all that a trial is made of.

mod deeds;
mod loads;
mod policies;
mod strikes;
mod world;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::form::Form;
use super::{
    Deed, DeploymentEnd, Dying, Foreign, HEALING, Load, Machine, Order, PolicyChange, Power, Strike, Switch, TrialPlan,
};
use crate::model::ladder::Direction;
use crate::sim::rng::Rng;
use crate::swarm::faults::Fault;
use crate::swarm::oracle::constant_load;

/// When every trial begins, in virtual time.
const START: &str = "2026-01-05T09:00:00Z";
/// The account of every trial.
pub(in crate::swarm) const ACCOUNT: &str = "111122223333";

/// The plan of a seed for a trial of so many hours, the last [`HEALING`] of them without faults.
pub(in crate::swarm) fn plan(seed: u64, hours: u32) -> TrialPlan {
    let mut rng = Rng::of(seed, "swarm plan", 0);
    let start: Timestamp = START.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let chaos = SignedDuration::from_hours(i64::from(hours)) - HEALING;
    let heals_at = start.saturating_add(chaos.max(SignedDuration::from_hours(1))).unwrap_or(start);
    let ends_at = heals_at.saturating_add(HEALING).unwrap_or(heals_at);
    let mut faults = subset(&mut rng);
    let form = Form::of(seed);
    // Of a draw of its own, so that the other days stay what they are.
    let mut own = Rng::of(seed, "swarm faults of deployments", 0);
    faults.extend(form.faults().iter().copied().filter(|_| own.unit() < 0.4));
    let names: Vec<String> = ["checkpoints", "orders", "catalogue"][..[1, 1, 1, 2, 2, 3][pick(&mut rng, 6)]]
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    let mut drawer = Drawer { rng, start, heals_at, ends_at, faults: &faults, names: &names, form };
    let loads = match constant_load::writes_per_sec(seed) {
        Some(writes) => drawer.steady_loads(writes),
        None => drawer.loads(),
    };
    let scenario = drawer.scenario(seed, &loads);
    let rungs = form.ladder(seed % 3 == 1 && constant_load::writes_per_sec(seed).is_none());
    let mut settings = drawer.settings(rungs);
    if form.leaves_machines() {
        policies::keep_old_machines(seed, &mut settings);
        policies::cut_by_word(seed, form, &mut settings);
    }
    policies::read_servers(seed, &faults, &mut settings);
    let mut strikes = drawer.strikes();
    drawer.remember_old_endpoints(seed, &mut strikes);
    let mut deeds = drawer.deeds();
    if form.leaves_machines() {
        drawer.remove_old_machines(seed, &mut deeds);
    }
    if constant_load::writes_per_sec(seed).is_none() && seed.is_multiple_of(2) {
        drawer.orders_that_last(seed, &mut deeds);
    }
    if constant_load::writes_per_sec(seed).is_none() {
        drawer.reload(seed, &mut deeds);
    }
    TrialPlan { seed, scenario, settings, strikes, deeds, start, heals_at, ends_at, loads, faults: faults.clone() }
}

/// Half of the seeds have few faults and come far, half have many and meet rare combinations.
fn subset(rng: &mut Rng) -> BTreeSet<Fault> {
    let count = if rng.draw().is_multiple_of(2) { 1 + pick(rng, 4) } else { 6 + pick(rng, 12) };
    let mut faults: BTreeSet<Fault> = (0..count).map(|_| Fault::ALWAYS[pick(rng, Fault::ALWAYS.len())]).collect();
    // Some are worst together: a lost answer and an old picture, an old picture and an order by hand.
    let worse = [
        (Fault::A3FailsAfter, Fault::A5Stale),
        (Fault::A5Stale, Fault::O2Override),
        (Fault::M6OtherMachine, Fault::O2Override),
    ];
    for (one, other) in worse {
        if faults.contains(&one) && rng.unit() < 0.6 {
            faults.insert(other);
        }
    }
    faults
}

fn pick(rng: &mut Rng, count: usize) -> usize {
    (rng.draw() % count as u64) as usize
}

struct Drawer<'a> {
    rng: Rng,
    start: Timestamp,
    heals_at: Timestamp,
    ends_at: Timestamp,
    faults: &'a BTreeSet<Fault>,
    names: &'a [String],
    form: Form,
}

impl Drawer<'_> {
    fn minutes(&mut self, from: i64, to: i64) -> SignedDuration {
        self.rng.between(SignedDuration::from_mins(from), SignedDuration::from_mins(to))
    }

    fn some_time(&mut self) -> Timestamp {
        let chaos = self.heals_at.duration_since(self.start);
        let after = self.rng.between(SignedDuration::from_mins(2), chaos);
        self.start.saturating_add(after).unwrap_or(self.start)
    }

    fn direction(&mut self) -> Direction {
        if self.rng.draw().is_multiple_of(2) { Direction::Up } else { Direction::Down }
    }

    fn name(&mut self) -> String {
        self.names[pick(&mut self.rng, self.names.len())].clone()
    }
}

/// A plan that is none is a defect of this file, and must not be taken for a passed trial.
#[expect(clippy::panic, reason = "a trial without a plan proves nothing, and there is nobody to hand the error to")]
fn unreachable_plan<T>(why: &str) -> T {
    panic!("the plan of this seed is no plan: {why}")
}
