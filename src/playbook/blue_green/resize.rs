//! AWS did not take the class with the order for a copy: the copy was made on the old class and is now moved to the new one,
//! while it serves nobody. All of it can be taken back.

use jiff::{SignedDuration, Timestamp};

use super::{MOVED, give_up, look_since_call, prepare};
use crate::model::action::{CallRecord, CallState, Run};
use crate::model::call::MutatingCall;
use crate::model::database::DatabaseState;
use crate::playbook::ending::held;
use crate::playbook::patience::{TRACELESS_AFTER, waited};
use crate::playbook::start::{bound_elsewhere, fresh, precondition};
use crate::playbook::{Next, Situation, takeover};

/// Nothing exists yet, and what was decided gets old.
const ASK_AGAIN_WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// Whether AWS refused a copy only because its class was named in the order.
pub(super) fn is_refused_class(call: &MutatingCall, message: &str) -> bool {
    let named = matches!(call, MutatingCall::CreateBlueGreenDeployment { class: Some(_), .. });
    named && message.contains("TargetDBInstanceClass")
}

/// Asks for the copy again, on the class that the database has. The first order was refused: nothing came of it.
pub(super) fn create_without_class(run: &Run, refused: Next, situation: Situation<'_>, now: Timestamp) -> Next {
    let since = run.last_call().map_or(run.began, |call| call.sent_at);
    let late = now.duration_since(since).abs() > ASK_AGAIN_WITHIN;
    if late || run.stop_requested.is_some() || situation.forbidden.is_some() || situation.load_has_turned {
        return refused;
    }
    let Ok(look) = fresh(situation, now) else { return Next::Observe };
    if takeover::foreign_hands(run, look.state, MOVED).is_some() || bound_elsewhere(look).is_some() {
        return refused;
    }
    if precondition(look.state, situation).is_some() {
        return Next::Observe;
    }
    Next::Send(MutatingCall::CreateBlueGreenDeployment {
        database: run.intent.database.clone(),
        source: look.state.arn.clone(),
        name: run.deployment_name(),
        class: None,
    })
}

/// The order that moves a copy which is ready, but for its class.
pub(super) fn begin(run: &Run, copy: &DatabaseState, situation: Situation<'_>, now: Timestamp) -> Next {
    if situation.forbidden.is_some() || fresh(situation, now).is_err() {
        return Next::Observe;
    }
    Next::Send(MutatingCall::ModifyDbInstanceClass {
        database: copy.name.clone(),
        class: run.intent.to.clone(),
        capacity_reservation: copy.facts.capacity_reservation.clone(),
    })
}

/// What to do next after that order.
pub(super) fn next(run: &Run, call: &CallRecord, situation: Situation<'_>, now: Timestamp) -> Next {
    let made_at = run.calls.first().map_or(call.sent_at, |made| made.sent_at);
    let waits = now.duration_since(made_at);
    let Some((look, deployment)) = look_since_call(situation) else { return takeover::unseen(run, situation, waits) };
    if let Some(why) = takeover::foreign_hands(run, look.state, MOVED) {
        return held(run, Some(look), why);
    }
    let Some(deployment) = deployment else {
        return held(run, Some(look), "the deployment is gone, and not by us".to_owned());
    };
    if !deployment.status.is_available() {
        return held(run, Some(look), format!("the deployment {} is {}", deployment.id, deployment.status));
    }
    let Some(copy) = look.copy else { return Next::Observe };
    let (to, looking) = (&run.intent.to, matches!(call.state, CallState::Looking { .. }));
    // Also of an accepted order: that the copy has its class is what a person may be asked on.
    if copy.class == *to && !matches!(call.state, CallState::Adopted { .. } | CallState::Refused { .. }) {
        return Next::Adopt(format!("the copy {} has the class {to}", copy.name));
    }
    let traceless = looking && copy.class_pending().is_none() && waited(call.sent_at, look, TRACELESS_AFTER, situation);
    let failed = traceless || matches!(call.state, CallState::Refused { .. });
    let late = waits > takeover::limit(run, situation.copy);
    if failed || late || run.stop_requested.is_some() || situation.load_has_turned {
        return give_up::begin(run, deployment, situation, now);
    }
    if copy.class == *to { prepare::ready(run, (look, deployment), situation, (now, waits)) } else { Next::Observe }
}
