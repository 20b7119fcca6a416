//! The promises that every trial is held to, by their numbers in the list of invariants. Each is judged by what the world
//! truly was, or by what a client was truly told, never by what the engine says of itself.

use jiff::{SignedDuration, Timestamp};

use super::fault::Fault;
use super::witness::{Sent, Witness};
use crate::model::action::{ActionId, ActionResult, Intent};
use crate::model::hold::Hold;
use crate::model::ladder::Direction;
use crate::model::operator::Actor;
use crate::model::policy::Policy;
use crate::sim::wire::query::Params;

/// What the SDK may put into a class change, and nothing else.
const ALLOWED: [&str; 5] = ["Action", "Version", "DBInstanceIdentifier", "DBInstanceClass", "ApplyImmediately"];
/// A look is fresh for five seconds; the call then takes a moment to reach the wire.
const LOOK_LIMIT_SECS: i64 = 6;
/// Requests per minute and database: I22.
const REQUESTS_PER_MIN: usize = 60;
/// The world's noise, the engine's thresholds and the minute's edges.
const LEEWAY: f64 = 1.2;

fn policy<'a>(witness: &'a Witness, database: &str) -> Option<&'a Policy> {
    witness.plan.settings.databases.iter().find(|policy| policy.database.as_str() == database)
}

/// I12: on the ladder; by the engine, one rung.
pub(super) fn on_intent(witness: &mut Witness, intent: &Intent) {
    let Some(policy) = policy(witness, intent.database.as_str()) else { return };
    let (from, to) = (policy.ladder.position(&intent.from), policy.ladder.position(&intent.to));
    let one_rung = from.zip(to).is_some_and(|(from, to)| from.abs_diff(to) == 1);
    if to.is_none() || (intent.actor == Actor::Engine && !one_rung) {
        witness.break_promise(format!("I12: {} from {} to {}", intent.database, intent.from, intent.to));
    }
}

/// A class change goes over the wire.
pub(super) fn on_mutation(witness: &mut Witness, params: &Params) {
    let (Some(database), Some(class)) = (params.get("DBInstanceIdentifier"), params.get("DBInstanceClass")) else {
        return witness.break_promise("a class change without a name or class");
    };
    if params.names().any(|name| !ALLOWED.contains(&name)) {
        witness.break_promise(format!("a class change of {database} says more than the class"));
    }
    let is_it = |call: &Sent| {
        let meant = call.database == database && call.class == class;
        meant && !call.on_wire && !witness.ended.contains_key(&call.id.action)
    };
    let place = witness.calls.iter().position(is_it);
    let Some(place) = place else {
        return witness
            .break_promise(format!("I1/I2: {database} to {class} without a durable record that was not sent yet"));
    };
    witness.calls[place].on_wire = true;
    let action = witness.calls[place].id.action.clone();
    let Some(intent) = witness.intents.get(&action).cloned() else {
        return witness.break_promise(format!("I1: {} was sent without a durable intent", action.0));
    };
    if witness.calls.iter().any(|call| {
        call.database == database && call.id.action != action && !witness.ended.contains_key(&call.id.action)
    }) {
        witness.break_promise(format!("I4: two actions under way on {database}"));
    }
    preconditions(witness, &intent);
    if intent.actor == Actor::Engine {
        permission(witness, &intent);
        fleet_slot(witness, &intent);
        no_hold(witness, &intent);
        no_flapping(witness, &intent);
        reasons(witness, &intent);
    }
}

/// I4 over the fleet: no more at once than the limit, which a person passes over.
fn fleet_slot(witness: &mut Witness, intent: &Intent) {
    let is_open = |call: &&Sent| call.on_wire && !witness.ended.contains_key(&call.id.action);
    let others = witness.calls.iter().filter(is_open).filter(|call| call.database != intent.database.as_str());
    let (others, limit) = (others.count(), witness.plan.settings.engine.max_actions_in_flight as usize);
    if others >= limit {
        witness.break_promise(format!("I4: {} is changed while {others} others of {limit} are", intent.database));
    }
}

/// I14 and I16: what a client was told within the last moments.
fn preconditions(witness: &mut Witness, intent: &Intent) {
    let database = intent.database.as_str();
    let now = witness.clock.now();
    let Some(served) = witness.served.get(database).cloned() else {
        return witness.break_promise(format!("I16: {database} was changed without having been looked at"));
    };
    let age = now.duration_since(served.at).as_secs();
    if age > LOOK_LIMIT_SECS {
        witness.break_promise(format!("I16: {database} was last looked at {age} s before the call"));
    }
    if served.status.as_deref() != Some("available") || served.pending {
        let (status, pending) = (served.status.unwrap_or_default(), served.pending);
        witness.break_promise(format!("I16: {database} was {status}, other changes pending: {pending}"));
    }
    if served.class.as_deref() != Some(intent.from.as_str()) {
        witness.break_promise(format!("I16: {database} was {:?} and not {}", served.class, intent.from));
    }
    if served.resource_id.as_deref() != Some(intent.resource_id.as_str()) {
        witness.break_promise(format!("I14: {database} was {:?} and not {}", served.resource_id, intent.resource_id));
    }
}

/// I7 and I17: the engine may act at all.
fn permission(witness: &mut Witness, intent: &Intent) {
    let database = intent.database.as_str();
    if !witness.armed {
        witness.break_promise(format!("I7: {database} was changed by a disarmed engine"));
    }
    if witness.journal_failed {
        witness.break_promise(format!("I17: {database} was changed after a failed write, before any person armed"));
    }
}

/// A clock that was set moves what the engine measures by it: ends of holds, cooldowns, days.
fn clock_is_right(witness: &Witness) -> bool {
    !witness.plan.faults.contains(&Fault::L5ClockStep)
}

/// I8: no hold is in force.
fn no_hold(witness: &mut Witness, intent: &Intent) {
    let database = intent.database.as_str();
    let Some(way) = policy(witness, database).map(|policy| direction(policy, intent)) else { return };
    let (measured, now) = (clock_is_right(witness), witness.clock.now());
    let in_force = |hold: &&Hold| {
        let lasts = hold.until.is_none_or(|until| measured && until > now);
        lasts && hold.direction.is_none_or(|held| held == way)
    };
    let hold = witness.holds.get(database).and_then(|holds| holds.iter().find(in_force));
    if let Some(cause) = hold.map(|hold| hold.cause.to_string()) {
        witness.break_promise(format!("I8: {database} was changed while held: {cause}"));
    }
}

/// I9: after the cooldown, and not more often a day than the policy allows.
fn no_flapping(witness: &mut Witness, intent: &Intent) {
    let database = intent.database.as_str();
    let Some(policy) = policy(witness, database) else { return };
    let limit = policy.max_actions_per_day as usize;
    let cooldown = SignedDuration::try_from(policy.cooldown(direction(policy, intent))).unwrap_or_default();
    let now = witness.clock.now();
    let sends = witness.sends_by_engine.entry(database.to_owned()).or_default();
    sends.push(now);
    sends.retain(|at| now.duration_since(*at) < SignedDuration::from_hours(24));
    let sends = sends.len();
    if !clock_is_right(witness) {
        return;
    }
    if sends > limit {
        witness.break_promise(format!("I9: {database} was changed {sends} times within a day"));
    }
    let passed = witness.last_end.get(database).map(|end| now.duration_since(*end));
    if passed.is_some_and(|passed| passed + SignedDuration::from_secs(1) < cooldown) {
        witness.break_promise(format!("I9: {database} was changed within its cooldown"));
    }
}

/// I10 and I11: the true load asked for it.
fn reasons(witness: &mut Witness, intent: &Intent) {
    let database = intent.database.as_str();
    let Some(policy) = policy(witness, database) else { return };
    let now = witness.clock.now();
    let minutes =
        |from: i64, to: i64| (from..to).filter_map(move |back| now.checked_sub(SignedDuration::from_mins(back)).ok());
    let load = |at: Timestamp| witness.plan.load_at(database, at);
    let late = if witness.plan.faults.contains(&Fault::M2Late) { 12 } else { 0 };
    match direction(policy, intent) {
        Direction::Up => {
            let most = minutes(0, 14 + late).map(load).fold(0.0, f64::max);
            let threshold = policy.up.first().map_or(0.0, |rule| rule.threshold);
            if most * LEEWAY < threshold {
                witness.break_promise(format!("I11: {database} up, but the load was {most:.0} at the most"));
            }
        }
        Direction::Down => {
            let below = policy.down.first().map_or(0.0, |rule| rule.threshold);
            // A source that says zero can hide load, but none that the smaller class could not carry.
            let silent = witness.plan.faults.contains(&Fault::M4SilentZero);
            let limit = if silent { policy.up.first().map_or(below, |rule| rule.threshold) } else { below };
            let most = minutes(4, 11).map(load).fold(0.0, f64::max);
            let busy = minutes(4, 60).map(load).filter(|load| *load > limit * LEEWAY).count();
            if most > limit * LEEWAY || (busy > 8 && !silent) {
                witness.break_promise(format!(
                    "I10: {database} down, but the load was {most:.0} lately and high in {busy} minutes of the hour"
                ));
            }
        }
    }
}

fn direction(policy: &Policy, intent: &Intent) -> Direction {
    policy.ladder.direction(&intent.from, &intent.to)
}

/// I15 and I21: an end says what is true, once.
pub(super) fn on_end(witness: &mut Witness, action: &ActionId, result: &ActionResult) {
    let Some(intent) = witness.intents.get(action).cloned() else {
        return witness.break_promise(format!("I21: {} ended without an intent", action.0));
    };
    if witness.ended.get(action).is_some_and(|ends| *ends > 1) {
        witness.break_promise(format!("I21: {} ended twice", action.0));
    }
    let database = intent.database.as_str();
    let took_effect = witness.calls.iter().any(|call| call.id.action == *action && call.took_effect);
    let truth = witness.sim.world().fleet().instance(database).cloned();
    let Some(truth) = truth else { return };
    let (class, pending) = (truth.class.as_str(), truth.pending.class.is_some());
    // Others may have changed it meanwhile; the engine cannot know better than it was told.
    if witness.foreign.contains_key(database) {
        return;
    }
    match result {
        ActionResult::Verified if class != intent.to.as_str() || pending => {
            witness.break_promise(format!("I15: {} verified, but {database} is {class}, pending {pending}", action.0));
        }
        ActionResult::FailedSafe { .. } | ActionResult::Stopped { .. } if took_effect => {
            witness.break_promise(format!("I15: {} says that nothing happened, but AWS took the order", action.0));
        }
        ActionResult::RolledBack { .. } if class != intent.from.as_str() || pending => {
            witness
                .break_promise(format!("I15: {} rolled back, but {database} is {class}, pending {pending}", action.0));
        }
        _ => {}
    }
}

/// An action may take this long; one that begins later may be under way when the trial is over.
const AN_ACTION: SignedDuration = SignedDuration::from_mins(45);

/// Whether an action began so late that it need not have ended.
pub(super) fn is_young(witness: &Witness, action: &ActionId) -> bool {
    let age = witness.intended_at.get(action).map(|at| witness.clock.now().duration_since(*at));
    age.is_some_and(|age| age < AN_ACTION)
}

/// What must hold when everything has long been well: I20, I21, I22 and the multiset of I2.
pub(super) fn at_rest(witness: &mut Witness) {
    let open: Vec<String> = witness
        .intents
        .keys()
        .filter(|action| witness.ended.get(action).copied() != Some(1) && !is_young(witness, action))
        .map(|action| action.0.clone())
        .collect();
    if !open.is_empty() {
        witness.break_promise(format!("I20: never ended: {}", open.join(", ")));
    }
    let databases = witness.plan.settings.databases.len();
    if witness.most_requests_per_min > REQUESTS_PER_MIN * databases {
        witness.break_promise(format!("I22: {} requests in a minute", witness.most_requests_per_min));
    }
    let on_wire = witness.calls.iter().filter(|call| call.on_wire).count() as u64;
    if on_wire != witness.mutations {
        witness.break_promise(format!("I2: {} mutations on the wire for {on_wire} calls", witness.mutations));
    }
}
