//! The copy is being made, until it can take over. All of it can be taken back.

use jiff::{SignedDuration, Timestamp};

use super::{MOVED, give_up, look_since_call, resize};
use crate::model::action::{ActionResult, CallRecord, CallState, Run};
use crate::model::call::MutatingCall;
use crate::model::database::DatabaseState;
use crate::model::deployment::Deployment;
use crate::model::duration;
use crate::playbook::ending::{held, refused, traceless};
use crate::playbook::patience::{DROPPED_AFTER, TRACELESS_AFTER, waited};
use crate::playbook::{Look, Next, Situation, takeover};

/// What to do next after the order for a copy.
pub(super) fn next(run: &Run, call: &CallRecord, situation: Situation<'_>, now: Timestamp) -> Next {
    if let CallState::Refused { code, message } = &call.state {
        let refused = refused(code, message);
        if resize::is_refused_class(&call.call, message) {
            return resize::create_without_class(run, refused, situation, now);
        }
        return refused;
    }
    let waits = now.duration_since(call.sent_at);
    let give_up_after = duration::signed(situation.copy.give_up_after);
    let Some((look, deployment)) = look_since_call(situation) else {
        return takeover::unseen(run, situation, waits);
    };
    if let Some(why) = takeover::foreign_hands(run, look.state, MOVED) {
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
    if waits > takeover::limit(run, policy) {
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
    // One that nobody tells is AWS's to judge: it lets no copy take over that is too far behind.
    let is_behind = look.copy_lag.is_some_and(|lag| lag > duration::signed(policy.max_lag));
    let Some(copy) = look.copy.filter(|copy| at_rest(copy) && !is_behind) else { return Next::Observe };
    let cut = MutatingCall::SwitchoverBlueGreenDeployment {
        database: run.intent.database.clone(),
        deployment: deployment.id.clone(),
        timeout_secs: u32::try_from(policy.switchover_timeout.as_secs()).unwrap_or(u32::MAX),
    };
    takeover::cut(run, (look, copy), situation, now, cut)
}

/// The copy runs, its storage is loaded, nothing pends.
fn at_rest(copy: &DatabaseState) -> bool {
    copy.status.is_available() && copy.pending.is_empty()
}

fn without_deployment(run: &Run, call: &CallRecord, look: Look<'_>, situation: Situation<'_>) -> Next {
    if run.deployment.is_some() {
        return held(run, Some(look), "the deployment is gone, and not by us".to_owned());
    }
    match &call.state {
        CallState::Looking { why } if waited(call.sent_at, look, TRACELESS_AFTER, situation) => traceless(why),
        CallState::Accepted | CallState::Adopted { .. } if waited(call.sent_at, look, DROPPED_AFTER, situation) => {
            let why = format!("no deployment came of it in {} min", DROPPED_AFTER.as_mins());
            Next::End(ActionResult::RolledBack { why })
        }
        _ => Next::Observe,
    }
}
