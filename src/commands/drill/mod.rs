//! `upshift drill`: a load on purpose, the engine's answer, and what clients felt, as one piece of evidence.
//!
//! `ground` prepares where it happens, `clients` are those who write and watch, `watcher` sees the engine and lets it act for that
//! time, `alarm` is AWS's own word beside it, `course` is what happens in which order, `outcome` gathers and tells. Nothing is
//! claimed here: the acceptance table is the report's.

mod alarm;
mod clients;
mod course;
mod ground;
mod outcome;
mod watcher;

use super::environment::Environment;
use super::process::{EndingSignals, runtime};
use super::{CommandError, last_words};
use crate::cli::drill::DrillArgs;
use crate::model::database::DatabaseName;
use alarm::Beside;
use clients::{Clients, Seen};
use course::{Course, Ran};
use ground::{Ground, Way};
use outcome::Limit;
use watcher::Watcher;

/// Runs a drill to its end, or until a signal ends it. A second signal does not wait for what clients are still asked.
pub(super) fn run(args: &DrillArgs, environment: &Environment) -> Result<(), CommandError> {
    let plan = ground::plan(args)?;
    runtime()?.block_on(async {
        let signals = EndingSignals::catch()?;
        let preparing = Box::pin(ground::prepare(args, environment, plan));
        let nothing = |words| CommandError::Failed(format!("{words}: nothing had been begun"));
        let Ground { mut hosted, aws, database, policy, way, directory, is_simulated, _log } =
            signals.unless_beyond(0, preparing).await.map_err(nothing)??;
        let watcher = Watcher::of(&hosted);
        let begun = tokio::select! {
            biased;
            words = signals.beyond(0) => Err(nothing(words)),
            lost = hosted.lost() => Err(lost),
            begun = begin(watcher, &database, way, args) => begun,
        };
        let clients = match begun {
            Ok(clients) => clients,
            Err(error) => {
                // Nobody was armed, and nothing written.
                drop(hosted.end(format!("the drill did not begin: {}", error.words())).await);
                return Err(error);
            }
        };
        let alarm = Beside::new(&aws, &database, &policy);
        let course = Course {
            args,
            database: &database,
            policy: &policy,
            alarm: &alarm,
            signals: &signals,
            clients: clients.as_ref(),
        };
        let mut ran = course.run(&mut hosted).await;
        let seen = Box::pin(stop(clients, &alarm, &signals, &mut ran)).await;
        let limit = match (policy.strategy.makes_a_copy(), &policy.pooler) {
            (true, Some(_)) => Limit::Stall,
            (true, None) => Limit::Outage,
            (false, _) => Limit::None,
        };
        let left = outcome::left(&hosted.client.snapshot(), &database, is_simulated);
        let ended = hosted.end(reason(&ran)).await;
        let shown = outcome::tell(&directory, &ran, seen, (limit, args.json));
        if let Err(error) = ran.ended {
            return Err(CommandError::Failed(format!("{}\n{left}\n{}", error.words(), ran.permission)));
        }
        last_words::say(&ran.permission);
        ended.and(shown)
    })
}

/// What is in the way is told before anybody writes; then the canary begins, then those who write.
async fn begin(
    mut watcher: Watcher,
    database: &DatabaseName,
    way: Option<Way>,
    args: &DrillArgs,
) -> Result<Option<Clients>, CommandError> {
    watcher.until_it_may_begin(database).await?;
    let Some(way) = way else { return Ok(None) };
    Clients::start(way, args, watcher.clock.now(), watcher.clock.speed()).await.map(Some)
}

/// Ends the load, and has the canary look for what was acknowledged; then takes the alarm away. One more signal ends that too:
/// then it is said what nobody knows.
async fn stop(clients: Option<Clients>, alarm: &Beside<'_>, signals: &EndingSignals, ran: &mut Ran) -> Option<Seen> {
    let mut cut_short = None;
    let mut seen = None;
    if let Some(clients) = clients {
        let unchecked = clients.unchecked_words();
        match signals.unless_beyond(ran.signals, clients.stop()).await {
            Ok(all) => seen = Some(all),
            Err(words) => cut_short = Some(format!("{words}, and not waited for: {unchecked}")),
        }
    }
    if alarm.is_asked_for()
        && let Err(words) = signals.unless_beyond(ran.signals, alarm.take_away(&mut ran.drill)).await
    {
        let first = cut_short.map_or_else(|| format!("{words}, and not waited for: "), |first| format!("{first}; "));
        cut_short = Some(format!("{first}{}", alarm.stays_words()));
    }
    if let Some(words) = cut_short {
        ran.ended = match std::mem::replace(&mut ran.ended, Ok(())) {
            Ok(()) => Err(CommandError::Failed(words)),
            Err(error) => Err(CommandError::Failed(format!("{}\n{words}", error.words()))),
        };
    }
    seen
}

/// Goes into the journal.
fn reason(ran: &Ran) -> String {
    match &ran.ended {
        Ok(()) => "the drill is over".to_owned(),
        Err(error) => format!("the drill broke off: {}", error.words()),
    }
}
