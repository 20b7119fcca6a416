//! The client's side of the socket: a [`Client`] of an engine in another process, which outlives that one.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::place;
use super::wire::{Ask, Hello, Line, LineError, PROTOCOL, Said};
use crate::clock::Clock;
use crate::control::{Client, EngineProcess, Incoming, Link, linked};
use crate::model::backend::Backend;
use crate::model::command::{Answer, Command, Reply, Request};
use crate::model::operator::Operator;
use crate::model::snapshot::Snapshot;

/// An engine that is there says its first word within this (of the machine).
const TO_GREET: Duration = Duration::from_secs(5);
/// And the answer to an order within this: the engine gives up a little sooner.
const TO_ANSWER: Duration = Duration::from_secs(65);
/// A line that was lost is tried again this often.
const TRY_AGAIN: Duration = Duration::from_millis(500);
/// A line that is closed before the first word is tried so often in all.
const TRIES: u32 = 10;
/// And so long between (of the machine).
const BETWEEN_TRIES: Duration = Duration::from_millis(100);
/// Orders that may wait, as in [`pair`](crate::control::pair).
const ORDERS: usize = 16;

/// A client of an engine in another process.
#[derive(Debug)]
pub struct Attached {
    /// Sees it and gives it orders.
    pub client: Client,
    /// Its time.
    pub clock: Clock,
    /// What it said first.
    pub hello: Hello,
    /// Keeps the line; it ends with this.
    pub keeping: JoinSet<String>,
}

/// Why there is no line to an engine.
#[derive(Debug, Error)]
pub enum AttachError {
    /// Nobody listens there.
    #[error("no engine listens in {}", directory.display())]
    Nobody {
        /// Where the socket would be.
        directory: PathBuf,
    },
    /// The engine has closed the line before its first word.
    #[error("the engine in {} takes no more connections at the moment: try again", directory.display())]
    Full {
        /// Where it is.
        directory: PathBuf,
    },
    /// The socket is there and cannot be used.
    #[error("the engine's socket in {} cannot be used: {why}", directory.display())]
    Broken {
        /// Where it is.
        directory: PathBuf,
        /// Why.
        why: String,
    },
    /// The engine has turned this one away.
    #[error("{sentence}")]
    TurnedAway {
        /// Why.
        sentence: String,
    },
    /// The engine is of another version.
    #[error(
        "the engine ({version}) speaks version {theirs} of the control protocol and this program version {PROTOCOL}: use \
         the program that it was started with"
    )]
    OtherProtocol {
        /// Of the engine's program.
        version: String,
        /// Of the protocol.
        theirs: u32,
    },
}

/// The first word of the engine that listens in that directory.
///
/// # Errors
/// When there is none, or it turns this process away.
pub async fn knock(directory: &Path) -> Result<Hello, AttachError> {
    greet(directory).await.map(|(_, hello)| hello)
}

/// One look at the engine that listens in that directory.
///
/// # Errors
/// When there is none, or it turns this process away.
pub async fn look(directory: &Path) -> Result<(Hello, Box<Snapshot>), AttachError> {
    let (mut line, hello) = greet(directory).await?;
    let broken = |error: LineError| broken(directory, &error.to_string());
    line.write(&Ask::Look).await.map_err(broken)?;
    match bounded(line.read()).await.map_err(broken)? {
        Said::Snapshot(snapshot) => Ok((hello, snapshot)),
        Said::Refused { sentence } => Err(AttachError::TurnedAway { sentence }),
        Said::Hello(_) | Said::Reply(_) | Said::Log { .. } => Err(broken(LineError::Closed)),
    }
}

/// Gives one order to the engine that listens in that directory. Fails only where nothing was sent.
///
/// # Errors
/// When there is none, or it turns this process away.
pub async fn ask(
    directory: &Path,
    command: Command,
    seen_revision: Option<u64>,
    ssh_client: Option<String>,
) -> Result<Answer, AttachError> {
    let (mut line, hello) = greet(directory).await?;
    let order = Ask::Order { nonce: hello.nonce, seen_revision, command, ssh_client };
    if let Err(error) = line.write(&order).await {
        return Err(broken(directory, &error.to_string()));
    }
    let lost = |why: &str| Answer::Unknown {
        sentence: format!(
            "the line broke before the answer ({why}): it may have been carried out; look at the engine and its journal"
        ),
    };
    Ok(match Clock::system().bounded(TO_ANSWER, line.read()).await {
        Some(Ok(Said::Reply(reply))) => reply.answer,
        Some(Ok(Said::Refused { sentence })) => Answer::Refused { sentence },
        Some(Ok(Said::Hello(_) | Said::Snapshot(_) | Said::Log { .. })) => lost("something else was answered"),
        Some(Err(error)) => lost(&error.to_string()),
        None => lost("no answer came"),
    })
}

/// A client of the engine that listens in that directory, with its first snapshot. It stays when the engine goes, and finds
/// the one that comes after.
///
/// # Errors
/// When there is none, or it turns this process away.
pub async fn attach(directory: &Path, operator: Operator) -> Result<Attached, AttachError> {
    let (hello, snapshot) = look(directory).await?;
    // A simulation has a time of its own.
    let clock = match snapshot.backend {
        Backend::Aws => Clock::system(),
        Backend::Simulation { .. } => Clock::scaled(hello.now, hello.speed),
    };
    let (tell, link) = watch::channel(Link::Attached { engine: hello.engine.clone() });
    let ssh_client = operator.ssh_client.clone();
    let backend = snapshot.backend.clone();
    let (client, server) = linked(*snapshot, operator, hello.role, link);
    let keeper = Keeper {
        directory: directory.to_owned(),
        backend,
        ssh_client,
        tell,
        snapshots: server.snapshots,
        clock: clock.clone(),
        machine: Clock::system(),
    };
    let mut keeping = JoinSet::new();
    keeping.spawn(keeper.keep(server.requests, hello.engine.clone()));
    Ok(Attached { client, clock, hello, keeping })
}

/// What keeps the line.
struct Keeper {
    directory: PathBuf,
    /// What the engine acts on: one that acts on another world has another time, and its picture is no newer one of this.
    backend: Backend,
    ssh_client: Option<String>,
    tell: watch::Sender<Link>,
    snapshots: watch::Sender<Arc<Snapshot>>,
    clock: Clock,
    machine: Clock,
}

impl Keeper {
    /// Returns, with the reason, only when what comes back is not what was there.
    async fn keep(self, mut requests: mpsc::Receiver<Incoming>, mut engine: EngineProcess) -> String {
        let mut orders = JoinSet::new();
        loop {
            let watching = async {
                let error = match self.watch(&mut engine).await {
                    Ok(over) => return over,
                    Err(error) => error,
                };
                self.tell_lost(&engine, error.to_string());
                self.machine.sleep(TRY_AGAIN).await;
                String::new()
            };
            tokio::pin!(watching);
            let over = loop {
                tokio::select! {
                    over = &mut watching => break over,
                    incoming = requests.recv(), if orders.len() < ORDERS => match incoming {
                        Some(incoming) => drop(orders.spawn(self.order(incoming))),
                        // Nobody is left who could look.
                        None => std::future::pending().await,
                    },
                    Some(_) = orders.join_next() => {}
                }
            };
            if !over.is_empty() {
                return over;
            }
        }
    }

    /// Since the first time, however often it is tried again.
    fn tell_lost(&self, engine: &EngineProcess, why: String) {
        let since = match *self.tell.borrow() {
            Link::Lost { since, .. } => since,
            Link::Attached { .. } | Link::Embedded => self.clock.now(),
        };
        let now = Link::Lost { engine: engine.clone(), since, why };
        self.tell.send_if_modified(|link| {
            let is_news = *link != now;
            *link = now;
            is_news
        });
    }

    /// Shows what the engine shows until the line breaks. Returns, with the reason, when it is another world's.
    async fn watch(&self, engine: &mut EngineProcess) -> Result<String, AttachError> {
        let (mut line, hello) = greet(&self.directory).await?;
        let broken = |error: LineError| broken(&self.directory, &error.to_string());
        line.write(&Ask::Watch).await.map_err(broken)?;
        loop {
            let snapshot = match line.read().await.map_err(broken)? {
                Said::Snapshot(snapshot) => snapshot,
                Said::Refused { sentence } => return Err(AttachError::TurnedAway { sentence }),
                Said::Hello(_) | Said::Reply(_) | Said::Log { .. } => return Err(broken(LineError::Closed)),
            };
            if snapshot.backend != self.backend {
                return Ok(format!("{} runs on another world than the engine before it", hello.engine.words()));
            }
            engine.clone_from(&hello.engine);
            self.snapshots.send_replace(Arc::from(snapshot));
            self.tell.send_if_modified(|link| {
                let now = Link::Attached { engine: hello.engine.clone() };
                let is_news = *link != now;
                *link = now;
                is_news
            });
        }
    }

    /// Carries one order over, on a line of its own.
    fn order(&self, incoming: Incoming) -> impl Future<Output = ()> + Send + use<> {
        let (directory, ssh_client) = (self.directory.clone(), self.ssh_client.clone());
        async move {
            // A probe is for a controller of this process: whether another one answers is seen by its picture.
            let Incoming::Order { request: Request { id, seen_revision, command, .. }, reply } = incoming else {
                return;
            };
            let answer = match ask(&directory, command, seen_revision, ssh_client).await {
                Ok(answer) => answer,
                Err(error) => Answer::Refused { sentence: format!("nothing was sent: {error}") },
            };
            drop(reply.send(Reply { id, answer }));
        }
    }
}

/// A line, and the engine's first word on it. An engine that is full closes a line before that: it is tried again for a second.
pub(super) async fn greet(directory: &Path) -> Result<(Line, Hello), AttachError> {
    for _ in 1..TRIES {
        match greet_once(directory).await {
            Err(AttachError::Full { .. }) => Clock::system().sleep(BETWEEN_TRIES).await,
            greeted => return greeted,
        }
    }
    greet_once(directory).await
}

/// Connects, and takes the engine's first word.
async fn greet_once(directory: &Path) -> Result<(Line, Hello), AttachError> {
    let stream = place::connect(directory).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            AttachError::Nobody { directory: directory.to_owned() }
        }
        _ => broken(directory, &error.to_string()),
    })?;
    let mut line = Line::of_client(stream);
    let first = bounded(line.read()).await.map_err(|error| match error {
        LineError::Closed => AttachError::Full { directory: directory.to_owned() },
        error => broken(directory, &error.to_string()),
    });
    match first? {
        Said::Hello(hello) if hello.protocol == PROTOCOL => Ok((line, hello)),
        Said::Hello(hello) => Err(AttachError::OtherProtocol { version: hello.engine.version, theirs: hello.protocol }),
        Said::Refused { sentence } => Err(AttachError::TurnedAway { sentence }),
        Said::Snapshot(_) | Said::Reply(_) | Said::Log { .. } => {
            Err(broken(directory, "its first word is none of this protocol"))
        }
    }
}

pub(super) async fn bounded<T>(read: impl Future<Output = Result<T, LineError>>) -> Result<T, LineError> {
    Clock::system().bounded(TO_GREET, read).await.unwrap_or(Err(LineError::Slow))
}

pub(super) fn broken(directory: &Path, why: &str) -> AttachError {
    AttachError::Broken { directory: directory.to_owned(), why: why.to_owned() }
}
