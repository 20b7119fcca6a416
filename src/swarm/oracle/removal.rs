//! I13: a machine is deleted only if an action of ours has replaced it, it serves nobody, it was kept as long as was
//! promised, and what was promised to be kept of it is kept.

use jiff::SignedDuration;

use super::invariants::{LOOK_LIMIT_SECS, clock_is_right, no_hold, permission, policy};
use super::ledger::Sent;
use super::truth;
use super::witness::Witness;
use crate::model::action::{ActionId, ActionResult, Intent, Removal};
use crate::model::call::{Keeps, MutatingCall};
use crate::model::operator::Actor;
use crate::sim::rds::Role;
use crate::sim::wire::query::Params;

/// The order to delete one goes over the wire.
pub(super) fn on_mutation(witness: &mut Witness, intent: &Intent, removal: &Removal, params: &Params) {
    let name = removal.name.as_str();
    let broken = |why: String| format!("I13: {name} was deleted {why}");
    let truth = witness.sim.world().fleet().instance(name).map(|it| (it.role.clone(), it.resource_id.clone()));
    match truth {
        // The old writer of a cluster is one of its readers.
        Some((Role::Replaced | Role::Reader, machine)) if machine == removal.resource_id.as_str() => {}
        // It is gone already, or was just renamed by nobody: AWS refuses.
        None => {}
        Some((role, machine)) => witness.break_promise(broken(format!("which is {role:?} of the machine {machine}"))),
    }
    let now = witness.clock.now();
    let served = witness.served.get(name).cloned();
    let fresh = served.as_ref().is_some_and(|it| now.duration_since(it.at).as_secs() <= LOOK_LIMIT_SECS);
    let told = served.and_then(|served| served.resource_id);
    if !fresh || told.as_deref() != Some(removal.resource_id.as_str()) {
        witness.break_promise(broken(format!("and was last told to be {told:?}, fresh: {fresh}")));
    }
    let since = witness.ledger.replaced.get(removal.resource_id.as_str()).copied();
    let Some(since) = since else {
        return witness.break_promise(broken("and no record says that we have replaced it".to_owned()));
    };
    let Some(old_machine) = policy(witness, intent.database.as_str()).map(|policy| policy.old_machine) else { return };
    let is_member = removal.keeps == Keeps::ClusterVolume;
    if !is_member && old_machine.final_snapshot == params.get("FinalDBSnapshotIdentifier").is_none() {
        witness.break_promise(broken(format!("with a snapshot: {}", !old_machine.final_snapshot)));
    }
    if is_member && truth::cluster_kind(witness.sim.world().fleet(), intent.database.as_str()).is_none() {
        witness.break_promise(broken("as a member of a cluster, which it is not".to_owned()));
    }
    if intent.actor != Actor::Engine {
        return;
    }
    let keep = SignedDuration::try_from(old_machine.keep).unwrap_or(SignedDuration::MAX);
    let kept = now.duration_since(since);
    if clock_is_right(witness) && kept + SignedDuration::from_secs(1) < keep {
        witness.break_promise(broken(format!("after {} min and not {}", kept.as_mins(), keep.as_mins())));
    }
    permission(witness, intent);
    no_hold(witness, intent, None);
}

/// The order to delete a reader that an action has made for nothing: by that action alone, and never the one that writes.
pub(super) fn of_made_reader(witness: &mut Witness, action: &ActionId, machine: &str) {
    let is_its_own = |call: &Sent| {
        call.id.action == *action
            && matches!(&call.call, MutatingCall::CreateDbInstance { name, .. } if name.as_str() == machine)
    };
    if !witness.ledger.calls.iter().any(is_its_own) {
        witness.break_promise(format!("I13: {} deletes {machine}, which it has not made", action.0));
    }
    let writes = witness.sim.world().fleet().instance(machine).is_some_and(|it| it.role == Role::Writer);
    if writes {
        witness.break_promise(format!("I13: {} deletes {machine}, which takes the writes", action.0));
    }
}

/// The end of an action that deletes one says what is true of it.
pub(super) fn on_end(witness: &mut Witness, removal: &Removal, result: &ActionResult, took_effect: bool) {
    let world = witness.sim.world();
    let there = world.fleet().instance(removal.name.as_str());
    let there = there.filter(|it| it.resource_id == removal.resource_id.as_str() && it.status != "deleting");
    let is_there = there.is_some();
    drop(world);
    let untrue = match result {
        ActionResult::Verified => is_there,
        ActionResult::FailedSafe { .. } | ActionResult::Stopped { .. } | ActionResult::Superseded { .. } => took_effect,
        ActionResult::RolledBack { .. } => !is_there,
        ActionResult::Held { .. } => false,
    };
    if untrue {
        let (name, words) = (&removal.name, result.words());
        witness.break_promise(format!("I15: the removal of {name} ended as {words}; it is there: {is_there}"));
    }
}
