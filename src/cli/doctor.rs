//! The command line of `upshift doctor`.

use std::path::PathBuf;

use clap::Args;

/// Tells whether it will work here: credentials, permissions, databases, metrics, servers, poolers, the state directory and
/// the terminal. Everything is looked at, also when something before it fails; nothing is changed, and nothing is left.
///
/// The exit code is 0 when nothing fails, 1 when something does, 2 for a wrong configuration.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// One JSON object
    #[arg(long)]
    pub json: bool,
    /// On the embedded simulation of AWS: a built-in scenario's name or a file
    #[arg(long, value_name = "SCENARIO", num_args = 0..=1, default_missing_value = "checkpoints")]
    pub sim: Option<String>,
    /// Only what this IAM policy document allows, with --sim; several are attached together
    #[arg(long, value_name = "FILE", requires = "sim")]
    pub iam: Vec<PathBuf>,
    /// Real PostgreSQL servers behind the simulated instances, with --sim
    #[arg(long, requires = "sim")]
    pub postgres: bool,
    /// The configuration [default: ./config.toml; with --sim a built-in one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the journal is or would be [env: UPSHIFT_STATE_DIR] [default: the XDG state directory]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
}
