//! The command line of `upshift alarms`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::speed;

/// What to do with the alarms.
#[derive(Debug, Subcommand)]
pub enum AlarmsCommand {
    /// Shows what `apply` would do, and does nothing. Exit code 0: nothing to do, 2: something, 1: it could not be told
    Plan(AlarmsArgs),
    /// Makes CloudWatch's alarms those of the policy; alarms without our tag are never touched
    Apply {
        /// Which.
        #[command(flatten)]
        args: AlarmsArgs,
        /// Without asking
        #[arg(long)]
        yes: bool,
        /// Only if the plan still is the one that `plan` gave this digest
        #[arg(long, value_name = "DIGEST")]
        expect: Option<String>,
    },
    /// Takes the alarms away that upshift has made for the databases of the configuration
    Delete {
        /// Which.
        #[command(flatten)]
        args: AlarmsArgs,
        /// Without asking
        #[arg(long)]
        yes: bool,
    },
    /// Puts one of our alarms into another state, and proves that the change and its message arrive
    Test {
        /// Its name [default: the first of them]
        alarm: Option<String>,
        /// Which.
        #[command(flatten)]
        args: AlarmsArgs,
        /// Without asking
        #[arg(long)]
        yes: bool,
    },
}

impl AlarmsCommand {
    /// What all of them have.
    pub fn args(&self) -> &AlarmsArgs {
        match self {
            Self::Plan(args) | Self::Apply { args, .. } | Self::Delete { args, .. } | Self::Test { args, .. } => args,
        }
    }
}

/// Where, by which configuration, and how it is told.
#[derive(Debug, Args)]
pub struct AlarmsArgs {
    /// One JSON object
    #[arg(long)]
    pub json: bool,
    /// On the embedded simulation of AWS, which ends with the command: a built-in scenario's name or a file
    #[arg(long, value_name = "SCENARIO", num_args = 0..=1, default_missing_value = "checkpoints")]
    pub sim: Option<String>,
    /// Virtual seconds per second, with --sim
    #[arg(long, value_name = "N", default_value_t = 30.0, value_parser = speed, requires = "sim")]
    pub speed: f64,
    /// The configuration [default: ./config.toml; with --sim a built-in one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
