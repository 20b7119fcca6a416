//! Running the engine: with the console, or headless with `--auto`.

use std::io::{IsTerminal, Write};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::backend::{self, Ready};
use super::configuration::{digest, settings};
use super::environment::Environment;
use super::process::{Finish, runtime};
use super::servers::sources;
use super::state::{open_journal, state_directory};
use super::{CommandError, auto, last_words, logging};
use crate::cli::RunArgs;
use crate::console::{self, ConsoleOptions};
use crate::control::{self, Client};
use crate::controller::{Controller, Ended, Parts};
use crate::journal::Journal;
use crate::model::event::{Entry, Event};
use crate::model::guard::Guards;
use crate::model::policy::Policy;
use crate::model::settings::Settings;
use crate::model::snapshot::Snapshot;
use crate::model::text::clean_lines;

/// Runs the engine until a person, a signal or `--for` ends it.
pub(super) fn run(args: &RunArgs, environment: &Environment) -> Result<(), CommandError> {
    let scenario = args.sim.as_deref().map(backend::scenario).transpose()?;
    let (settings, configuration) = settings(args.config.as_deref(), scenario.as_ref())?;
    if !args.auto && !std::io::stdout().is_terminal() {
        return Err(CommandError::Usage("the console needs a terminal; use --auto to run without one".to_owned()));
    }
    let directory = state_directory(args, environment)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let (journal, entries) = open_journal(&directory, args.sim.is_some())?;
        let log = logging::start(&directory, args.auto, !environment.no_color && std::io::stderr().is_terminal());
        tracing::info!("configuration: {configuration}");
        let ready = match scenario {
            Some(scenario) => {
                let (path, staleness) = (environment.path.clone(), args.staleness);
                let real = args.postgres.then_some(backend::RealServers { path, staleness });
                let newest = entries.last().map(|entry| entry.at);
                backend::simulation(scenario, args.speed, newest, real.as_ref()).await?
            }
            None => backend::aws(),
        };
        let opened = Opened { settings, journal, entries, log_problem: log.as_ref().err().cloned() };
        for (database, endpoint) in &ready.endpoints {
            tracing::info!("{database} is a real server: {}", backend::dsn(*endpoint));
        }
        let result = operate(args, environment, opened, ready).await;
        last_words::say(&format!(
            "evidence: upshift journal show --state-dir {}",
            clean_lines(&directory.display().to_string())
        ));
        result
    })
}

/// What a run is made of besides the backend.
struct Opened {
    settings: Settings,
    journal: Result<Journal, String>,
    entries: Vec<Entry>,
    log_problem: Option<String>,
}

async fn operate(args: &RunArgs, environment: &Environment, opened: Opened, ready: Ready) -> Result<(), CommandError> {
    let Ready { clock, target, backend, mut tasks, endpoints: _ } = ready;
    let Opened { settings, journal, entries, log_problem } = opened;
    if let Some(problem) = log_problem {
        drop(writeln!(std::io::stderr(), "warning: {}", clean_lines(&problem)));
    }
    let person_disarmed_at = auto::person_disarmed_at(&entries);
    let aws = crate::aws::connect::connect(&settings.aws, target).await;
    let mode =
        format!("{}{}", if args.auto { "auto" } else { "console" }, if args.sim.is_some() { " sim" } else { "" });
    let start = Event::EngineStarted {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        mode,
        config_digest: digest(&settings),
    };
    let (client, server) =
        control::pair(Snapshot::before_the_start(clock.now(), backend.clone()), environment.operator.clone());
    let clock_of_engine = clock.clone();
    let servers = sources(&settings, environment, &aws, &clock)?;
    let guards = Guards::all();
    let digest = digest::<Policy>;
    let parts = Parts {
        settings,
        digest,
        journal,
        entries,
        aws,
        servers,
        clock: clock_of_engine,
        server,
        backend,
        start,
        guards,
    };
    let controller = Controller::new(parts);
    let (stop, stopped) = watch::channel(None);
    let mut engine_task = JoinSet::new();
    engine_task.spawn(controller.run(stopped));
    if args.panic_in_engine {
        engine_task.spawn(panicking(client.clone()));
    }

    let face = async {
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
        lost = tasks.join_next(), if !tasks.is_empty() => Err(CommandError::Failed(task_words("the simulation", lost))),
        ended = engine_task.join_next() => return engine_words(ended),
    };
    let reason = match &finish {
        Ok(finish) => finish.reason.clone(),
        Err(error) => error.words().to_owned(),
    };
    stop.send_replace(Some(reason));
    let ended = engine_words(engine_task.join_next().await);
    finish.and_then(|finish| ended.and(finish.health))
}

/// Breaks down once the engine is at work.
async fn panicking(mut client: Client) -> Ended {
    while client.snapshot().identity.is_none() && client.changed().await.is_some() {}
    assert!(client.snapshot().identity.is_none(), "asked for by --panic-in-engine");
    Ended::Asked("the engine was gone first".to_owned())
}

fn engine_words(ended: Option<Result<Ended, tokio::task::JoinError>>) -> Result<(), CommandError> {
    match ended {
        Some(Ok(Ended::Asked(_))) => Ok(()),
        Some(Ok(Ended::Failed(why))) => Err(CommandError::Failed(why)),
        Some(Err(error)) => Err(CommandError::Failed(format!("the engine was lost: {error}"))),
        None => Err(CommandError::Failed("the engine was lost".to_owned())),
    }
}

fn task_words(what: &str, lost: Option<Result<String, tokio::task::JoinError>>) -> String {
    match lost {
        Some(Ok(words)) => words,
        Some(Err(error)) => format!("{what} was lost: {error}"),
        None => format!("{what} was lost"),
    }
}
