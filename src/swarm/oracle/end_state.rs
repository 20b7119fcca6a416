//! The promises of the end: hours after everything was mended, each database is where its policy wants it or says why
//! not, and every account is closed.

use jiff::{SignedDuration, Timestamp};

use super::invariants::{clock_is_right, copies};
use super::ledger::{MustHold, Sent};
use super::truth;
use super::witness::Witness;
use crate::journal::verify_on;
use crate::model::action::ActionId;
use crate::model::decision::Decision;
use crate::model::duration;
use crate::model::gate::Gate;
use crate::model::operator::Actor;
use crate::model::policy::Switchover;
use crate::model::snapshot::Snapshot;
use crate::swarm::faults::Fault;
use crate::swarm::faults::disk::SimDisk;

/// Requests per minute of the whole engine, since one call reads all databases: I22. An order that waits for a fresh
/// look asks every 5 s; nothing asks faster.
const REQUESTS_PER_MIN: usize = 48;
/// Reads that the SDK tries again, to those that were wanted: I22.
const RETRY_AMPLIFICATION: f64 = 1.5;
/// The SDK begins with a budget of retries, and so does each life: fewer reads say nothing.
const MANY_READS: u64 = 500;
/// An action may take this long, and what it waits for a person; one that begins later may be under way when the trial is over.
const AN_ACTION: SignedDuration = SignedDuration::from_mins(45);

/// Holds a trial that has come to its end against them. `snapshot` is what the engine says last, if one lives.
pub(in crate::swarm) fn judge(witness: &mut Witness, disk: &SimDisk, snapshot: Option<&Snapshot>) {
    accounts(witness);
    if let Err(error) = verify_on(&disk.boot()) {
        witness.break_promise(format!("I18: at the end the journal does not verify: {error}"));
    }
    let Some(snapshot) = snapshot else { return witness.break_promise("I20: no engine is left") };
    if !snapshot.arming.is_armed() {
        witness.break_promise(format!("I20: not armed at the end: {:?}", snapshot.arming));
    }
    if let Some(problem) = snapshot.problems.first() {
        witness.break_promise(format!("I20: still failing at the end: {}", problem.failure.sentence));
    }
    for view in &snapshot.databases {
        let acting = view.active_run();
        if acting.is_some_and(|run| is_young(witness, &run.intent.action)) {
            continue;
        }
        let waits = view.holds.iter().any(crate::model::hold::Hold::waits_for_person);
        let left = copies(witness, view.name().as_str());
        if acting.is_none() && !waits && !left.is_empty() {
            witness.break_promise(format!("I13: of {} is left behind: {}", view.name(), left.join(", ")));
        }
        let Some(decision) = &view.decision else {
            witness.break_promise(format!("I20: {} was never evaluated", view.name()));
            continue;
        };
        let unexcused = unexcused(witness, decision);
        let waits = decision.verdict.wanted().is_some();
        if waits && decision.closed_gates().count() == 0 || !unexcused.is_empty() {
            let words = decision.verdict.words();
            witness.break_promise(format!("I20: {} does not come to rest: {words}, {unexcused:?}", view.name()));
        }
    }
}

/// Closed gates that no rest explains: each must have its cause in the world or in the records.
fn unexcused(witness: &Witness, decision: &Decision) -> Vec<&'static str> {
    let closed: Vec<&Gate> = decision.closed_gates().map(|gate| &gate.gate).collect();
    if closed.iter().any(|gate| matches!(gate, Gate::RungAvailable { .. })) {
        return Vec::new();
    }
    let database = decision.database.as_str();
    let Some(policy) = witness.plan.settings.policy(&decision.database) else { return vec!["configured"] };
    let (now, measured) = (witness.clock.now(), clock_is_right(witness));
    let since = |at: &Timestamp| now.duration_since(*at);
    let late = witness.plan.faults.contains(&Fault::M2Late);
    let excused = |gate: &&Gate| match gate {
        Gate::CooldownOver => {
            let longest = policy.cooldown_up.max(policy.cooldown_down);
            let lasts = |at: &Timestamp| since(at).unsigned_abs() <= longest;
            !measured || witness.ledger.last_end.get(database).is_some_and(lasts)
        }
        Gate::DailyBudget { .. } => {
            // A call counts that is on record, also one that a death kept from leaving.
            let counts = |call: &&Sent| {
                let by_engine = witness.ledger.intents.get(&call.id.action).is_some_and(|it| it.actor == Actor::Engine);
                let intended_at = witness.ledger.intended_at.get(&call.id.action);
                let of_today = intended_at.is_some_and(|at| since(at) <= SignedDuration::from_hours(25));
                call.database == database && call.id.step == 1 && by_engine && of_today
            };
            !measured || witness.ledger.calls.iter().filter(counts).count() >= policy.max_actions_per_day as usize
        }
        Gate::NotHeld { .. } => {
            let lasts = |hold: &MustHold| !measured || hold.until.is_none_or(|until| until > now);
            witness.ledger.holds.get(database).is_some_and(|holds| holds.iter().any(lasts))
        }
        // Foreign storage pends until the window.
        Gate::NothingPending { .. } => {
            truth::of(witness.sim.world().fleet(), database).is_some_and(|truth| truth.anything_pends)
        }
        Gate::FleetSlot { .. } => {
            let open = |action: &&ActionId| !witness.ledger.ended.contains_key(*action);
            witness.ledger.intents.keys().filter(open).count() >= 1
        }
        // Evaluated in the very look that saw the end of an action.
        Gate::NoActionInFlight { .. } => {
            witness.ledger.any_end.get(database).is_some_and(|at| since(at) <= SignedDuration::from_mins(10))
        }
        // A late world stays late.
        // While an action is watched, datapoints are asked for more seldom than the engine looks.
        Gate::FreshData { age_secs: Some(age), limit_secs, .. } if !late => {
            *age <= limit_secs + witness.plan.settings.engine.evaluate_every.as_secs() as i64
        }
        Gate::FreshData { .. }
        | Gate::UpRulesComplete { .. }
        | Gate::ConnectionsFit { .. }
        | Gate::CpuFits { .. }
        | Gate::MemoryFits { .. }
        | Gate::EbsFits { .. } => late,
        // By its own figures; it opens when the burst has lasted as long as those before.
        Gate::WorthTheWait { ready_secs, burst_left_secs } => {
            burst_left_secs.is_some_and(|left| left <= i64::from(*ready_secs))
        }
        _ => false,
    };
    closed.into_iter().filter(|gate| !excused(gate)).map(Gate::name).collect()
}

/// I20, I21 and I22.
fn accounts(witness: &mut Witness) {
    let open: Vec<String> = witness
        .ledger
        .intents
        .keys()
        .filter(|action| witness.ledger.ended.get(action).copied() != Some(1) && !is_young(witness, action))
        .map(|action| action.0.clone())
        .collect();
    if !open.is_empty() {
        witness.break_promise(format!("I20: never ended: {}", open.join(", ")));
    }
    if witness.most_requests_per_min > REQUESTS_PER_MIN {
        witness.break_promise(format!("I22: {} requests in a minute", witness.most_requests_per_min));
    }
    let (reads, first) = witness.reads;
    if first >= MANY_READS && reads as f64 > first as f64 * RETRY_AMPLIFICATION {
        witness.break_promise(format!("I22: {reads} reads on the wire for {first} that were wanted"));
    }
}

/// Whether an action began so late that it need not have ended.
fn is_young(witness: &Witness, action: &ActionId) -> bool {
    let age = witness.ledger.intended_at.get(action).map(|at| witness.clock.now().duration_since(*at));
    let intent = witness.ledger.intents.get(action);
    let copy = intent.and_then(|intent| witness.plan.settings.policy(&intent.database)).map(|policy| &policy.copy);
    let waits = copy.filter(|copy| copy.switchover == Switchover::Supervised).map(|copy| copy.approve_within);
    let may_take = AN_ACTION.saturating_add(duration::signed(waits.unwrap_or_default()));
    age.is_some_and(|age| age < may_take)
}
