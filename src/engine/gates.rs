//! Gates of one database and direction, each with what was seen and when time alone will open it.

use jiff::{SignedDuration, Timestamp};

use super::choices::{self, Grounds};
use super::lease::LeaseSight;
use super::memory::Memory;
use super::preflight;
use super::remembered::Remembered;
use super::rules;
use super::watched::Watched;
use crate::model::class::InstanceClass;
use crate::model::duration;
use crate::model::gate::{Gate, GateResult};
use crate::model::guard::{Guard, Guards};
use crate::model::ladder::Direction;
use crate::model::limits::STATE_LIMIT;
use crate::model::policy::{Policy, Rule, Strategy};
use crate::model::series::SignalName;

/// `DescribeEvents` answered within this time: as for the state.
const EVENTS_LIMIT: SignedDuration = STATE_LIMIT;
/// Credentials are asked who they are every ten minutes; three missed answers in a row are no answer.
const IDENTITY_LIMIT: SignedDuration = SignedDuration::from_mins(30);
/// A clock may be off by so much and still be called right: SigV4 allows more.
const CLOCK_LEEWAY_SECS: i64 = 60;
/// The CPU that the target may be expected to need.
const CPU_LIMIT_PERCENT: u32 = 60;
/// The same while a rule's signal is exactly zero throughout, which a broken source also says: then only a CPU that
/// idles, too, is believed.
const CPU_LIMIT_OF_SILENCE_PERCENT: u32 = 20;

/// What the gates of every database share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Common<'a> {
    /// The journal takes records.
    pub journal_writable: bool,
    /// The lease across hosts, where there is one.
    pub lease: Option<&'a LeaseSight>,
    /// When AWS last said who we are, and it was whom the configuration wants.
    pub identity_at: Option<Timestamp>,
    /// When `DescribeEvents` last answered.
    pub events_at: Option<Timestamp>,
    /// The engine's memory.
    pub memory: &'a Memory,
    /// Actions that may be under way in the whole fleet.
    pub max_actions_in_flight: u32,
    /// A description of the database older than this is none.
    pub state_limit: SignedDuration,
    /// Which guards stand.
    pub guards: Guards,
}

/// Every gate for going to `target` in `direction` by that strategy.
pub(super) fn all(
    common: Common<'_>,
    (policy, strategy): (&Policy, Strategy),
    watched: &Watched,
    direction: Direction,
    target: Option<&InstanceClass>,
    now: Timestamp,
) -> Vec<GateResult> {
    let remembered = common.memory.of(&policy.database);
    let orderable = target.and_then(|target| watched.orderable.get(target).map(|(offered, _)| *offered));
    let events = within(common.events_at, EVENTS_LIMIT, now);
    let mut gates = permission(common, now);
    gates.extend(of_state(common, watched, now));
    gates.push(GateResult::new(Gate::EventsReadable { age_secs: age_secs(common.events_at, now) }, events));
    gates.push(fresh_data(common.guards, policy, watched, direction, now));
    gates.push(no_action(remembered));
    gates.push(fleet_slot(common, policy));
    gates.push(GateResult::new(Gate::RungAvailable { target: target.cloned() }, target.is_some()));
    let offered = target.is_none() || orderable == Some(true);
    gates.push(GateResult::new(Gate::TargetOrderable { orderable }, offered));
    if direction == Direction::Down {
        gates.push(up_rules_complete(common.guards, policy, watched, now));
        gates.push(cpu_fits(policy, watched, target, now));
    }
    gates.push(known_to_fit(connections_fit(policy, watched, target, now), direction));
    gates.extend(preflight::all((policy, strategy), watched, direction, target, (common.state_limit, now)));
    if strategy.makes_a_copy() && direction == Direction::Up {
        let grounds = Grounds::of(policy, watched, remembered, (direction, common.guards), now);
        gates.push(choices::worth_the_wait(strategy, grounds));
    }
    gates.push(cooldown(policy, remembered, direction, now));
    gates.push(budget(policy, remembered, now));
    gates.push(not_held(remembered, direction, now));
    for gate in &mut gates {
        gate.open |= guard(&gate.gate).is_some_and(|guard| !common.guards.stand(guard));
    }
    gates
}

/// Whether the engine may act at all, whatever for.
pub(super) fn permission(common: Common<'_>, now: Timestamp) -> Vec<GateResult> {
    let mut gates = vec![
        GateResult::new(Gate::Armed, common.memory.may_act(common.guards, now)),
        GateResult::new(Gate::JournalWritable, common.journal_writable),
        GateResult::new(Gate::Identity, within(common.identity_at, IDENTITY_LIMIT, now)),
    ];
    gates.extend(common.lease.map(|lease| lease.gate(now)));
    gates
}

/// The guard that a gate is, where its absence can be tried: see [`Guard`].
fn guard(gate: &Gate) -> Option<Guard> {
    Some(match gate {
        Gate::Armed => Guard::DisarmLatch,
        Gate::FreshData { .. } => Guard::FreshData,
        Gate::NoActionInFlight { .. } => Guard::OneAction,
        Gate::StatusAvailable { .. } => Guard::StatusAvailable,
        Gate::NothingPending { .. } => Guard::NothingPending,
        Gate::TargetOrderable { .. } => Guard::TargetOrderable,
        Gate::ConnectionsFit { .. } => Guard::ConnectionsFit,
        Gate::CpuFits { .. } => Guard::CpuFits,
        Gate::UpRulesComplete { .. } => Guard::UpRulesComplete,
        Gate::EventsReadable { .. } => Guard::EventsReadable,
        Gate::FleetSlot { .. } => Guard::FleetSlot,
        Gate::CooldownOver => Guard::Cooldown,
        Gate::DailyBudget { .. } => Guard::DailyBudget,
        Gate::NotHeld { .. } => Guard::Hold,
        _ => return None,
    })
}

fn of_state(common: Common<'_>, watched: &Watched, now: Timestamp) -> [GateResult; 3] {
    let seen = watched.seen.as_ref();
    let state = seen.map(|seen| &seen.state);
    let at = seen.map(|seen| seen.at);
    let pending: Vec<String> = state.map(|state| state.pending.keys().cloned().collect()).unwrap_or_default();
    let alone = pending.is_empty();
    let available = state.is_some_and(|state| state.status.is_available());
    let status = state.map(|state| state.status.to_string());
    [
        // A look that contradicts what is known waits for a second one.
        GateResult::new(
            Gate::StateKnown { age_secs: age_secs(at, now) },
            within(at, common.state_limit, now) && watched.odd.is_none(),
        ),
        GateResult::new(Gate::StatusAvailable { status }, available),
        GateResult::new(Gate::NothingPending { pending }, state.is_some() && alone),
    ]
}

fn age_secs(at: Option<Timestamp>, now: Timestamp) -> Option<i64> {
    at.map(|at| now.duration_since(at).as_secs())
}

/// Something of `at` is recent at `now`; of the future, which a clock that was set back shows, it is not.
fn within(at: Option<Timestamp>, limit: SignedDuration, now: Timestamp) -> bool {
    at.is_some_and(|at| (SignedDuration::from_secs(-CLOCK_LEEWAY_SECS)..=limit).contains(&now.duration_since(at)))
}

/// Down wants every signal of every rule; up wants those of a rule that holds: present evidence of load is enough.
fn fresh_data(guards: Guards, policy: &Policy, watched: &Watched, direction: Direction, now: Timestamp) -> GateResult {
    let of = |rules: &[&Rule]| freshness(rules, policy, watched, now);
    let every: Vec<&Rule> = policy.up.iter().chain(&policy.down).collect();
    if direction == Direction::Down {
        return of(&every);
    }
    let result =
        |rule: &&Rule| rules::evaluate(rule, Direction::Up, watched.signal(&rule.signal), policy, guards, now).holds;
    let holding = policy.up.iter().filter(result).map(|rule| of(&[rule]));
    holding.max_by_key(|gate| gate.open).unwrap_or_else(|| of(&every))
}

/// Of the signals of these rules, told by the one that keeps the gate closed, or by the oldest.
fn freshness(rules: &[&Rule], policy: &Policy, watched: &Watched, now: Timestamp) -> GateResult {
    let limit_secs = policy.stale_after.as_secs() as i64;
    let seen = rules.iter().map(|rule| {
        let series = watched.signal(&rule.signal);
        let partial = series.is_some_and(|series| series.partial);
        (rules::age_secs(series, now), partial, &rule.signal)
    });
    // A point of the future says that the clock is wrong, and then no age is right.
    let gravity = |(age_secs, partial, _): &(Option<i64>, bool, _)| match *age_secs {
        Some(age) if age < -CLOCK_LEEWAY_SECS => (4, -age),
        None => (3, 0),
        Some(age) if age > limit_secs => (2, age),
        Some(age) => (i64::from(*partial), age),
    };
    let Some((age_secs, partial, signal)) = seen.max_by_key(gravity) else {
        return GateResult::new(Gate::FreshData { age_secs: None, limit_secs, signal: None, partial: false }, false);
    };
    let in_time = age_secs.is_some_and(|age| (-CLOCK_LEEWAY_SECS..=limit_secs).contains(&age));
    let gate = Gate::FreshData { age_secs, limit_secs, signal: Some(signal.clone()), partial };
    GateResult::new(gate, in_time && !partial)
}

fn no_action(remembered: &Remembered) -> GateResult {
    let action = remembered.active().map(|run| format!("{} {}", run.intent.action.0, run.phase_words()));
    let none = action.is_none();
    GateResult::new(Gate::NoActionInFlight { action }, none)
}

fn fleet_slot(common: Common<'_>, policy: &Policy) -> GateResult {
    let in_flight = common.memory.in_flight_besides(&policy.database);
    let limit = common.max_actions_in_flight;
    GateResult::new(Gate::FleetSlot { in_flight, limit }, in_flight < limit)
}

fn up_rules_complete(guards: Guards, policy: &Policy, watched: &Watched, now: Timestamp) -> GateResult {
    // Looked at as a down rule is, over what is due: an up rule's own window begins later, and slides with the data.
    let missing = policy
        .up
        .iter()
        .map(|rule| rules::evaluate(rule, Direction::Down, watched.signal(&rule.signal), policy, guards, now).missing);
    let missing = missing.sum();
    GateResult::new(Gate::UpRulesComplete { missing }, missing == 0)
}

/// The most, or the least, of a signal within the window of the shortest down rule; `None` with a single gap: the missing
/// one may be just that.
pub(super) fn recent(
    policy: &Policy,
    (watched, signal): (&Watched, &SignalName),
    now: Timestamp,
    pick: fn(f64, f64) -> f64,
) -> Option<f64> {
    let series = watched.signal(signal)?;
    // In time: periods of two signals may differ.
    let secs = policy.down.iter().map(|rule| rule.periods * policy.period_secs(&rule.signal)).min();
    let count = secs.map_or(1, |secs| secs.div_ceil(series.period_secs.max(1)));
    rules::unbroken(series, policy.delay_of(signal), count, now)?.into_iter().reduce(pick)
}

/// A larger class is taken for large enough until something known speaks against it; a smaller one is not.
pub(super) fn known_to_fit(mut result: GateResult, direction: Direction) -> GateResult {
    let unknown = matches!(
        result.gate,
        Gate::ConnectionsFit { seen: None, .. }
            | Gate::ConnectionsFit { limit: None, .. }
            | Gate::MemoryFits { seen_mib: None, .. }
            | Gate::MemoryFits { limit_mib: None, .. }
            | Gate::EbsFits { seen_iops: None, .. }
    );
    result.open |= unknown && direction == Direction::Up;
    result
}

/// The most connections seen within the window of the shortest down rule, against the target's `max_connections`.
fn connections_fit(policy: &Policy, watched: &Watched, target: Option<&InstanceClass>, now: Timestamp) -> GateResult {
    let most = recent(policy, (watched, &SignalName::new(SignalName::CONNECTIONS)), now, f64::max);
    let seen = most.map(|most| most.ceil().max(0.0) as u32);
    let limit = target
        .and_then(InstanceClass::least_max_connections)
        .map(|most| (f64::from(most) * policy.max_connections_share).floor() as u32);
    let open = seen.zip(limit).is_some_and(|(seen, limit)| seen <= limit);
    GateResult::new(Gate::ConnectionsFit { seen, limit }, open)
}

/// The most CPU seen within the same window, as it would be on the target's number of CPUs.
fn cpu_fits(policy: &Policy, watched: &Watched, target: Option<&InstanceClass>, now: Timestamp) -> GateResult {
    let most = recent(policy, (watched, &SignalName::new(SignalName::CPU)), now, f64::max);
    let vcpus = |class: &InstanceClass| class.hardware().map(|hardware| f64::from(hardware.vcpus));
    let here = watched.seen.as_ref().and_then(|seen| vcpus(&seen.state.class));
    let ratio = here.zip(target.and_then(vcpus)).map(|(here, there)| here / there);
    let seen_percent = most.zip(ratio).map(|(most, ratio)| (most * ratio).ceil().max(0.0) as u32);
    let is_silent = |rule: &Rule| recent(policy, (watched, &rule.signal), now, f64::max) == Some(0.0);
    let silent = policy.down.iter().any(is_silent);
    let limit_percent = if silent { CPU_LIMIT_OF_SILENCE_PERCENT } else { CPU_LIMIT_PERCENT };
    let open = seen_percent.is_some_and(|seen| seen <= limit_percent);
    GateResult::new(Gate::CpuFits { seen_percent, limit_percent }, open)
}

fn cooldown(policy: &Policy, remembered: &Remembered, direction: Direction, now: Timestamp) -> GateResult {
    let length = duration::signed(policy.cooldown(direction));
    let over = remembered.last_end.and_then(|end| end.saturating_add(length).ok());
    let opens_at = over.filter(|over| *over > now);
    GateResult { gate: Gate::CooldownOver, open: opens_at.is_none(), opens_at }
}

fn budget(policy: &Policy, remembered: &Remembered, now: Timestamp) -> GateResult {
    let used = remembered.starts_within_day(now);
    let limit = policy.max_actions_per_day;
    let open = used < limit;
    let oldest = remembered.starts.iter().find(|start| now.duration_since(**start) < SignedDuration::from_hours(24));
    let opens_at = oldest.filter(|_| !open).and_then(|start| start.checked_add(SignedDuration::from_hours(24)).ok());
    GateResult { gate: Gate::DailyBudget { used, limit }, open, opens_at }
}

fn not_held(remembered: &Remembered, direction: Direction, now: Timestamp) -> GateResult {
    let hold = remembered.hold_on(direction, now);
    GateResult {
        gate: Gate::NotHeld { reason: hold.map(|hold| hold.cause.to_string()) },
        open: hold.is_none(),
        opens_at: hold.and_then(|hold| hold.until),
    }
}
