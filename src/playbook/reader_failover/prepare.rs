//! The reader is being made, until it can take over. All of it can be taken back.

use jiff::Timestamp;

use super::{Reader, give_up, is_usable};
use crate::model::action::{ActionResult, CallRecord, CallState, Run};
use crate::model::call::MutatingCall;
use crate::playbook::ending::{held, refused, traceless};
use crate::playbook::patience::{DROPPED_AFTER, TRACELESS_AFTER, waited};
use crate::playbook::{Look, Next, Situation, takeover};

/// What to do next after the order for a reader.
pub(super) fn next(run: &Run, call: &CallRecord, situation: Situation<'_>, now: Timestamp) -> Next {
    if let CallState::Refused { code, message } = &call.state {
        return refused(code, message);
    }
    let waits = now.duration_since(call.sent_at);
    let Some(look) = situation.look_since_call() else { return takeover::unseen(run, situation, waits) };
    if let Some(why) = takeover::foreign_hands(run, look.state, "another instance writes now") {
        return held(run, Some(look), why);
    }
    let Some(state) = look.copy else { return without_reader(run, call, look, situation) };
    if let CallState::Looking { .. } = call.state {
        return Next::Adopt(format!("the reader {} exists", state.name));
    }
    let failed = state.status.is_failed();
    let late = waits > takeover::limit(run, situation.copy);
    if state.status.is_deleting() {
        return held(run, Some(look), format!("the reader {} is being deleted, and not by us", state.name));
    }
    if run.stop_requested.is_some() || situation.load_has_turned || failed || late {
        return give_up::begin(run, state, situation, now);
    }
    if !is_usable(run, &Reader { state, lag: look.copy_lag }, situation) {
        return Next::Observe;
    }
    let cut = MutatingCall::FailoverDbCluster {
        database: run.intent.database.clone(),
        target: state.name.clone(),
        machine: state.resource_id.clone(),
    };
    takeover::cut(run, (look, state), situation, now, cut)
}

fn without_reader(run: &Run, call: &CallRecord, look: Look<'_>, situation: Situation<'_>) -> Next {
    match &call.state {
        // Seen before, and an old picture does not last that long.
        _ if run.reader.is_some() && waited(call.sent_at, look, TRACELESS_AFTER, situation) => {
            held(run, Some(look), "the reader is gone, and not by us".to_owned())
        }
        CallState::Looking { why } if waited(call.sent_at, look, TRACELESS_AFTER, situation) => traceless(why),
        CallState::Accepted | CallState::Adopted { .. } if waited(call.sent_at, look, DROPPED_AFTER, situation) => {
            let why = format!("no reader came of it in {} min", DROPPED_AFTER.as_mins());
            Next::End(ActionResult::RolledBack { why })
        }
        _ => Next::Observe,
    }
}
