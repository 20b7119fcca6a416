//! Handing an action over: the engine of a console goes on as a daemon in a process of its own.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::CommandError;
use crate::cli::RunArgs;
use crate::clock::Clock;
use crate::control::socket;

/// A daemon that has not answered by then does not work.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two tries to reach it.
const TRY_AGAIN: Duration = Duration::from_millis(100);

/// Starts `upshift --auto` on the state directory and configuration of this console, whose engine has ended: it watches what
/// is under way, and is armed only if that engine was. Its words are in the log of the directory. What to say of it.
///
/// # Errors
/// When it could not be started, or does not answer.
pub(super) async fn to_daemon(args: &RunArgs, directory: &Path, place: Option<&Path>) -> Result<String, CommandError> {
    let failed = |why: String| {
        let next = "start `upshift --auto` on the same state directory: it looks, and sends nothing a second time";
        CommandError::Failed(format!("not handed over: {why}; {next}"))
    };
    let program = std::env::current_exe().map_err(|error| failed(format!("this program is not found: {error}")))?;
    let mut command = Command::new(program);
    command.args(["--auto", "--detached", "--state-dir"]).arg(directory);
    if let Some(config) = &args.config {
        command.arg("--config").arg(config);
    }
    if let Some(socket) = &args.socket {
        command.arg("--socket").arg(socket);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut daemon = command.spawn().map_err(|error| failed(format!("it could not be started: {error}")))?;
    let machine = Clock::system();
    let place = place.map_or_else(|| socket::of_state(directory), Path::to_path_buf);
    match machine.bounded(PATIENCE, answers(&mut daemon, &place, &machine)).await {
        Some(Ok(())) => {
            let pid = daemon.id();
            Ok(format!(
                "handed over to the daemon pid {pid}: it goes on without this terminal; `upshift` attaches to it"
            ))
        }
        Some(Err(why)) => Err(failed(format!("{why}; see the log in {}", directory.join("log").display()))),
        None => Err(failed(format!("the daemon pid {} runs and does not answer", daemon.id()))),
    }
}

/// Returns when it can be commanded.
async fn answers(daemon: &mut Child, place: &Path, machine: &Clock) -> Result<(), String> {
    loop {
        match socket::look(place).await {
            Ok((hello, _)) if hello.engine.pid == daemon.id() => return Ok(()),
            Ok(_) | Err(_) => {}
        }
        if let Ok(Some(status)) = daemon.try_wait() {
            return Err(format!("the daemon ended at once, {status}"));
        }
        machine.sleep(TRY_AGAIN).await;
    }
}
