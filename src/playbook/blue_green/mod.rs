//! `blue_green`: a copy on the new class takes over the database's name; clients are kept out for seconds.
//!
//! ```text
//!   create ─► prepare: the copy is made, follows, is checked ─► switch over ─► cut: verify by the machine's id
//!                │ stopped, late, not allowed                      │ refused, rolled back
//!                └────────────► give up: the copy is removed ◄─────┘
//! ```
//!
//! Everything before the switchover can be taken back and is, when it is given up. The switchover is sent once. What is
//! not as it should be is never mended here: the database is held.

mod cut;
mod give_up;
mod prepare;
mod resize;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use super::{Look, Next, Situation, in_place, start};
use crate::model::action::{CallState, Run};
use crate::model::call::MutatingCall;
use crate::model::deployment::Deployment;
use crate::model::override_plan::ExpectedTime;
use crate::model::step::{ActionStep, Progress};

/// What it means to a person that the database is on another machine than before.
const MOVED: &str = "the name now belongs to another machine";

/// AWS: usually under a minute, and less than five seconds since January 2026; third parties measured 26 to 45 s.
pub(super) fn expected_outage() -> ExpectedTime {
    ExpectedTime { least_secs: 5, most_secs: 60 }
}

/// Until the copy is there: third parties report 12 to 20 minutes on small data.
const COPY: ExpectedTime = ExpectedTime { least_secs: 720, most_secs: 1_200 };
/// From the order to switch over until the name was seen at the other machine.
const CUT: ExpectedTime = ExpectedTime { least_secs: 20, most_secs: 120 };

/// The copy, and the switchover on top.
pub(super) fn expected_ready() -> ExpectedTime {
    ExpectedTime { least_secs: COPY.least_secs, most_secs: COPY.most_secs + CUT.most_secs }
}

/// What is watched of it.
pub(super) fn steps(run: &Run) -> Vec<ActionStep> {
    let sent = |is: fn(&MutatingCall) -> bool| run.first_call(is).map(|call| call.sent_at);
    let made = sent(|call| matches!(call, MutatingCall::CreateBlueGreenDeployment { .. }));
    let resized = sent(|call| matches!(call, MutatingCall::ModifyDbInstanceClass { .. }));
    let cut = sent(|call| matches!(call, MutatingCall::SwitchoverBlueGreenDeployment { .. }));
    let removed = sent(|call| matches!(call, MutatingCall::DeleteBlueGreenDeployment { .. }));
    let switched = run.switched.as_ref().map(|(at, _)| *at);
    let ended = run.ended.as_ref().map(|(at, _)| *at);
    let time = |least_secs, most_secs| ExpectedTime { least_secs, most_secs };
    let after_copy = cut.or(removed);
    let copy =
        ActionStep::new("make the copy and check it", Progress::between(made, resized.or(after_copy)), COPY, false);
    let resize = resized.map(|at| {
        let words = format!("move the copy to {}", run.intent.to);
        ActionStep::new(words, Progress::between(Some(at), after_copy), in_place::expected_ready(false), false)
    });
    if removed.is_some() {
        let cut = cut.map(|cut| ActionStep::new("switch over", Progress::between(Some(cut), removed), CUT, false));
        let removal = ActionStep::new("remove the copy", Progress::between(removed, ended), time(600, 900), false);
        return [Some(copy), resize, cut, Some(removal)].into_iter().flatten().collect();
    }
    let rest = [
        ActionStep::new("switch over", Progress::between(cut, switched), CUT, true),
        ActionStep::new("verify on three looks", Progress::between(switched, ended), time(60, 180), false),
    ];
    [copy].into_iter().chain(resize).chain(rest).collect()
}

/// What to do next about a class change by a blue/green deployment.
pub(super) fn next(run: &Run, situation: Situation<'_>, now: Timestamp) -> Next {
    if run.is_ended() {
        return Next::Observe;
    }
    let Some(call) = run.last_call() else { return begin(run, situation, now) };
    if call.state == CallState::Sent {
        return Next::Observe;
    }
    match &call.call {
        MutatingCall::CreateBlueGreenDeployment { .. } => prepare::next(run, call, situation, now),
        MutatingCall::SwitchoverBlueGreenDeployment { .. } => cut::next(run, call, situation, now),
        MutatingCall::DeleteBlueGreenDeployment { .. } => give_up::next(run, call, situation, now),
        MutatingCall::ModifyDbInstanceClass { .. } => resize::next(run, call, situation, now),
        // No steps of it; the machine that it replaces goes by an action of its own.
        MutatingCall::DeleteDbInstance { .. }
        | MutatingCall::CreateDbInstance { .. }
        | MutatingCall::FailoverDbCluster { .. }
        | MutatingCall::ModifyDbClusterClass { .. } => Next::Observe,
    }
}

fn begin(run: &Run, situation: Situation<'_>, now: Timestamp) -> Next {
    start::start(run, situation, now, |state| MutatingCall::CreateBlueGreenDeployment {
        database: run.intent.database.clone(),
        source: state.arn.clone(),
        name: run.deployment_name(),
        class: Some(run.intent.to.clone()),
    })
}

/// A look that was asked after the call and that saw the deployments too.
fn look_since_call(situation: Situation<'_>) -> Option<(Look<'_>, Option<&Deployment>)> {
    let look = situation.look_since_call().filter(|look| look.deployments.is_read)?;
    Some((look, look.deployments.own))
}
