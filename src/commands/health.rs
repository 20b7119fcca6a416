//! Whether a daemon is well, by its newest picture: what cannot be read, what was never seen, what waits for a person.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::model::arming::Arming;
use crate::model::decision::Decision;
use crate::model::event::{Entry, Event};
use crate::model::failure::Failure;
use crate::model::gate::Gate;
use crate::model::series::SignalName;
use crate::model::snapshot::{DatabaseView, Snapshot};

/// When a person disarmed the engine of this journal, or let it act for a time that then was over, if nobody has armed it
/// since: that is how it is meant to be.
pub(super) fn disarmed_as_meant<'a>(entries: impl DoubleEndedIterator<Item = &'a Entry>) -> Option<Timestamp> {
    let is_of_arming = |entry: &&Entry| matches!(entry.event, Event::Armed { .. } | Event::Disarmed { .. });
    let mut newest = entries.rev().filter(is_of_arming);
    let last = newest.next()?;
    match (&last.event, newest.next().map(|before| &before.event)) {
        (Event::Disarmed { by: Some(_), .. }, _) => Some(last.at),
        (Event::Disarmed { by: None, .. }, Some(Event::Armed { until: Some(until), .. })) if *until <= last.at => {
            Some(last.at)
        }
        _ => None,
    }
}

/// Why a run did not end healthy; empty when it did.
pub(super) fn unwell(snapshot: &Snapshot, person_disarmed_at: Option<Timestamp>) -> Vec<String> {
    let mut reasons = Vec::new();
    if snapshot.identity.is_none() {
        reasons.push("AWS has not confirmed the account".to_owned());
    }
    match &snapshot.arming {
        Arming::Armed { .. } => {}
        Arming::Disarmed { since: Some(since), .. } if person_disarmed_at == Some(*since) => {}
        Arming::Disarmed { since: Some(_), why } => reasons.push(format!("disarmed: {why}")),
        Arming::Disarmed { since: None, .. } => reasons.push("never armed".to_owned()),
    }
    reasons.extend(failing(snapshot));
    reasons.extend(snapshot.databases.iter().flat_map(unseen_signals));
    reasons.extend(snapshot.databases.iter().flat_map(held));
    reasons.extend(snapshot.databases.iter().filter_map(DatabaseView::wants_in_vain));
    reasons.extend(snapshot.databases.iter().filter_map(unknown_outcome));
    reasons
}

/// What cannot be read or was never seen.
pub(super) fn failing(snapshot: &Snapshot) -> Vec<String> {
    // Many reads can fail for one cause: then they share its sentence.
    let mut causes: Vec<(Vec<&str>, &str)> = Vec::new();
    for Failure { operation, sentence, .. } in snapshot.problems.iter().map(|problem| &problem.failure) {
        let (reads, cause) = match sentence.strip_prefix(&format!("{operation}: ")) {
            Some(cause) => (Some(operation.as_str()), cause),
            None => (None, sentence.as_str()),
        };
        match causes.iter_mut().find(|(_, known)| *known == cause) {
            Some((known, _)) => known.extend(reads.filter(|read| !known.contains(read))),
            None => causes.push((reads.into_iter().collect(), cause)),
        }
    }
    let words = |(reads, cause): &(Vec<&str>, &str)| {
        if reads.is_empty() { (*cause).to_owned() } else { format!("{}: {cause}", reads.join(", ")) }
    };
    let mut reasons: Vec<String> = causes.iter().map(words).collect();
    let unseen = snapshot.databases.iter().filter(|view| view.state.is_none()).map(DatabaseView::name);
    let unsaid: Vec<String> = unseen
        .filter(|name| !reasons.iter().any(|reason| reason.contains(name.as_str())))
        .map(|name| format!("{name} was not seen"))
        .collect();
    reasons.extend(unsaid);
    reasons
}

/// Signals that rules use and that were never seen, or only in the future: with them the engine decides nothing.
fn unseen_signals(view: &DatabaseView) -> impl Iterator<Item = String> {
    let used: BTreeSet<&SignalName> = view.policy.up.iter().chain(&view.policy.down).map(|rule| &rule.signal).collect();
    let seen = |name: &SignalName| view.series.get(name).is_some_and(|series| series.newest_end().is_some());
    let unseen = used.into_iter().filter(move |name| view.state.is_some() && !seen(name));
    let unseen = unseen.map(|name| {
        let spec = view.policy.signals.iter().find(|spec| spec.name == *name);
        let (published, check) = match spec.and_then(|spec| spec.published_in.as_deref()) {
            Some(unit) => (format!(", published in {unit},"), "its `metric` and its `published_in`"),
            None => (String::new(), "its `metric`"),
        };
        format!("{}: CloudWatch has no datapoint{published} of the signal `{name}`; check {check}", view.name())
    });
    let ahead = view.decision.iter().flat_map(Decision::closed_gates).filter_map(|gate| match gate.gate {
        Gate::FreshData { age_secs: Some(..0), .. } => Some(format!("{}: {gate}", view.name())),
        _ => None,
    });
    unseen.chain(ahead)
}

/// A call that may or may not have happened.
fn unknown_outcome(view: &DatabaseView) -> Option<String> {
    let run = view.active_run().filter(|run| run.looking().is_some())?;
    Some(format!("{} of {}: {}", run.intent.action.0, view.name(), run.phase_words()))
}

/// What waits for a person: nothing is started on the database until it is released.
fn held(view: &DatabaseView) -> impl Iterator<Item = String> {
    let waiting = view.holds.iter().filter(|hold| hold.waits_for_person());
    waiting.map(|hold| format!("{} is held until a person releases it: {}", view.name(), hold.cause))
}
