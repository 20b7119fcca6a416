//! `upshift canary`: the witness of availability, and what it needs.

use super::access::{access, access_by};
use super::environment::Environment;
use super::process::{ending_signal, runtime};
use super::progress_line::{ProgressLine, Stays};
use super::{CommandError, stdout};
use crate::cli::canary::{CanaryArgs, PrepareArgs};
use crate::clock::Clock;
use crate::model::availability::{Availability, ClientPath, PathResult};
use crate::model::text::clean;
use crate::workload::access::Access;
use crate::workload::canary::setup::{ROLE, RoleName, carry_out, remove_sql, setup_sql};
use crate::workload::canary::{Canary, CanaryError, Live, OldWriter, Outcome, Plan};

/// Watches until the time is over or a signal comes, then checks and tells. What was acknowledged and is not there, or
/// what could not be looked for, is exit code 1.
pub(super) fn run(args: &CanaryArgs, environment: &Environment) -> Result<(), CommandError> {
    let access = access(&args.access, environment)?;
    if args.prepare.setup || args.prepare.remove {
        return prepare(&args.prepare, &access);
    }
    if args.prepare.role.is_some() || args.prepare.print {
        return Err(CommandError::Usage("--role and --print go with --setup or --remove".to_owned()));
    }
    let mut plan = Plan::new(args.every, args.quiet_every).map_err(|error| failure(&error))?;
    if let Some(reader) = &args.reader_dsn {
        plan = plan.with_reader(access_by("--reader-dsn", reader, &args.access, environment)?);
    }
    if let Some((host, port)) = args.old_writer.clone() {
        plan = plan.with_old_writer(OldWriter { host, port });
    }
    runtime()?.block_on(async {
        let canary = Canary::start(access, plan, Clock::system()).await.map_err(|error| failure(&error))?;
        watch(args, &canary).await?;
        // A second signal does not wait for the check.
        let availability = tokio::select! {
            biased;
            availability = canary.stop() => availability,
            signal = ending_signal() => {
                return Err(CommandError::Failed(format!("{} again, before what was acknowledged was looked for", signal?)));
            }
        };
        report(&availability, args.json)
    })
}

fn prepare(args: &PrepareArgs, admin: &Access) -> Result<(), CommandError> {
    let role: RoleName = args.role.as_deref().unwrap_or(ROLE).parse().map_err(|error| {
        CommandError::Usage(format!("--role {}: {error}", clean(args.role.as_deref().unwrap_or_default(), 80)))
    })?;
    let sql = if args.setup { setup_sql(admin.dsn(), &role) } else { remove_sql(admin.dsn(), &role) };
    if args.print {
        return stdout::line(&sql);
    }
    runtime()?.block_on(carry_out(admin, &sql)).map_err(|error| failure(&error))?;
    let (role, database) = (role.as_str(), admin.dsn().database());
    if args.setup {
        say(&format!("{role} may write into upshift_canary.attempt of {database}, and nothing else was granted to it"));
        say(&format!(
            "if it was made now, give it a password (psql: \\password {role}) or, on RDS, GRANT rds_iam TO it"
        ));
    } else {
        say(&format!("the schema upshift_canary is gone from {database}, and {role} with it if it was made for that"));
    }
    Ok(())
}

fn failure(error: &CanaryError) -> CommandError {
    match error {
        CanaryError::Plan(_) => CommandError::Usage(error.to_string()),
        CanaryError::Server(_) | CanaryError::NotSetUp { .. } => CommandError::Failed(error.to_string()),
    }
}

/// Returns when the time is over, a signal came, or the canary has ended by itself; shows meanwhile how it goes.
async fn watch(args: &CanaryArgs, canary: &Canary) -> Result<(), CommandError> {
    let clock = Clock::system();
    let end = async {
        match args.duration {
            Some(duration) => clock.sleep(duration).await,
            None => std::future::pending().await,
        }
    };
    let mut live = canary.watch();
    let line = ProgressLine::new();
    let progress = async {
        while live.changed().await.is_ok() {
            if line.rewrites {
                line.say(&progress_words(&live.borrow_and_update(), &clock), Stays::No);
            }
            clock.sleep(std::time::Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        biased;
        signal = ending_signal() => signal.map(|_| ()),
        () = end => Ok(()),
        () = progress => Ok(()),
    }
}

fn progress_words(live: &Live, clock: &Clock) -> String {
    let paths = live.paths.iter().map(|(path, live)| {
        let state = match (live.out_since, live.last) {
            (Some(since), _) => format!("OUT {:.1} s", clock.now().duration_since(since).as_secs_f64()),
            (None, None) => "begins".to_owned(),
            (None, Some(Outcome::Written(_) | Outcome::Read)) => {
                format!("{:.1} ms", live.last_latency.unwrap_or_default().as_secs_f64() * 1000.0)
            }
            (None, Some(_)) => "failed".to_owned(),
        };
        format!("{} {state} ({}/{})", short(*path), live.acknowledged, live.attempts)
    });
    format!("{}; writers {}", paths.collect::<Vec<_>>().join(", "), live.writers)
}

fn short(path: ClientPath) -> &'static str {
    match path {
        ClientPath::Persistent => "session",
        ClientPath::Fresh => "new",
        ClientPath::Reader => "reader",
        ClientPath::OldWriter => "pinned",
    }
}

fn report(availability: &Availability, json: bool) -> Result<(), CommandError> {
    if json {
        // Plain data with string keys: it always serialises.
        stdout::line(&serde_json::to_string(availability).unwrap_or_default())?;
    } else {
        show(availability)?;
    }
    match (&availability.integrity, &availability.unchecked) {
        (Some(integrity), _) if integrity.is_whole() => Ok(()),
        (Some(integrity), _) => Err(CommandError::Failed(format!(
            "{} lost, {} phantom, {} duplicated, {} by a writer that was replaced; the rows of this run are left in \
             upshift_canary.attempt",
            integrity.lost, integrity.phantom, integrity.duplicated, integrity.split_brain
        ))),
        (None, why) => Err(CommandError::Failed(format!(
            "whether what was acknowledged is there is not known: {}",
            why.as_deref().unwrap_or("the writer was not asked")
        ))),
    }
}

fn show(availability: &Availability) -> Result<(), CommandError> {
    let Availability { from, until, every_millis, paths, integrity, .. } = availability;
    stdout::line(&format!("from {from:.3} to {until:.3}, an attempt each {every_millis} ms"))?;
    paths.iter().try_for_each(show_path)?;
    if let Some(integrity) = integrity {
        stdout::line(&format!(
            "acknowledged {}: lost {}, phantom {}, duplicated {}, split brain {}",
            integrity.acknowledged, integrity.lost, integrity.phantom, integrity.duplicated, integrity.split_brain
        ))?;
        integrity
            .writers
            .iter()
            .try_for_each(|writer| stdout::line(&format!("  written by {}", clean(writer, 200))))?;
    }
    Ok(())
}

fn show_path(result: &PathResult) -> Result<(), CommandError> {
    let PathResult { attempts, acknowledged, refused, unknown, late, latency, outages, .. } = result;
    stdout::line(&format!(
        "{}: {attempts} attempts, {acknowledged} acknowledged, {refused} refused, {unknown} unknown, {late} late",
        result.path.words()
    ))?;
    stdout::line(&format!(
        "  ms from the schedule: p50 {:.1}, p90 {:.1}, p99 {:.1}, p99.9 {:.1}, most {:.1}",
        latency.p50_millis, latency.p90_millis, latency.p99_millis, latency.p999_millis, latency.max_millis
    ))?;
    let longest = result.longest_outage().map_or("none".to_owned(), |longest| {
        let (longer, shorter) = (longest.error_millis, longest.until_error_millis);
        format!("{}, the longest {} ms (+{longer} ms, -{shorter} ms at most)", outages.len(), longest.millis)
    });
    stdout::line(&format!("  outages: {longest}, {} ms in all", result.unavailable_millis()))?;
    outages.iter().take(MOST_OUTAGES).try_for_each(|outage| {
        let until = outage.until.map_or("the end".to_owned(), |until| format!("{until:.3}"));
        stdout::line(&format!("    {:.3} to {until}: {} ms", outage.from, outage.millis))
    })?;
    if outages.len() > MOST_OUTAGES {
        stdout::line(&format!("    and {} more: see --json", outages.len() - MOST_OUTAGES))?;
    }
    Ok(())
}

/// So many are told one by one.
const MOST_OUTAGES: usize = 20;

fn say(text: &str) {
    super::last_words::say(text);
}
