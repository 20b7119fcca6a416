//! The binary: reads the command line and hands it to the library.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match upshift::cli::Cli::try_parse() {
        Ok(cli) => upshift::commands::execute(cli),
        Err(error) => upshift::commands::refuse(&error),
    }
}
