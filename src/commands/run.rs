//! Running the engine: with the console, or headless with `--auto`.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::environment::Environment;
use super::world::{self, Ready};
use super::{CommandError, auto, last_words, logging};
use crate::cli::RunArgs;
use crate::clock::Clock;
use crate::config;
use crate::console::{self, ConsoleOptions};
use crate::control::{self, Client};
use crate::controller::{Controller, Ended, Parts};
use crate::journal::{Journal, OpenError};
use crate::model::class::InstanceClass;
use crate::model::database::DatabaseName;
use crate::model::event::{Entry, Event};
use crate::model::guard::Guards;
use crate::model::policy::Policy;
use crate::model::settings::Settings;
use crate::model::snapshot::Snapshot;
use crate::model::text::clean_lines;
use crate::sim::scenario::Scenario;

/// Runs the engine until a person, a signal or `--for` ends it.
pub(super) fn run(args: &RunArgs, environment: &Environment) -> Result<(), CommandError> {
    let scenario = args.sim.as_deref().map(world::scenario).transpose()?;
    let (settings, configuration) = settings(args, scenario.as_ref())?;
    if !args.auto && !std::io::stdout().is_terminal() {
        return Err(CommandError::Usage("the console needs a terminal; use --auto to run without one".to_owned()));
    }
    let directory = state_directory(args, environment);
    let runtime = runtime()?;
    runtime.block_on(async {
        let (journal, entries) = open_journal(&directory, args.sim.is_some())?;
        let log = logging::start(&directory, args.auto, !environment.no_color && std::io::stderr().is_terminal());
        tracing::info!("configuration: {configuration}");
        let ready = match scenario {
            Some(scenario) => world::simulation(scenario, args.speed, entries.last().map(|entry| entry.at)).await?,
            None => world::aws(),
        };
        let opened = Opened { settings, journal, entries, log_problem: log.as_ref().err().cloned() };
        let result = operate(args, environment, opened, ready).await;
        last_words::say(&format!(
            "evidence: upshift journal show --state-dir {}",
            clean_lines(&directory.display().to_string())
        ));
        result
    })
}

/// What a run is made of besides the world.
struct Opened {
    settings: Settings,
    journal: Result<Journal, String>,
    entries: Vec<Entry>,
    log_problem: Option<String>,
}

async fn operate(args: &RunArgs, environment: &Environment, opened: Opened, ready: Ready) -> Result<(), CommandError> {
    let Ready { clock, target, world, mut tasks } = ready;
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
        control::pair(Snapshot::before_the_start(clock.now(), world.clone()), environment.operator.clone());
    let clock_of_engine = clock.clone();
    let guards = Guards::all();
    let digest = digest::<Policy>;
    let parts = Parts { settings, digest, journal, entries, aws, clock: clock_of_engine, server, world, start, guards };
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

/// How a face of the engine came to its end in order.
pub(super) struct Finish {
    /// Why it ended; goes into the journal.
    pub(super) reason: String,
    /// Whether everything was as it should be then.
    pub(super) health: Result<(), CommandError>,
}

/// Breaks down once the engine is at work.
async fn panicking(mut client: Client) -> Ended {
    while client.snapshot().identity.is_none() && client.changed().await.is_some() {}
    assert!(client.snapshot().identity.is_none(), "asked for by --panic-in-engine");
    Ended::Asked("the engine was gone first".to_owned())
}

/// The configuration, and what to call it.
fn settings(args: &RunArgs, scenario: Option<&Scenario>) -> Result<(Settings, String), CommandError> {
    let path = match (&args.config, scenario) {
        (Some(path), _) => path.clone(),
        (None, Some(scenario)) => return Ok(builtin_settings(scenario)),
        (None, None) => PathBuf::from("config.toml"),
    };
    let bytes = std::fs::read(&path).map_err(|error| {
        CommandError::Usage(format!(
            "no configuration can be read from {}: {error}\nhelp: copy config.toml.example, or try it without AWS: upshift --sim",
            path.display()
        ))
    })?;
    let origin = path.display().to_string();
    match config::parse_bytes(&bytes, &origin) {
        Ok(settings) => Ok((settings, origin)),
        Err(problems) => Err(CommandError::Configuration(problems.render(std::io::stderr().is_terminal()))),
    }
}

/// The built-in policy for every database of a scenario.
fn builtin_settings(scenario: &Scenario) -> (Settings, String) {
    let instances = scenario.instances.iter();
    let settings = config::for_databases(instances.map(|instance| {
        // RDS keeps identifiers in small letters.
        (DatabaseName::new(instance.id.to_ascii_lowercase()), InstanceClass::observed(&instance.class))
    }));
    let one = |policy: &Policy| {
        let rungs: Vec<&str> = policy.ladder.rungs().iter().map(InstanceClass::as_str).collect();
        format!("{} ({})", policy.database, rungs.join(" - "))
    };
    let databases: Vec<String> = settings.databases.iter().map(one).collect();
    let words = format!("the built-in policy for {}", databases.join(", "));
    (settings, words)
}

/// A simulation without a given directory gets one of its own: its journal must not mix with a real one.
fn state_directory(args: &RunArgs, environment: &Environment) -> PathBuf {
    match (&args.state_dir, &args.sim) {
        (Some(directory), _) => directory.clone(),
        (None, None) => environment.state_home.clone(),
        (None, Some(_)) => {
            let stamp = Clock::system().now().strftime("%Y%m%dT%H%M%S").to_string();
            environment.state_home.join("sim").join(format!("{stamp}-{}", std::process::id()))
        }
    }
}

type Kept = (Result<Journal, String>, Vec<Entry>);

/// A journal that cannot be used is no reason to be blind: the engine then observes and refuses to arm. One that
/// another process holds is: two engines must not run on one journal.
fn open_journal(directory: &Path, simulated: bool) -> Result<Kept, CommandError> {
    let now = if simulated { None } else { Some(Clock::system().now()) };
    match Journal::open(directory, now.unwrap_or(Timestamp::UNIX_EPOCH)) {
        Ok((journal, entries)) => Ok((Ok(journal), entries)),
        Err(error @ OpenError::Locked { .. }) => Err(CommandError::Failed(error.to_string())),
        Err(error) => Ok((Err(error.to_string()), Vec::new())),
    }
}

/// SHA-256 over the JSON of a value, first 12 hex digits.
fn digest<T: serde::Serialize>(value: &T) -> String {
    // Settings and policies are plain data with string keys: they always serialise.
    let json = serde_json::to_vec(value).unwrap_or_default();
    let number = Sha256::digest(&json).iter().take(6).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{number:012x}")
}

/// The runtime of every command that waits for something.
pub(super) fn runtime() -> Result<Runtime, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| CommandError::Failed(format!("the runtime could not start: {error}")))
}

/// Returns when SIGINT, SIGTERM or SIGHUP asks this process to end, with the words for it.
pub(super) async fn ending_signal() -> Result<String, CommandError> {
    let failed = |error: std::io::Error| CommandError::Failed(format!("signals cannot be caught: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(failed)?;
    let name = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
        _ = hangup.recv() => "SIGHUP",
    };
    Ok(format!("ended by {name}"))
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
