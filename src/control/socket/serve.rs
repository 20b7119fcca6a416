//! The engine's side of the socket: a task for each connection, bounds on all of them.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};

use super::access::Access;
use super::guest::Guest;
use super::log::SetLog;
use super::pace::Pace;
use super::peer::Lookups;
use super::pictures::Pictures;
use super::place::Bound;
use crate::clock::Clock;
use crate::control::{Client, EngineProcess};

/// Connections at once.
const CONNECTIONS: usize = 32;
/// Of them watches: the others are for orders.
const WATCHES: usize = 24;
/// After a connection that could not be taken, such as when there are no descriptors left.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// What is told of the engine to whoever connects.
#[derive(Debug, Clone)]
pub struct About {
    /// The process.
    pub engine: EngineProcess,
    /// The clock in use.
    pub clock: Clock,
    /// Who may connect.
    pub access: Access,
    /// How much its log tells.
    pub log: SetLog,
}

/// A connection, as far as it can be ended for another one.
struct Connection {
    task: AbortHandle,
    stage: Stage,
}

/// What a connection has come for. All but an order make room for the next connection when there is none: whoever can connect
/// can disarm, however many others look.
/// 0: it has said nothing yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Stage(Arc<AtomicU8>);

impl Stage {
    /// It is shown one picture.
    pub(super) const LOOKS: u8 = 1;
    /// It is a console, which comes again.
    pub(super) const WATCHES: u8 = 2;
    /// It has given an order.
    pub(super) const ORDERS: u8 = 3;

    /// From here on it is here for that.
    pub(super) fn set(&self, stage: u8) {
        self.0.store(stage, Ordering::Relaxed);
    }

    fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Serves `client`'s engine on a socket for as long as this is awaited. A connection that misbehaves ends alone.
pub async fn serve(bound: Bound, client: Client, about: About) -> Infallible {
    let machine = Clock::system();
    let pictures = Pictures::of(&client);
    let (about, watches) = (Arc::new(about), Arc::new(Semaphore::new(WATCHES)));
    let (lookups, pace) = (Lookups::default(), Pace::default());
    let mut tasks = JoinSet::new();
    let mut connections: Vec<Connection> = Vec::new();
    for number in 1_u64.. {
        let stream = accept(&bound, &mut tasks, &machine).await;
        if !make_room(&mut connections) {
            // Every one of them is at work: whoever is turned away finds the line closed, and can come again.
            continue;
        }
        let stage = Stage::default();
        let guest = Guest {
            client: client.clone(),
            about: Arc::clone(&about),
            pictures: pictures.clone(),
            lookups: lookups.clone(),
            pace: pace.clone(),
            watches: Arc::clone(&watches),
            nonce: format!("{}-{number}", about.engine.since),
            stage: stage.clone(),
            machine: machine.clone(),
        };
        let task = tasks.spawn(async move {
            if let Err(error) = guest.receive(stream).await {
                tracing::debug!("a connection to the control socket ended: {error}");
            }
        });
        connections.push(Connection { task, stage });
    }
    std::future::pending().await
}

/// The next connection; meanwhile those that have ended are taken off.
async fn accept(bound: &Bound, tasks: &mut JoinSet<()>, machine: &Clock) -> UnixStream {
    loop {
        tokio::select! {
            accepted = bound.listener.accept() => match accepted {
                Ok((stream, _)) => return stream,
                Err(error) => {
                    tracing::warn!("a connection to the control socket was not taken: {error}");
                    machine.sleep(AFTER_FAILURE).await;
                }
            },
            Some(ended) = tasks.join_next() => if let Err(error) = ended && error.is_panic() {
                tracing::error!("a connection to the control socket was lost: {error}");
            },
        }
    }
}

/// Whether there is room for one more: the oldest of those goes for it that have said nothing, else of those that look, else of
/// the consoles.
fn make_room(connections: &mut Vec<Connection>) -> bool {
    connections.retain(|connection| !connection.task.is_finished());
    if connections.len() < CONNECTIONS {
        return true;
    }
    let least = (0..connections.len()).min_by_key(|place| connections[*place].stage.get());
    least.filter(|place| connections[*place].stage.get() < Stage::ORDERS).is_some_and(|place| {
        connections.remove(place).task.abort();
        true
    })
}
