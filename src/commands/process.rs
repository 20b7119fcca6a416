//! What a process is to its commands: the runtime, the signals that end it, and how a face of the engine ended.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

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

/// What SIGHUP is to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hangup {
    /// Its terminal is gone, and it ends.
    Ends,
    /// An order to a daemon to read its configuration anew; see [`Hangups`].
    Reloads,
}

/// SIGHUP, where it does not end the process.
#[derive(Debug)]
pub(super) struct Hangups(Signal);

impl Hangups {
    /// Caught from here on.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn catch() -> Result<Self, CommandError> {
        Ok(Self(catch(SignalKind::hangup())?))
    }

    /// Returns when it has come since this was asked last; several at once are one.
    pub(super) async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// Returns when SIGINT, SIGTERM or SIGHUP asks this process to end, with the words for it.
///
/// # Errors
/// When signals cannot be caught.
pub(super) async fn ending_signal() -> Result<String, CommandError> {
    ending_signal_but(Hangup::Ends).await
}

/// The same, where SIGHUP may be something else.
///
/// # Errors
/// When signals cannot be caught.
pub(super) async fn ending_signal_but(hangup: Hangup) -> Result<String, CommandError> {
    Ok(words(Caught::listen(hangup)?.next().await))
}

/// All signals that ask this process to end, one after the other: from when this is made on, none ends it by itself.
#[derive(Debug)]
pub(super) struct EndingSignals {
    /// How many have come, and the name of the last.
    seen: watch::Receiver<(u32, &'static str)>,
    _catching: JoinSet<()>,
}

impl EndingSignals {
    /// Catches them from here on.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn catch() -> Result<Self, CommandError> {
        Self::catch_but(Hangup::Ends)
    }

    /// The same, where SIGHUP may be something else.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn catch_but(hangup: Hangup) -> Result<Self, CommandError> {
        let mut caught = Caught::listen(hangup)?;
        let (tell, seen) = watch::channel((0, ""));
        let mut catching = JoinSet::new();
        catching.spawn(async move {
            loop {
                let name = caught.next().await;
                tell.send_modify(|(count, last)| (*count, *last) = (*count + 1, name));
            }
        });
        Ok(Self { seen, _catching: catching })
    }

    /// How many have come.
    pub(super) fn count(&self) -> u32 {
        self.seen.borrow().0
    }

    /// Returns when more than so many have come, with the words for the last.
    pub(super) async fn beyond(&self, count: u32) -> String {
        let mut seen = self.seen.clone();
        let name = seen.wait_for(|(so_far, _)| *so_far > count).await.map(|seen| seen.1);
        match name {
            Ok(name) => words(name),
            Err(_) => std::future::pending().await,
        }
    }

    /// What comes of `work`, unless more than so many signals come first; then it is dropped.
    ///
    /// # Errors
    /// The words for the last signal.
    pub(super) async fn unless_beyond<T>(&self, count: u32, work: impl Future<Output = T>) -> Result<T, String> {
        tokio::select! {
            biased;
            words = self.beyond(count) => Err(words),
            done = work => Ok(done),
        }
    }
}

#[derive(Debug)]
struct Caught {
    terminate: Signal,
    interrupt: Signal,
    /// Absent where it is something else.
    hangup: Option<Signal>,
}

impl Caught {
    fn listen(hangup: Hangup) -> Result<Self, CommandError> {
        Ok(Self {
            terminate: catch(SignalKind::terminate())?,
            interrupt: catch(SignalKind::interrupt())?,
            hangup: (hangup == Hangup::Ends).then(|| catch(SignalKind::hangup())).transpose()?,
        })
    }

    async fn next(&mut self) -> &'static str {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = hangup => "SIGHUP",
        }
    }
}

fn catch(kind: SignalKind) -> Result<Signal, CommandError> {
    signal(kind).map_err(|error| CommandError::Failed(format!("signals cannot be caught: {error}")))
}

fn words(name: &str) -> String {
    format!("ended by {name}")
}
