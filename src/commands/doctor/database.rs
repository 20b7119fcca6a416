//! One database: whether RDS knows it, where it may move, and what stands in the way, by the gates of the engine.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Seen, metrics};
use crate::model::class::InstanceClass;
use crate::model::database::DatabaseState;
use crate::model::finding::{Check, Finding};
use crate::model::gate::{Gate, GateResult};
use crate::model::ladder::Direction;
use crate::model::policy::Policy;
use crate::model::series::SignalSource;
use crate::model::text::counted;

/// Everything about one database that AWS shows.
pub(super) fn judge(policy: &Policy, seen: &Seen, now: Timestamp) -> Vec<Finding> {
    let Some(state) = seen.engine.states().remove(&policy.database) else {
        return unknown(policy, seen);
    };
    let mut findings = vec![
        Finding::ok(Check::Database, described(state)),
        on_ladder(policy, state),
        orderable(policy, state, seen, now),
        in_the_way(policy, state, seen, now),
        metrics::judge(policy, seen, now),
        performance_insights(policy, state),
    ];
    for finding in &mut findings {
        finding.of = Some(policy.database.clone());
    }
    findings
}

/// It was not found, or nobody could look.
fn unknown(policy: &Policy, seen: &Seen) -> Vec<Finding> {
    let name = &policy.database;
    let found = match seen.engine.unseen(name) {
        Some(failure) => Finding::failed(Check::Database, failure),
        None => seen.unseen(Check::Database, "what RDS says of it"),
    };
    let rest = [
        Check::ClassOnLadder,
        Check::TargetsOrderable,
        Check::NothingInTheWay,
        Check::Metrics,
        Check::PerformanceInsights,
    ];
    let rest = rest.map(|check| seen.unseen(check, "the database to be found"));
    [found].into_iter().chain(rest).map(|finding| finding.of(name)).collect()
}

fn described(state: &DatabaseState) -> String {
    let what = match &state.cluster {
        Some(cluster) => format!("{}, {}", cluster.kind, counted(cluster.members.len(), "instance")),
        None if state.multi_az => "Multi-AZ".to_owned(),
        None => "Single-AZ".to_owned(),
    };
    format!("{}, {what}, {} {}, {}", state.class, state.engine, state.engine_version, state.status)
}

fn on_ladder(policy: &Policy, state: &DatabaseState) -> Finding {
    let rungs = policy.ladder.rungs();
    let names: Vec<&str> = rungs.iter().map(InstanceClass::as_str).collect();
    match policy.ladder.position(&state.class) {
        Some(at) => {
            Finding::ok(Check::ClassOnLadder, format!("rung {} of {}: {}", at + 1, rungs.len(), names.join(" - ")))
        }
        None => Finding::fails(
            Check::ClassOnLadder,
            format!("{} is none of {}", state.class, names.join(" - ")),
            "add it to `ladder`, or move the database onto one of them",
        ),
    }
}

/// Every rung, as AWS offers it for the database as it is. The class that it has is only left, until the way back.
fn orderable(policy: &Policy, state: &DatabaseState, seen: &Seen, now: Timestamp) -> Finding {
    let offered = |class: &InstanceClass| {
        let gates = seen.engine.gates_to(&policy.database, class, now);
        gates.into_iter().find_map(|gate| match gate.gate {
            Gate::TargetOrderable { orderable } => orderable,
            _ => None,
        })
    };
    let rungs = policy.ladder.rungs();
    let not: Vec<&str> = rungs.iter().filter(|rung| offered(rung) == Some(false)).map(InstanceClass::as_str).collect();
    let unknown = rungs.iter().filter(|rung| offered(rung).is_none()).count();
    let place = state.availability_zone.as_deref().unwrap_or("this region");
    match (not.as_slice(), unknown) {
        ([], 0) => Finding::ok(Check::TargetsOrderable, format!("all {} in {place}", rungs.len())),
        ([], _) => seen.unseen(Check::TargetsOrderable, "what AWS offers"),
        ([only], _) if *only == state.class.as_str() => Finding::warning(
            Check::TargetsOrderable,
            format!("{only}, which it has, is not offered any more: it could not come back to it"),
            "let the ladder begin with a class that AWS offers, or know that there is no way down to this one",
        ),
        (not, _) => Finding::fails(
            Check::TargetsOrderable,
            format!("AWS does not offer {} for {} {} in {place}", not.join(", "), state.engine, state.engine_version),
            "take it off `ladder`; `upshift init` lists what is offered",
        ),
    }
}

/// What would keep the next change from being made, of the database itself: not what depends on the load of the moment.
fn in_the_way(policy: &Policy, state: &DatabaseState, seen: &Seen, now: Timestamp) -> Finding {
    let next = [Direction::Up, Direction::Down].map(|way| policy.ladder.step(&state.class, way));
    let gates = next.into_iter().flatten().flat_map(|to| seen.engine.gates_to(&policy.database, to, now));
    let closed: Vec<GateResult> = gates.filter(|gate| !gate.open && is_of_database(&gate.gate)).collect();
    let words: BTreeSet<String> = closed.iter().map(GateResult::closed_sentence).collect();
    let words: Vec<String> = words.into_iter().collect();
    let strategy = policy.strategy.as_str();
    let remedy = format!("`upshift preflight {}` shows every gate", policy.database);
    if closed.is_empty() {
        return Finding::ok(Check::NothingInTheWay, format!("as far as AWS shows it, for {strategy}"));
    }
    let seen = format!("for {strategy}: {}", words.join("; "));
    if closed.iter().any(|gate| !gate.gate.yields_to_person()) {
        Finding::fails(Check::NothingInTheWay, seen, remedy)
    } else {
        Finding::warning(Check::NothingInTheWay, seen, remedy)
    }
}

fn is_of_database(gate: &Gate) -> bool {
    matches!(
        gate,
        Gate::StatusAvailable { .. }
            | Gate::NothingPending { .. }
            | Gate::NoActionInFlight { .. }
            | Gate::NotHeld { .. }
            | Gate::NoOtherDeployment { .. }
            | Gate::ParametersInSync { .. }
            | Gate::StandsAlone { .. }
            | Gate::RightCluster { .. }
            | Gate::ProxyRegistered { .. }
            | Gate::BackupsOn { .. }
            | Gate::PasswordNotManaged
            | Gate::ReservationKept { .. }
    )
}

fn performance_insights(policy: &Policy, state: &DatabaseState) -> Finding {
    let is_on = state.facts.settings.performance_insights.is_some();
    let needs = |source: &SignalSource| matches!(source, SignalSource::Expression { expression } if expression.contains("DB_PERF_INSIGHTS"));
    let signal = policy.signals.iter().find(|signal| needs(&signal.source));
    match (is_on, signal) {
        (true, _) => Finding::ok(Check::PerformanceInsights, "on"),
        (false, None) => Finding::ok(Check::PerformanceInsights, "off, and no signal is read from it"),
        (false, Some(signal)) => Finding::fails(
            Check::PerformanceInsights,
            format!("off, and the signal `{}` is read from it", signal.name),
            "turn it on (7 days cost nothing), or read the signal elsewhere",
        ),
    }
}
