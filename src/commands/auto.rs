//! `--auto`: the engine without a console. Armed as soon as AWS has confirmed who we are; what keeps it from working is
//! said at once and again, and it ends healthy or says why not.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use jiff::Timestamp;

use super::CommandError;
use super::process::{Finish, Hangup, Hangups, ending_signal_but};
use super::reload::Reloader;
use super::service;
use crate::clock::Clock;
use crate::control::Client;
use crate::model::arming::Arming;
use crate::model::command::{Answer, Command};
use crate::model::decision::Decision;
use crate::model::event::{Entry, Event};
use crate::model::failure::Failure;
use crate::model::gate::Gate;
use crate::model::series::SignalName;
use crate::model::snapshot::{DatabaseView, Snapshot};

/// What keeps it from working is said again after this time of the machine.
const SAY_AGAIN: Duration = Duration::from_mins(1);

/// Whether it arms an engine by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arms {
    /// One that was never armed, and so never disarmed.
    IfNeverArmed,
    /// Not even that: it goes on with what a console has begun.
    Never,
}

/// How a daemon gets along with the machine that it runs on.
pub(super) struct Manners {
    /// What asks for the configuration to be read anew, and what does it; absent where SIGHUP ends it.
    pub(super) reload: Option<(Hangups, Reloader)>,
    /// The service manager ends this process when it was not told for so long that it lives.
    pub(super) watchdog: Option<Duration>,
}

/// Runs until a signal or `limit` ends it. `person_disarmed_at` is what [`disarmed_as_meant`] says of the journal as it
/// was found.
///
/// # Errors
/// When it cannot be armed, and when the journal takes no more records.
pub(super) async fn run(
    client: Client,
    clock: &Clock,
    limit: Option<Duration>,
    (arms, person_disarmed_at): (Arms, Option<Timestamp>),
    manners: Manners,
) -> Result<Finish, CommandError> {
    let limit = async {
        match limit {
            Some(limit) => clock.sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    let Manners { reload, watchdog } = manners;
    let hangup = if reload.is_some() { Hangup::Reloads } else { Hangup::Ends };
    let reason = tokio::select! {
        signal = ending_signal_but(hangup) => signal,
        () = limit => Ok("the time given with --for is over".to_owned()),
        failed = work(client.clone(), clock, arms) => failed,
        never = service::keep(client.clone(), watchdog) => match never {},
        never = Box::pin(reload_when_asked(reload, client.clone())) => match never {},
    }?;
    let snapshot = client.snapshot();
    // Told to by a person, during this run or before it.
    let meant = disarmed_as_meant(snapshot.tail.iter().map(AsRef::as_ref)).or(person_disarmed_at);
    let unwell = unwell(&snapshot, meant);
    let health = if unwell.is_empty() {
        Ok(())
    } else {
        Err(CommandError::Failed(format!("not healthy at the end: {}", unwell.join("; "))))
    };
    Ok(Finish { reason, health })
}

/// Each SIGHUP is one reload; the service manager is told of its beginning and of its end.
async fn reload_when_asked(reload: Option<(Hangups, Reloader)>, client: Client) -> Infallible {
    let Some((mut hangups, reloader)) = reload else { return std::future::pending().await };
    loop {
        hangups.next().await;
        service::reloading();
        reloader.reload().await;
        service::ready(&client.snapshot());
    }
}

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

/// Arms, then watches. Returns only when it fails.
async fn work(mut client: Client, clock: &Clock, arms: Arms) -> Result<String, CommandError> {
    until_confirmed(&mut client, clock).await?;
    arm(&mut client, arms).await?;
    while let Some(snapshot) = client.changed().await {
        if let Some(why) = &snapshot.journal.broken {
            return Err(CommandError::Failed(format!("disarmed: the journal takes no records: {why}")));
        }
    }
    std::future::pending().await
}

/// Returns when AWS has said who we are and RDS's events can be read, or when nothing will be armed anyway.
async fn until_confirmed(client: &mut Client, clock: &Clock) -> Result<(), CommandError> {
    // The first picture is from before the start: it knows nothing of the journal.
    if client.changed().await.is_none() {
        std::future::pending::<()>().await;
    }
    let mut said = String::new();
    let mut say_again = clock.now();
    loop {
        let snapshot = client.snapshot();
        if let Some(why) = &snapshot.journal.broken {
            return Err(CommandError::Failed(format!("not armed: the journal takes no records: {why}")));
        }
        let Some(waiting) = waits_for(&snapshot) else { return Ok(()) };
        if waiting != said || clock.now() >= say_again {
            tracing::warn!("{waiting}");
            said = waiting;
            let again = SAY_AGAIN.mul_f64(clock.speed());
            say_again = clock.now().checked_add(again).unwrap_or(Timestamp::MAX);
        }
        tokio::select! {
            changed = client.changed() => if changed.is_none() { std::future::pending::<()>().await },
            () = clock.sleep_until(say_again) => {}
        }
    }
}

/// What it waits for before it can act, in words; `None` when it waits for nothing.
fn waits_for(snapshot: &Snapshot) -> Option<String> {
    let state = match &snapshot.arming {
        Arming::Armed { by, .. } => format!("armed by {by}, but not able to act yet"),
        Arming::Disarmed { since: None, .. } => "not armed yet".to_owned(),
        Arming::Disarmed { since: Some(_), .. } => return None,
    };
    let failing = |operation: &str| {
        let failing = snapshot.problems.iter().find(|problem| problem.failure.operation == operation)?;
        Some(failing.failure.sentence.as_str())
    };
    if snapshot.identity.is_none() {
        let problem = failing("GetCallerIdentity").unwrap_or("no answer yet");
        return Some(format!("{state}: waiting for AWS to confirm the account: {problem}"));
    }
    failing("DescribeEvents").map(|problem| format!("{state}: waiting for RDS's events: {problem}"))
}

/// Arms an engine that was never armed. One that was disarmed, by a person or by itself, stays so: a service manager
/// that starts a process again is no person.
async fn arm(client: &mut Client, arms: Arms) -> Result<(), CommandError> {
    match client.snapshot().arming.clone() {
        Arming::Armed { by, .. } => {
            say_armed(&client.snapshot(), &format!("by {by}, by the journal of this directory"));
        }
        Arming::Disarmed { why, since: Some(since) } => tracing::error!(
            "DISARMED since {since:.0}: {why}. --auto does not arm over that, a person does: `upshift ctl arm`, or the \
             key `a` in `upshift`, on this state directory"
        ),
        Arming::Disarmed { since: None, .. } if arms == Arms::Never => {
            tracing::warn!("DISARMED: it was never armed; what is under way is watched to its end");
        }
        Arming::Disarmed { since: None, .. } => {
            let answer = client.send(Command::Arm { reason: "started with --auto".to_owned(), duration: None }).await;
            match answer.map(|reply| reply.answer) {
                Ok(Answer::Done { .. }) => say_armed(&client.snapshot(), "from the start by --auto"),
                Ok(Answer::Refused { sentence } | Answer::Unknown { sentence }) => {
                    return Err(CommandError::Failed(sentence));
                }
                Err(_) => return Err(CommandError::Failed("the engine ended before it could be armed".to_owned())),
            }
        }
    }
    Ok(())
}

fn say_armed(snapshot: &Snapshot, how: &str) {
    let failing = failing(snapshot);
    if failing.is_empty() {
        tracing::warn!("ARMED {how}: the engine acts by its policy");
    } else {
        tracing::error!("ARMED {how}, but it cannot act on everything: {}", failing.join("; "));
    }
}

/// Why a run did not end healthy; empty when it did.
fn unwell(snapshot: &Snapshot, person_disarmed_at: Option<Timestamp>) -> Vec<String> {
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
fn failing(snapshot: &Snapshot) -> Vec<String> {
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
