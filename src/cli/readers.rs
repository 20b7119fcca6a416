//! The command line of `upshift readers`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to do with the readers of Aurora clusters.
#[derive(Debug, Args)]
pub struct ReadersArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ReadersCommand,
}

/// What to do with the readers of Aurora clusters.
#[derive(Debug, Subcommand)]
pub enum ReadersCommand {
    /// Shows what Application Auto Scaling lacks, and what it has done; exit code 0 in sync, 2 changes, 1 failure
    Plan(Which),
    /// Registers what the configuration says; asks first
    Apply(Change),
    /// Takes away what upshift has registered, and nothing of others; asks first
    Delete(Change),
}

/// Which databases, and where.
#[derive(Debug, Args)]
pub struct Which {
    /// Only this database, by its identifier [default: every one with `readers`]
    pub database: Option<String>,
    /// One JSON object per database
    #[arg(long)]
    pub json: bool,
    /// On the embedded simulation of AWS: a built-in scenario's name or a file
    #[arg(long, value_name = "SCENARIO", num_args = 0..=1, default_missing_value = "aurora")]
    pub sim: Option<String>,
    /// The configuration [default: ./config.toml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What is changed, and where.
#[derive(Debug, Args)]
pub struct Change {
    /// Which.
    #[command(flatten)]
    pub which: Which,
    /// Does not ask
    #[arg(long)]
    pub yes: bool,
}
