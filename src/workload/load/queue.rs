//! The writes that are due and not begun, first come first served.
//!
//! Its bound is a time: nothing waits in it longer than the limit that `expire` is called with, so it holds no more than
//! the rate times that limit.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::mix::Kind;

/// A write that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When it was scheduled, from the beginning of the load.
    pub at: Duration,
    /// What it is.
    pub kind: Kind,
}

/// The queue. Any number of sessions take from it.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: Mutex<VecDeque<Due>>,
    /// As many permits as there are writes that no session has been promised.
    ready: Permits,
}

/// A semaphore that begins without a permit.
#[derive(Debug)]
struct Permits(Semaphore);

impl Default for Permits {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

impl Queue {
    /// Adds writes in the order of their schedule.
    pub fn add(&self, due: &[Due]) {
        self.lock().extend(due);
        self.ready.0.add_permits(due.len());
    }

    /// The next write, as soon as there is one; `None` once the queue is closed. The session that has waited longest is
    /// served first. Nothing is lost when the wait is given up.
    pub async fn take(&self) -> Option<Due> {
        let permit = self.ready.0.acquire().await.ok()?;
        permit.forget();
        self.lock().pop_front()
    }

    /// Takes out what was due before `limit`: how many. Nobody has been promised them.
    pub fn expire(&self, limit: Duration) -> u64 {
        let mut count = 0;
        while self.lock().front().is_some_and(|due| due.at < limit) {
            let Ok(permit) = self.ready.0.try_acquire() else { break };
            permit.forget();
            // Somebody may have taken that one meanwhile: then the next is as good, if it is as old.
            let mut waiting = self.lock();
            match waiting.front() {
                Some(due) if due.at < limit => {
                    waiting.pop_front();
                    count += 1;
                }
                _ => {
                    drop(waiting);
                    self.ready.0.add_permits(1);
                    break;
                }
            }
        }
        count
    }

    /// Nothing waits.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Nobody gets anything any more. How many waited.
    pub fn close(&self) -> u64 {
        self.ready.0.close();
        self.lock().drain(..).count() as u64
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Due>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(millis: u64) -> Due {
        Due { at: Duration::from_millis(millis), kind: Kind::Insert }
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_is_served_first_and_to_one_alone() {
        let queue = Queue::default();
        let (first, second) = (queue.take(), queue.take());
        let feed = async { queue.add(&[due(1), due(2), due(3)]) };
        let (first, second, ()) = tokio::join!(first, second, feed);
        // Which of two that are woken together runs first is the runtime's.
        let mut served = [first, second].map(|due| due.map(|due| due.at));
        served.sort();
        assert_eq!((served, queue.len()), ([Some(due(1).at), Some(due(2).at)], 1));
        assert_eq!(queue.take().await, Some(due(3)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_waited_too_long_is_taken_out_and_the_rest_stays() {
        let queue = Queue::default();
        queue.add(&[due(1), due(2), due(30)]);
        assert_eq!(queue.expire(Duration::from_millis(30)), 2);
        assert_eq!(queue.expire(Duration::from_millis(30)), 0);
        assert_eq!(queue.take().await, Some(due(30)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_one_gives_nothing_and_says_what_was_left() {
        let queue = Queue::default();
        queue.add(&[due(1), due(2)]);
        assert_eq!(queue.take().await, Some(due(1)));
        assert_eq!(queue.close(), 1);
        assert_eq!((queue.take().await, queue.len()), (None, 0));
    }
}
