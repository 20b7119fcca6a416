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
use super::{CommandError, last_words, logging};
use crate::cli::RunArgs;
use crate::clock::Clock;
use crate::config;
use crate::console::{self, ConsoleOptions};
use crate::control::{self, Client};
use crate::controller::{Controller, Ended, Parts};
use crate::journal::{Journal, OpenError};
use crate::model::command::{Answer, Command};
use crate::model::event::{Entry, Event};
use crate::model::guard::Guards;
use crate::model::policy::Policy;
use crate::model::settings::Settings;
use crate::model::snapshot::{Arming, Snapshot};
use crate::model::text::clean_lines;

/// Runs the engine until a person, a signal or `--for` ends it.
pub(super) fn run(args: &RunArgs, environment: &Environment) -> Result<(), CommandError> {
    let settings = settings(args)?;
    let scenario = args.sim.as_deref().map(world::scenario).transpose()?;
    if !args.auto && !std::io::stdout().is_terminal() {
        return Err(CommandError::Usage("the console needs a terminal; use --auto to run without one".to_owned()));
    }
    let directory = state_directory(args, environment);
    let runtime = runtime()?;
    runtime.block_on(async {
        let (journal, entries) = open_journal(&directory, args.sim.is_some())?;
        let log = logging::start(&directory, args.auto, !environment.no_color && std::io::stderr().is_terminal());
        let ready = match scenario {
            Some(scenario) => world::simulation(scenario, args.speed, entries.last().map(|entry| entry.at)).await?,
            None => world::aws(settings.aws.region.clone()),
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

    let face = async {
        if args.auto {
            headless(client, &clock, args).await
        } else {
            let options = ConsoleOptions {
                no_color: environment.no_color,
                ascii: environment.ascii,
                test_panic: args.panic_in_console,
            };
            match console::run(client, clock.clone(), options).await {
                Ok(exit) => Ok(exit.words()),
                Err(error) => Err(CommandError::Failed(error.to_string())),
            }
        }
    };
    let why = tokio::select! {
        why = face => why,
        lost = tasks.join_next(), if !tasks.is_empty() => Err(CommandError::Failed(task_words("the simulation", lost))),
        ended = engine_task.join_next() => return engine_words(ended),
    };
    let reason = match &why {
        Ok(reason) => reason.clone(),
        Err(error) => error.words().to_owned(),
    };
    stop.send_replace(Some(reason));
    let ended = engine_words(engine_task.join_next().await);
    why.map(drop).and(ended)
}

/// Arms as soon as AWS has confirmed who we are, then waits for the end. Returns why it ended.
async fn headless(mut client: Client, clock: &Clock, args: &RunArgs) -> Result<String, CommandError> {
    let arm = async {
        loop {
            let snapshot = client.snapshot();
            if let Some(why) = &snapshot.journal.broken {
                return Err(CommandError::Failed(format!("not armed: the journal takes no records: {why}")));
            }
            if snapshot.identity.is_some() {
                break;
            }
            if client.changed().await.is_none() {
                std::future::pending::<()>().await;
            }
        }
        arm(&mut client).await?;
        watch_health(&mut client).await
    };
    let limit = async {
        match args.duration {
            Some(duration) => clock.sleep(duration).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        signal = ending_signal() => signal,
        () = limit => Ok("the time given with --for is over".to_owned()),
        failed = arm => failed,
    }
}

/// Arms an engine that was never armed. One that was disarmed, by a person or by itself, stays so: a service manager
/// that starts a process again is no person.
async fn arm(client: &mut Client) -> Result<(), CommandError> {
    match client.snapshot().arming.clone() {
        Arming::Armed { by, .. } => tracing::warn!("ARMED by {by}, by the journal of this state directory"),
        Arming::Disarmed { why, since: Some(since) } => tracing::error!(
            "DISARMED since {since:.0}: {why}. --auto does not arm over that: a person does, with `a` in the console on \
             this state directory"
        ),
        Arming::Disarmed { since: None, .. } => {
            let answer = client.send(Command::Arm { reason: "started with --auto".to_owned() }).await;
            match answer.map(|reply| reply.answer) {
                Ok(Answer::Done { .. }) => {
                    tracing::warn!("ARMED from the start by --auto: the engine acts by its policy");
                }
                Ok(Answer::Refused { sentence }) => return Err(CommandError::Failed(sentence)),
                Err(_) => return Err(CommandError::Failed("the engine ended before it could be armed".to_owned())),
            }
        }
    }
    Ok(())
}

/// Returns only when the journal breaks: an armed engine that cannot record must not look healthy.
async fn watch_health(client: &mut Client) -> Result<String, CommandError> {
    while let Some(snapshot) = client.changed().await {
        if let Some(why) = &snapshot.journal.broken {
            return Err(CommandError::Failed(format!("disarmed: the journal takes no records: {why}")));
        }
    }
    std::future::pending().await
}

fn settings(args: &RunArgs) -> Result<Settings, CommandError> {
    let path = match (&args.config, &args.sim) {
        (Some(path), _) => path.clone(),
        (None, Some(_)) => return Ok(config::checkpoints()),
        (None, None) => PathBuf::from("config.toml"),
    };
    let text = std::fs::read_to_string(&path).map_err(|error| {
        CommandError::Usage(format!(
            "no configuration can be read from {}: {error}\nhelp: copy config.toml.example, or try it without AWS: upshift --sim",
            path.display()
        ))
    })?;
    let origin = path.display().to_string();
    config::parse(&text, &origin)
        .map_err(|problems| CommandError::Configuration(problems.render(std::io::stderr().is_terminal())))
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
        Err(OpenError::Locked { .. }) => {
            let error = format!("another upshift runs on {}", directory.display());
            Err(CommandError::Failed(error))
        }
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
