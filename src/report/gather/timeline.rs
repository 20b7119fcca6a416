//! What happened, in order. Evaluations that say the same as the one before are left out: they are counted in the next.

use std::collections::BTreeMap;

use super::{Gatherer, Window};
use crate::model::action::ActionResult;
use crate::model::database::DatabaseName;
use crate::model::drill::Drill;
use crate::model::event::{Entry, Event};
use crate::report::evidence::{Moment, MomentKind};

/// What happened to these databases, and to the engine, within a time.
pub(super) fn timeline(
    gatherer: &Gatherer,
    databases: &[DatabaseName],
    window: Window,
    drill: Option<&Drill>,
) -> Vec<Moment> {
    let is_ours = |database: &DatabaseName| databases.contains(database);
    let events = gatherer.entries.iter().filter_map(moment);
    let mut moments: Vec<Moment> = events.filter(|(of, _)| of.is_none_or(is_ours)).map(|(_, moment)| moment).collect();
    moments.extend(evaluations(gatherer, databases));
    moments.extend(drill.into_iter().flat_map(|drill| &drill.alarms).map(|change| Moment {
        at: change.at,
        seq: None,
        kind: MomentKind::Alarm,
        words: format!("{} is {}: {}", change.alarm, change.state, change.reason),
    }));
    moments.retain(|moment| window.has(moment.at));
    // What has no record of its own comes in front of what has one.
    moments.sort_by_key(|moment| (moment.at, moment.seq));
    moments
}

fn evaluations(gatherer: &Gatherer, databases: &[DatabaseName]) -> Vec<Moment> {
    let mut last: BTreeMap<&DatabaseName, (&str, u64)> = BTreeMap::new();
    let mut moments = Vec::new();
    for evaluation in &gatherer.evaluations.all {
        if !databases.contains(&evaluation.database) {
            continue;
        }
        let (before, count) = last.entry(&evaluation.database).or_insert(("", 0));
        // Those counted in front of it are like the one before.
        *count += u64::from(evaluation.repeats);
        if *before == evaluation.words {
            *count += 1;
            continue;
        }
        let alike = if *count == 0 { String::new() } else { format!(" (after {count} more like the one before)") };
        moments.push(Moment {
            at: evaluation.at,
            seq: Some(evaluation.seq),
            kind: MomentKind::Decision,
            words: format!("{}{alike}", evaluation.words),
        });
        (*before, *count) = (&evaluation.words, 0);
    }
    moments
}

/// A record in words, and the database that it is about. Looks at an action are kept where they say something new.
fn moment(entry: &Entry) -> Option<(Option<&DatabaseName>, Moment)> {
    let mut at = entry.at;
    let kind = match &entry.event {
        Event::Decision { .. } => return None,
        Event::RdsEvent(event) => {
            at = event.date;
            MomentKind::Rds
        }
        Event::AlarmChanged { change, .. } => {
            at = change.at;
            MomentKind::Alarm
        }
        Event::ActionIntended { .. }
        | Event::AlarmFollows { .. }
        | Event::AlarmFollowed { .. }
        | Event::CallSent { .. }
        | Event::CallAnswered { .. }
        | Event::CallAdopted { .. }
        | Event::Pooler { .. } => MomentKind::Call,
        Event::ActionEnded { result: ActionResult::Verified, .. } => MomentKind::Verified,
        Event::ActionEnded { .. } => MomentKind::Failed,
        Event::ActionObserved { .. }
        | Event::DeploymentObserved { .. }
        | Event::ReaderObserved { .. }
        | Event::SwitchedOver { .. }
        | Event::ServerReached { .. }
        | Event::ActionResumed { .. }
        | Event::ScalingActivity { .. }
        | Event::ForeignChange { .. } => MomentKind::Seen,
        Event::Armed { .. }
        | Event::Disarmed { .. }
        | Event::CommandRefused { .. }
        | Event::HoldReleased { .. }
        | Event::CutApproved { .. }
        | Event::StopRequested { .. } => MomentKind::Person,
        Event::HoldSet { .. }
        | Event::EngineStarted { .. }
        | Event::EngineStopped { .. }
        | Event::JournalRepaired { .. }
        | Event::IdentityConfirmed { .. }
        | Event::ReadFailed(_)
        | Event::LeaseAcquired { .. }
        | Event::LeaseLost { .. }
        | Event::LeaseHeldElsewhere { .. }
        | Event::ReadRecovered { .. }
        | Event::ConfigReloaded { .. }
        | Event::ConfigRefused { .. } => MomentKind::Engine,
    };
    Some((entry.event.database(), Moment { at, seq: Some(entry.seq), kind, words: entry.event.words() }))
}
