//! Pre-flight: the gates about the database itself, before anything is asked of AWS. What AWS would refuse halfway, or do
//! besides what was asked, is seen here.

use jiff::{SignedDuration, Timestamp};

use super::gates::{known_to_fit, recent};
use super::watched::Watched;
use crate::model::class::InstanceClass;
use crate::model::cluster::ClusterKind;
use crate::model::database::{DatabaseFacts, DatabaseState};
use crate::model::duration;
use crate::model::gate::{Gate, GateResult};
use crate::model::ladder::Direction;
use crate::model::policy::{Policy, Strategy};
use crate::model::series::{SignalName, SignalSource, Statistic};
use crate::model::window::Window;

/// Proxies are asked every ten minutes; three missed answers in a row are no answer.
const PROXY_LIMIT: SignedDuration = SignedDuration::from_mins(30);
/// RDS sets `shared_buffers` of PostgreSQL to this part of the class's memory unless a parameter group says otherwise.
const SHARED_BUFFERS: f64 = 0.25;
/// The part of the target's memory that may be in use; the rest is for its page cache.
const MEMORY_SHARE: f64 = 0.9;
const MIB_PER_GIB: f64 = 1024.0;
const BYTES_PER_MIB: f64 = 1024.0 * 1024.0;

/// Every such gate for going to `target`.
pub(super) fn all(
    (policy, strategy): (&Policy, Strategy),
    watched: &Watched,
    direction: Direction,
    target: Option<&InstanceClass>,
    (state_limit, now): (SignedDuration, Timestamp),
) -> Vec<GateResult> {
    let mut gates = vec![no_other_deployment(watched, state_limit, now)];
    if let Some(seen) = &watched.seen {
        gates.extend(of_facts(policy, &seen.state, now));
        gates.extend(of_strategy(strategy, &seen.state));
        gates.extend(proxy_registered((policy, strategy), watched, now));
    }
    gates.extend(of_server((policy, strategy), watched, direction));
    gates.push(known_to_fit(memory_fits(policy, watched, target, now), direction));
    gates.push(known_to_fit(ebs_fits(policy, watched, target, now), direction));
    gates
}

/// As old as the database's own description at the most: both are of one look.
fn no_other_deployment(watched: &Watched, state_limit: SignedDuration, now: Timestamp) -> GateResult {
    let read = watched.other_deployment.as_ref();
    let age = read.map(|(_, at)| now.duration_since(*at));
    let deployment = read.and_then(|(deployment, _)| deployment.clone());
    let open = deployment.is_none() && age.is_some_and(|age| age.abs() <= state_limit);
    GateResult::new(Gate::NoOtherDeployment { deployment, age_secs: age.map(|age| age.as_secs()) }, open)
}

fn of_facts(policy: &Policy, state: &DatabaseState, now: Timestamp) -> Vec<GateResult> {
    let facts = &state.facts;
    let waiting: Vec<String> = facts
        .parameter_groups
        .iter()
        .filter(|(_, status)| *status != "in-sync")
        .map(|(name, status)| format!("{name} is {status}"))
        .collect();
    let in_sync = waiting.is_empty();
    vec![GateResult::new(Gate::ParametersInSync { waiting }, in_sync), no_window_near(policy, facts, now)]
}

/// What only matters to some strategy.
pub(super) fn of_strategy(strategy: Strategy, state: &DatabaseState) -> Vec<GateResult> {
    let facts = &state.facts;
    let mut gates = vec![kind_fits(strategy, state), reservation_kept(strategy, facts.capacity_reservation.as_ref())];
    if strategy == Strategy::BlueGreen {
        let retention_days = facts.backup_retention_days;
        gates.push(GateResult::new(Gate::BackupsOn { retention_days }, retention_days.is_some_and(|days| days > 0)));
        gates.push(GateResult::new(Gate::PasswordNotManaged, !facts.manages_password));
    }
    gates
}

/// Only the change of an instance itself can name one.
fn reservation_kept(strategy: Strategy, reservation: Option<&String>) -> GateResult {
    let (reservation, passed) = (reservation.cloned(), strategy == Strategy::InPlace);
    let open = passed || reservation.is_none();
    GateResult::new(Gate::ReservationKept { reservation, passed }, open)
}

/// What a change would cut off, where the configuration says how to see it. A server that does not answer may be one that is
/// too busy: that keeps nobody from going up, and whoever wants to go down waits until it is seen.
pub(super) fn of_server(
    (policy, strategy): (&Policy, Strategy),
    watched: &Watched,
    direction: Direction,
) -> Vec<GateResult> {
    let Some(access) = &policy.postgres else { return Vec::new() };
    let server = watched.server.as_ref();
    let unseen_is_open = direction == Direction::Up;
    let oldest_secs = server.and_then(|server| server.oldest_transaction_secs);
    let prepared_secs = server.and_then(|server| server.oldest_prepared_secs);
    let limit_secs = access.max_transaction_age.as_secs() as i64;
    let is_short = oldest_secs.max(prepared_secs).is_none_or(|oldest| i64::from(oldest) <= limit_secs);
    let reached = server.is_some();
    let long = Gate::NoLongTransaction { oldest_secs, prepared_secs, limit_secs, reached };
    let mut gates = vec![GateResult::new(long, if reached { is_short } else { unseen_is_open })];
    if strategy.leaves_slots() {
        let slots = server.map(|server| server.external_slots.clone());
        let open = slots.as_ref().map_or(unseen_is_open, Vec::is_empty);
        gates.push(GateResult::new(Gate::NoExternalSlots { slots }, open));
    }
    gates
}

/// Of a blue/green deployment alone: its copy cannot be registered any more, and clients of the proxy would be left behind.
pub(super) fn proxy_registered(
    (policy, strategy): (&Policy, Strategy),
    watched: &Watched,
    now: Timestamp,
) -> Option<GateResult> {
    let proxy = policy.proxy.clone().filter(|_| strategy == Strategy::BlueGreen)?;
    let known = watched.proxy.filter(|(_, at)| now.duration_since(*at).abs() <= PROXY_LIMIT);
    let registered = known.map(|(registered, _)| registered);
    Some(GateResult::new(Gate::ProxyRegistered { proxy, registered }, registered == Some(true)))
}

fn no_window_near(policy: &Policy, facts: &DatabaseFacts, now: Timestamp) -> GateResult {
    let ahead = duration::signed(policy.clear_of_windows);
    let backup = facts.backup_window.as_deref().map(|text| ("backup", text, Window::daily(text)));
    let maintenance = facts.maintenance_window.as_deref().map(|text| ("maintenance", text, Window::weekly(text)));
    let near = |(what, text, window): (&str, &str, Option<Window>)| {
        let until = window?.is_near_until(now, ahead).filter(|_| !ahead.is_zero())?;
        Some((format!("{what} {text} UTC"), until))
    };
    let near = backup.into_iter().chain(maintenance).filter_map(near).max_by_key(|(_, until)| *until);
    let open = near.is_none();
    let (window, opens_at) = near.unzip();
    GateResult { gate: Gate::NoWindowNear { window }, open, opens_at }
}

/// Whether the strategy is for a database of this kind at all.
pub(super) fn kind_fits(strategy: Strategy, state: &DatabaseState) -> GateResult {
    match strategy.cluster() {
        None => stands_alone(strategy, state),
        Some(wanted) => right_cluster(wanted, state),
    }
}

fn right_cluster(wanted: ClusterKind, state: &DatabaseState) -> GateResult {
    let is = state.cluster.as_ref().map(|cluster| cluster.kind);
    GateResult::new(Gate::RightCluster { is, wanted }, is == Some(wanted))
}

fn stands_alone(strategy: Strategy, state: &DatabaseState) -> GateResult {
    let facts = &state.facts;
    let replica_of = facts.replica_of.as_ref().filter(|_| strategy == Strategy::BlueGreen);
    let member = facts.cluster.as_ref().map(|cluster| format!("a member of the cluster {cluster}"));
    let of = member.or_else(|| state.cluster.as_ref().map(|cluster| cluster.kind.to_string()));
    let of = of.or_else(|| replica_of.map(|source| format!("a replica of {source}")));
    let open = of.is_none();
    GateResult::new(Gate::StandsAlone { of }, open)
}

/// What is in use beyond the shared buffers, which come to the same part of any class.
fn memory_fits(policy: &Policy, watched: &Watched, target: Option<&InstanceClass>, now: Timestamp) -> GateResult {
    let mib = |class: &InstanceClass| class.hardware().map(|hardware| f64::from(hardware.memory_gib) * MIB_PER_GIB);
    let least_free = recent(policy, (watched, &SignalName::new(SignalName::FREE_MEMORY)), now, f64::min);
    let here = watched.seen.as_ref().and_then(|seen| mib(&seen.state.class));
    let used = least_free.zip(here).map(|(free, here)| here * (1.0 - SHARED_BUFFERS) - free / BYTES_PER_MIB);
    let seen_mib = used.map(|used| used.ceil().max(0.0) as u32);
    let limit_mib = target.and_then(mib).map(|there| (there * (MEMORY_SHARE - SHARED_BUFFERS)).floor() as u32);
    let open = seen_mib.zip(limit_mib).is_some_and(|(seen, limit)| seen <= limit);
    GateResult::new(Gate::MemoryFits { seen_mib, limit_mib }, open)
}

/// Only what is counted in disk operations can be held against a number of them.
fn ebs_fits(policy: &Policy, watched: &Watched, target: Option<&InstanceClass>, now: Timestamp) -> GateResult {
    let writes = policy.signals.iter().find(|signal| match &signal.source {
        SignalSource::Metric { namespace, metric_name } => {
            namespace == "AWS/RDS" && metric_name == "WriteIOPS" && signal.statistic == Statistic::Average
        }
        SignalSource::Expression { .. } | SignalSource::Alarm { .. } | SignalSource::Postgres { .. } => false,
    });
    let most = writes.and_then(|writes| recent(policy, (watched, &writes.name), now, f64::max));
    let seen_iops = most.map(|most| most.ceil().max(0.0) as u32);
    // Aurora counts log records that go to its own storage: nothing that EBS limits.
    let state = watched.seen.as_ref().map(|seen| &seen.state);
    let by_ebs = writes.is_some() && state.is_none_or(|state| !state.is_aurora());
    let limit_iops = target.and_then(InstanceClass::listing).map(|listing| listing.baseline_iops).filter(|_| by_ebs);
    let open = limit_iops.is_none_or(|limit| seen_iops.is_some_and(|seen| seen <= limit));
    GateResult::new(Gate::EbsFits { seen_iops, limit_iops }, open)
}
