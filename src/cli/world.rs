//! Where a command works: on AWS as the configuration says, or on a simulation that is started for it.

use std::path::PathBuf;

use clap::Args;

use super::speed;

/// Where, by which configuration, and how it is told.
#[derive(Debug, Args)]
pub struct WorldArgs {
    /// One JSON object
    #[arg(long)]
    pub json: bool,
    /// On the embedded simulation of AWS, which ends with the command: a built-in scenario's name or a file
    #[arg(long, value_name = "SCENARIO", num_args = 0..=1, default_missing_value = "")]
    pub sim: Option<String>,
    /// Virtual seconds per second, with --sim
    #[arg(long, value_name = "N", default_value_t = 30.0, value_parser = speed, requires = "sim")]
    pub speed: f64,
    /// Only what this IAM policy document allows, with --sim; several are attached together
    #[arg(long, value_name = "FILE", requires = "sim")]
    pub iam: Vec<PathBuf>,
    /// The configuration [default: ./config.toml; with --sim a built-in one]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl WorldArgs {
    /// The scenario, if one is to be simulated; `usual` where it was not named.
    pub fn scenario<'a>(&'a self, usual: &'a str) -> Option<&'a str> {
        self.sim.as_deref().map(|name| if name.is_empty() { usual } else { name })
    }
}
