//! The promises that every trial is held to. Each is judged by what the world truly was, or by what a client was truly
//! told, never by what the engine says of itself.
//!
//! | No. | Promise | Where |
//! |---|---|---|
//! | I1 | a mutating call has a durable record that goes ahead of it | here |
//! | I2 | it is on the wire once at the most, and only as its record says | here |
//! | I3 | a step has one call, and none after the action's end | here |
//! | I4 | one action at a time on a database, no more than configured in the fleet | here |
//! | I7 | a disarmed engine changes nothing, nor one whose permission is over; nothing but a person arms it, and a healthy one never refuses to disarm | here, `answers` |
//! | I8 | nor what a person holds or has stopped, nor what is held after a person's or a foreign change or an unclear end; the newest word of a person counts, and takes the place of no hold of the engine's | here |
//! | I9 | cooldowns and the daily budget are kept; under constant load there is one change at the most | here, `constant_load` |
//! | I10 | no step down under load, into too little room, or on a series with a gap; none that data taken away would make | `load_reasons`, `lost_data` |
//! | I11 | no step up without load; none is thought of by the datapoints of another machine | `load_reasons` |
//! | I12 | on the ladder, one rung at a time, to a class that is offered | here |
//! | I14 | the machine that was meant, in the account that was meant, and none of Application Auto Scaling's | here |
//! | I13 | only a machine that we have replaced is deleted, kept as long as promised, with its snapshot | `removal` |
//! | I13, I15 | an end says what is true; no copy is left behind without an action or a hold | here, `end_state` |
//! | I16 | seconds before the call it was seen available, with nothing pending, as ordered | here |
//! | I17 | after a failed write nothing is changed until a person arms | here |
//! | I18 | what was synced comes back, the journal verifies, and what is answered as done is in it | `stage`, `witness`, `end_state`, `answers` |
//! | I19 | deaths change neither the end nor the changes | `crash` |
//! | I20 | in the end everything has come to rest where the policy wants it | `end_state` |
//! | I21 | each action has one end | here, `end_state` |
//! | I22 | requests a minute are bounded, and so are reads that are tried again | `end_state` |
//! | I23 | what people want to be asked about keeps nobody out before one of them has said yes | here |
//! | I24 | no hostile text in a record | `witness` |

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::constant_load;
use super::ledger::{HoldOf, MustHold, Sent};
use super::load_reasons;
use super::removal;
use super::truth;
use super::witness::Witness;
use crate::model::action::{ActionId, ActionResult, CallId, Intent};
use crate::model::call::MutatingCall;
use crate::model::event::{Entry, Event};
use crate::model::ladder::Direction;
use crate::model::operator::Actor;
use crate::model::policy::{Policy, Switchover};
use crate::sim::rds::{Instance, Role};
use crate::sim::scaling::{NAME_PREFIX, RESOURCE_TAG};
use crate::sim::wire::query::Params;
use crate::swarm::faults::Fault;
use crate::swarm::faults::endpoint::Arrival;

/// What changes something, and what the SDK may put into it; nothing else.
const ALLOWED: [(&str, &[&str]); 8] = [
    ("ModifyDBInstance", &["Action", "Version", "DBInstanceIdentifier", "DBInstanceClass", "ApplyImmediately"]),
    ("CreateBlueGreenDeployment", &["Action", "Version", "BlueGreenDeploymentName", "Source", "TargetDBInstanceClass"]),
    ("SwitchoverBlueGreenDeployment", &["Action", "Version", "BlueGreenDeploymentIdentifier", "SwitchoverTimeout"]),
    ("DeleteBlueGreenDeployment", &["Action", "Version", "BlueGreenDeploymentIdentifier", "DeleteTarget"]),
    (
        "CreateDBInstance",
        &[
            "Action",
            "Version",
            "DBInstanceIdentifier",
            "DBClusterIdentifier",
            "DBInstanceClass",
            "Engine",
            "PromotionTier",
            "DBParameterGroupName",
            "CACertificateIdentifier",
            "AutoMinorVersionUpgrade",
            "PubliclyAccessible",
            "CopyTagsToSnapshot",
            "EnablePerformanceInsights",
            "PerformanceInsightsRetentionPeriod",
            "PerformanceInsightsKMSKeyId",
            "MonitoringInterval",
            "MonitoringRoleArn",
            // Numbered keys and values behind it.
            "Tags.Tag.",
        ],
    ),
    ("FailoverDBCluster", &["Action", "Version", "DBClusterIdentifier", "TargetDBInstanceIdentifier"]),
    ("ModifyDBCluster", &["Action", "Version", "DBClusterIdentifier", "DBClusterInstanceClass", "ApplyImmediately"]),
    (
        "DeleteDBInstance",
        &[
            "Action",
            "Version",
            "DBInstanceIdentifier",
            "FinalDBSnapshotIdentifier",
            "SkipFinalSnapshot",
            "DeleteAutomatedBackups",
        ],
    ),
];
/// A look is fresh for five seconds; the call then takes a moment to reach the wire.
pub(super) const LOOK_LIMIT_SECS: i64 = 6;
/// A call takes this long at the most from the moment at which it is sent until it is on the wire.
const SEND_SECS: i64 = 1;
/// A change by others shows for so long; after a switchover that is taken back, descriptions may be stale for minutes.
const FOREIGN_CHANGE_LASTS: SignedDuration = SignedDuration::from_hours(1);
/// Another account is known when the look is over that asked for it.
const ACCOUNT_KNOWN_SECS: i64 = 65;
/// A datapoint is dated by the beginning of its minute.
const PERIOD_SECS: i64 = 60;
/// A look takes this long at the most, and a call a moment.
const LOOK_SECS: i64 = 70;
/// RDS's events count for two minutes.
const EVENTS_LIMIT_SECS: i64 = 120 + LOOK_SECS;

pub(super) fn policy<'a>(witness: &'a Witness, database: &str) -> Option<&'a Policy> {
    witness.plan.settings.databases.iter().find(|policy| policy.database.as_str() == database)
}

/// I12: on the ladder; by the engine, one rung.
pub(in crate::swarm) fn on_intent(witness: &mut Witness, intent: &Intent) {
    // That it stays where it is is a promise of the removal itself.
    let Some(policy) = policy(witness, intent.database.as_str()).filter(|_| intent.removes.is_none()) else { return };
    let (from, to) = (policy.ladder.position(&intent.from), policy.ladder.position(&intent.to));
    let one_rung = from.zip(to).is_some_and(|(from, to)| from.abs_diff(to) == 1);
    if to.is_none() || (intent.actor == Actor::Engine && !one_rung) {
        witness.break_promise(format!("I12: {} from {} to {}", intent.database, intent.from, intent.to));
    }
}

/// I3: a step has one call. A second order for the same thing is another action, which I4 lets begin only when the first
/// one has an end.
pub(in crate::swarm) fn on_call(witness: &mut Witness, id: &CallId) {
    if witness.ledger.calls.iter().any(|call| call.id == *id) {
        witness.break_promise(format!("I3: step {} of {} has a second call", id.step, id.action.0));
    }
    if witness.ledger.ended.contains_key(&id.action) {
        witness.break_promise(format!("I3: {} has a call after its end", id.action.0));
    }
}

/// Whether an operation changes something.
pub(in crate::swarm) fn is_mutating(action: &str) -> bool {
    ALLOWED.iter().any(|(name, _)| *name == action)
}

/// A call that changes something goes over the wire.
pub(in crate::swarm) fn on_mutation(witness: &mut Witness, params: &Params) {
    let operation = params.get("Action").unwrap_or_default();
    let allowed = ALLOWED.iter().find(|(name, _)| *name == operation).map_or(&[][..], |(_, names)| *names);
    let is_allowed =
        |name: &str| allowed.iter().any(|known| name == *known || known.ends_with('.') && name.starts_with(known));
    if !params.names().all(is_allowed) {
        witness.break_promise(format!("{operation} says more than it may"));
    }
    let is_it = |call: &Sent| call.is(params) && !call.on_wire && !witness.ledger.ended.contains_key(&call.id.action);
    let place = witness.ledger.calls.iter().position(is_it);
    let Some(place) = place else {
        return witness.break_promise(format!("I1/I2: {operation} without a durable record that was not sent yet"));
    };
    witness.ledger.calls[place].on_wire = true;
    let Sent { id, call, .. } = witness.ledger.calls[place].clone();
    let action = id.action;
    let Some(intent) = witness.ledger.intents.get(&action).cloned() else {
        return witness.break_promise(format!("I1: {} was sent without a durable intent", action.0));
    };
    let database = intent.database.as_str();
    if witness.ledger.calls.iter().any(|call| {
        call.database == database && call.id.action != action && !witness.ledger.ended.contains_key(&call.id.action)
    }) {
        witness.break_promise(format!("I4: two actions under way on {database}"));
    }
    if witness.calls_at_stop.is_some_and(|calls| place >= calls) {
        witness.break_promise(format!("P2: {} was begun by a process that had been told to end", action.0));
    }
    account(witness, &intent);
    not_scaled(witness, params);
    let stopped = witness.ledger.stopped.get(&action).is_some_and(|calls| place >= *calls);
    if let (MutatingCall::DeleteDbInstance { .. }, Some(removal), false) = (&call, &intent.removes, stopped) {
        return removal::on_mutation(witness, &intent, removal, params);
    }
    if let MutatingCall::DeleteDbInstance { machine, .. } = &call {
        removal::of_made_reader(witness, &action, machine.as_str());
    }
    if let MutatingCall::DeleteBlueGreenDeployment { .. } | MutatingCall::DeleteDbInstance { .. } = call {
        // Removing what it has made is what a person asks for who stops it.
        if !stopped && intent.actor == Actor::Engine {
            permission(witness, &intent);
            no_hold(witness, &intent, way(witness, &intent));
        }
        return the_machine_is_meant(witness, &intent);
    }
    if stopped {
        witness.break_promise(format!("I8: {} was sent after a person had stopped it", action.0));
    }
    preconditions(witness, &intent);
    // Who orders a step whose first call is the cut, since a reader is there already, has said yes to that.
    if id.step > 1 || intent.actor == Actor::Engine {
        asked_first(witness, &intent, &call);
    }
    if intent.actor == Actor::Engine {
        permission(witness, &intent);
        no_hold(witness, &intent, way(witness, &intent));
        if id.step == 1 {
            begins(witness, &intent);
        }
    }
}

/// I14: what Application Auto Scaling has made is its own, and what the engine makes does not carry its mark.
fn not_scaled(witness: &mut Witness, params: &Params) {
    let named = ["DBInstanceIdentifier", "TargetDBInstanceIdentifier"].into_iter().filter_map(|name| params.get(name));
    let is_scaled = |name: &&str| {
        let by_tag = |it: &Instance| it.tags.contains_key(RESOURCE_TAG);
        name.starts_with(NAME_PREFIX) || witness.sim.world().fleet().instance(name).is_some_and(by_tag)
    };
    if let Some(name) = named.clone().find(is_scaled) {
        witness.break_promise(format!("I14: {name} is of Application Auto Scaling"));
    }
    if params.tags().contains_key(RESOURCE_TAG) {
        witness.break_promise("I14: a reader of the engine's would carry the mark of Application Auto Scaling");
    }
}

/// I23: a supervised cut has a person's word on record.
fn asked_first(witness: &mut Witness, intent: &Intent, call: &MutatingCall) {
    let cuts =
        matches!(call, MutatingCall::SwitchoverBlueGreenDeployment { .. } | MutatingCall::FailoverDbCluster { .. });
    let policy = policy(witness, intent.database.as_str());
    let supervised = policy.is_some_and(|policy| policy.copy.switchover == Switchover::Supervised);
    if cuts && supervised && !witness.ledger.allowed.contains(&intent.action) {
        witness.break_promise(format!("I23: {} was cut and nobody had allowed it", intent.database));
    }
}

/// The first call of an action of the engine.
fn begins(witness: &mut Witness, intent: &Intent) {
    let database = intent.database.as_str();
    witness.note_engine_send(database);
    fleet_slot(witness, intent);
    no_flapping(witness, intent);
    told(witness, intent);
    if let Some(policy) = policy(witness, database).cloned() {
        load_reasons::judge(witness, &policy, intent);
    }
}

/// I4 over the fleet: no more at once than the limit, which a person passes over.
fn fleet_slot(witness: &mut Witness, intent: &Intent) {
    let is_open = |call: &&Sent| call.on_wire && !witness.ledger.ended.contains_key(&call.id.action);
    let others = witness.ledger.calls.iter().filter(is_open).filter(|call| call.database != intent.database.as_str());
    // An action can have several calls.
    let others: BTreeSet<&ActionId> = others.map(|call| &call.id.action).collect();
    let (others, limit) = (others.len(), witness.plan.settings.engine.max_actions_in_flight as usize);
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
    the_machine_is_meant(witness, intent);
}

/// I14: the name was last told to belong to the machine that was meant.
fn the_machine_is_meant(witness: &mut Witness, intent: &Intent) {
    let database = intent.database.as_str();
    let served = witness.served.get(database).and_then(|served| served.resource_id.clone());
    if served.as_deref() != Some(intent.resource_id.as_str()) {
        witness.break_promise(format!("I14: {database} was {served:?} and not {}", intent.resource_id));
    }
}

/// I14: the credentials belong to the account that is configured, or that a person has armed in.
fn account(witness: &mut Witness, intent: &Intent) {
    let Some((account, since)) = witness.account.clone() else {
        return witness.break_promise(format!("I14: {} was changed before any account was known", intent.database));
    };
    if witness.clock.now().duration_since(since).as_secs() < ACCOUNT_KNOWN_SECS {
        return;
    }
    let pinned = witness.plan.settings.aws.account_id.clone();
    let armed_in = witness.armed_in.clone().filter(|_| intent.actor == Actor::Engine);
    for meant in pinned.into_iter().chain(armed_in) {
        if meant != account {
            witness.break_promise(format!("I14: {} was changed in the account {account}", intent.database));
        }
    }
}

/// I11, I12 and I16: the datapoints are of now, AWS has said that it offers the class, and RDS's own words could be read.
fn told(witness: &mut Witness, intent: &Intent) {
    if !witness.offered.contains(intent.to.as_str()) {
        witness.break_promise(format!("I12: nobody said that {} is offered for {}", intent.to, intent.database));
    }
    let now = witness.clock.now();
    let stale_after = policy(witness, intent.database.as_str()).map(|policy| policy.stale_after.as_secs() as i64);
    let newest = witness.newest_told.get(intent.database.as_str());
    let age = newest.map(|newest| now.duration_since(*newest).as_secs() - PERIOD_SECS);
    if clock_is_right(witness) && age.zip(stale_after).is_none_or(|(age, limit)| age > limit + LOOK_SECS) {
        witness.break_promise(format!("I11: {} was changed on datapoints {age:?} s old", intent.database));
    }
    let age = witness.events_told_at.map(|at| now.duration_since(at).as_secs());
    if age.is_none_or(|age| age > EVENTS_LIMIT_SECS) {
        witness.break_promise(format!("I16: {} was changed, and events were last read {age:?} s ago", intent.database));
    }
}

/// I7 and I17: the engine may act at all.
pub(super) fn permission(witness: &mut Witness, intent: &Intent) {
    let database = intent.database.as_str();
    if !witness.ledger.armed {
        witness.break_promise(format!("I7: {database} was changed by a disarmed engine"));
    }
    let (now, end) = (witness.clock.now(), witness.ledger.armed_until);
    if clock_is_right(witness) && end.is_some_and(|end| now.duration_since(end).as_secs() > SEND_SECS) {
        witness
            .break_promise(format!("I7: {database} was changed after the time was over for which a person had armed"));
    }
    if witness.ledger.journal_failed {
        witness.break_promise(format!("I17: {database} was changed after a failed write, before any person armed"));
    }
}

/// A clock that was set moves what the engine measures by it: ends of holds, cooldowns, days.
pub(in crate::swarm) fn clock_is_right(witness: &Witness) -> bool {
    !witness.plan.faults.contains(&Fault::L5ClockStep)
}

/// The way of an action, if its database is configured.
fn way(witness: &Witness, intent: &Intent) -> Option<Direction> {
    policy(witness, intent.database.as_str()).map(|policy| direction(policy, intent))
}

/// I8: no hold is in force that way; any way, for what has none.
pub(super) fn no_hold(witness: &mut Witness, intent: &Intent, way: Option<Direction>) {
    let database = intent.database.as_str();
    let (measured, now) = (clock_is_right(witness), witness.clock.now());
    let in_force = |hold: &&MustHold| {
        let lasts = hold.until.is_none_or(|until| measured && until > now);
        lasts && (way.is_none() || hold.direction.is_none() || hold.direction == way)
    };
    let hold = witness.ledger.holds.get(database).and_then(|holds| holds.iter().find(in_force));
    if let Some(cause) = hold.map(|hold| hold.why.clone()) {
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
    let sends = witness.engine_sends(database).len();
    if !clock_is_right(witness) {
        return;
    }
    if sends > limit {
        witness.break_promise(format!("I9: {database} was changed {sends} times within a day"));
    }
    let passed = witness.ledger.last_end.get(database).map(|end| now.duration_since(*end));
    if passed.is_some_and(|passed| passed + SignedDuration::from_secs(1) < cooldown) {
        witness.break_promise(format!("I9: {database} was changed within its cooldown"));
    }
}

/// The way of an action on its policy's ladder.
pub(in crate::swarm) fn direction(policy: &Policy, intent: &Intent) -> Direction {
    policy.ladder.direction(&intent.from, &intent.to)
}

/// I7: it is armed by nobody but a person, in this very life of the process.
pub(in crate::swarm) fn on_armed(witness: &mut Witness) {
    if !std::mem::take(&mut witness.arm_ordered) {
        witness.break_promise("I7: armed, and nobody has ordered it");
    }
}

/// I8: what holds from now on, whatever the engine makes of it.
pub(in crate::swarm) fn holds_from(witness: &mut Witness, entry: &Entry) {
    let (mut of, mut meant) = (HoldOf::Engine, None);
    let (database, why, lasts) = match &entry.event {
        Event::ActionEnded { database, result: ActionResult::Held { why, .. }, .. } => (database, why.clone(), false),
        Event::ActionEnded { action, database, result: ActionResult::Verified, .. } => {
            let intent = witness.ledger.intents.get(action);
            let of_person = |intent: &&Intent| intent.actor != Actor::Engine && intent.removes.is_none();
            let Some(intent) = intent.filter(of_person) else { return };
            (of, meant) = (HoldOf::Person, intent.hold_for);
            (database, format!("{} was a person's", action.0), true)
        }
        Event::ForeignChange { database, what, .. } => (database, what.clone(), true),
        _ => return,
    };
    if meant.is_some() {
        witness.ledger.give_way(database, None);
    }
    let wait = policy(witness, database.as_str()).map(|policy| meant.unwrap_or(policy.hold_after_manual));
    let wait = wait.and_then(|wait| SignedDuration::try_from(wait).ok()).unwrap_or_default();
    let until = lasts.then(|| entry.at.saturating_add(wait).unwrap_or(Timestamp::MAX));
    witness.ledger.must_hold(database, MustHold { direction: None, until, of, why });
}

/// I15 and I21: an end says what is true, once.
pub(in crate::swarm) fn on_end(witness: &mut Witness, action: &ActionId, result: &ActionResult) {
    let Some(intent) = witness.ledger.intents.get(action).cloned() else {
        return witness.break_promise(format!("I21: {} ended without an intent", action.0));
    };
    if witness.ledger.ended.get(action).is_some_and(|ends| *ends > 1) {
        witness.break_promise(format!("I21: {} ended twice", action.0));
    }
    let database = intent.database.as_str();
    let took_effect = witness.ledger.calls.iter().any(|call| call.id.action == *action && call.took_effect);
    if let Some(removal) = &intent.removes {
        return removal::on_end(witness, removal, result, took_effect);
    }
    let Some(truth) = truth::of(witness.sim.world().fleet(), database) else { return };
    let (class, pending) = (truth.class.as_str(), truth.class_pends);
    // Others may have changed it meanwhile; the engine cannot know better than it was told.
    let begun = witness.ledger.intended_at.get(action).copied().unwrap_or(Timestamp::MAX);
    let meanwhile = |at: &Timestamp| begun.duration_since(*at) < FOREIGN_CHANGE_LASTS;
    if witness.foreign.get(database).is_some_and(meanwhile) {
        return;
    }
    if *result == ActionResult::Verified {
        constant_load::on_verified(witness, &intent);
        verified_for_clients(witness, &intent);
    }
    match result {
        ActionResult::Verified if class != intent.to.as_str() || pending => {
            witness.break_promise(format!("I15: {} verified, but {database} is {class}, pending {pending}", action.0));
        }
        // A copy may be there that another action has left, and that a person knows of.
        ActionResult::FailedSafe { .. }
        | ActionResult::Stopped { .. }
        | ActionResult::Superseded { .. }
        | ActionResult::RolledBack { .. }
            if intent.strategy.makes_a_copy()
                && took_effect
                && (class != intent.from.as_str() || !copies(witness, database).is_empty()) =>
        {
            let world = witness.sim.world();
            let word = |it: &crate::sim::rds::Instance| format!("{} {} {}", it.id, it.class, it.status);
            let there: Vec<String> = world.fleet().instances().map(word).collect();
            drop(world);
            let there = there.join(", ");
            witness.break_promise(format!("I15: {} ended as if nothing were left: {there}", action.0));
        }
        ActionResult::FailedSafe { .. } | ActionResult::Stopped { .. } | ActionResult::Superseded { .. }
            if took_effect && !intent.strategy.makes_a_copy() =>
        {
            witness.break_promise(format!("I15: {} says that nothing happened, but AWS took the order", action.0));
        }
        ActionResult::RolledBack { .. } if class != intent.from.as_str() || pending => {
            witness
                .break_promise(format!("I15: {} rolled back, but {database} is {class}, pending {pending}", action.0));
        }
        _ => {}
    }
}

/// I15: where the servers are read, a change is verified when clients come to whoever takes the writes.
fn verified_for_clients(witness: &mut Witness, intent: &Intent) {
    let database = intent.database.as_str();
    let is_read = policy(witness, database).is_some_and(|policy| policy.postgres.is_some());
    let arrival = witness.endpoints.arrival(database);
    if is_read && !matches!(arrival, Arrival::Writer(_)) {
        witness
            .break_promise(format!("I15: {} verified, and clients of {database} come to {arrival:?}", intent.action.0));
    }
}

/// The copies of a database that are there, and the readers that were made for it and that no action has replaced.
pub(in crate::swarm) fn copies(witness: &Witness, database: &str) -> Vec<String> {
    let world = witness.sim.world();
    let fleet = world.fleet();
    let is_copy = |role: &Role| matches!(role, Role::Copy { of } if of == database);
    let copies = fleet.instances().filter(|instance| is_copy(&instance.role)).map(|instance| instance.id.clone());
    let readers = truth::made_readers(fleet, database);
    let readers = readers.filter(|(_, machine)| !witness.ledger.replaced.contains_key(*machine));
    copies.chain(readers.map(|(name, _)| name.to_owned())).collect()
}
