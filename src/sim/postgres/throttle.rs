//! The disk of a simulated class: a real server acknowledges no more writes than the class sustains.
//!
//! The limit stands where the answers pass: it counts the rows that the server says it has written, and holds an answer
//! back until its rows are due. So sessions wait as they do at a full disk, and nothing that was acknowledged is undone.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Stopwatch};

/// Rows that may be ahead of the rate, as seconds of it: what a disk's own queue smooths away.
const AHEAD_SECS: f64 = 0.05;

/// A limit on rows written per second, shared by all sessions of one server.
#[derive(Debug)]
pub(super) struct Throttle {
    watch: Stopwatch,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rows_per_sec: f64,
    /// When the next row is due, in seconds of the stopwatch.
    next_secs: f64,
    waited_secs: f64,
    rows: f64,
}

impl Throttle {
    /// A limit from now on.
    pub(super) fn new(rows_per_sec: f64) -> Self {
        let state = State { rows_per_sec, next_secs: -AHEAD_SECS, waited_secs: 0.0, rows: 0.0 };
        Self { watch: Stopwatch::start(), state: Mutex::new(state) }
    }

    /// Another limit: that of another class.
    pub(super) fn set(&self, rows_per_sec: f64) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).rows_per_sec = rows_per_sec;
    }

    /// Returns when that many rows are due.
    pub(super) async fn pass(&self, rows: f64) {
        let wait = self.book(rows, self.watch.elapsed().as_secs_f64());
        if wait > 0.0 {
            Clock::system().sleep(Duration::from_secs_f64(wait)).await;
        }
    }

    /// What a row has waited since this was asked last, on average.
    pub(super) fn mean_wait_secs(&self) -> f64 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mean = if state.rows > 0.0 { state.waited_secs / state.rows } else { 0.0 };
        (state.waited_secs, state.rows) = (0.0, 0.0);
        mean
    }

    /// Takes the place of that many rows in the queue; how long they wait, in seconds.
    fn book(&self, rows: f64, now_secs: f64) -> f64 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let due = state.next_secs.max(now_secs - AHEAD_SECS);
        state.next_secs = due + rows / state.rows_per_sec;
        let wait = (state.next_secs - now_secs).max(0.0);
        state.waited_secs += wait * rows;
        state.rows += rows;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_rows_are_due_than_the_rate_allows() {
        let throttle = Throttle::new(100.0);
        // A thousand single rows at once are due over ten seconds, less what may be ahead.
        let last = (0..1_000).map(|_| throttle.book(1.0, 0.0)).last().unwrap();
        assert!((last - (10.0 - AHEAD_SECS)).abs() < 1e-6, "{last}");
        assert!(throttle.mean_wait_secs() > 4.0);
        assert!(throttle.mean_wait_secs().abs() < f64::EPSILON, "each row is told of once");
    }

    #[test]
    fn below_the_rate_nobody_waits() {
        let throttle = Throttle::new(100.0);
        let waits = (0..1_000).map(|row| throttle.book(1.0, f64::from(row) * 0.02));
        assert!(waits.into_iter().all(|wait| wait.abs() < f64::EPSILON));
    }
}
