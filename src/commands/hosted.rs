//! An engine in this process: what runs it besides its face.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::Path;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::CommandError;
use super::backend::Ready;
use super::configuration::digest;
use super::environment::Environment;
use super::reload::{Reloader, Source};
use super::servers::{poolers, sources};
use crate::aws::Aws;
use crate::clock::Clock;
use crate::control::socket::{self, About, Access, SetLog};
use crate::control::{self, Client, EngineProcess};
use crate::controller::reload::Reload;
use crate::controller::servers::ServerSource;
use crate::controller::{Controller, Ended, Outward, Parts};
use crate::journal::Journal;
use crate::lease::{self, Lease};
use crate::metrics::{self, Sources, Tally};
use crate::model::event::{Entry, Event};
use crate::model::guard::Guards;
use crate::model::policy::Policy;
use crate::model::pooler::PoolerStep;
use crate::model::settings::{ControlSettings, Settings};
use crate::model::snapshot::Snapshot;
use crate::notify::{self, Telling};
use crate::sim::postgres::pooler::PgBouncer;

/// What an engine runs by, besides the world.
pub(super) struct Opened {
    pub(super) settings: Settings,
    pub(super) journal: Result<Journal, String>,
    pub(super) entries: Vec<Entry>,
}

/// Where others reach an engine, and who.
pub(super) struct Served<'a> {
    /// Its state directory.
    pub(super) directory: &'a Path,
    /// Where the system wants the socket; absent: below the state directory.
    pub(super) runtime: Option<&'a Path>,
    pub(super) control: ControlSettings,
    /// As in the record of the start.
    pub(super) mode: String,
    /// How its log is made to tell more or less.
    pub(super) log: SetLog,
}

/// A running engine.
pub(super) struct Hosted {
    /// Sees it and gives it orders.
    pub(super) client: Client,
    /// Its time.
    pub(super) clock: Clock,
    stop: watch::Sender<Option<String>>,
    aws: Aws,
    reloads: mpsc::Sender<Reload>,
    engine: JoinSet<Ended>,
    world: JoinSet<String>,
    serving: JoinSet<Infallible>,
    telling: Telling,
    figures: Sources,
    _pooler: Option<PgBouncer>,
}

impl Hosted {
    /// Starts it on a world. `mode` goes into the record of the start.
    ///
    /// # Errors
    /// When a server that the settings name cannot be reached for by them.
    pub(super) async fn start(
        opened: Opened,
        ready: Ready,
        environment: &Environment,
        mode: String,
    ) -> Result<Self, CommandError> {
        let Ready { clock, target, backend, tasks, places: _, pooler } = ready;
        let Opened { settings, journal, entries } = opened;
        let aws = crate::aws::connect::connect(&settings.aws, target).await;
        let start = Event::EngineStarted {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            mode,
            config_digest: digest(&settings),
        };
        let first = Snapshot::before_the_start(clock.now(), backend.clone());
        let (client, server) = control::pair(first, environment.operator.clone());
        let ways = sources(&settings, environment, &aws, &clock);
        let ways = ways.and_then(|servers| Ok((servers, poolers(&settings, environment, &aws, &clock)?)));
        let (servers, poolers) =
            ways.inspect_err(|_| owed_words(&entries).iter().for_each(|words| tracing::error!("{words}")))?;
        let me =
            lease::identity().map_err(|error| CommandError::Failed(format!("no name for this process: {error}")))?;
        let lease = settings.lease.clone().map(|terms| {
            let known = lease::highest_epoch(&entries);
            Lease::start(terms, me, known, (aws.clone(), clock.clone()))
        });
        let (reloads, reloaded) = mpsc::channel(1);
        let about = notify::About {
            clock: clock.clone(),
            aws: aws.clone(),
            backend: backend.clone(),
            host: environment.host.clone(),
            environment: environment.for_programs.clone(),
        };
        let (mut teller, telling) = notify::start(&settings.notify, about);
        let tally = Tally::default();
        let figures = Sources {
            clock: clock.clone(),
            client: client.clone(),
            tally: tally.clone(),
            calls: aws.calls().clone(),
            started: Clock::system().now(),
            version: env!("CARGO_PKG_VERSION"),
        };
        let outward = Outward::default().with_ways(telling.views.clone());
        let outward =
            outward.heard_by(move |happened| teller.hear(happened)).heard_by(move |happened| tally.hear(happened));
        let parts = Parts {
            lease,
            settings,
            digest: digest::<Policy>,
            journal,
            entries,
            aws: aws.clone(),
            servers: servers.into_iter().map(|source| ServerSource::Sessions(Box::new(source))).collect(),
            poolers,
            clock: clock.clone(),
            server,
            reloads: reloaded,
            backend,
            start,
            outward,
            guards: Guards::all(),
        };
        let (stop, stopped) = watch::channel(None);
        let mut engine = JoinSet::new();
        engine.spawn(Controller::new(parts).run(stopped));
        let serving = JoinSet::new();
        Ok(Self { client, clock, stop, aws, reloads, engine, world: tasks, serving, telling, figures, _pooler: pooler })
    }

    /// Lets others in by the control socket; it goes with this.
    ///
    /// # Errors
    /// When the socket cannot be made as it should, or a group is not there.
    pub(super) async fn serve(&mut self, served: Served<'_>) -> Result<(), CommandError> {
        let failed = |why: String| CommandError::Failed(format!("no control socket: {why}"));
        let access = Access::new(&served.control).map_err(|error| failed(error.to_string()))?;
        let place = served.runtime.map_or_else(|| socket::of_state(served.directory), Path::to_path_buf);
        if let (Some(group), None) = (&served.control.group, served.runtime) {
            tracing::warn!(
                "[control] lets the group {group} connect, and the socket is below the state directory, where only its owner \
                 can go: --socket DIR, or RuntimeDirectory of the unit, puts it elsewhere"
            );
        }
        let bound = socket::bind(&place, access.group()).await.map_err(|error| failed(error.to_string()))?;
        tracing::info!("control socket: {}", bound.path().display());
        let whole = std::fs::canonicalize(served.directory).unwrap_or_else(|_| served.directory.to_owned());
        let engine = EngineProcess {
            pid: std::process::id(),
            since: Clock::system().now(),
            mode: served.mode,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            state_dir: whole.display().to_string(),
        };
        let about = About { engine, clock: self.clock.clone(), access, log: served.log };
        self.serving.spawn(socket::serve(bound, self.client.clone(), about));
        Ok(())
    }

    /// What gives it another configuration, by these words of the start.
    pub(super) fn reloader(&self, source: Source, environment: &Environment) -> Reloader {
        let (aws, clock, reloads) = (self.aws.clone(), self.clock.clone(), self.reloads.clone());
        Reloader { source, environment: environment.clone(), aws, clock, reloads }
    }

    /// Shows its figures to whoever asks there; that goes with this.
    pub(super) fn measure(&mut self, server: metrics::Server) {
        tracing::info!("metrics: {}", server.url());
        self.serving.spawn(server.run(self.figures.clone()));
    }

    /// Another task whose end is the engine's.
    pub(super) fn with(mut self, task: impl Future<Output = Ended> + Send + 'static) -> Self {
        self.engine.spawn(task);
        self
    }

    /// Returns when the engine or its world is gone without having been asked to, with why.
    pub(super) async fn lost(&mut self) -> CommandError {
        tokio::select! {
            lost = self.world.join_next(), if !self.world.is_empty() => {
                CommandError::Failed(match lost {
                    Some(Ok(words)) => words,
                    Some(Err(error)) => format!("the simulation was lost: {error}"),
                    None => "the simulation was lost".to_owned(),
                })
            }
            Some(lost) = self.serving.join_next() => {
                let why = lost.map_or_else(|error| error.to_string(), |never| match never {});
                CommandError::Failed(format!("the control socket or the metrics were lost: {why}"))
            }
            ended = self.engine.join_next() => match outcome(ended) {
                Ok(()) => CommandError::Failed("the engine ended by itself".to_owned()),
                Err(error) => error,
            },
        }
    }

    /// Ends the engine for that reason; its end is in the journal when this returns.
    ///
    /// # Errors
    /// When it could not end in order.
    pub(super) async fn end(mut self, reason: String) -> Result<(), CommandError> {
        self.stop.send_replace(Some(reason));
        let ended = match self.engine.join_next().await {
            Some(ended) => outcome(Some(ended)),
            // It was seen to be lost before.
            None => Ok(()),
        };
        // Its last acts are told too: nothing new can come now.
        self.telling.end().await;
        ended
    }

    /// The time on its clock.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// An engine that cannot start lets nobody go on: a person must know that there is somebody. A sentence for each database whose
/// clients may be held.
pub(super) fn owed_words(entries: &[Entry]) -> Vec<String> {
    let mut owed = BTreeSet::new();
    for entry in entries {
        if let Event::Pooler { database, step, .. } = &entry.event {
            match step {
                PoolerStep::Pausing { .. } => owed.insert(database),
                PoolerStep::Resumed { .. } => owed.remove(database),
                PoolerStep::Paused { .. } | PoolerStep::NotResumed { .. } => false,
            };
        }
    }
    let words = |database| {
        format!("the pooler of {database} may still hold its clients since a process that ended: RESUME it by hand")
    };
    owed.into_iter().map(words).collect()
}

fn outcome(ended: Option<Result<Ended, tokio::task::JoinError>>) -> Result<(), CommandError> {
    match ended {
        Some(Ok(Ended::Asked(_))) => Ok(()),
        Some(Ok(Ended::Failed(why))) => Err(CommandError::Failed(why)),
        Some(Err(error)) => Err(CommandError::Failed(format!("the engine was lost: {error}"))),
        None => Err(CommandError::Failed("the engine was lost".to_owned())),
    }
}
