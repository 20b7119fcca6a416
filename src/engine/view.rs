//! What the engine shows of itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::choices::{self, Grounds};
use super::observe::read_of;
use super::watched::{Seen, Watched};
use super::{Engine, gates};
use crate::model::arming::Arming;
use crate::model::choice::Choice;
use crate::model::class::InstanceClass;
use crate::model::configuration::ConfigurationView;
use crate::model::database::DatabaseName;
use crate::model::failure::{FailingRead, Failure};
use crate::model::gate::GateResult;
use crate::model::ladder::Direction;
use crate::model::override_plan::OverridePlan;
use crate::model::policy::Policy;
use crate::model::series::{Series, SignalName};
use crate::model::snapshot::{Before, DatabaseView};
use crate::model::wake::Wake;
use crate::playbook;

impl Engine {
    /// Permission to act.
    pub fn arming(&self) -> &Arming {
        &self.memory.arming
    }

    /// What it runs by.
    pub fn configuration(&self) -> &ConfigurationView {
        &self.memory.configuration
    }

    /// Rises with every change of permission, hold or action.
    pub fn revision(&self) -> u64 {
        self.memory.revision
    }

    /// What fails at the moment; first what makes everything else fail too.
    pub fn problems(&self) -> Vec<FailingRead> {
        let mut problems: Vec<FailingRead> = self.problems.values().cloned().collect();
        problems.sort_by_key(|problem| problem.failure.kind);
        problems
    }

    /// Why a look has not found this database, or cannot read it.
    pub fn unseen(&self, database: &DatabaseName) -> Option<&Failure> {
        self.problems.get(&read_of(database)).map(|problem| &problem.failure)
    }

    /// The datapoints of a database's signals; none for one that is not configured.
    pub fn series(&self, database: &DatabaseName) -> BTreeMap<SignalName, Arc<Series>> {
        self.watched.get(database).map(|watched| watched.series.clone()).unwrap_or_default()
    }

    /// The databases as they are at `now`, with the next look.
    pub fn databases(&self, now: Timestamp, next_look: &Wake) -> Vec<DatabaseView> {
        let view = |policy: &Policy| Some(self.database(policy, self.watched.get(&policy.database)?, now, next_look));
        self.settings.databases.iter().filter_map(view).collect()
    }

    fn database(&self, policy: &Policy, watched: &Watched, now: Timestamp, next_look: &Wake) -> DatabaseView {
        let remembered = self.memory.of(&policy.database);
        let class = watched.seen.as_ref().map(|seen| &seen.state.class);
        let gates_to = |direction| {
            let target = class.and_then(|class| policy.ladder.step(class, direction));
            let grounds = Grounds::of(policy, watched, remembered, (direction, self.guards), now);
            let strategy = choices::of_engine(grounds);
            gates::all(self.common(), (policy, strategy), watched, direction, target, now)
        };
        let multi_az = watched.seen.as_ref().is_some_and(|seen| seen.state.multi_az);
        DatabaseView {
            policy: policy.clone(),
            state: watched.seen.as_ref().map(|seen| seen.state.clone()),
            state_at: watched.seen.as_ref().map(|seen| seen.at),
            series: watched.series.clone(),
            decision: watched.decision.clone(),
            gates_up: gates_to(Direction::Up),
            gates_down: gates_to(Direction::Down),
            run: remembered.run.clone(),
            old_machines: self.old_machines(policy, watched),
            steps: remembered.active().map(|run| playbook::steps(run, multi_az)).unwrap_or_default(),
            before: watched.before.as_ref().map(|(until, series)| Before { until: *until, series: series.clone() }),
            holds: remembered.holds_at(now).cloned().collect(),
            next_look: Some(next_look.clone()),
            marks: remembered.marks.iter().copied().collect(),
            // Whoever may not act does not give up either.
            approve_until: remembered
                .active()
                .filter(|run| self.forbidden(now, run).is_none())
                .and_then(|run| playbook::approval_ends(run, &policy.copy)),
            copy_lag_secs: self
                .lag_of(watched.seen.as_ref().and_then(|seen| seen.copy.as_ref()), now)
                .map(|lag| lag.as_secs_f64()),
            server: watched.server.clone(),
            alarms: self.alarm_views(policy, watched),
            held_clients: remembered.paused.clone(),
            waits_for: remembered.active().and_then(|run| {
                let cut = run.last_call().is_some_and(|call| call.call.cuts(&policy.database));
                self.waits_for(run, cut && watched.confirmed.is_some())
            }),
            newest_scaling: remembered.activities.newest().filter(|_| policy.readers.is_some()).cloned(),
            at_expiry: self.at_expiry(policy, watched, now),
            plans: self.plans(policy, watched, now),
        }
    }

    /// A person's order takes what the policy names, also where a copy takes long.
    pub(super) fn choices_of(
        &self,
        policy: &Policy,
        watched: &Watched,
        to: &InstanceClass,
        now: Timestamp,
    ) -> Vec<Choice> {
        let direction = watched.direction_to(policy, to);
        let remembered = self.memory.of(&policy.database);
        let grounds = Grounds::of(policy, watched, remembered, (direction, self.guards), now);
        choices::all(grounds, to, policy.strategy)
    }

    /// What a person could order: every rung but the present one.
    fn plans(&self, policy: &Policy, watched: &Watched, now: Timestamp) -> Vec<OverridePlan> {
        let Some(Seen { state, .. }) = &watched.seen else { return Vec::new() };
        let plan = |to: &InstanceClass| {
            let gates = self.closed_gates(policy, watched, to, now);
            let choices = self.choices_of(policy, watched, to, now);
            let outage = choices.iter().find(|choice| choice.is_chosen).map(|choice| choice.outage);
            OverridePlan {
                to: to.clone(),
                strategy: policy.strategy,
                outage: outage.unwrap_or_else(|| playbook::expected_outage(policy.strategy, state.multi_az)),
                choices,
                price_before: policy.price(state, &state.class),
                price_after: policy.price(state, to),
                passes_over: gates.passed_over.into_iter().map(|gate| gate.gate).collect(),
                blocked_by: gates.blocking.iter().map(GateResult::closed_sentence).collect(),
            }
        };
        policy.ladder.rungs().iter().filter(|rung| **rung != state.class).map(plan).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fixtures::{engine, look, state};
    use crate::engine::input::Input;
    use crate::model::failure::{Failure, FailureKind};

    #[test]
    fn of_what_fails_the_identity_comes_first() {
        let mut engine = engine();
        let failed = |kind, operation: &str| Failure {
            kind,
            operation: operation.to_owned(),
            sentence: String::new(),
            request_id: None,
        };
        let Input::Observed(mut seen) = look(Timestamp::UNIX_EPOCH, state("db.t4g.small", "available"), &[]) else {
            panic!("a look is an observation")
        };
        seen.events = Err(failed(FailureKind::Network, "DescribeEvents"));
        seen.databases = Err(failed(FailureKind::AccessDenied, "DescribeDBInstances"));
        seen.series = Some(Err(failed(FailureKind::NoCredentials, "GetMetricData")));
        let mut elsewhere = seen.clone();
        elsewhere.identity = Some(Err(failed(FailureKind::WrongIdentity, "GetCallerIdentity")));
        for look in [seen, elsewhere] {
            engine.step(Timestamp::UNIX_EPOCH, Input::Observed(look));
        }
        let operations: Vec<String> = engine.problems().into_iter().map(|problem| problem.failure.operation).collect();
        assert_eq!(operations, ["GetCallerIdentity", "GetMetricData", "DescribeDBInstances", "DescribeEvents"]);
    }
}
