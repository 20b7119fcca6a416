//! The subcommands: one file each, or a folder, which wires rooms together and says what came of it.

mod access;
mod alarms;
mod attached;
mod auto;
mod backend;
mod canary;
mod colours;
mod completions;
mod configuration;
mod consent;
mod ctl;
mod doctor;
mod drill;
pub mod environment;
mod export;
mod failure;
mod hand_over;
mod health;
mod hosted;
mod init;
mod journal;
mod last_words;
mod load;
mod logging;
mod plan;
mod preflight;
mod process;
mod progress_line;
mod readers;
mod reload;
mod report;
mod run;
mod running;
mod servers;
mod service;
mod sim;
mod simulate;
mod state;
mod stdout;
mod whole_file;

use std::process::ExitCode;

use crate::cli::{Cli, Command, JournalCommand};
use environment::Environment;
pub use failure::{CommandError, refuse};
pub use process::keep_memory_private;

/// Carries out a command line. What fails is on stderr when this returns; the code is 0, 1 for a failure at run time,
/// 2 for bad usage or configuration, and of a plan for what is still to be done.
pub fn execute(cli: Cli) -> ExitCode {
    let environment = Environment::read();
    let result = match cli.command {
        None => run::run(&cli.run, &environment),
        Some(Command::Sim(args)) => sim::run(&args, &environment),
        Some(Command::Simulate(args)) => simulate::run(&args),
        Some(Command::Load(args)) => load::run(&args, &environment),
        Some(Command::Preflight(args)) => preflight::run(&args, &environment),
        Some(Command::Doctor(args)) => doctor::run(&args, &environment),
        Some(Command::Init(args)) => init::run(&args),
        Some(Command::Canary(args)) => canary::run(&args, &environment),
        Some(Command::Report(args)) => report::run(&args, &environment),
        Some(Command::Export(args)) => export::run(&args),
        Some(Command::Alarms { command }) => alarms::run(&command, &environment),
        Some(Command::Completions(args)) => completions::completions(&args),
        Some(Command::Man(args)) => completions::man(&args),
        Some(Command::Ctl(args)) => ctl::run(&args, &environment),
        Some(Command::Drill(args)) => drill::run(&args, &environment),
        Some(Command::Readers(args)) => readers::run(&args, &environment),
        Some(Command::Journal { command: JournalCommand::Show { json, place } }) => environment
            .state_directory(place.state_dir.as_deref())
            .and_then(|directory| journal::show(&directory, json)),
        Some(Command::Journal { command: JournalCommand::Verify { place } }) => {
            environment.state_directory(place.state_dir.as_deref()).and_then(|directory| journal::verify(&directory))
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}
