//! `upshift completions` and `upshift man`: made from the command line itself.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// For which shell.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Which
    pub shell: Shell,
}

/// Where the pages go.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// A directory for a page of each command; it is made if it is missing [default: the first page, to stdout]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
