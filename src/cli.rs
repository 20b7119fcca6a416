//! The command line: names, defaults and help texts.

pub mod access;
pub mod alarms;
pub mod canary;
pub mod completions;
pub mod ctl;
pub mod doctor;
pub mod drill;
pub mod export;
pub mod init;
pub mod load;
pub mod readers;
pub mod report;
pub mod world;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::model::duration;

/// Operator console and auto-scaling engine for PostgreSQL on Amazon RDS.
///
/// Without a subcommand: the console of the engine that runs here, else one with an engine of its own; that one is disarmed until a person arms it, and permission is kept in the journal.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What else to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to run the engine.
    #[command(flatten)]
    pub run: RunArgs,
}

/// How to run the engine.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub struct RunArgs {
    /// Headless: a daemon; arms an engine that was never armed. SIGTERM ends it; SIGHUP has it read its configuration anew
    /// where stderr is no terminal, and ends it in one
    #[arg(long)]
    pub auto: bool,
    /// On the embedded simulation of AWS: a built-in scenario's name or a file
    #[arg(long, value_name = "SCENARIO", num_args = 0..=1, default_missing_value = "checkpoints")]
    pub sim: Option<String>,
    /// Virtual seconds per second, with --sim
    #[arg(long, value_name = "N", default_value_t = 30.0, value_parser = speed, requires = "sim")]
    pub speed: f64,
    /// Real PostgreSQL servers behind the simulated instances; the load is what clients do. With --sim
    #[arg(long, requires = "sim")]
    pub postgres: bool,
    /// How long new sessions still go to where a database's name led before, with --postgres
    #[arg(long, value_name = "DURATION", value_parser = real_duration, default_value = "1s", requires = "postgres")]
    pub staleness: Duration,
    /// Only what this IAM policy document allows, with --sim; several are attached together
    #[arg(long, value_name = "FILE", requires = "sim")]
    pub iam: Vec<PathBuf>,
    /// End by itself after this time of the clock in use, such as 90s, 45m, 8h or 20d; with --auto
    #[arg(long = "for", value_name = "DURATION", value_parser = duration, requires = "auto")]
    pub duration: Option<Duration>,
    /// The configuration [default: ./config.toml; with --sim a built-in one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the journal and the log live [env: UPSHIFT_STATE_DIR] [default: the XDG state directory; with --sim a new one in it]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// The directory of the control socket [env: RUNTIME_DIRECTORY] [default: `run` in the state directory]
    #[arg(long, value_name = "DIR")]
    pub socket: Option<PathBuf>,
    /// Figures for Prometheus on this loopback address and port, such as 127.0.0.1:9187; port 0 takes a free one; with --auto
    #[arg(long, value_name = "ADDRESS", value_parser = metrics, requires = "auto")]
    pub metrics: Option<SocketAddr>,
    /// In a session of its own, and never arms: what a console hands its engine over to; with --auto
    #[arg(long, hide = true, requires = "auto")]
    pub detached: bool,
    /// Panics inside the console, to try that the terminal is restored
    #[arg(long, hide = true)]
    pub panic_in_console: bool,
    /// Panics in the engine's task, to try that the process does not live on without it
    #[arg(long, hide = true)]
    pub panic_in_engine: bool,
}

/// Everything that is not running the engine.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the simulation of AWS alone, for any AWS client
    Sim(SimArgs),
    /// Runs the engine in seeded, faulty worlds and checks its promises
    Simulate(SimulateArgs),
    /// Shows every gate in front of a change of class, and changes nothing; exit code 1 when one is closed to everybody
    Preflight(PreflightArgs),
    /// Looks at everything that must be right for it to work here, and changes nothing; exit code 1 when something is not
    Doctor(doctor::DoctorArgs),
    /// Writes a commented configuration for a database from what there is in the account
    Init(init::InitArgs),
    /// Witnesses how available a database is to its clients; exit code 1 when what was acknowledged is not there
    Canary(canary::CanaryArgs),
    /// Writes to a PostgreSQL server at a rate, whatever becomes of the writes, and says what became of them
    Load(load::LoadArgs),
    /// Puts a load on a database and shows what its move up and back down cost its clients
    Drill(drill::DrillArgs),
    /// Has Application Auto Scaling keep readers of Aurora clusters, by `[database.readers]`
    Readers(readers::ReadersArgs),
    /// Writes the policy down for others: a Terraform module, IAM documents, a unit of systemd
    Export(export::ExportArgs),
    /// Gives CloudWatch the alarms that follow from the policy, and shows where it has others
    Alarms {
        /// What to do with them.
        #[command(subcommand)]
        command: alarms::AlarmsCommand,
    },
    /// Gives the running engine an order, or looks at it
    Ctl(ctl::CtlArgs),
    /// Prints what makes a shell complete this command line
    Completions(completions::CompletionsArgs),
    /// Writes the pages for man
    Man(completions::ManArgs),
    /// Reads the evidence
    Journal {
        /// What to do with it.
        #[command(subcommand)]
        command: JournalCommand,
    },
    /// Writes what was done, why, and what came of it as one file: plots, acceptance table and evidence
    Report(report::ReportArgs),
}

/// Which change to look at.
#[derive(Debug, Args)]
pub struct PreflightArgs {
    /// The database, by its identifier
    pub database: String,
    /// Only this class of its ladder [default: the rungs next to it]
    #[arg(long, value_name = "CLASS")]
    pub to: Option<String>,
    /// One JSON object per target
    #[arg(long)]
    pub json: bool,
    /// On the embedded simulation of AWS: a built-in scenario's name or a file
    #[arg(long, value_name = "SCENARIO", num_args = 0..=1, default_missing_value = "checkpoints")]
    pub sim: Option<String>,
    /// Only what this IAM policy document allows, with --sim; several are attached together
    #[arg(long, value_name = "FILE", requires = "sim")]
    pub iam: Vec<PathBuf>,
    /// The configuration [default: ./config.toml; with --sim a built-in one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Whose journal says what is held, armed and under way [env: UPSHIFT_STATE_DIR] [default: the XDG state directory]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
}

/// How to run the simulation alone.
#[derive(Debug, Args)]
pub struct SimArgs {
    /// Loopback address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = loopback)]
    pub listen: SocketAddr,
    /// A built-in scenario's name or a file
    #[arg(long, value_name = "SCENARIO", default_value = "checkpoints")]
    pub scenario: String,
    /// Virtual seconds per second
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
    /// Real PostgreSQL servers behind the simulated instances; the load is what clients do
    #[arg(long)]
    pub postgres: bool,
    /// How long new sessions still go to where a database's name led before, with --postgres
    #[arg(long, value_name = "DURATION", value_parser = real_duration, default_value = "1s", requires = "postgres")]
    pub staleness: Duration,
    /// Only what this IAM policy document allows; several are attached together
    #[arg(long, value_name = "FILE")]
    pub iam: Vec<PathBuf>,
}

/// Which trials to run.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// How many seeds
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: u64,
    /// The first of them
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub first: u64,
    /// Only this seed, whatever --seeds says: to see a failure again
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Virtual hours of each trial, the last four without faults
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(5..=24))]
    pub hours: u32,
    /// Takes a guard away, to show that its absence is noticed
    #[arg(long, value_name = "GUARD")]
    pub without: Option<String>,
    /// Instead of seeds: kills each kind of action at every point of its life and at every byte of its records
    #[arg(long, conflicts_with_all = ["seeds", "first", "seed", "without", "twice_every", "poorer_every", "coverage"])]
    pub deaths: bool,
    /// Only these kinds of action, such as `EngineUp`, with --deaths
    #[arg(long, value_name = "KIND", requires = "deaths")]
    pub kind: Vec<String>,
    /// Only every Nth byte, and of the kinds that end otherwise every fourth poll, with --deaths
    #[arg(long, value_name = "N", default_value_t = 1, requires = "deaths", value_parser = clap::value_parser!(u64).range(1..))]
    pub byte_step: u64,
    /// Instead of one swarm: takes away one guard after the other; fails when one is not missed
    #[arg(long, conflicts_with_all = ["seed", "without", "twice_every", "poorer_every", "coverage", "deaths"])]
    pub guards: bool,
    /// Runs every Nth seed twice and compares the traces
    #[arg(long, value_name = "N")]
    pub twice_every: Option<u64>,
    /// Runs every Nth seed again with data taken away: it must not make the engine go down
    #[arg(long, value_name = "N")]
    pub poorer_every: Option<u64>,
    /// Prints which fault met which phase of an action, and what was reached; `complete` fails when something never was
    #[arg(long, value_name = "HOW", num_args = 0..=1, default_missing_value = "show")]
    pub coverage: Option<CoverageUse>,
}

/// What is done with the table of what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CoverageUse {
    /// It is printed.
    Show,
    /// It is printed, and a fault that never struck or a milestone that was never reached is a failure.
    Complete,
}

/// What to do with the journal.
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// Prints every record, oldest first
    Show {
        /// One JSON object per record
        #[arg(long)]
        json: bool,
        /// Which journal.
        #[command(flatten)]
        place: Place,
    },
    /// Checks the chain of hashes; exit code 1 names the first bad record
    Verify {
        /// Which journal.
        #[command(flatten)]
        place: Place,
    },
}

/// Where a journal is.
#[derive(Debug, Args)]
pub struct Place {
    /// The state directory [env: UPSHIFT_STATE_DIR] [default: the XDG state directory]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
}

/// From a tenth of real time, to watch closely, to 100,000 times, at which a day passes in a second.
fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.1..=100_000.0).contains(&speed) { Ok(speed) } else { Err("must be from 0.1 to 100000".to_owned()) }
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("must be a time above zero, such as {}", duration::EXAMPLES);
    let duration = duration::parse(text).ok_or_else(wrong)?;
    Duration::try_from(duration).ok().filter(|duration| !duration.is_zero()).ok_or_else(wrong)
}

/// Why something is done: it goes into the journal, where an empty one says nothing.
pub(crate) fn reason(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("must say why: it goes into the journal".to_owned()) } else { Ok(text.to_owned()) }
}

/// A time of the machine: from nothing, with fractions of a second.
fn real_duration(text: &str) -> Result<Duration, String> {
    let duration = duration::parse(text).and_then(|duration| Duration::try_from(duration).ok());
    duration.ok_or_else(|| "must be a time such as 20ms, 1s or 10m".to_owned())
}

/// The simulation lets anybody in, so nobody outside of this machine may reach it.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    of_this_machine(text, "the simulation answers on loopback only, because it lets anybody in: 127.0.0.1 or [::1]")
}

/// What databases there are, and what is done with them, is for this machine alone.
fn metrics(text: &str) -> Result<SocketAddr, String> {
    of_this_machine(text, "metrics are for this machine alone, because anybody may read them: 127.0.0.1 or [::1]")
}

fn of_this_machine(text: &str, else_why: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "not an address with a port".to_owned())?;
    if address.ip().is_loopback() { Ok(address) } else { Err(else_why.to_owned()) }
}
