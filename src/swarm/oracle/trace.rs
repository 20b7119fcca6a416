//! What is told of a trial: the last events before a promise broke, and a hash of everything.

use std::collections::VecDeque;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// How much of what happened last is told when a promise is broken.
const LAST_EVENTS: usize = 40;

/// The story of one trial.
#[derive(Debug, Default)]
pub(in crate::swarm) struct Telling {
    broken: Vec<String>,
    last: VecDeque<String>,
    before_break: Vec<String>,
    trace: Sha256,
}

impl Telling {
    /// A promise that does not hold, with its number.
    pub(in crate::swarm) fn break_promise(&mut self, now: Timestamp, what: &str) {
        let line = format!("{now:.1} {what}");
        self.note(now, &format!("BROKEN {line}"));
        if self.broken.is_empty() {
            self.before_break = self.last.iter().cloned().collect();
        }
        self.broken.push(line);
    }

    /// Something worth telling when a promise is broken; part of the hash.
    pub(in crate::swarm) fn note(&mut self, now: Timestamp, what: &str) {
        let line = format!("{now:.3} {what}");
        self.hash(line.as_bytes());
        self.last.push_back(line);
        if self.last.len() > LAST_EVENTS {
            self.last.pop_front();
        }
    }

    /// Something that is part of the hash alone.
    pub(in crate::swarm) fn hash(&mut self, bytes: &[u8]) {
        self.trace.update(bytes);
    }

    /// Promises that did not hold, in order.
    pub(in crate::swarm) fn broken(&self) -> &[String] {
        &self.broken
    }

    /// What happened last before a promise was broken, or before now; oldest first.
    pub(in crate::swarm) fn last_events(&self) -> Vec<String> {
        if self.broken.is_empty() { self.last.iter().cloned().collect() } else { self.before_break.clone() }
    }

    /// A hash of everything that happened: equal for equal seeds.
    pub(in crate::swarm) fn trace(&self) -> String {
        self.trace.clone().finalize().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    }
}
