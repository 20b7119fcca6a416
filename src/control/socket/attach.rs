//! A [`Client`] of an engine in another process, which outlives that one: the line is kept, and found again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::call::{AttachError, ask, broken, greet, look};
use super::wire::{Ask, Hello, LineError, Said};
use crate::clock::Clock;
use crate::control::{Client, EngineProcess, Incoming, Link, linked};
use crate::model::backend::Backend;
use crate::model::command::{Answer, Reply, Request};
use crate::model::operator::Operator;
use crate::model::snapshot::Snapshot;

/// A line that was lost is tried again this often.
const TRY_AGAIN: Duration = Duration::from_millis(500);
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
    let keeper = LineKeeper {
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
struct LineKeeper {
    directory: PathBuf,
    /// What the engine acts on: one that acts on another world has another time, and its picture is no newer one of this.
    backend: Backend,
    ssh_client: Option<String>,
    tell: watch::Sender<Link>,
    snapshots: watch::Sender<Arc<Snapshot>>,
    clock: Clock,
    machine: Clock,
}

impl LineKeeper {
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
