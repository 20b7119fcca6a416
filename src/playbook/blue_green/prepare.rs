//! The copy is being made, until it can take over. All of it can be taken back.

use jiff::{SignedDuration, Timestamp};

use super::{give_up, look_since_call, resize};
use crate::model::action::{ActionResult, CallRecord, CallState, Run};
use crate::model::call::MutatingCall;
use crate::model::database::DatabaseState;
use crate::model::deployment::Deployment;
use crate::model::duration;
use crate::model::policy::{CopyPolicy, Switchover};
use crate::playbook::ending::{held, refused};
use crate::playbook::patience::{DROPPED_AFTER, READY_LOOKS, TRACELESS_AFTER, waited};
use crate::playbook::start::{fresh, precondition};
use crate::playbook::{Look, Next, Situation};

/// The longest change of a class that was reported, and some.
const MOVING_TAKES: SignedDuration = SignedDuration::from_mins(30);

/// What to do next after the order for a copy.
pub(super) fn next(run: &Run, call: &CallRecord, situation: Situation<'_>, now: Timestamp) -> Next {
    if let CallState::Refused { code, message } = &call.state {
        let refused = refused(&call.call, code, message);
        if resize::is_refused_class(&call.call, message) {
            return resize::create_without_class(run, refused, situation, now);
        }
        return refused;
    }
    let waits = now.duration_since(call.sent_at);
    let give_up_after = duration::signed(situation.copy.give_up_after);
    let Some((look, deployment)) = look_since_call(situation) else { return unseen(run, situation, waits) };
    if let Some(why) = foreign_hands(run, look.state) {
        return held(run, Some(look), why);
    }
    let Some(deployment) = deployment else { return without_deployment(run, call, look, situation) };
    if let CallState::Looking { .. } = call.state {
        return Next::Adopt(format!("the deployment {} exists", deployment.id));
    }
    let status = &deployment.status;
    if !status.is_provisioning() && !status.is_available() {
        let why = deployment.status_details.as_ref().map_or(String::new(), |why| format!(": {why}"));
        return held(run, Some(look), format!("the deployment {} is {status}{why}", deployment.id));
    }
    // The copy is for a load that is gone: nobody is kept out for it.
    if run.stop_requested.is_some() || situation.load_has_turned {
        return give_up::begin(run, deployment, situation, now);
    }
    if status.is_provisioning() {
        return if waits > give_up_after { give_up::begin(run, deployment, situation, now) } else { Next::Observe };
    }
    ready(run, (look, deployment), situation, (now, waits))
}

/// The deployment is available: the copy is checked, and takes over when it may.
pub(super) fn ready(
    run: &Run,
    (look, deployment): (Look<'_>, &Deployment),
    situation: Situation<'_>,
    (now, waits): (Timestamp, SignedDuration),
) -> Next {
    let policy = situation.copy;
    let limit = limit(run, policy);
    if waits > limit {
        return give_up::begin(run, deployment, situation, now);
    }
    if let Some(copy) = look.copy.filter(|copy| copy.class != run.intent.to) {
        let of_old_class =
            |call: &CallRecord| matches!(call.call, MutatingCall::CreateBlueGreenDeployment { class: None, .. });
        if run.last_call().is_some_and(of_old_class) && copy.class == run.intent.from {
            let begins = at_rest(copy) && run.copy.as_ref() == Some(&copy.resource_id);
            return if begins { resize::begin(run, copy, situation, now) } else { Next::Observe };
        }
        return held(run, Some(look), format!("the copy has the class {} and not {}", copy.class, run.intent.to));
    }
    let is_ready = look.copy.is_some_and(|copy| run.copy.as_ref() == Some(&copy.resource_id) && at_rest(copy));
    // One that nobody tells is AWS's to judge: it lets no copy take over that is too far behind.
    let is_behind = look.copy_lag.is_some_and(|lag| lag > duration::signed(policy.max_lag));
    if !is_ready || is_behind || precondition(look.state, situation).is_some() || run.awaits_approval(policy) {
        return Next::Observe;
    }
    // Disarmed or held since: the copy follows on, and nothing is cut until that is over or the time is up.
    if situation.forbidden.is_some() {
        return Next::Observe;
    }
    if situation.confirmed.0 + 1 < READY_LOOKS {
        return if look.is_new { Next::Confirmed } else { Next::Observe };
    }
    if fresh(situation, now).is_err() {
        return Next::Observe;
    }
    Next::Send(MutatingCall::SwitchoverBlueGreenDeployment {
        database: run.intent.database.clone(),
        deployment: deployment.id.clone(),
        timeout_secs: u32::try_from(policy.switchover_timeout.as_secs()).unwrap_or(u32::MAX),
    })
}

/// How long after the order for it a copy may take over. One that is moved to its class afterwards has more time, and one
/// that waits for a person too.
pub(in crate::playbook) fn limit(run: &Run, policy: &CopyPolicy) -> SignedDuration {
    let is_moved = run.calls.iter().any(|call| matches!(call.call, MutatingCall::ModifyDbInstanceClass { .. }));
    let more = if is_moved { MOVING_TAKES } else { SignedDuration::ZERO };
    let supervised = policy.switchover == Switchover::Supervised;
    let waits = if supervised { duration::signed(policy.approve_within) } else { SignedDuration::ZERO };
    duration::signed(policy.give_up_after).saturating_add(more).saturating_add(waits)
}

/// The copy runs, its storage is loaded, nothing pends.
fn at_rest(copy: &DatabaseState) -> bool {
    copy.status.is_available() && copy.pending.is_empty()
}

/// What other hands did to the database while its copy was made.
pub(super) fn foreign_hands(run: &Run, state: &DatabaseState) -> Option<String> {
    let intent = &run.intent;
    if state.resource_id != intent.resource_id {
        return Some(format!("the name now belongs to another machine, {}, and not by us", state.resource_id));
    }
    if state.status.is_failed() {
        return Some(format!("RDS reports the status {}", state.status));
    }
    if state.class != intent.from {
        return Some(format!("the class is {} and not {}: other hands are at work", state.class, intent.from));
    }
    None
}

/// What to do about a copy that no look has shown since the call.
pub(super) fn unseen(run: &Run, situation: Situation<'_>, waits: SignedDuration) -> Next {
    if waits <= limit(run, situation.copy).saturating_add(situation.stuck_after) {
        return Next::Observe;
    }
    held(run, None, format!("it could not be observed for {} min", situation.stuck_after.as_mins()))
}

fn without_deployment(run: &Run, call: &CallRecord, look: Look<'_>, situation: Situation<'_>) -> Next {
    if run.deployment.is_some() {
        return held(run, Some(look), "the deployment is gone, and not by us".to_owned());
    }
    match &call.state {
        CallState::Looking { why } if waited(call.sent_at, look, TRACELESS_AFTER, situation) => {
            let why = format!("the call left no trace ({why}); it was sent once and did not arrive");
            Next::End(ActionResult::FailedSafe { why })
        }
        CallState::Accepted | CallState::Adopted { .. } if waited(call.sent_at, look, DROPPED_AFTER, situation) => {
            let why = format!("no deployment came of it in {} min", DROPPED_AFTER.as_mins());
            Next::End(ActionResult::RolledBack { why })
        }
        _ => Next::Observe,
    }
}
