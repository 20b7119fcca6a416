//! The world that an engine acts on: AWS, or a simulation that is started beside it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::CommandError;
use crate::aws::connect::Target;
use crate::cli::world::WorldArgs;
use crate::clock::Clock;
use crate::model::backend::Backend;
use crate::sim::Sim;
use crate::sim::iam::Document;
use crate::sim::postgres::pooler::PgBouncer;
use crate::sim::postgres::{Place, Plane, PlaneError};
use crate::sim::scenario::Scenario;
use crate::sim::server::Server;

/// A world that is ready to be acted on.
pub(super) struct Ready {
    /// Its time.
    pub(super) clock: Clock,
    /// Where the clients talk to.
    pub(super) target: Target,
    /// What to call it.
    pub(super) backend: Backend,
    /// What must go on while it is used; a task that ends is a failure.
    pub(super) tasks: JoinSet<String>,
    /// Where clients reach each database by its name, where real servers are simulated.
    pub(super) places: BTreeMap<String, Place>,
    /// The one in front of a simulated database; it ends with this.
    pub(super) pooler: Option<PgBouncer>,
}

/// Real servers behind a simulation, and what stands in front of them.
#[derive(Default)]
pub(super) struct Servers {
    pub(super) places: BTreeMap<String, Place>,
    pub(super) pooler: Option<PgBouncer>,
}

/// How real servers stand behind a simulation.
pub(super) struct RealServers {
    /// `PATH` of the environment.
    pub(super) path: Option<OsString>,
    /// How long new sessions still go to where a name led before.
    pub(super) staleness: Duration,
    /// The instance that a PgBouncer stands in front of.
    pub(super) pooled: Option<String>,
}

/// AWS itself.
pub(super) fn aws() -> Ready {
    Ready {
        clock: Clock::system(),
        target: Target::Standard,
        backend: Backend::Aws,
        tasks: JoinSet::new(),
        places: BTreeMap::new(),
        pooler: None,
    }
}

/// A simulation at that speed where there is a scenario, else AWS.
///
/// # Errors
/// As [`simulation`].
pub(super) async fn ready(scenario: Option<Scenario>, speed: f64) -> Result<Ready, CommandError> {
    match scenario {
        Some(scenario) => simulation(scenario, speed, None, None).await,
        None => Ok(aws()),
    }
}

/// The scenario of a command line, `usual` where none is named, with what its caller may do.
///
/// # Errors
/// As [`scenario_with`].
pub(super) fn scenario_of(args: &WorldArgs, usual: &str) -> Result<Option<Scenario>, CommandError> {
    args.scenario(usual).map(|name| scenario_with(name, &args.iam)).transpose()
}

/// A scenario by name or file.
///
/// # Errors
/// When there is none of that name, or the file cannot be read or is wrong.
pub(super) fn scenario(name: &str) -> Result<Scenario, CommandError> {
    if let Some(builtin) = Scenario::builtin(name) {
        return builtin.map_err(|error| CommandError::Usage(error.to_string()));
    }
    let path = Path::new(name);
    let text = std::fs::read_to_string(path).map_err(|error| {
        let names: Vec<&str> = Scenario::builtin_names().collect();
        CommandError::Usage(format!(
            "no scenario `{name}`: it is none of the built-in ones ({}), and as a file: {error}",
            names.join(", ")
        ))
    })?;
    Scenario::parse(name, &text).map_err(|error| CommandError::Usage(error.to_string()))
}

/// The same, with a caller who may do only what these policy documents allow; without any he may do everything.
///
/// # Errors
/// And when a document cannot be read or is wrong.
pub(super) fn scenario_with(name: &str, iam: &[PathBuf]) -> Result<Scenario, CommandError> {
    let mut scenario = scenario(name)?;
    for path in iam {
        let origin = path.display().to_string();
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|error| CommandError::Usage(format!("no policy document from {origin}: {error}")))?;
        let document = Document::parse(&origin, &text);
        let document = document
            .map_err(|problems| CommandError::Configuration(problems.render(std::io::stderr().is_terminal())))?;
        scenario.permissions = Some(scenario.permissions.unwrap_or_default().and(document));
    }
    Ok(scenario)
}

/// A simulation of `scenario` on a free port of loopback. `not_before` is the newest record of the journal in use:
/// time must not run backwards in it.
///
/// # Errors
/// When no port can be had, or real servers are wanted and cannot be had.
pub(super) async fn simulation(
    mut scenario: Scenario,
    speed: f64,
    not_before: Option<Timestamp>,
    real: Option<&RealServers>,
) -> Result<Ready, CommandError> {
    scenario.start = not_before.map_or(scenario.start, |newest| newest.max(scenario.start));
    // A new world under an old journal: its machines are others than those that the journal speaks of.
    let seed = not_before.map(|newest| scenario.seed ^ newest.as_second().unsigned_abs());
    if seed.is_some() {
        tracing::warn!(
            "this simulation is a new world; the one that the journal of this directory speaks of is gone with its \
             process. To have a world that outlives the engine, run `upshift sim` beside it and name it in `endpoint_url`"
        );
    }
    let clock = Clock::scaled(scenario.start, speed);
    let (name, region) = (scenario.name.clone(), scenario.region.clone());
    let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let sim = Sim::new(&scenario, seed, clock.clone());
    let mut tasks = JoinSet::new();
    let Servers { places, pooler } = servers(&sim, &scenario, real, &mut tasks).await?;
    let server = Server::bind(listen, sim).await;
    let server = server.map_err(|error| CommandError::Failed(format!("the simulation could not start: {error}")))?;
    let endpoint = server.endpoint();
    tasks.spawn(async move {
        match server.run(std::future::pending()).await {
            Ok(()) => "the simulation ended by itself".to_owned(),
            Err(error) => format!("the simulation's socket broke: {error}"),
        }
    });
    let backend = Backend::Simulation { scenario: name, speed, endpoint: endpoint.clone() };
    Ok(Ready { clock, target: Target::Endpoint { url: endpoint, region }, backend, tasks, places, pooler })
}

/// Real servers for a simulation, if they are wanted, with the task that keeps them. Where clients reach them.
///
/// # Errors
/// When they cannot be had.
pub(super) async fn servers(
    sim: &Sim,
    scenario: &Scenario,
    real: Option<&RealServers>,
    tasks: &mut JoinSet<String>,
) -> Result<Servers, CommandError> {
    let Some(real) = real else { return Ok(Servers::default()) };
    let plane = Plane::start(sim, scenario, real.path.as_deref(), real.staleness).await;
    let failed = |error: PlaneError| CommandError::Failed(format!("no real servers: {error}"));
    let plane = plane.map_err(failed)?;
    let pooler = match &real.pooled {
        Some(instance) => Some(plane.pooler(instance).await.map_err(failed)?),
        None => None,
    };
    let places = plane.places();
    tasks.spawn(async { format!("the simulated databases are gone: {}", plane.run().await) });
    Ok(Servers { places, pooler })
}

/// A connection string for a simulated database.
pub(super) fn dsn(endpoint: SocketAddr) -> String {
    format!("postgresql://postgres@{endpoint}/postgres")
}
