//! `--auto`: the engine without a console. Armed as soon as AWS has confirmed who we are; what keeps it from working is
//! said at once and again, and it ends healthy or says why not.

use std::convert::Infallible;
use std::time::Duration;

use jiff::Timestamp;

use super::CommandError;
use super::health::{disarmed_as_meant, failing, unwell};
use super::process::{Finish, Hangup, Hangups, ending_signal_but};
use super::reload::Reloader;
use super::service;
use crate::clock::Clock;
use crate::control::Client;
use crate::model::arming::Arming;
use crate::model::command::{Answer, Command};
use crate::model::snapshot::Snapshot;

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

/// Runs until a signal or `limit` ends it. `person_disarmed_at` is what [`disarmed_as_meant`] says of the journal as it was
/// found.
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
