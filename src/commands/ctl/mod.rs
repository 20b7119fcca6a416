//! `upshift ctl`: one order to the running engine, or one look at it; for runbooks, and for incidents over a bad line.

mod order;
mod status;
mod watch;

use serde::Serialize;

use super::environment::Environment;
use super::process::runtime;
use super::running::{Running, Which, must_find};
use super::{CommandError, last_words, stdout};
use crate::cli::ctl::{CtlArgs, CtlCommand};
use crate::control::EngineProcess;
use crate::control::socket::{self, Hello};
use crate::model::command::{Answer, Command};
use crate::model::log_level::LogLevel;
use crate::model::role::Role;
use crate::model::snapshot::Snapshot;

/// What `status --json` prints.
#[derive(Serialize)]
struct Looked<'a> {
    engine: &'a EngineProcess,
    role: Role,
    snapshot: &'a Snapshot,
}

/// What `log --json` prints.
#[derive(Serialize)]
struct LogChanged {
    before: LogLevel,
    now: LogLevel,
}

/// Carries it out. Exit code 0: it was done, and the answer names its record. 1: it was refused, or no engine answers.
pub(super) fn run(args: &CtlArgs, environment: &Environment) -> Result<(), CommandError> {
    runtime()?.block_on(async {
        let running =
            must_find(Which { state_dir: args.state_dir.as_deref(), socket: args.socket.as_deref() }, environment)
                .await?;
        match &args.command {
            CtlCommand::Status => {
                let (hello, snapshot) = look(&running).await?;
                if args.json {
                    return json(&Looked { engine: &hello.engine, role: hello.role, snapshot: &snapshot });
                }
                stdout::line(&status::words(&hello, &snapshot))
            }
            CtlCommand::Log { level } => {
                let client = environment.operator.ssh_client.clone();
                let set = socket::set_log(&running.directory, *level, client).await;
                let set = set.map_err(|error| CommandError::Failed(error.to_string()))?;
                let before = set.map_err(CommandError::Failed)?;
                if args.json {
                    return json(&LogChanged { before, now: *level });
                }
                stdout::line(&format!(
                    "the log tells {level} and what is graver until the engine ends; before: {before}"
                ))
            }
            CtlCommand::Watch => watch::run(running, environment, args.json).await,
            command => {
                // To disarm is right on any picture, and none is waited for.
                let (order, revision) = match command {
                    CtlCommand::Disarm => (Command::Disarm, None),
                    command => {
                        let (_, snapshot) = look(&running).await?;
                        (order::order(command, &snapshot)?, Some(snapshot.revision))
                    }
                };
                let client = environment.operator.ssh_client.clone();
                let answer = socket::ask(&running.directory, order, revision, client).await;
                told(answer.map_err(|error| CommandError::Failed(format!("nothing was sent: {error}")))?, args.json)
            }
        }
    })
}

async fn look(running: &Running) -> Result<(Hello, Box<Snapshot>), CommandError> {
    socket::look(&running.directory).await.map_err(|error| CommandError::Failed(error.to_string()))
}

/// Says what became of an order.
fn told(answer: Answer, as_json: bool) -> Result<(), CommandError> {
    if as_json {
        json(&answer)?;
    }
    match answer {
        Answer::Done { .. } if as_json => Ok(()),
        Answer::Done { sentence, seq } => stdout::line(&format!("{sentence} (journal #{seq})")),
        Answer::Refused { sentence } | Answer::Unknown { sentence } => Err(CommandError::Failed(sentence)),
    }
}

fn json(data: &impl Serialize) -> Result<(), CommandError> {
    let text = serde_json::to_string(data).map_err(|error| CommandError::Failed(error.to_string()))?;
    stdout::line(&crate::model::text::escape_json(&text))
}

/// What is worth a word and is no data.
fn say(words: &str) {
    last_words::say(words);
}
