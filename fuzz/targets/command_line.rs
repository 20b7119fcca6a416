//! The words of a command line: what is taken lies within its limits.

use clap::Parser;
use upshift::cli::{Cli, Command};

/// Takes the words behind the program's name, one a line.
pub fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let words = std::iter::once("upshift").chain(text.split('\n'));
    let Ok(cli) = Cli::try_parse_from(words) else { return };
    let speed = match &cli.command {
        Some(Command::Sim(sim)) => sim.speed,
        _ => cli.run.speed,
    };
    assert!((0.1..=100_000.0).contains(&speed), "{speed}");
    assert!(cli.run.duration.is_none_or(|duration| !duration.is_zero() && cli.run.auto));
}
