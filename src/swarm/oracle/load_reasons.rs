//! The reasons of the engine's own changes, held against the load as it truly was: I10 and I11.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::invariants::{clock_is_right, direction};
use super::witness::Witness;
use crate::model::action::Intent;
use crate::model::decision::Decision;
use crate::model::ladder::Direction;
use crate::model::policy::Policy;
use crate::model::series::SignalSource;
use crate::sim::scenario::FaultKind;
use crate::swarm::faults::Fault;
use crate::swarm::faults::corrupt_answer::OTHER_MACHINE;
use crate::swarm::plan::form::Form;

/// M6: a decision about a machine rests on no datapoint from before the name passed to it.
pub(in crate::swarm) fn on_decision(witness: &mut Witness, decision: &Decision) {
    let Some((machine, since)) = witness.machines.get(decision.database.as_str()).cloned() else { return };
    let of_it = decision.resource_id.as_ref().is_some_and(|id| id.as_str() == machine);
    let early = decision.datapoints.iter().find(|used| used.start < since);
    if let Some(used) = early.filter(|_| of_it && clock_is_right(witness)) {
        let words =
            format!("{} of {:.0} is cited for {machine}, which has the name since {since:.0}", used.signal, used.start);
        witness.break_promise(format!("I11: {}: {words}", decision.database));
    }
}

/// The world's noise, the engine's thresholds and the minute's edges.
const LEEWAY: f64 = 1.2;
/// What an up rule looks back over, the age of data that still counts, and the time that deciding takes.
const UP_MINS: i64 = 14;
/// M2: datapoints come so much later.
const LATE_MINS: i64 = 12;
/// A minute is due two minutes after its end; what is four minutes old every rule has seen.
const DUE_MINS: i64 = 4;
/// The shorter down rule: ten minutes, less an edge.
const CALM_MINS: i64 = 11;
/// The longer one lets five of sixty stand above; the world's steps and edges add some.
const BUSY_MINS: usize = 8;

/// A change by the engine goes over the wire.
pub(in crate::swarm) fn judge(witness: &mut Witness, policy: &Policy, intent: &Intent) {
    // Of another machine that a person let it have the load is its own, and no client's.
    if intent.resource_id.as_str() == OTHER_MACHINE {
        return;
    }
    load(witness, policy, intent);
    if direction(policy, intent) == Direction::Down {
        room_below(witness, intent);
        nothing_hidden(witness, policy, intent);
    }
}

/// I10 and I11: the true load asked for it.
fn load(witness: &mut Witness, policy: &Policy, intent: &Intent) {
    let database = intent.database.as_str();
    let now = witness.clock.now();
    let minutes =
        |from: i64, to: i64| (from..to).filter_map(move |back| now.checked_sub(SignedDuration::from_mins(back)).ok());
    let writes = |at: Timestamp| witness.plan.load_at(database, at).writes;
    let late = if witness.plan.faults.contains(&Fault::M2Late) { LATE_MINS } else { 0 };
    match direction(policy, intent) {
        Direction::Up => {
            let most = minutes(0, UP_MINS + late).map(writes).fold(0.0, f64::max);
            let threshold = policy.up.first().map_or(0.0, |rule| rule.threshold);
            if most * LEEWAY < threshold {
                witness.break_promise(format!("I11: {database} up, but the load was {most:.0} at the most"));
            }
        }
        Direction::Down => {
            let below = policy.down.first().map_or(0.0, |rule| rule.threshold);
            // A source that says zero can hide load, but none that the smaller class could not carry.
            let silent = witness.plan.faults.contains(&Fault::M4SilentZero);
            let carried =
                policy.up.first().map_or(below, |rule| rule.threshold) / Form::of(witness.plan.seed).rows_per_write();
            let limit = if silent { carried } else { below };
            let most = minutes(DUE_MINS, CALM_MINS).map(writes).fold(0.0, f64::max);
            let busy = minutes(DUE_MINS, 60).map(writes).filter(|load| *load > limit * LEEWAY).count();
            if most > limit * LEEWAY || (busy > BUSY_MINS && !silent) {
                witness.break_promise(format!(
                    "I10: {database} down, but the load was {most:.0} lately and high in {busy} minutes of the hour"
                ));
            }
        }
    }
}

/// I10: what runs on the larger class has room on the smaller one.
fn room_below(witness: &mut Witness, intent: &Intent) {
    let Some(room) = intent.to.least_max_connections().map(f64::from) else { return };
    let now = witness.clock.now();
    let connections = |back| {
        let at = now.saturating_sub(SignedDuration::from_mins(back)).unwrap_or(now);
        witness.plan.load_at(intent.database.as_str(), at).connections
    };
    let least = (DUE_MINS..DUE_MINS + 4).map(connections).fold(f64::MAX, f64::min);
    if least > room {
        let words = format!("I10: {} down to room for {room} connections, with {least} there", intent.database);
        witness.break_promise(words);
    }
}

/// I10: a step down rests on whole series. Every up rule looks back over two minutes or more, so that it sees the minute
/// which was due one minute ago.
fn nothing_hidden(witness: &mut Witness, policy: &Policy, intent: &Intent) {
    let database = intent.database.as_str();
    if !clock_is_right(witness) {
        return;
    }
    let metrics: BTreeSet<&str> = policy
        .up
        .iter()
        .filter_map(|rule| policy.signals.iter().find(|spec| spec.name == rule.signal))
        .filter_map(|spec| match &spec.source {
            SignalSource::Metric { metric_name, .. } => Some(metric_name.as_str()),
            SignalSource::Expression { .. } | SignalSource::Alarm { .. } | SignalSource::Postgres { .. } => None,
        })
        .collect();
    let now = witness.clock.now();
    let leeway = SignedDuration::from_secs(10);
    let from = now - SignedDuration::from_mins(4) + leeway;
    let until = now - SignedDuration::from_mins(3) - leeway;
    let ends = Timestamp::from_second(until.as_second().div_euclid(60) * 60).unwrap_or(until);
    if ends < from {
        return;
    }
    let since = ends.duration_since(witness.plan.start);
    let hides = |effect: &FaultKind| {
        matches!(effect, FaultKind::Hole { metric, instance } if metric.as_deref().is_none_or(|name| metrics.contains(name))
            && instance.as_deref().is_none_or(|name| name == database))
    };
    if witness.plan.is_in_fault(since, hides) {
        let words = format!("I10: {database} down, though an up rule could not see the minute up to {ends}");
        witness.break_promise(words);
    }
}
