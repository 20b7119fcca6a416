//! One evaluation of one database: rules and gates in, a decision out.

use jiff::Timestamp;

use super::gates::{self, Common};
use super::rules;
use super::watched::Watched;
use crate::model::decision::{Decision, RuleResult, UsedDatapoint, Verdict};
use crate::model::ladder::Direction;
use crate::model::policy::{Policy, Rule};
use crate::model::series::SignalName;

/// Decides. Any up rule asks for up; only when none does, all down rules together ask for down. So more load can
/// never turn an up into a down, and a missing datapoint, which satisfies no rule, can never ask for a down.
pub fn evaluate(common: Common<'_>, policy: &Policy, digest: &str, watched: &Watched, now: Timestamp) -> Decision {
    let results = |direction: Direction| -> Vec<RuleResult> {
        let one = |rule: &Rule| {
            rules::evaluate(rule, direction, watched.series.get(&rule.signal), policy, common.guards, now)
        };
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
    let gates = gates::all(common, policy, watched, direction, target, now);
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
        let series = watched.series.get(name)?;
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
