//! Real PostgreSQL servers behind the simulated instances.
//!
//! The world says when something shall happen; the servers say when it has. Clients reach a server through the endpoint of
//! the instance's name, which is what the simulated RDS tells them. What CloudWatch publishes of an instance is measured
//! at its server. Clusters have no servers here.
//!
//! ```text
//!   world ── orders ──► yard ── starts, stops, copies, promotes ──► servers
//!     ▲ done, readings    └── leads names to servers ──► endpoints ◄── clients
//! ```

mod answers;
mod endpoint;
mod folder;
mod gauge;
mod jobs;
pub mod pooler;
mod programs;
mod server;
mod settings;
mod throttle;
mod yard;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::Sim;
use super::scenario::Scenario;
use pooler::PgBouncer;
use yard::Yard;

/// The fastest virtual time that real servers can keep up with.
pub const MOST_SPEED: f64 = 120.0;
/// How long new sessions still go to where a name led before, where nothing else is said.
pub const DEFAULT_STALENESS: Duration = Duration::from_secs(1);

/// Real servers for the instances of a simulation.
#[derive(Debug)]
pub struct Plane {
    yard: Yard,
}

/// Where clients reach an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// By its name: it stays, and what it leads to moves.
    pub endpoint: SocketAddr,
    /// The machine that has that name now.
    pub machine: SocketAddr,
}

/// Why there are no real servers, or no more.
#[derive(Debug, thiserror::Error)]
pub enum PlaneError {
    /// PostgreSQL is not installed.
    #[error(
        "PostgreSQL's server programs are not on this machine; on Debian install the package postgresql-15, elsewhere put \
         initdb, postgres and pg_basebackup on the PATH"
    )]
    NoPrograms,
    /// Root, and nobody to run a server as.
    #[error(
        "PostgreSQL refuses to run as root, and this machine has no user postgres to run it as; run upshift as another user"
    )]
    NoUser,
    /// What ends a server with this process is not installed.
    #[error(
        "setpriv, which ends a server with this process, is not on this machine; on Debian install the package util-linux"
    )]
    NoSetpriv,
    /// PgBouncer is not installed.
    #[error("pgbouncer is not on this machine; on Debian install the package pgbouncer, elsewhere put it on the PATH")]
    NoPooler,
    /// A scenario with clusters.
    #[error("the scenario has clusters, which are simulated without real servers; choose one with instances alone")]
    Clusters,
    /// A name that the scenario does not have.
    #[error("there is no simulated instance of that name")]
    NoInstance,
    /// Virtual time is too fast.
    #[error("real servers cannot follow {0} times real time: choose a speed of {MOST_SPEED} or less")]
    TooFast(f64),
    /// No port.
    #[error("no port of loopback could be had: {0}")]
    Port(String),
    /// A file.
    #[error("could not {what} {path}: {why}")]
    Files {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: String,
        /// The system's reason.
        why: String,
    },
    /// A program failed.
    #[error("{program} failed: {why}")]
    Program {
        /// Which.
        program: String,
        /// The last that it said.
        why: String,
    },
    /// It took too long.
    #[error("gave up waiting for {0}")]
    TooLong(&'static str),
    /// A session with a server broke.
    #[error("a server could not be asked: {0}")]
    Session(#[from] tokio_postgres::Error),
}

impl PlaneError {
    fn files(what: &'static str, path: &Path, why: &std::io::Error) -> Self {
        Self::Files { what, path: path.display().to_string(), why: why.to_string() }
    }

    fn program(program: &str, why: &str) -> Self {
        Self::Program { program: program.to_owned(), why: why.to_owned() }
    }
}

impl Plane {
    /// Makes and starts a server for each instance of `scenario`, which `sim` is the world of. When this returns, clients
    /// can write. `path` is the `PATH` of the environment.
    ///
    /// # Errors
    /// When there is no PostgreSQL, or a server does not start; nothing is left running then.
    pub async fn start(
        sim: &Sim,
        scenario: &Scenario,
        path: Option<&OsStr>,
        staleness: Duration,
    ) -> Result<Self, PlaneError> {
        if !scenario.clusters.is_empty() {
            return Err(PlaneError::Clusters);
        }
        let speed = sim.clock().speed();
        if speed > MOST_SPEED {
            return Err(PlaneError::TooFast(speed));
        }
        Ok(Self { yard: Yard::start(sim.clone(), programs::Programs::find(path)?, staleness).await? })
    }

    /// Where clients reach each instance.
    pub fn places(&self) -> BTreeMap<String, Place> {
        self.yard.places()
    }

    /// A PgBouncer in front of the instance of that name. It ends when it is dropped.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub async fn pooler(&self, instance: &str) -> Result<PgBouncer, PlaneError> {
        self.yard.pooler(instance).await
    }

    /// Does what the world asks for until that fails; says why it did. Dropping it ends the servers.
    pub async fn run(self) -> String {
        self.yard.run().await.to_string()
    }
}
