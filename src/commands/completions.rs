//! Completions for shells, and pages for `man`, of the command line as it is.

use std::path::Path;

use clap::CommandFactory as _;

use super::{CommandError, last_words, stdout};
use crate::cli::Cli;
use crate::cli::completions::{CompletionsArgs, ManArgs};

/// Prints a shell's completions.
///
/// # Errors
/// When stdout takes them not.
pub(super) fn completions(args: &CompletionsArgs) -> Result<(), CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "upshift", &mut script);
    stdout::bytes(&script)
}

/// Writes a page for each command, or prints that of `upshift` itself.
///
/// # Errors
/// When a page cannot be written: those before it are.
pub(super) fn man(args: &ManArgs) -> Result<(), CommandError> {
    let failed =
        |place: &Path, error: std::io::Error| CommandError::Failed(format!("no page in {}: {error}", place.display()));
    let Some(directory) = &args.out else {
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(Cli::command()).render(&mut page);
        rendered.map_err(|error| CommandError::Failed(format!("no page: {error}")))?;
        return stdout::bytes(&page);
    };
    std::fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
    clap_mangen::generate_to(Cli::command(), directory).map_err(|error| failed(directory, error))?;
    last_words::say(&format!("pages for man are in {}", directory.display()));
    Ok(())
}
