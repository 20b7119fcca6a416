//! Whether the series that the rules are about flow, and how old their newest datapoints are.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::Seen;
use crate::model::finding::{Check, Finding};
use crate::model::gate::Gate;
use crate::model::policy::Policy;
use crate::model::series::{Series, SignalName, SignalSpec};

/// The signals of one database. Those that the server itself tells need more than one reading and are not read here.
pub(super) fn judge(policy: &Policy, seen: &Seen, now: Timestamp) -> Finding {
    if let Some(failure) = seen.failure("GetMetricData") {
        return Finding::failed(Check::Metrics, failure);
    }
    let series = seen.engine.series(&policy.database);
    let published: Vec<&SignalSpec> = policy.signals.iter().filter(|spec| !spec.is_direct()).collect();
    let ages: Vec<(&SignalSpec, Option<i64>)> =
        published.iter().map(|spec| (*spec, age_secs(&series, &spec.name, now))).collect();
    let limit = policy.stale_after.as_secs() as i64;
    let is_ruled = |spec: &SignalSpec| policy.up.iter().chain(&policy.down).any(|rule| rule.signal == spec.name);
    let late = |(_, age): &&(&SignalSpec, Option<i64>)| age.is_none_or(|age| age > limit);
    let named = |of: &[&(&SignalSpec, Option<i64>)]| {
        let one = |(spec, age): &&(&SignalSpec, Option<i64>)| match age {
            Some(age) => format!("{} is {} old", spec.name, span(*age)),
            None => format!("{} has no datapoint", spec.name),
        };
        of.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let ruled: Vec<_> = ages.iter().filter(|(spec, _)| is_ruled(spec)).filter(late).collect();
    let others: Vec<_> = ages.iter().filter(|(spec, _)| !is_ruled(spec)).filter(late).collect();
    if !ruled.is_empty() {
        let remedy = "does RDS publish it (name, unit and class)? is the database running? are the clocks right?";
        return Finding::fails(Check::Metrics, format!("{}, limit {}", named(&ruled), span(limit)), remedy);
    }
    if let Some(gate) = not_whole(policy, seen, now) {
        return Finding::warning(Check::Metrics, gate, "look again: CloudWatch may have been in trouble");
    }
    if !others.is_empty() {
        let remedy = "a step down wants cpu, connections and free memory seen";
        return Finding::warning(Check::Metrics, named(&others), remedy);
    }
    let direct = policy.signals.len() - published.len();
    let direct = if direct == 0 { String::new() } else { format!("; {direct} of the server itself not read here") };
    let oldest = ages.iter().filter_map(|(_, age)| *age).max();
    let oldest = oldest.map_or_else(String::new, |age| format!(", the oldest {} old", span(age)));
    Finding::ok(Check::Metrics, format!("{} signals{oldest}{direct}", published.len()))
}

/// What the engine's own gate says, where it is not about the age.
fn not_whole(policy: &Policy, seen: &Seen, now: Timestamp) -> Option<String> {
    let to = policy.ladder.rungs().first()?;
    let gates = seen.engine.gates_to(&policy.database, to, now);
    let fresh = gates.into_iter().find(|gate| matches!(gate.gate, Gate::FreshData { .. }) && !gate.open)?;
    Some(fresh.gate.seen())
}

/// From the end of the newest period until now.
fn age_secs(series: &BTreeMap<SignalName, Arc<Series>>, signal: &SignalName, now: Timestamp) -> Option<i64> {
    let end = series.get(signal)?.newest_end()?;
    Some(now.duration_since(end).as_secs())
}

/// A time in minutes and seconds.
fn span(secs: i64) -> String {
    match (secs / 60, secs % 60) {
        (0, secs) => format!("{secs} s"),
        (mins, 0) => format!("{mins} min"),
        (mins, secs) => format!("{mins} min {secs} s"),
    }
}
