//! One evaluation of one database: rules and gates in, a decision out.

use jiff::Timestamp;

use super::choices::{self, Grounds};
use super::gates::{self, Common};
use super::rules;
use super::watched::Watched;
use crate::model::decision::{Decision, RuleResult, UsedDatapoint, Verdict};
use crate::model::ladder::Direction;
use crate::model::policy::{Policy, Rule};
use crate::model::series::SignalName;

/// Decides. Any up rule asks for up; only when none does, all down rules together ask for down. So more load can
/// never turn an up into a down, and a missing datapoint, which satisfies no rule, can never ask for a down.
pub(super) fn evaluate(
    common: Common<'_>,
    policy: &Policy,
    digest: &str,
    watched: &Watched,
    now: Timestamp,
) -> Decision {
    let results = |direction: Direction| -> Vec<RuleResult> {
        let one =
            |rule: &Rule| rules::evaluate(rule, direction, watched.signal(&rule.signal), policy, common.guards, now);
        policy.rules(direction).iter().map(one).collect()
    };
    let (up, down) = (results(Direction::Up), results(Direction::Down));
    let wanted = if up.iter().any(|result| result.holds) {
        Some(Direction::Up)
    } else if !down.is_empty() && down.iter().all(|result| result.holds) {
        Some(Direction::Down)
    } else {
        None
    };
    let state = watched.seen.as_ref().map(|seen| &seen.state);
    // On the lowest rung there is nothing to want: the load is where the class belongs.
    let lowest = state.is_some_and(|state| policy.ladder.position(&state.class) == Some(0));
    let wanted = wanted.filter(|direction| *direction == Direction::Up || !lowest);
    let direction = wanted.unwrap_or(Direction::Up);
    let target = state.and_then(|state| policy.ladder.step(&state.class, direction));
    let remembered = common.memory.of(&policy.database);
    let grounds = Grounds::of(policy, watched, remembered, (direction, common.guards), now);
    let strategy = choices::of_engine(grounds);
    let gates = gates::all(common, (policy, strategy), watched, direction, target, now);
    let choices = target
        .filter(|_| wanted.is_some() && remembered.active().is_none())
        .map_or_else(Vec::new, |to| choices::all(grounds, to, strategy));
    let verdict = match (wanted, target) {
        (None, _) => Verdict::Hold,
        (Some(direction), Some(to)) if gates.iter().all(|gate| gate.open) => {
            Verdict::Scale { direction, to: to.clone() }
        }
        (Some(direction), to) => Verdict::WouldScale { direction, to: to.cloned() },
    };
    Decision {
        database: policy.database.clone(),
        resource_id: state.map(|state| state.resource_id.clone()),
        class: state.map(|state| state.class.clone()),
        verdict,
        rules: up.into_iter().chain(down).collect(),
        gates,
        choices,
        datapoints: used(policy, watched, wanted, now),
        policy_digest: digest.to_owned(),
    }
}

/// What the rules of the wanted direction looked at, so that the decision can be made again from its record; of the up
/// rules where none is wanted.
fn used(policy: &Policy, watched: &Watched, wanted: Option<Direction>, now: Timestamp) -> Vec<UsedDatapoint> {
    let rules = policy.rules(wanted.unwrap_or(Direction::Up));
    let count = rules.iter().map(|rule| rule.periods as usize).max().unwrap_or(3);
    let mut signals: Vec<_> = policy.up.iter().chain(&policy.down).map(|rule| &rule.signal).collect();
    signals.sort();
    signals.dedup();
    let newest = |name| {
        let series = watched.signal(name)?;
        let skip = series.points.len().saturating_sub(count);
        Some(series.points[skip..].iter().map(move |point| UsedDatapoint {
            signal: SignalName::clone(name),
            start: point.start,
            value: point.value,
            age_secs: now.duration_since(point.start).as_secs() - i64::from(series.period_secs),
        }))
    };
    signals.into_iter().filter_map(newest).flatten().collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;
    use crate::engine::fixtures::{policy, series, state};
    use crate::engine::memory::Memory;
    use crate::engine::watched::{Seen, SeenDeployments};
    use crate::model::guard::Guards;
    use crate::model::policy::Comparison;

    /// What the engine wants on these writes; the world else is in order and nothing is under way.
    fn wanted(policy: &Policy, class: &str, writes: &[Option<f64>]) -> Option<Direction> {
        let now = Timestamp::from_second(writes.len() as i64 * 60).unwrap();
        let seen = Seen {
            state: state(class, "available"),
            at: now,
            age_is_known: true,
            events_read: true,
            deployments: SeenDeployments::default(),
            copy: None,
        };
        let series = [(SignalName::new("writes"), std::sync::Arc::new(series(writes)))].into();
        let watched = Watched { seen: Some(seen), series, ..Watched::default() };
        let memory = Memory::default();
        let common = Common {
            journal_writable: true,
            lease: None,
            identity_at: Some(now),
            events_at: Some(now),
            memory: &memory,
            max_actions_in_flight: 1,
            state_limit: SignedDuration::from_secs(120),
            guards: Guards::all(),
        };
        evaluate(common, policy, "digest", &watched, now).verdict.wanted()
    }

    fn rank(wanted: Option<Direction>) -> i32 {
        match wanted {
            Some(Direction::Down) => -1,
            None => 0,
            Some(Direction::Up) => 1,
        }
    }

    fn rule(comparison: Comparison) -> impl Strategy<Value = Rule> {
        (1_u32..5, 0_u32..5, 0.0..1_000.0).prop_map(move |(datapoints, more, threshold)| Rule {
            signal: SignalName::new("writes"),
            comparison,
            threshold,
            datapoints,
            periods: datapoints + more,
        })
    }

    /// Rules of load: up when there is much of it, down when there is little. They may overlap, as no configuration may.
    fn policies() -> impl Strategy<Value = Policy> {
        let some = |comparison| prop::collection::vec(rule(comparison), 1..4);
        (some(Comparison::Above), some(Comparison::Below)).prop_map(|(up, down)| Policy { up, down, ..policy() })
    }

    fn minutes() -> impl Strategy<Value = Vec<(Option<f64>, f64)>> {
        prop::collection::vec((prop::option::weighted(0.85, 0.0..1_000.0), 0.0..500.0), 1..20)
    }

    proptest! {
        #[test]
        fn more_load_never_turns_an_up_into_a_down(policy in policies(), minutes in minutes()) {
            let less: Vec<Option<f64>> = minutes.iter().map(|(value, _)| *value).collect();
            let more: Vec<Option<f64>> =
                minutes.iter().map(|(value, rise)| value.map(|value| value + rise)).collect();
            for class in ["db.t4g.small", "db.m5.large"] {
                let (on_less, on_more) = (wanted(&policy, class, &less), wanted(&policy, class, &more));
                prop_assert!(rank(on_more) >= rank(on_less), "{class}: {on_less:?} on {less:?}, {on_more:?} on {more:?}");
            }
        }
    }
}
