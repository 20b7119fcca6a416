//! The judgement between strategies: which one a change takes, and what is said of the others.

use jiff::{SignedDuration, Timestamp};

use super::outlook::{self, Expected};
use super::preflight;
use super::remembered::Remembered;
use super::rules;
use super::watched::Watched;
use crate::model::choice::Choice;
use crate::model::class::InstanceClass;
use crate::model::duration;
use crate::model::gate::{Gate, GateResult};
use crate::model::guard::Guards;
use crate::model::ladder::Direction;
use crate::model::policy::{Policy, Rule, Strategy};
use crate::playbook;

/// What a choice rests on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grounds<'a> {
    pub(super) policy: &'a Policy,
    pub(super) watched: &'a Watched,
    pub(super) remembered: &'a Remembered,
    /// When the burst of load that asks for more is over, if it is like those before.
    pub(super) likely_end: Option<Timestamp>,
    pub(super) now: Timestamp,
}

impl<'a> Grounds<'a> {
    /// For a step in `direction`: only one up is for a burst, and only while an up rule holds is there one.
    pub(super) fn of(
        policy: &'a Policy,
        watched: &'a Watched,
        remembered: &'a Remembered,
        (direction, guards): (Direction, Guards),
        now: Timestamp,
    ) -> Self {
        let holds =
            |rule: &Rule| rules::evaluate(rule, Direction::Up, watched.signal(&rule.signal), policy, guards, now).holds;
        let bursts = direction == Direction::Up && policy.up.iter().any(holds);
        let likely_end = remembered.bursts.likely_end(now, lingers(policy)).filter(|_| bursts);
        Self { policy, watched, remembered, likely_end, now }
    }
}

/// The strategy of the engine's own change: the policy's, or its fast lane when the policy's own would be ready only after
/// the load is likely gone.
pub(super) fn of_engine(grounds: Grounds<'_>) -> Strategy {
    let Grounds { policy, .. } = grounds;
    let fast = policy.copy.fast_lane.filter(|_| policy.strategy == Strategy::BlueGreen);
    match fast {
        Some(fast) if !worth_the_wait(policy.strategy, grounds).open => fast,
        _ => policy.strategy,
    }
}

/// Whether the strategy brings the capacity while it is likely still needed. A strategy that waits for nothing always does,
/// and so does a step down.
pub(super) fn worth_the_wait(strategy: Strategy, grounds: Grounds<'_>) -> GateResult {
    let Grounds { likely_end, now, .. } = grounds;
    let ready_secs = expected(strategy, grounds).mostly_ready_secs;
    let left = likely_end.map(|end| end.duration_since(now).as_secs().max(0));
    let open = !strategy.makes_a_copy() || left.is_none_or(|left| left > i64::from(ready_secs));
    let gate = Gate::WorthTheWait { ready_secs, burst_left_secs: left };
    let outlasted = likely_end.and_then(|end| end.saturating_add(lingers(grounds.policy)).ok());
    GateResult { gate, open, opens_at: outlasted.filter(|_| !open) }
}

/// How long a load that is gone can still satisfy an up rule: for the rule's window, and as long as its newest datapoint may
/// be old.
fn lingers(policy: &Policy) -> SignedDuration {
    let window = |rule: &Rule| i64::from(rule.periods) * i64::from(policy.period_secs(&rule.signal));
    let longest = policy.up.iter().map(window).max().unwrap_or_default();
    duration::signed(policy.stale_after).saturating_add(SignedDuration::from_secs(longest))
}

/// Every strategy for one change, of which `chosen` is taken.
pub(super) fn all(grounds: Grounds<'_>, to: &InstanceClass, chosen: Strategy) -> Vec<Choice> {
    let Grounds { policy, watched, now, .. } = grounds;
    let Some(seen) = &watched.seen else { return Vec::new() };
    let one = |strategy: Strategy| {
        let Expected { ready, outage, basis, .. } = expected(strategy, grounds);
        let wait = worth_the_wait(strategy, grounds);
        let kind = preflight::kind_fits(strategy, &seen.state);
        let fits = kind.open;
        // Of one that is for other databases nothing else needs to be said.
        if !fits {
            let why_not = vec![kind.closed_sentence()];
            return Choice { strategy, fits, is_chosen: false, why_not, ready, outage, basis, extra_usd: None };
        }
        let gates = preflight::of_strategy(strategy, &seen.state).into_iter().chain([wait]);
        let gates = gates.chain(preflight::proxy_registered((policy, strategy), watched, now));
        let direction = watched.direction_to(policy, to);
        let gates = gates.chain(preflight::of_server((policy, strategy), watched, direction));
        let mut why_not: Vec<String> = gates.filter(|gate| !gate.open).map(|gate| gate.closed_sentence()).collect();
        let allowed = strategy == policy.strategy || policy.copy.fast_lane == Some(strategy);
        if !allowed {
            why_not.push(format!("the policy names {}", policy.strategy.as_str()));
        } else if strategy != chosen && why_not.is_empty() {
            why_not.push(format!("the policy prefers {}", chosen.as_str()));
        }
        let hours = f64::from(ready.most_secs) / 3_600.0;
        let extra_usd = match strategy {
            Strategy::InPlace | Strategy::ClusterModify => Some(0.0),
            Strategy::BlueGreen | Strategy::ReaderFailover => {
                policy.price(&seen.state, to).map(|price| price.usd_per_hour * hours)
            }
        };
        Choice { strategy, fits, is_chosen: strategy == chosen, why_not, ready, outage, basis, extra_usd }
    };
    Strategy::ALL.into_iter().map(one).collect()
}

fn expected(strategy: Strategy, grounds: Grounds<'_>) -> Expected {
    let multi_az = grounds.watched.seen.as_ref().is_some_and(|seen| seen.state.multi_az);
    let published = (playbook::expected_ready(strategy, multi_az), playbook::expected_outage(strategy, multi_az));
    outlook::expected(&grounds.remembered.past, strategy, published)
}
