//! The binary: reads the command line and hands it to the library.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    upshift::commands::execute(upshift::cli::Cli::parse())
}
