//! Running the engine: with the console, or headless with `--auto`.

use std::io::{IsTerminal, Write};
use std::path::Path;

use super::backend::{self, Ready};
use super::configuration::settings;
use super::environment::Environment;
use super::hosted::{Hosted, Opened, owed_words};
use super::process::{EndingSignals, Finish, runtime};
use super::servers::simulated;
use super::state::{directory_for, open_journal};
use super::{CommandError, auto, last_words, logging};
use crate::cli::RunArgs;
use crate::console::{self, ConsoleOptions};
use crate::control::Client;
use crate::controller::Ended;
use crate::journal;
use crate::model::text::clean_lines;

/// Runs the engine until a person, a signal or `--for` ends it.
pub(super) fn run(args: &RunArgs, environment: &Environment) -> Result<(), CommandError> {
    let scenario = args.sim.as_deref().map(|name| backend::scenario_with(name, &args.iam)).transpose()?;
    let (mut settings, configuration) = settings(args.config.as_deref(), scenario.as_ref())
        .inspect_err(|_| say_owed(args.state_dir.as_deref(), args.sim.is_some(), environment))?;
    if !args.auto && !std::io::stdout().is_terminal() {
        return Err(CommandError::Usage("the console needs a terminal; use --auto to run without one".to_owned()));
    }
    let directory = directory_for(args.state_dir.as_deref(), args.sim.is_some(), environment)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let (journal, entries) = open_journal(&directory, args.sim.is_some())?;
        // From the start: servers that are only half made must go in order too.
        let signals = EndingSignals::catch()?;
        let log = logging::start(&directory, args.auto, !environment.no_color && std::io::stderr().is_terminal());
        tracing::info!("configuration: {configuration}");
        let ready = match scenario {
            Some(scenario) => {
                let (path, staleness) = (environment.path.clone(), args.staleness);
                let real = args.postgres.then_some(backend::RealServers { path, staleness, pooled: None });
                let newest = entries.last().map(|entry| entry.at);
                let made = Box::pin(backend::simulation(scenario, args.speed, newest, real.as_ref()));
                let failed = |words| CommandError::Failed(format!("{words} before the simulation was ready"));
                signals.unless_beyond(0, made).await.map_err(failed)??
            }
            None => backend::aws(),
        };
        for policy in &mut settings.databases {
            let Some(place) = ready.places.get(policy.database.as_str()) else { continue };
            tracing::info!("{} is a real server: {}", policy.database, backend::dsn(place.endpoint));
            // Read as one on AWS would be, unless the configuration says how.
            policy.postgres.get_or_insert_with(|| simulated(*place));
        }
        let opened = Opened { settings, journal, entries };
        let result = operate((args, environment, &signals), opened, ready, log.as_ref().err().cloned()).await;
        last_words::say(&format!(
            "evidence: upshift journal show --state-dir {}",
            clean_lines(&directory.display().to_string())
        ));
        result
    })
}

/// A start that goes no further than its configuration lets nobody go on either. Nothing is made for that, and while another
/// engine has the journal it is that one's to do.
fn say_owed(state_dir: Option<&Path>, is_simulated: bool, environment: &Environment) {
    let Ok(directory) = directory_for(state_dir, is_simulated, environment) else { return };
    if journal::has_segments(&directory)
        && let Ok((_, entries)) = open_journal(&directory, is_simulated)
    {
        for words in owed_words(&entries) {
            last_words::say(&words);
        }
    }
}

async fn operate(
    (args, environment, signals): (&RunArgs, &Environment, &EndingSignals),
    opened: Opened,
    ready: Ready,
    log_problem: Option<String>,
) -> Result<(), CommandError> {
    if let Some(problem) = log_problem {
        drop(writeln!(std::io::stderr(), "warning: {}", clean_lines(&problem)));
    }
    let person_disarmed_at = auto::person_disarmed_at(&opened.entries);
    let mode =
        format!("{}{}", if args.auto { "auto" } else { "console" }, if args.sim.is_some() { " sim" } else { "" });
    let mut hosted = Hosted::start(opened, ready, environment, mode).await?;
    let (client, clock) = (hosted.client.clone(), hosted.clock.clone());
    if args.panic_in_engine {
        hosted = hosted.with(panicking(client.clone()));
    }
    let face = async {
        // Each face catches its own from here on.
        if signals.count() > 0 {
            return Ok(Finish { reason: signals.beyond(0).await, health: Ok(()) });
        }
        if args.auto {
            return auto::run(client, &clock, args.duration, person_disarmed_at).await;
        }
        let options = ConsoleOptions {
            no_color: environment.no_color,
            ascii: environment.ascii,
            test_panic: args.panic_in_console,
        };
        match console::run(client, clock.clone(), options).await {
            Ok(exit) => Ok(Finish { reason: exit.words(), health: Ok(()) }),
            Err(error) => Err(CommandError::Failed(error.to_string())),
        }
    };
    let finish = tokio::select! {
        finish = face => finish,
        lost = hosted.lost() => Err(lost),
    };
    let reason = match &finish {
        Ok(finish) => finish.reason.clone(),
        Err(error) => error.words().to_owned(),
    };
    let ended = hosted.end(reason).await;
    finish.and_then(|finish| ended.and(finish.health))
}

/// Breaks down once the engine is at work.
async fn panicking(mut client: Client) -> Ended {
    while client.snapshot().identity.is_none() && client.changed().await.is_some() {}
    assert!(client.snapshot().identity.is_none(), "asked for by --panic-in-engine");
    Ended::Asked("the engine was gone first".to_owned())
}
