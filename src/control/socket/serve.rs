//! The engine's side of the socket: a task for each connection, bounds on all of them.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};

use super::guest::Guest;
use super::log::SetLog;
use super::peer::Access;
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
    /// It has said what it wants. One that has not makes room for the next.
    has_asked: Arc<AtomicBool>,
}

/// Serves `client`'s engine on a socket for as long as this is awaited. A connection that misbehaves ends alone.
pub async fn serve(bound: Bound, client: Client, about: About) -> Infallible {
    let machine = Clock::system();
    let pictures = Pictures::of(&client);
    let (about, watches) = (Arc::new(about), Arc::new(Semaphore::new(WATCHES)));
    let mut tasks = JoinSet::new();
    let mut connections: Vec<Connection> = Vec::new();
    for number in 1_u64.. {
        let stream = accept(&bound, &mut tasks, &machine).await;
        if !make_room(&mut connections) {
            // Every one of them is at work: whoever is turned away finds the line closed, and can come again.
            continue;
        }
        let has_asked = Arc::new(AtomicBool::new(false));
        let guest = Guest {
            client: client.clone(),
            about: Arc::clone(&about),
            pictures: pictures.clone(),
            watches: Arc::clone(&watches),
            nonce: format!("{}-{number}", about.engine.since),
            has_asked: Arc::clone(&has_asked),
            machine: machine.clone(),
        };
        let task = tasks.spawn(async move {
            if let Err(error) = guest.receive(stream).await {
                tracing::debug!("a connection to the control socket ended: {error}");
            }
        });
        connections.push(Connection { task, has_asked });
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

/// Whether there is room for one more: of those that have not said yet what they want the oldest goes for it.
fn make_room(connections: &mut Vec<Connection>) -> bool {
    connections.retain(|connection| !connection.task.is_finished());
    if connections.len() < CONNECTIONS {
        return true;
    }
    let silent = connections.iter().position(|connection| !connection.has_asked.load(Ordering::Relaxed));
    silent.is_some_and(|place| {
        connections.remove(place).task.abort();
        true
    })
}
