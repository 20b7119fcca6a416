//! The binary: reads the command line and hands it to the library.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    upshift::commands::keep_memory_private();
    match upshift::cli::Cli::try_parse() {
        Ok(cli) => upshift::commands::execute(cli),
        Err(error) => upshift::commands::refuse(&error),
    }
}
