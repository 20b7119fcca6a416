//! The console as the window of an engine in another process: that one goes on whatever becomes of this.

use super::running::Running;
use super::{CommandError, last_words};
use crate::cli::RunArgs;
use crate::commands::environment::Environment;
use crate::console::{self, ConsoleOptions};
use crate::control::Link;
use crate::control::socket::attach;
use crate::model::backend::Backend;

/// Shows the running engine until the operator leaves it.
///
/// # Errors
/// When the command line asks for another engine than the one that runs, and when the terminal cannot be used.
pub(super) async fn run(running: Running, args: &RunArgs, environment: &Environment) -> Result<(), CommandError> {
    let engine = running.hello.engine.words();
    let attached = attach(&running.directory, environment.operator.clone()).await;
    let mut attached = attached.map_err(|error| CommandError::Failed(error.to_string()))?;
    if args.sim.is_some() && attached.client.snapshot().backend == Backend::Aws {
        let why = format!("the {engine} of this state directory acts on AWS, and --sim asks for a simulation");
        return Err(CommandError::Usage(format!("{why}: give --sim another --state-dir")));
    }
    if args.config.is_some() || args.sim.is_some() {
        last_words::say(&format!(
            "attached to the {engine}: it goes by its own configuration and world, not by this command line"
        ));
    }
    let options =
        ConsoleOptions { no_color: environment.no_color, ascii: environment.ascii, test_panic: args.panic_in_console };
    let client = attached.client.clone();
    tokio::select! {
        exit = console::run(attached.client, attached.clock, options) => {
            exit.map_err(|error| CommandError::Failed(error.to_string()))?;
        }
        over = attached.keeping.join_next() => {
            let why = over.and_then(Result::ok).unwrap_or_else(|| "the line to the engine was lost".to_owned());
            return Err(CommandError::Failed(format!("{why}: start upshift again")));
        }
    }
    let arming = if client.snapshot().arming.is_armed() { "armed" } else { "disarmed" };
    last_words::say(&match client.link() {
        Link::Lost { why, .. } => format!("there was no line to the {engine}: {why}; it was {arming} when last seen"),
        Link::Attached { engine } => format!("left the {} as it was, {arming}: it goes on", engine.words()),
        Link::Embedded => format!("left the {engine}, {arming}"),
    });
    Ok(())
}
