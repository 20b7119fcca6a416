//! `upshift load`: writes at a rate, and what became of them.

use std::time::Duration;

use tokio::sync::watch;

use super::environment::Environment;
use super::progress_line::{ProgressLine, Stays};
use super::{CommandError, access, last_words, process, stdout};
use crate::cli::load::LoadArgs;
use crate::clock::Clock;
use crate::model::load_run::LoadRun;
use crate::workload::load::{Afterwards, Load, LoadEnd, LoadPlan, Progress, Statements};

/// Runs the load and prints its result.
pub(super) fn run(args: &LoadArgs, environment: &Environment) -> Result<(), CommandError> {
    let plan = plan(args)?;
    let load = Load { access: access::access(&args.access, environment)?, plan, clock: Clock::system() };
    let end = process::runtime()?.block_on(operate(&load, f64::from(args.writes)))?;
    if args.json {
        // Plain data with string keys: it always serialises.
        stdout::line(&serde_json::to_string(&end.run).unwrap_or_default())?;
    } else {
        show(&end.run)?;
    }
    match end.left {
        Some(left) => Err(CommandError::Failed(left)),
        None if end.run.scheduled > 0 && end.run.acknowledged == 0 => {
            Err(CommandError::Failed("not one write was acknowledged".to_owned()))
        }
        None => Ok(()),
    }
}

fn plan(args: &LoadArgs) -> Result<LoadPlan, CommandError> {
    let ramp = args.ramp.unwrap_or_default();
    if ramp > args.duration {
        return Err(CommandError::Usage("--ramp is a part of --for, and longer than that here".to_owned()));
    }
    Ok(LoadPlan {
        duration: args.duration,
        ramp,
        connections: args.connections,
        mix: args.mix.parse().map_err(|error| CommandError::Usage(format!("--mix: {error}")))?,
        statements: if args.unprepared { Statements::Unnamed } else { Statements::Prepared },
        table: if args.keep { Afterwards::Kept } else { Afterwards::Removed },
    })
}

async fn operate(load: &Load, writes_per_sec: f64) -> Result<LoadEnd, CommandError> {
    let (_rate, wanted) = watch::channel(writes_per_sec);
    let (progress, seen) = watch::channel(Progress::default());
    let mut unwatched = Ok(());
    let stop = async {
        match process::ending_signal().await {
            Ok(words) => last_words::say(&format!("{words}: ending in order")),
            Err(error) => unwatched = Err(error),
        }
    };
    let (target, limit) = (load.access.dsn().words(), load.plan.duration);
    let end = tokio::select! {
        biased;
        end = load.run(wanted, &progress, stop) => end.map_err(|error| CommandError::Failed(error.to_string())),
        never = tell(seen, &target, limit) => match never {},
    };
    unwatched?;
    end
}

/// Tells people where the load is, for ever.
async fn tell(mut seen: watch::Receiver<Progress>, target: &str, limit: Duration) -> std::convert::Infallible {
    let line = ProgressLine::new();
    let every = if line.rewrites { Duration::from_millis(500) } else { Duration::from_secs(10) };
    let mut next = Duration::ZERO;
    loop {
        if seen.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        let now = seen.borrow_and_update().clone();
        if next.is_zero() {
            line.say(&format!("writing to {} of {target}", now.table), Stays::Yes);
            next = every;
        } else if now.elapsed >= next {
            line.say(&words(&now, limit), if line.rewrites { Stays::No } else { Stays::Yes });
            next = now.elapsed + every;
        }
    }
}

fn words(now: &Progress, limit: Duration) -> String {
    let Progress { wanted_per_sec, acknowledged, failed, waiting, sessions, p99_millis, .. } = now;
    let clock = |time: Duration| format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60);
    format!(
        "{} of {}: {wanted_per_sec:.0} writes/s wanted, {acknowledged} acknowledged, {failed} failed, {waiting} waiting, \
         {sessions} sessions, p99 {p99_millis:.1} ms",
        clock(now.elapsed),
        clock(limit),
    )
}

fn show(run: &LoadRun) -> Result<(), CommandError> {
    let LoadRun { scheduled, acknowledged, inserted, updated, deleted, failed, not_begun, latency, .. } = run;
    stdout::line(&format!("{} by {} sessions, from {:.0} to {:.0}", run.table, run.connections, run.from, run.until))?;
    stdout::line(&format!("  scheduled     {scheduled}"))?;
    stdout::line(&format!("  acknowledged  {acknowledged}: {inserted} inserts, {updated} updates, {deleted} deletes"))?;
    stdout::line(&format!("  failed        {failed}"))?;
    for (reason, count) in &run.failures {
        stdout::line(&format!("                {count}: {reason}"))?;
    }
    stdout::line(&format!("  not begun     {not_begun}"))?;
    let (achieved, target) = (run.achieved_writes_per_sec, run.target_writes_per_sec);
    stdout::line(&format!("  rate          {achieved:.1} writes/s after the ramp, {target:.0} wanted"))?;
    stdout::line(&format!(
        "  latency, ms   p50 {:.2}, p90 {:.2}, p99 {:.2}, p99.9 {:.2}, max {:.2}",
        latency.p50_millis, latency.p90_millis, latency.p99_millis, latency.p999_millis, latency.max_millis,
    ))
}
