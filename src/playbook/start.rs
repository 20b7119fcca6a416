//! The first call of an action: what must hold at the moment that it is sent, whatever the strategy.

use jiff::{SignedDuration, Timestamp};

use super::{Look, Next, Situation};
use crate::model::action::{ActionResult, Run};
use crate::model::call::MutatingCall;
use crate::model::database::DatabaseState;
use crate::model::guard::Guard;
use crate::model::operator::Actor;

/// A person's order waits this long for its preconditions; the engine's own does not wait, it decides anew.
const START_LIMIT: SignedDuration = SignedDuration::from_secs(60);

/// Sends what `call` makes of the database as it is, once everything stands.
pub(super) fn start(
    run: &Run,
    situation: Situation<'_>,
    now: Timestamp,
    call: impl Fn(&DatabaseState) -> MutatingCall,
) -> Next {
    let look = match may_start(run, situation, now) {
        Ok(look) => look,
        Err(next) => return next,
    };
    let state = look.state;
    if state.resource_id != run.intent.resource_id && situation.guards.stand(Guard::SameMachine) {
        return failed(&format!("the name belongs to another machine, {}", state.resource_id));
    }
    if state.class != run.intent.from && situation.guards.stand(Guard::ClassAsOrdered) {
        return failed(&format!("the class is {} and not {}", state.class, run.intent.from));
    }
    let in_the_way = situation.at_server.in_the_way.clone().filter(|_| run.intent.actor == Actor::Engine);
    match precondition(state, situation).or_else(|| bound_elsewhere(look)).or(in_the_way) {
        None => Next::Send(call(state)),
        Some(why) => wait_or_fail(run, now, &why),
    }
}

/// The look that the first call may rest on, or what comes instead: nobody has stopped or forbidden it, and it is fresh.
pub(super) fn may_start<'a>(run: &Run, situation: Situation<'a>, now: Timestamp) -> Result<Look<'a>, Next> {
    if let Some(by) = &run.stop_requested {
        return Err(Next::End(ActionResult::Stopped { by: by.clone() }));
    }
    if let Some(why) = situation.forbidden {
        return Err(failed(&format!("{why} before")));
    }
    fresh(situation, now).map_err(|why| wait_or_fail(run, now, &why))
}

/// It ends before anything was sent.
pub(super) fn failed(why: &str) -> Next {
    Next::End(ActionResult::FailedSafe { why: format!("nothing was sent: {why}") })
}

/// The look that a call may rest on, or why there is none.
pub(super) fn fresh(situation: Situation<'_>, now: Timestamp) -> Result<Look<'_>, String> {
    let is_fresh = |look: &Look<'_>| {
        now.duration_since(look.asked_at).abs() <= situation.fresh_look || !situation.guards.stand(Guard::FreshLook)
    };
    let look = situation.look.filter(is_fresh).ok_or_else(|| "the look that it rests on is too old".to_owned())?;
    if !look.age_is_known && situation.guards.stand(Guard::LookAge) {
        return Err("the clock was set since the look that it rests on".to_owned());
    }
    Ok(look)
}

/// Why no call may be sent to a database in this state.
pub(super) fn precondition(state: &DatabaseState, situation: Situation<'_>) -> Option<String> {
    if !state.status.is_available() && situation.guards.stand(Guard::StatusAvailable) {
        return Some(format!("its status is {}", state.status));
    }
    let pending = state.pending_words().filter(|_| situation.guards.stand(Guard::NothingPending))?;
    Some(format!("other changes are pending: {pending}"))
}

/// Why a change may not begin: a deployment of other hands binds the database, or nobody knows.
pub(super) fn bound_elsewhere(look: Look<'_>) -> Option<String> {
    if !look.deployments.is_read {
        return Some("blue/green deployments could not be read".to_owned());
    }
    let other = look.deployments.foreign?;
    Some(format!("it is in the blue/green deployment {}, which is not ours", other.words()))
}

/// What the engine decided on an older picture it decides anew; a person's order waits for a moment.
fn wait_or_fail(run: &Run, now: Timestamp, why: &str) -> Next {
    if run.intent.actor == Actor::Engine || now.duration_since(run.began).abs() > START_LIMIT {
        failed(why)
    } else {
        Next::Observe
    }
}
