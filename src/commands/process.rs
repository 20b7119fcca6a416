//! What a process is to its commands: the runtime, the signals that end it, and how a face of the engine ended.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::CommandError;

/// How a face of the engine came to its end in order.
pub(super) struct Finish {
    /// Why it ended; goes into the journal.
    pub(super) reason: String,
    /// Whether everything was as it should be then.
    pub(super) health: Result<(), CommandError>,
}

/// Keeps this process's memory, which has passwords in it, from being written to a disk when it ends badly, and from
/// being read by others of the same user. Only a superuser can still attach a debugger.
pub fn keep_memory_private() {
    let nothing = Rlimit { current: Some(0), maximum: Some(0) };
    // Where the kernel says no to one of the two, the other may hold; and neither is a reason not to run.
    let _ = setrlimit(Resource::Core, nothing);
    // A dump that is piped to a program is not bound by the limit.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// The runtime of every command that waits for something.
///
/// # Errors
/// When the operating system has no threads for it.
pub(super) fn runtime() -> Result<Runtime, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| CommandError::Failed(format!("the runtime could not start: {error}")))
}

/// Returns when SIGINT, SIGTERM or SIGHUP asks this process to end, with the words for it.
///
/// # Errors
/// When signals cannot be caught.
pub(super) async fn ending_signal() -> Result<String, CommandError> {
    let failed = |error: std::io::Error| CommandError::Failed(format!("signals cannot be caught: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(failed)?;
    let name = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
        _ = hangup.recv() => "SIGHUP",
    };
    Ok(format!("ended by {name}"))
}
