//! Running the engine: with the console, or headless with `--auto`.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::Path;

use super::auto::Manners;
use super::backend::{self, Ready};
use super::configuration::settings;
use super::environment::Environment;
use super::hosted::{Hosted, Opened, Served, owed_words};
use super::logging::Log;
use super::process::{EndingSignals, Finish, Hangup, Hangups, runtime};
use super::reload::Source;
use super::servers::Places;
use super::state::{directory_for, open_journal};
use super::{CommandError, attached, auto, hand_over, health, last_words, logging, running, service};
use crate::cli::RunArgs;
use crate::clock::Clock;
use crate::console::{self, ConsoleOptions, Exit};
use crate::control::Client;
use crate::control::socket::SetLog;
use crate::controller::Ended;
use crate::journal;
use crate::metrics;
use crate::model::text::clean_lines;

/// Runs the engine until a person, a signal or `--for` ends it; or, where one runs already, is its window.
pub(super) fn run(args: &RunArgs, environment: &Environment) -> Result<(), CommandError> {
    if !args.auto && !std::io::stdout().is_terminal() {
        return Err(CommandError::Usage("the console needs a terminal; use --auto to run without one".to_owned()));
    }
    // A simulation without a given directory is a world of its own.
    let is_alone = args.sim.is_some() && environment.given_directory(args.state_dir.as_deref()).is_none();
    if !args.auto && !is_alone {
        let which = running::Which { state_dir: args.state_dir.as_deref(), socket: args.socket.as_deref() };
        let runtime = runtime()?;
        if let Some(running) = runtime.block_on(running::find(which, environment))? {
            return runtime.block_on(attached::run(running, args, environment));
        }
    }
    start(args, environment)
}

fn start(args: &RunArgs, environment: &Environment) -> Result<(), CommandError> {
    if args.detached {
        // The shell that the console ran in must not take its daemon along.
        let _ = rustix::process::setsid();
    }
    let scenario = args.sim.as_deref().map(|name| backend::scenario_with(name, &args.iam)).transpose()?;
    let (mut settings, configuration) = settings(args.config.as_deref(), scenario.as_ref())
        .inspect_err(|_| say_owed(args.state_dir.as_deref(), args.sim.is_some(), environment))?;
    let directory = directory_for(args.state_dir.as_deref(), args.sim.is_some(), environment)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        // Ahead of the first file that is written there.
        running::guarded(&directory)?;
        let (journal, entries) = open_journal(&directory, args.sim.is_some())?;
        // From the start: servers that are only half made must go in order too.
        let hangup = hangup(args);
        let signals = EndingSignals::catch_but(hangup)?;
        let hangups = (hangup == Hangup::Reloads).then(Hangups::catch).transpose()?;
        let log = logging::start(&directory, args.auto, !environment.no_color && std::io::stderr().is_terminal());
        tracing::info!("configuration: {configuration}");
        let ready = match scenario.clone() {
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
        let places = Places(ready.places.clone());
        for (database, place) in &places.0 {
            tracing::info!("{database} is a real server: {}", backend::dsn(place.endpoint));
        }
        places.add_to(&mut settings);
        let opened = Opened { settings, journal, entries };
        let source = Source { config: args.config.clone(), scenario, places };
        let start = Start { args, environment, signals: &signals, reload: hangups.map(|hangups| (hangups, source)) };
        let result = Box::pin(operate(start, opened, ready, (directory.as_path(), &log))).await;
        last_words::say(&format!(
            "evidence: upshift journal show --state-dir {}",
            clean_lines(&directory.display().to_string())
        ));
        if result? == After::HandOver {
            last_words::say(&hand_over::to_daemon(args, &directory, socket_place(args, environment)).await?);
        }
        Ok(())
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

/// What follows on an engine's end in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Nothing,
    /// A daemon goes on with it.
    HandOver,
}

/// What SIGHUP is to this run: a daemon whose words go nowhere near a terminal has none that could hang up.
fn hangup(args: &RunArgs) -> Hangup {
    if args.auto && !std::io::stderr().is_terminal() { Hangup::Reloads } else { Hangup::Ends }
}

/// What a run begins with.
struct Start<'a> {
    args: &'a RunArgs,
    environment: &'a Environment,
    signals: &'a EndingSignals,
    /// Where SIGHUP reloads.
    reload: Option<(Hangups, Source)>,
}

async fn operate(
    Start { args, environment, signals, reload }: Start<'_>,
    opened: Opened,
    ready: Ready,
    (directory, log): (&Path, &Result<Log, String>),
) -> Result<After, CommandError> {
    if let Err(problem) = log {
        drop(writeln!(std::io::stderr(), "warning: {}", clean_lines(problem)));
    }
    let person_disarmed_at = health::disarmed_as_meant(opened.entries.iter());
    let mode =
        format!("{}{}", if args.auto { "auto" } else { "console" }, if args.sim.is_some() { " sim" } else { "" });
    let control = opened.settings.control.clone();
    let can_record = opened.journal.is_ok();
    let metrics = metrics_socket(args.metrics).await?;
    let mut hosted = Hosted::start(opened, ready, environment, mode.clone()).await?;
    let served = Served {
        directory,
        runtime: socket_place(args, environment),
        control,
        mode,
        log: log.as_ref().map_or_else(|_| SetLog::none(), |log| log.set.clone()),
    };
    // A daemon that nobody can stop by word must not act; one that cannot record does not act anyway.
    hosted = reachable(hosted, served, args.auto && can_record).await?;
    if let Some(server) = metrics {
        hosted.measure(server);
    }
    let (client, clock) = (hosted.client.clone(), hosted.clock.clone());
    if args.panic_in_engine {
        hosted = hosted.with(panicking(client.clone()));
    }
    let reload = reload.map(|(hangups, source)| (hangups, hosted.reloader(source, environment)));
    let manners = Manners { reload, watchdog: environment.watchdog.filter(|_| environment.has_manager) };
    if args.auto {
        service::ready(&client.snapshot());
    }
    let mut after = After::Nothing;
    let face = async {
        // Each face catches its own from here on.
        if signals.count() > 0 {
            return Ok(Finish { reason: signals.beyond(0).await, health: Ok(()) });
        }
        if args.auto {
            let arms = if args.detached { auto::Arms::Never } else { auto::Arms::IfNeverArmed };
            let how = (arms, person_disarmed_at);
            return Box::pin(auto::run(client, &clock, args.duration, how, manners)).await;
        }
        let exit = show(client, &clock, args, environment).await?;
        after = if exit == Exit::HandOver { After::HandOver } else { After::Nothing };
        Ok(Finish { reason: exit.words(), health: Ok(()) })
    };
    let finish = tokio::select! {
        finish = face => finish,
        lost = hosted.lost() => Err(lost),
    };
    let reason = match &finish {
        Ok(finish) => finish.reason.clone(),
        Err(error) => error.words().to_owned(),
    };
    if args.auto {
        service::stopping(&reason);
    }
    let ended = hosted.end(reason).await;
    finish.and_then(|finish| ended.and(finish.health)).map(|()| after)
}

/// The console, until a person or a signal ends it.
async fn show(client: Client, clock: &Clock, args: &RunArgs, environment: &Environment) -> Result<Exit, CommandError> {
    let (no_color, ascii, test_panic) = (environment.no_color, environment.ascii, args.panic_in_console);
    let options = ConsoleOptions { no_color, ascii, test_panic };
    console::run(client, clock.clone(), options).await.map_err(|error| CommandError::Failed(error.to_string()))
}

/// Where the control socket is wanted; absent: below the state directory.
fn socket_place<'a>(args: &'a RunArgs, environment: &'a Environment) -> Option<&'a Path> {
    args.socket.as_deref().or(environment.runtime_directory.as_deref())
}

/// The same engine with its control socket. Where that cannot be made, others cannot attach, which ends one that acts alone.
async fn reachable(mut hosted: Hosted, served: Served<'_>, acts_alone: bool) -> Result<Hosted, CommandError> {
    match hosted.serve(served).await {
        Ok(()) => Ok(hosted),
        Err(error) if acts_alone => {
            drop(hosted.end("its control socket could not be made".to_owned()).await);
            Err(error)
        }
        Err(error) => {
            drop(writeln!(std::io::stderr(), "warning: nobody else can attach: {}", clean_lines(error.words())));
            Ok(hosted)
        }
    }
}

/// Where the figures are shown, if anybody wants them. Had before anything acts: what cannot be had is no surprise for later.
async fn metrics_socket(address: Option<SocketAddr>) -> Result<Option<metrics::Server>, CommandError> {
    let Some(address) = address else { return Ok(None) };
    let server = metrics::Server::bind(address).await;
    server.map(Some).map_err(|error| CommandError::Failed(error.to_string()))
}

/// Breaks down once the engine is at work.
async fn panicking(mut client: Client) -> Ended {
    while client.snapshot().identity.is_none() && client.changed().await.is_some() {}
    assert!(client.snapshot().identity.is_none(), "asked for by --panic-in-engine");
    Ended::Asked("the engine was gone first".to_owned())
}
