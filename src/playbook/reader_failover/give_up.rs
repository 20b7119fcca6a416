//! It is given up before the failover, or after one that did not happen: the reader that was made for it is deleted and the
//! cluster stays as it was.

use jiff::Timestamp;

use crate::model::action::{ActionResult, CallRecord, CallState, Run};
use crate::model::call::{Keeps, MutatingCall};
use crate::model::database::DatabaseState;
use crate::model::policy::Switchover;
use crate::playbook::ending::{held, held_with, unobserved};
use crate::playbook::patience::{TRACELESS_AFTER, waited};
use crate::playbook::start::fresh;
use crate::playbook::{Look, Next, Situation, takeover};

/// Deletes the reader, or waits until that is allowed. Only what this action made is deleted, by the name that it gave and
/// the machine that was seen under it, and only while another one writes.
pub(super) fn begin(run: &Run, reader: &DatabaseState, situation: Situation<'_>, now: Timestamp) -> Next {
    if let Some(next) = takeover::may_not_remove(run, situation, now, ("reader", remedy(run))) {
        return next;
    }
    // RDS does not delete what it is still making.
    if reader.status.as_str() == "creating" {
        let since = run.last_call().map_or(run.began, |call| call.sent_at);
        let longest = takeover::limit(run, situation.copy).saturating_add(situation.stuck_after);
        let why = "it is to be given up, and the reader is still being created".to_owned();
        let late = now.duration_since(since) > longest;
        return if late { held_with(run, situation.look, why, remedy(run)) } else { Next::Observe };
    }
    let Ok(look) = fresh(situation, now) else { return Next::Observe };
    let writes = look.state.resource_id == reader.resource_id;
    let is_known = run.copy.as_ref() == Some(&reader.resource_id);
    if writes || !is_known || look.state.resource_id != run.intent.resource_id {
        return Next::Observe;
    }
    Next::Send(MutatingCall::DeleteDbInstance {
        database: run.intent.database.clone(),
        machine: reader.name.clone(),
        keeps: Keeps::ClusterVolume,
    })
}

/// After a failover that did not happen. A reader that an earlier action has left stays what it was.
pub(super) fn after_cut(
    run: &Run,
    call: &CallRecord,
    look: Look<'_>,
    situation: Situation<'_>,
    now: Timestamp,
) -> Next {
    let made = run.first_call(|call| matches!(call, MutatingCall::CreateDbInstance { .. })).is_some();
    match look.copy {
        Some(reader) if made => begin(run, reader, situation, now),
        // An old picture does not show it; nor does one whose description cannot be read.
        None if made && !waited(call.sent_at, look, TRACELESS_AFTER * 2, situation) => Next::Observe,
        None if made => {
            held(run, Some(look), "the failover did not happen, and the reader is not seen any more".to_owned())
        }
        _ => Next::End(not_failed_over(call, "")),
    }
}

/// What to do next after the order to delete the reader.
pub(super) fn next(run: &Run, call: &CallRecord, situation: Situation<'_>, now: Timestamp) -> Next {
    if let CallState::Refused { code, message } = &call.state {
        let why = format!("the reader could not be deleted: AWS refused it with {code}: {message}");
        return held_with(run, situation.look, why, remedy(run));
    }
    let stuck = now.duration_since(call.sent_at) > situation.stuck_after;
    let Some(look) = situation.look_since_call() else { return unobserved(run, situation, stuck) };
    let looking = matches!(call.state, CallState::Looking { .. });
    match look.copy {
        Some(reader) if looking && reader.status.is_deleting() => {
            Next::Adopt(format!("the status of {} is {}", reader.name, reader.status))
        }
        // A picture from before the reader was made shows none either: as long as one can be old, it says nothing.
        None if waited(call.sent_at, look, TRACELESS_AFTER, situation) => Next::End(result(run, situation)),
        Some(reader)
            if looking && !reader.status.is_deleting() && waited(call.sent_at, look, TRACELESS_AFTER, situation) =>
        {
            held_with(run, Some(look), "the order to delete the reader left no trace".to_owned(), remedy(run))
        }
        Some(_) if stuck => held_with(run, Some(look), "the reader is still there".to_owned(), remedy(run)),
        None if stuck => {
            let why = "the reader was not seen any more, but not for long enough to be sure that it is gone";
            held_with(run, Some(look), why.to_owned(), remedy(run))
        }
        _ => Next::Observe,
    }
}

/// How an action ends whose reader is gone.
fn result(run: &Run, situation: Situation<'_>) -> ActionResult {
    let cut = run.first_call(|call| matches!(call, MutatingCall::FailoverDbCluster { .. }));
    if let Some(cut) = cut {
        return not_failed_over(cut, "; the reader is deleted");
    }
    if let Some(by) = &run.stop_requested {
        return ActionResult::Stopped { by: by.clone() };
    }
    let supervised = situation.copy.switchover == Switchover::Supervised;
    let was_ready = run.reader.as_ref().is_some_and(|reader| reader.was_available);
    let why = if situation.load_has_turned {
        "the load has turned while the reader was made".to_owned()
    } else if supervised && run.approved.is_none() && was_ready {
        "nobody allowed the failover in time".to_owned()
    } else if let Some(reader) = run.reader.as_ref().filter(|reader| reader.has_failed) {
        format!("RDS could not make the reader {}", reader.name)
    } else if let Some(pending) = situation.look.and_then(|look| look.state.pending_words()) {
        format!(
            "other changes are pending: {pending}, and not over within {} min",
            situation.copy.give_up_after.as_secs() / 60
        )
    } else {
        format!("the reader was not ready within {} min", situation.copy.give_up_after.as_secs() / 60)
    };
    ActionResult::FailedSafe { why: format!("{why}; it is deleted") }
}

fn not_failed_over(cut: &CallRecord, and: &str) -> ActionResult {
    match &cut.state {
        CallState::Refused { code, message } => {
            ActionResult::FailedSafe { why: format!("AWS refused the failover with {code}: {message}{and}") }
        }
        CallState::Looking { why } => ActionResult::FailedSafe {
            why: format!("the failover left no trace ({why}); it was ordered once and did not arrive{and}"),
        },
        _ => ActionResult::RolledBack { why: format!("the failover did not happen{and}") },
    }
}

fn remedy(run: &Run) -> String {
    format!(
        "{} serves as before; delete the instance {} in the RDS console (it costs money), then release the hold",
        run.intent.database,
        run.reader_name()
    )
}
