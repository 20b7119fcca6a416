//! The command line of `upshift init`.

use std::path::PathBuf;

use clap::Args;

/// Writes a commented configuration for one database from what there is in the account: the region and the account as pins, a
/// ladder of classes that AWS offers for it, and what those are and cost.
///
/// The database is picked from a list on a terminal, or named. Nothing in the account is changed.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The database, by its identifier [default: picked from a list, or the only one]
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,
    /// Where to write it
    #[arg(long, value_name = "FILE", default_value = "config.toml")]
    pub out: PathBuf,
    /// Replaces a file that is there
    #[arg(long)]
    pub force: bool,
    /// From a simulated account: a built-in scenario's name or a file
    #[arg(long, value_name = "SCENARIO", num_args = 0..=1, default_missing_value = "checkpoints")]
    pub sim: Option<String>,
    /// The region to look in [default: that of the standard chain]
    #[arg(long, value_name = "REGION", conflicts_with = "sim")]
    pub region: Option<String>,
    /// A profile of ~/.aws/config [default: that of the standard chain]
    #[arg(long, value_name = "NAME", conflicts_with = "sim")]
    pub profile: Option<String>,
    /// Another endpoint for every AWS service, such as that of `upshift sim --listen`
    #[arg(long, value_name = "URL", conflicts_with = "sim")]
    pub endpoint_url: Option<String>,
}
