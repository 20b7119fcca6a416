//! The command line of `upshift drill`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{real_duration, speed};

/// Puts a load on a database, watches it move up and back down, and shows what that cost its clients.
///
/// On the simulation (`--sim`) the load is the scenario's; with `--postgres` real clients write to real servers. Without
/// `--sim` it is a drill on the database of the configuration, through its `[database.postgres]`: its name must be typed,
/// and one that is tagged as production is refused. Ctrl-C stops the load at once and says how the database is left.
///
/// The exit code is 0 when every claim that was measured holds, 1 when one does not or something was lost on the way.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub struct DrillArgs {
    /// The database, by its identifier [default: the only one]
    pub database: Option<String>,
    /// On the embedded simulation of AWS: a built-in scenario's name or a file
    #[arg(long, value_name = "SCENARIO", num_args = 0..=1, default_missing_value = "drill")]
    pub sim: Option<String>,
    /// Only what this IAM policy document allows, with --sim; several are attached together
    #[arg(long, value_name = "FILE", requires = "sim")]
    pub iam: Vec<PathBuf>,
    /// Real PostgreSQL servers behind the simulated instances
    #[arg(long, requires = "sim")]
    pub postgres: bool,
    /// The clients that write go through a PgBouncer, which holds them during a takeover, with --postgres
    #[arg(long, requires = "postgres")]
    pub pooler: bool,
    /// How long new sessions still go to where the database's name led before, with --postgres
    #[arg(long, value_name = "DURATION", value_parser = real_duration, default_value = "250ms", requires = "postgres")]
    pub staleness: Duration,
    /// How the simulated database is moved, such as `in_place` [default: the scenario's strategy]
    #[arg(long, value_name = "STRATEGY", requires = "sim")]
    pub strategy: Option<String>,
    /// Virtual seconds per second, with --sim [default: 60 with --postgres, else 600]
    #[arg(long, value_name = "N", value_parser = speed, requires = "sim")]
    pub speed: Option<f64>,
    /// Writes per second of the surge [default: 600]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub writes: Option<u32>,
    /// Writes per second before and after it [default: 60]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub calm_writes: Option<u32>,
    /// Sessions that write [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub connections: Option<u32>,
    /// Give up each move after this time of the clock in use
    #[arg(long, value_name = "DURATION", value_parser = super::duration, default_value = "3h")]
    pub patience: Duration,
    /// The configuration [default: ./config.toml; with --sim a built-in one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the journal, the log, drill.json and report.html go [env: UPSHIFT_STATE_DIR] [default: the XDG state directory; with --sim a new one in it]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// Drills a database that is tagged as production all the same
    #[arg(long, conflicts_with = "sim")]
    pub force: bool,
    /// The result as one JSON object
    #[arg(long)]
    pub json: bool,
}

impl DrillArgs {
    /// Writes per second of the surge.
    pub fn surge_writes(&self) -> u32 {
        self.writes.unwrap_or(600)
    }

    /// Writes per second before and after it.
    pub fn usual_writes(&self) -> u32 {
        self.calm_writes.unwrap_or(60)
    }

    /// How many sessions write.
    pub fn sessions(&self) -> u32 {
        self.connections.unwrap_or(8)
    }

    /// An option that only clients have a use for, if one was given.
    pub fn of_clients(&self) -> Option<&'static str> {
        let given =
            [("--writes", self.writes), ("--calm-writes", self.calm_writes), ("--connections", self.connections)];
        given.into_iter().find_map(|(name, value)| value.map(|_| name))
    }
}
