//! Finding the engine that runs on this machine: by its socket, in the two places where one can be.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::CommandError;
use super::environment::Environment;
use crate::control::socket::{self, AttachError, Hello};
use crate::journal;

/// An engine that answers.
pub(super) struct Running {
    /// Of its socket.
    pub(super) directory: PathBuf,
    /// What it said first.
    pub(super) hello: Hello,
}

/// Which engine is meant, by a command line.
#[derive(Clone, Copy)]
pub(super) struct Which<'a> {
    /// `--state-dir`.
    pub(super) state_dir: Option<&'a Path>,
    /// `--socket`.
    pub(super) socket: Option<&'a Path>,
}

/// The engine behind that socket or of that state directory, or where none is given of this machine: the one that the system
/// runs before one's own. `None` where none runs.
///
/// # Errors
/// When one is there and cannot be used.
pub(super) async fn find(which: Which<'_>, environment: &Environment) -> Result<Option<Running>, CommandError> {
    if let Some(directory) = which.socket {
        return match socket::knock(directory).await {
            Ok(hello) => Ok(Some(Running { directory: directory.to_owned(), hello })),
            Err(AttachError::Nobody { .. }) => Ok(None),
            Err(error) => Err(CommandError::Failed(error.to_string())),
        };
    }
    let given = environment.given_directory(which.state_dir);
    let state = environment.state_directory(which.state_dir)?;
    guarded(&state)?;
    let (own, system) = (socket::of_state(&state), PathBuf::from(socket::SYSTEM_PLACE));
    let places = if given.is_some() { [own, system] } else { [system, own] };
    let mut broken = None;
    for directory in places {
        match socket::knock(&directory).await {
            // The system's engine may be that of another directory than the one that was asked for.
            Ok(hello) if given.is_none() || is_of(&hello, &state) => {
                return Ok(Some(Running { directory, hello }));
            }
            Ok(_) | Err(AttachError::Nobody { .. }) => {}
            Err(error) if given.is_some() && directory == Path::new(socket::SYSTEM_PLACE) => drop(error),
            Err(error) => broken = broken.or(Some(error)),
        }
    }
    match broken {
        Some(error) => Err(CommandError::Failed(error.to_string())),
        None => Ok(None),
    }
}

/// The same, where it is a failure that there is none.
///
/// # Errors
/// When there is none, or it cannot be used.
pub(super) async fn must_find(which: Which<'_>, environment: &Environment) -> Result<Running, CommandError> {
    if let Some(running) = find(which, environment).await? {
        return Ok(running);
    }
    if let Some(directory) = which.socket {
        return Err(CommandError::Failed(format!("no engine listens in {}", directory.display())));
    }
    let state = environment.state_directory(which.state_dir)?;
    let place = state.display();
    Err(CommandError::Failed(match journal::holder(&state) {
        Some(pid) => format!(
            "process {pid} has the journal of {place}, and no socket of it answers: it starts or ends; try again"
        ),
        None => format!("no engine runs on {place}: start one with `upshift --auto`, or say whose with --state-dir"),
    }))
}

/// Whoever can write to a state directory can put a socket of his own there, and answer for the engine.
pub(super) fn guarded(state: &Path) -> Result<(), CommandError> {
    let mode = std::fs::metadata(state).map_or(0, |about| about.permissions().mode() & 0o7777);
    if mode & 0o022 == 0 {
        return Ok(());
    }
    Err(CommandError::Failed(format!(
        "{} can be written to by others than its owner (mode {mode:04o}), and so could be what answers there: chmod go-w it, or \
         give another directory with --state-dir",
        state.display()
    )))
}

/// Links on the way are the same place.
fn is_of(hello: &Hello, state: &Path) -> bool {
    let whole = |path: &Path| std::fs::canonicalize(path).or_else(|_| std::path::absolute(path)).ok();
    whole(Path::new(&hello.engine.state_dir)) == whole(state)
}
