//! `reader_failover`: a reader of an Aurora cluster on the new class takes over the writes; clients wait for a failover.
//!
//! ```text
//!   create a reader ─► prepare: it is made, follows, is checked ─► fail over ─► cut: verify by the machine that writes
//!     │  one that an earlier        │ stopped, late, failed           │ refused, did not happen
//!     │  action has left and that   └──► give up: the reader is deleted ◄──┘
//!     └─ has the class: at once fail over
//! ```
//!
//! The old writer stays as a reader, and goes by an action of its own where the policy or its origin says so.

mod cut;
mod give_up;
mod prepare;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};

use super::{Next, Situation, start};
use crate::model::action::{CallState, Run};
use crate::model::call::MutatingCall;
use crate::model::database::DatabaseState;
use crate::model::duration;
use crate::model::member_settings::MemberSettings;
use crate::model::operator::Actor;
use crate::model::override_plan::ExpectedTime;
use crate::model::policy::Switchover;
use crate::model::readers::SCALED_TAG;
use crate::model::step::{ActionStep, Progress};

/// AWS: service is typically restored in less than 60 s, often in less than 30 s.
pub(super) fn expected_outage() -> ExpectedTime {
    ExpectedTime { least_secs: 10, most_secs: 60 }
}

/// Nothing is published of how long a reader takes to be made; its storage is there already.
const READER: ExpectedTime = ExpectedTime { least_secs: 300, most_secs: 900 };
/// From the order to fail over until another machine was seen to write.
const CUT: ExpectedTime = ExpectedTime { least_secs: 20, most_secs: 90 };

/// The reader, and the failover on top.
pub(super) fn expected_ready() -> ExpectedTime {
    ExpectedTime { least_secs: READER.least_secs, most_secs: READER.most_secs + CUT.most_secs }
}

/// What is watched of it.
pub(super) fn steps(run: &Run) -> Vec<ActionStep> {
    let sent = |is: fn(&MutatingCall) -> bool| run.first_call(is).map(|call| call.sent_at);
    let made = sent(|call| matches!(call, MutatingCall::CreateDbInstance { .. }));
    let cut = sent(|call| matches!(call, MutatingCall::FailoverDbCluster { .. }));
    let removed = sent(|call| matches!(call, MutatingCall::DeleteDbInstance { .. }));
    let switched = run.switched.as_ref().map(|(at, _)| *at);
    let ended = run.ended.as_ref().map(|(at, _)| *at);
    let time = |least_secs, most_secs| ExpectedTime { least_secs, most_secs };
    let is_reused = made.is_none() && cut.is_some();
    let reader = (!is_reused).then(|| {
        ActionStep::new("make the reader and check it", Progress::between(made, cut.or(removed)), READER, false)
    });
    let rest = if removed.is_some() {
        let cut = cut.map(|cut| ActionStep::new("fail over", Progress::between(Some(cut), removed), CUT, false));
        let removal = ActionStep::new("delete the reader", Progress::between(removed, ended), time(30, 180), false);
        [cut, Some(removal)]
    } else {
        let verify = ActionStep::new("verify on three looks", Progress::between(switched, ended), time(60, 180), false);
        // What fails over can fail back.
        [Some(ActionStep::new("fail over", Progress::between(cut, switched), CUT, false)), Some(verify)]
    };
    reader.into_iter().chain(rest.into_iter().flatten()).collect()
}

/// What to do next about a class change by a reader.
pub(super) fn next(run: &Run, situation: Situation<'_>, now: Timestamp) -> Next {
    if run.is_ended() {
        return Next::Observe;
    }
    let Some(call) = run.last_call() else { return begin(run, situation, now) };
    if call.state == CallState::Sent {
        return Next::Observe;
    }
    match &call.call {
        MutatingCall::CreateDbInstance { .. } => prepare::next(run, call, situation, now),
        MutatingCall::FailoverDbCluster { .. } => cut::next(run, call, situation, now),
        MutatingCall::DeleteDbInstance { .. } => give_up::next(run, call, situation, now),
        // No steps of it.
        MutatingCall::ModifyDbInstanceClass { .. }
        | MutatingCall::ModifyDbClusterClass { .. }
        | MutatingCall::CreateBlueGreenDeployment { .. }
        | MutatingCall::SwitchoverBlueGreenDeployment { .. }
        | MutatingCall::DeleteBlueGreenDeployment { .. } => Next::Observe,
    }
}

/// A reader that an earlier action has left takes over at once when it has the class and follows; else one is made.
fn begin(run: &Run, situation: Situation<'_>, now: Timestamp) -> Next {
    // It would cut at once: where a person's word is wanted first, a reader is made, which can wait for it.
    let may_cut = situation.copy.switchover == Switchover::Automatic || run.intent.actor != Actor::Engine;
    let usable = situation.left_reader.filter(|reader| may_cut && is_usable(run, reader, situation));
    start::start(run, situation, now, |state| match usable {
        Some(Reader { state, .. }) => {
            let database = run.intent.database.clone();
            MutatingCall::FailoverDbCluster { database, target: state.name.clone(), machine: state.resource_id.clone() }
        }
        None => MutatingCall::CreateDbInstance {
            database: run.intent.database.clone(),
            name: run.reader_name(),
            class: run.intent.to.clone(),
            engine: state.engine.clone(),
            settings: Box::new(own_settings(state)),
        },
    })
}

/// What the writer has of its own, but for the mark of Application Auto Scaling: a reader that carried it could be deleted by
/// that.
fn own_settings(writer: &DatabaseState) -> MemberSettings {
    let mut settings = writer.facts.settings.clone();
    settings.tags.remove(SCALED_TAG);
    settings
}

/// A reader, and how far it is behind the writer.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// As RDS describes it.
    pub state: &'a DatabaseState,
    /// By its newest datapoint; absent when there is none of the last minutes.
    pub lag: Option<SignedDuration>,
}

/// It runs, nothing pends, it has the class, and it is known to follow. A lag that nobody tells is no small one.
fn is_usable(run: &Run, reader: &Reader<'_>, situation: Situation<'_>) -> bool {
    let Reader { state, lag } = reader;
    let most = duration::signed(situation.copy.max_lag);
    // What Application Auto Scaling has made it may take away at any moment.
    !state.is_scaled()
        && state.status.is_available()
        && state.pending.is_empty()
        && state.class == run.intent.to
        && lag.is_some_and(|lag| lag <= most)
}
