//! Gates of one database and direction, each with what was seen and when time alone will open it.

use jiff::{SignedDuration, Timestamp};

use super::Watched;
use super::memory::{Memory, Remembered};
use super::rules;
use crate::model::class::InstanceClass;
use crate::model::gate::{Gate, GateResult};
use crate::model::ladder::Direction;
use crate::model::policy::Policy;
use crate::model::series::SignalName;

/// A description of the database older than this says nothing about now: eight missed looks at the default rhythm.
const STATE_LIMIT_SECS: i64 = 120;

/// What the gates of every database share.
#[derive(Debug, Clone, Copy)]
pub struct Common<'a> {
    /// The journal takes records.
    pub journal_writable: bool,
    /// AWS said who we are, and it is whom the configuration wants.
    pub identity_known: bool,
    /// The engine's memory.
    pub memory: &'a Memory,
}

/// Every gate for going to `target` in `direction`.
pub fn all(
    common: Common<'_>,
    policy: &Policy,
    watched: &Watched,
    direction: Direction,
    target: Option<&InstanceClass>,
    now: Timestamp,
) -> Vec<GateResult> {
    let remembered = common.memory.of(&policy.database);
    let state = watched.state.as_ref().map(|(state, _)| state);
    let state_age = watched.state.as_ref().map(|(_, at)| now.duration_since(*at).as_secs());
    let pending: Vec<String> = state.map(|state| state.pending.keys().cloned().collect()).unwrap_or_default();
    let action = remembered.active().map(|run| format!("{} {}", run.intent.action.0, run.phase_words()));
    let orderable = target.and_then(|target| watched.orderable.get(target).copied());
    let status = state.map(|state| state.status.to_string());
    let mut gates = vec![
        GateResult::new(Gate::Armed, common.memory.arming.is_armed()),
        GateResult::new(Gate::JournalWritable, common.journal_writable),
        GateResult::new(Gate::Identity, common.identity_known),
        GateResult::new(Gate::StateKnown { age_secs: state_age }, state_age.is_some_and(|age| age <= STATE_LIMIT_SECS)),
        fresh_data(policy, watched, now),
        GateResult::new(Gate::StatusAvailable { status }, state.is_some_and(|state| state.status.is_available())),
        GateResult::new(Gate::NothingPending { pending: pending.clone() }, state.is_some() && pending.is_empty()),
        GateResult::new(Gate::NoActionInFlight { action: action.clone() }, action.is_none()),
        GateResult::new(Gate::RungAvailable { target: target.cloned() }, target.is_some()),
        GateResult::new(Gate::TargetOrderable { orderable }, target.is_none() || orderable == Some(true)),
    ];
    if direction == Direction::Down {
        gates.push(connections_fit(policy, watched, target));
    }
    gates.push(cooldown(policy, remembered, direction, now));
    gates.push(budget(policy, remembered, now));
    gates.push(not_held(remembered, direction, now));
    gates
}

fn fresh_data(policy: &Policy, watched: &Watched, now: Timestamp) -> GateResult {
    let mut signals: Vec<&SignalName> = policy.up.iter().chain(&policy.down).map(|rule| &rule.signal).collect();
    signals.sort();
    signals.dedup();
    let ages = signals.iter().map(|name| rules::age_secs(watched.series.get(*name), now));
    let age_secs = ages.into_iter().try_fold(0, |oldest: i64, age| age.map(|age| oldest.max(age)));
    let partial = signals.iter().any(|name| watched.series.get(*name).is_some_and(|series| series.partial));
    let limit_secs = policy.stale_after.as_secs() as i64;
    let open = !partial && age_secs.is_some_and(|age| age <= limit_secs);
    GateResult::new(Gate::FreshData { age_secs, limit_secs }, open)
}

/// The most connections seen within the window of the longest down rule, against the target's `max_connections`.
fn connections_fit(policy: &Policy, watched: &Watched, target: Option<&InstanceClass>) -> GateResult {
    let window = policy.down.iter().map(|rule| rule.periods as usize).max().unwrap_or(1);
    let series = watched.series.get(&SignalName::new("connections"));
    let seen = series.and_then(|series| {
        let recent = series.points.iter().rev().take(window).map(|point| point.value);
        recent.max_by(f64::total_cmp).map(|most| most.ceil().max(0.0) as u32)
    });
    let limit = target
        .and_then(InstanceClass::default_max_connections)
        .map(|most| (f64::from(most) * policy.max_connections_share).floor() as u32);
    let open = seen.zip(limit).is_some_and(|(seen, limit)| seen <= limit);
    GateResult::new(Gate::ConnectionsFit { seen, limit }, open)
}

fn cooldown(policy: &Policy, remembered: &Remembered, direction: Direction, now: Timestamp) -> GateResult {
    let length = SignedDuration::try_from(policy.cooldown(direction)).unwrap_or(SignedDuration::MAX);
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
        gate: Gate::NotHeld { reason: hold.map(|hold| hold.reason.clone()) },
        open: hold.is_none(),
        opens_at: hold.and_then(|hold| hold.until),
    }
}
