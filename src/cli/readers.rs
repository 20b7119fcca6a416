//! The command line of `upshift readers`.

use clap::{Args, Subcommand};

use super::world::WorldArgs;

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

impl ReadersCommand {
    /// What all of them have.
    pub fn which(&self) -> &Which {
        match self {
            Self::Plan(which) => which,
            Self::Apply(change) | Self::Delete(change) => &change.which,
        }
    }
}

/// Which databases, and where.
#[derive(Debug, Args)]
pub struct Which {
    /// Only this database, by its identifier [default: every one with `readers`]
    pub database: Option<String>,
    /// Where.
    #[command(flatten)]
    pub world: WorldArgs,
}

/// What is changed, and where.
#[derive(Debug, Args)]
pub struct Change {
    /// Which.
    #[command(flatten)]
    pub which: Which,
    /// Without asking
    #[arg(long)]
    pub yes: bool,
    /// Only if the plan still is the one that `plan` gave this digest
    #[arg(long, value_name = "DIGEST")]
    pub expect: Option<String>,
}
