//! The control protocol: how anybody outside the engine sees it and gives it orders.
//!
//! ```text
//!   console, --auto ── Request ──► mpsc ──► controller
//!        ▲  ▲                               │
//!        │  └────── Reply (oneshot) ◄───────┤
//!        └──────── watch<Arc<Snapshot>> ◄───┘
//! ```
//!
//! Whoever must know whether the controller still answers sends a probe the same way.
//!
//! Every client holds a [`Client`]. In the engine's own process it is one end of the in-memory pair below; in another, a
//! task behind it carries the same types over the Unix socket of [`socket`].

mod link;
pub mod socket;

use std::sync::Arc;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};

pub use link::{EngineProcess, Link};

use crate::model::command::{Answer, Command, Reply, Request};
use crate::model::operator::Operator;
use crate::model::role::Role;
use crate::model::snapshot::Snapshot;

/// Orders that may wait for the controller. It takes them within one turn of its loop; more than a handful waiting
/// means that it is gone, and a sender is told so rather than kept waiting.
const QUEUE_LENGTH: usize = 16;

/// The client's end: sees snapshots, sends orders.
#[derive(Debug, Clone)]
pub struct Client {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    requests: mpsc::Sender<Incoming>,
    link: watch::Receiver<Link>,
    operator: Operator,
    role: Role,
    next_id: u64,
}

/// The controller's end: publishes snapshots, takes orders.
#[derive(Debug)]
pub struct Server {
    /// The newest snapshot for everybody.
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    /// Orders as they come.
    pub requests: mpsc::Receiver<Incoming>,
}

/// What comes to the controller, with the way back to its sender, who may be gone.
#[derive(Debug)]
pub enum Incoming {
    /// An order.
    Order {
        /// The order.
        request: Request,
        /// Takes the answer.
        reply: oneshot::Sender<Reply>,
    },
    /// Is anybody there? Answered by the controller's own loop, and by nothing else.
    Probe(oneshot::Sender<()>),
}

/// An in-memory pair for an engine and whoever started it: that one may order everything.
pub fn pair(first: Snapshot, operator: Operator) -> (Client, Server) {
    let (_, link) = watch::channel(Link::Embedded);
    linked(first, operator, Role::Admin, link)
}

/// The same for a client of that role, whose line to the engine is told by `link`.
fn linked(first: Snapshot, operator: Operator, role: Role, link: watch::Receiver<Link>) -> (Client, Server) {
    let (publish, snapshots) = watch::channel(Arc::new(first));
    let (requests, incoming) = mpsc::channel(QUEUE_LENGTH);
    let client = Client { snapshots, requests, link, operator, role, next_id: 1 };
    (client, Server { snapshots: publish, requests: incoming })
}

impl Client {
    /// The newest snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshots.borrow())
    }

    /// The same, and what [`changed`](Self::changed) then waits for is a newer one.
    pub fn take(&mut self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshots.borrow_and_update())
    }

    /// Returns when there is a newer snapshot than the last one returned by this; `None` when the engine is gone.
    pub async fn changed(&mut self) -> Option<Arc<Snapshot>> {
        self.snapshots.changed().await.ok()?;
        Some(Arc::clone(&self.snapshots.borrow_and_update()))
    }

    /// How this client hangs together with its engine.
    pub fn link(&self) -> Link {
        self.link.borrow().clone()
    }

    /// The same, to wait for its changes: in the engine's own process there are none.
    pub fn links(&self) -> watch::Receiver<Link> {
        self.link.clone()
    }

    /// Who this client speaks for.
    pub fn operator(&self) -> &Operator {
        &self.operator
    }

    /// What this client may order.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Another client of the same engine, for somebody else.
    pub fn speaking_for(&self, operator: Operator, role: Role) -> Self {
        Self { operator, role, ..self.clone() }
    }

    /// Sends an order on whatever the engine's state is. The receiver yields the answer, or fails when the engine is gone before it answers.
    pub fn send(&mut self, command: Command) -> oneshot::Receiver<Reply> {
        self.send_as(command, None)
    }

    /// Sends an order that was given in sight of the snapshot of that `revision`: when something that bears on it has
    /// changed since, it is refused and the change is named. An order to disarm is never refused for that.
    pub fn send_in_sight_of(&mut self, command: Command, revision: u64) -> oneshot::Receiver<Reply> {
        self.send_as(command, Some(revision))
    }

    /// Whether the controller of an engine in this process takes what comes, and answers. One that is stuck does not: the
    /// caller bounds the wait.
    pub async fn probe(&self) -> bool {
        let (answer, answered) = oneshot::channel();
        self.requests.try_send(Incoming::Probe(answer)).is_ok() && answered.await.is_ok()
    }

    fn send_as(&mut self, command: Command, seen_revision: Option<u64>) -> oneshot::Receiver<Reply> {
        let (reply, answer) = oneshot::channel();
        let id = self.next_id;
        self.next_id += 1;
        let request = Request { id, by: self.operator.clone(), role: self.role, seen_revision, command };
        if let Err(error) = self.requests.try_send(Incoming::Order { request, reply }) {
            let (TrySendError::Full(incoming) | TrySendError::Closed(incoming)) = error;
            let Incoming::Order { reply, .. } = incoming else { return answer };
            let sentence = "the engine does not take orders: it has ended or is stuck".to_owned();
            // The receiver is in our hands, so this send cannot fail in a way that matters.
            drop(reply.send(Reply { id, answer: Answer::Refused { sentence } }));
        }
        answer
    }
}
