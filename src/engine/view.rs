//! What the engine shows of itself.

use jiff::Timestamp;

use super::commands::direction_to;
use super::{Engine, Watched, gates};
use crate::model::class::InstanceClass;
use crate::model::gate::GateResult;
use crate::model::ladder::Direction;
use crate::model::plan::{OverridePlan, in_place_outage};
use crate::model::policy::{Policy, Strategy};
use crate::model::snapshot::{Arming, DatabaseView, Problem, Wake};

impl Engine {
    /// Permission to act.
    pub fn arming(&self) -> &Arming {
        &self.memory.arming
    }

    /// What fails at the moment.
    pub fn problems(&self) -> Vec<Problem> {
        self.problems.values().cloned().collect()
    }

    /// The databases as they are at `now`, with the next look.
    pub fn databases(&self, now: Timestamp, next_look: &Wake) -> Vec<DatabaseView> {
        let view = |policy: &Policy| Some(self.database(policy, self.watched.get(&policy.database)?, now, next_look));
        self.settings.databases.iter().filter_map(view).collect()
    }

    fn database(&self, policy: &Policy, watched: &Watched, now: Timestamp, next_look: &Wake) -> DatabaseView {
        let remembered = self.memory.of(&policy.database);
        let class = watched.state.as_ref().map(|(state, _)| &state.class);
        let gates_to = |direction| {
            let target = class.and_then(|class| policy.ladder.step(class, direction));
            gates::all(self.common(), policy, watched, direction, target, now)
        };
        DatabaseView {
            policy: policy.clone(),
            state: watched.state.as_ref().map(|(state, _)| state.clone()),
            state_at: watched.state.as_ref().map(|(_, at)| *at),
            series: watched.series.clone(),
            decision: watched.decision.clone(),
            gates_up: gates_to(Direction::Up),
            gates_down: gates_to(Direction::Down),
            run: remembered.run.clone(),
            holds: remembered.holds_at(now).cloned().collect(),
            next_look: Some(next_look.clone()),
            marks: remembered.marks.iter().copied().collect(),
            plans: self.plans(policy, watched, now),
        }
    }

    /// What a person could order: every rung but the present one.
    fn plans(&self, policy: &Policy, watched: &Watched, now: Timestamp) -> Vec<OverridePlan> {
        let Some((state, _)) = &watched.state else { return Vec::new() };
        let here = policy.ladder.position(&state.class);
        let price = |class: &InstanceClass| {
            // A standby is billed like the instance itself.
            class.listing().map(|listing| listing.price_usd_per_hour * if state.multi_az { 2.0 } else { 1.0 })
        };
        let plan = |to: &InstanceClass| {
            let direction = direction_to(here, policy.ladder.position(to));
            let gates = gates::all(self.common(), policy, watched, direction, Some(to), now);
            let closed = |yields: bool| {
                let of_kind = move |gate: &&GateResult| !gate.open && gate.gate.yields_to_person() == yields;
                gates.iter().filter(of_kind)
            };
            OverridePlan {
                to: to.clone(),
                strategy: policy.strategy,
                outage: match policy.strategy {
                    Strategy::InPlace => in_place_outage(state.multi_az),
                },
                price_before_usd_per_hour: price(&state.class),
                price_after_usd_per_hour: price(to),
                passes_over: closed(true).map(|gate| gate.gate.name().to_owned()).collect(),
                blocked_by: closed(false).map(ToString::to_string).collect(),
            }
        };
        policy.ladder.rungs().iter().filter(|rung| **rung != state.class).map(plan).collect()
    }
}
