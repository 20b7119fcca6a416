//! The orders of people to a running engine, and what it answers: an answer is a promise like any other.

use tokio::sync::oneshot;

use crate::control::Client;
use crate::model::command::{Answer, Command, Reply};
use crate::model::snapshot::Snapshot;

/// A client of the engine, and the orders that are not answered yet, oldest first.
pub(in crate::swarm) struct Orders {
    client: Client,
    open: Vec<(Command, oneshot::Receiver<Reply>)>,
}

impl Orders {
    pub(in crate::swarm) fn of(client: Client) -> Self {
        Self { client, open: Vec::new() }
    }

    /// What the engine shows.
    pub(in crate::swarm) fn snapshot(&self) -> std::sync::Arc<Snapshot> {
        self.client.snapshot()
    }

    /// An order of a person.
    pub(in crate::swarm) fn give(&mut self, command: Command) {
        let answer = self.client.send(command.clone());
        self.open.push((command, answer));
    }

    /// An order in sight of the picture of that revision.
    pub(in crate::swarm) fn give_in_sight_of(&mut self, command: Command, revision: u64) {
        let answer = self.client.send_in_sight_of(command.clone(), revision);
        self.open.push((command, answer));
    }

    /// What was answered since this was asked last.
    pub(in crate::swarm) fn take_answers(&mut self) -> Vec<(Command, Answer)> {
        let mut answers = Vec::new();
        let mut open = Vec::new();
        for (command, mut reply) in std::mem::take(&mut self.open) {
            match reply.try_recv() {
                Ok(Reply { answer, .. }) => answers.push((command, answer)),
                Err(oneshot::error::TryRecvError::Empty) => open.push((command, reply)),
                Err(oneshot::error::TryRecvError::Closed) => {}
            }
        }
        self.open = open;
        answers
    }
}
