//! The life of one process: its controller, polled until it ends, or until the moment at which it dies.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::watch;

use super::people;
use crate::control::Client;
use crate::controller::Ended;
use crate::model::command::Command;
use crate::swarm::faults::disk::SimDisk;
use crate::swarm::oracle::witness::Witness;

/// Counts the points of a process's life, the moments before and after each poll of its task; at one of them it dies.
#[derive(Debug, Clone, Default)]
pub(in crate::swarm) struct Fuse {
    left: Arc<AtomicU64>,
    passed: Arc<AtomicU64>,
}

impl Fuse {
    /// Burns down after so many more points; 0 never.
    pub(in crate::swarm) fn light(&self, points: u64) {
        self.left.store(points, Ordering::Relaxed);
    }

    /// Points passed since the beginning.
    pub(in crate::swarm) fn passed(&self) -> u64 {
        self.passed.load(Ordering::Relaxed)
    }

    /// One point. True when it was the last.
    fn burn(&self) -> bool {
        self.passed.fetch_add(1, Ordering::Relaxed);
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return false;
        }
        self.left.store(left - 1, Ordering::Relaxed);
        left == 1
    }
}

/// The life of one process: its controller, until it ends or dies.
pub(in crate::swarm) struct Life {
    pub(in crate::swarm) task: Pin<Box<dyn Future<Output = Ended>>>,
    pub(in crate::swarm) client: Client,
    pub(in crate::swarm) stop: watch::Sender<Option<String>>,
    pub(in crate::swarm) fuse: Fuse,
    /// At its end a person disarms.
    pub(in crate::swarm) disarming: Fuse,
    pub(in crate::swarm) witness: Arc<Mutex<Witness>>,
    pub(in crate::swarm) disk: SimDisk,
}

impl Future for Life {
    type Output = Option<Ended>;

    /// `None` when it died.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.fuse.burn() {
            return Poll::Ready(None);
        }
        if self.disarming.burn() {
            people::order(&mut self.client, Command::Disarm);
        }
        let polled = self.task.as_mut().poll(context).map(Some);
        // Judged at the moment it is true, not when something else happens to be looked at.
        self.witness.lock().unwrap_or_else(PoisonError::into_inner).absorb();
        // Also just after: what this poll has begun, such as a call, is then recorded and never happens.
        if self.fuse.burn() || self.disk.take_died() { Poll::Ready(None) } else { polled }
    }
}
