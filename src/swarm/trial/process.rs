//! The life of one process: its controller, polled until it ends, or until the moment at which it dies.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::{mpsc, watch};

use super::orders::Orders;
use crate::controller::Ended;
use crate::controller::reload::Reload;
use crate::model::command::Command;
use crate::swarm::faults::Fault;
use crate::swarm::faults::disk::SimDisk;
use crate::swarm::oracle::answers::on_answer;
use crate::swarm::oracle::coverage::Phase;
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
    pub(in crate::swarm) orders: Orders,
    /// How another configuration gets in.
    pub(in crate::swarm) reload: mpsc::Sender<Reload>,
    pub(in crate::swarm) stop: watch::Sender<Option<String>>,
    pub(in crate::swarm) fuse: Fuse,
    /// What happens after so many polls during which an action is under way.
    pub(in crate::swarm) during: Vec<(u64, During)>,
    /// At its end a person disarms.
    pub(in crate::swarm) disarming: Fuse,
    pub(in crate::swarm) witness: Arc<Mutex<Witness>>,
    pub(in crate::swarm) disk: SimDisk,
}

/// What happens in the middle of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::swarm) enum During {
    /// A person disarms.
    Disarm,
    /// The process is told to stop, and begins again.
    Terminate,
    /// The same, at the first poll at which a call is out that is not answered yet.
    TerminateWhileSent,
}

impl Life {
    /// One poll more; what is due in the middle of an action happens.
    fn happen(&mut self) {
        if self.during.is_empty() {
            return;
        }
        let phase = self.witness.lock().unwrap_or_else(PoisonError::into_inner).phase();
        if phase == Phase::Idle {
            return;
        }
        let mut due = Vec::new();
        self.during.retain_mut(|(polls, what)| {
            let now = *polls == 0 && (*what != During::TerminateWhileSent || phase == Phase::Sent);
            *polls = polls.saturating_sub(1);
            if now {
                due.push(*what);
            }
            !now
        });
        for what in due {
            let mut witness = self.witness.lock().unwrap_or_else(PoisonError::into_inner);
            match what {
                During::Disarm => {
                    witness.strike(Fault::O1Disarm);
                    self.orders.give(Command::Disarm);
                }
                During::Terminate | During::TerminateWhileSent => {
                    witness.strike(Fault::P2Stop);
                    witness.on_stop();
                    self.stop.send_replace(Some("SIGTERM".to_owned()));
                }
            }
        }
    }

    /// What was answered is held against the records.
    fn judge_answers(&mut self) {
        let answers = self.orders.take_answers();
        let snapshot = self.orders.snapshot();
        let mut witness = self.witness.lock().unwrap_or_else(PoisonError::into_inner);
        for view in &snapshot.databases {
            if let (Some(state), Some(at)) = (&view.state, view.state_at) {
                witness.on_shown(view.name().as_str(), state.resource_id.as_str(), at);
            }
        }
        witness.absorb();
        for (command, answer) in answers {
            on_answer(&mut witness, &command, &answer, snapshot.journal.broken.is_none());
        }
    }
}

impl Future for Life {
    type Output = Option<Ended>;

    /// `None` when it died.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.fuse.burn() {
            return Poll::Ready(None);
        }
        if self.disarming.burn() {
            self.orders.give(Command::Disarm);
        }
        self.happen();
        let polled = self.task.as_mut().poll(context).map(Some);
        // Judged at the moment it is true, not when something else happens to be looked at.
        self.judge_answers();
        // Also just after: what this poll has begun, such as a call, is then recorded and never happens.
        if self.fuse.burn() || self.disk.take_died() { Poll::Ready(None) } else { polled }
    }
}
