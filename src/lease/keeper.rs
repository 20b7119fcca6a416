//! The protocol: what to ask the table next, given what it has said and what the clocks show. Pure: no clock is read here,
//! nothing is asked, nothing is drawn.
//!
//! Every write is of the whole item and bound to the stamp that was seen, so that of two who want the lease one gets it. A
//! write whose answer is lost may have happened, or may do so yet: it is not given up but made again as it was, with the
//! stamp that it had and the time at which it was first asked, so that whichever of the two arrives says the same.

mod held;
mod seen;
mod standing;
#[cfg(test)]
mod tests;
mod write;

use std::time::Duration;

use super::identity::Me;
use crate::clock::Readings;
use crate::model::failure::{Failure, FailureKind};
use crate::model::guard::{Guard, Guards};
use crate::model::lease::{LEASE_RESERVE, LeaseChange, LeaseItem, LeasePermission, LeaseSettings, LeaseStamp};
pub use held::Held;
use seen::Seen;
use write::Pending;

/// So often the item is read by who does not hold it: a takeover is late by no more.
const POLL: Duration = Duration::from_secs(2);
/// After a question without an answer it is asked again.
const RETRY: Duration = Duration::from_secs(1);

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Ask the table this, and tell what came of it.
    Ask(Ask),
    /// Nothing for so long, unless something else happens.
    Wait(Duration),
    /// Nothing any more: it was given back, or there was nothing to give.
    End,
}

/// A question to the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// What does the item say?
    Read,
    /// Let it be this, if its stamp still is the expected one; none: if there is no item.
    Write {
        /// The whole of it.
        item: LeaseItem,
        /// What was seen.
        expected: Option<LeaseStamp>,
    },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The item, or that there is none.
    Read(Option<LeaseItem>),
    /// It was written.
    Written,
    /// It was not: the stamp is another one.
    Conflict,
    /// It is not known.
    Failed(Failure),
}

/// One engine's side of the lease.
#[derive(Debug, Clone)]
pub struct Keeper {
    me: Me,
    terms: LeaseSettings,
    guards: Guards,
    /// The highest epoch that is known.
    known: u64,
    /// The table said less than that.
    set_back_to: Option<u64>,
    seen: Option<Seen>,
    held: Option<Held>,
    /// Written, and not known to have arrived.
    pending: Option<Pending>,
    /// The item must be read before anything else.
    in_doubt: bool,
    /// What the write that met a conflict expected to find.
    conflicted_with: Option<LeaseStamp>,
    /// Not before this much has passed since then.
    pause: Option<(Readings, Duration)>,
    /// What failed last, and whether it was a write: that something can be read says nothing of writing.
    trouble: Option<(Failure, bool)>,
    rvn: u64,
    giving_back: bool,
    changes: Vec<LeaseChange>,
}

impl Keeper {
    /// One that knows of epochs up to `known` and holds nothing.
    pub fn new(me: Me, terms: LeaseSettings, known: u64, guards: Guards) -> Self {
        Self {
            me,
            terms,
            guards,
            known,
            set_back_to: None,
            seen: None,
            held: None,
            pending: None,
            in_doubt: true,
            conflicted_with: None,
            pause: None,
            trouble: None,
            rvn: 0,
            giving_back: false,
            changes: Vec::new(),
        }
    }

    /// What to do at `now`, with the permission that this engine has.
    pub fn next(&mut self, now: &Readings, permission: &LeasePermission) -> Next {
        self.lapse(now);
        if let Some(seen) = &mut self.seen {
            seen.notice_set_back(now);
        }
        if self.giving_back && self.held.is_none() {
            return Next::End;
        }
        if let Some((since, length)) = self.pause {
            let left = length.saturating_sub(now.least_since(&since));
            if !left.is_zero() {
                return Next::Wait(left);
            }
        }
        if self.in_doubt {
            return Next::Ask(Ask::Read);
        }
        match &self.held {
            Some(held) => self.keep(held.clone(), now, permission),
            None => self.want(now, permission),
        }
    }

    /// Takes in what came of a question that was asked at `asked`.
    pub fn answered(&mut self, asked: &Readings, now: &Readings, answer: Answer) {
        self.pause = None;
        match answer {
            Answer::Written => {
                self.trouble = None;
                self.arrived(now);
            }
            Answer::Conflict => {
                self.trouble = None;
                self.in_doubt = true;
                self.conflicted_with = self.pending.as_ref().and_then(|pending| pending.expected.clone());
            }
            Answer::Failed(failure) => {
                let was_write = !self.in_doubt && self.pending.is_some();
                self.trouble = Some((failure, was_write));
                self.in_doubt = true;
                self.pause = Some((*now, RETRY));
            }
            Answer::Read(item) => {
                self.trouble.take_if(|(_, was_write)| !*was_write);
                self.in_doubt = false;
                let stamp = item.as_ref().map(|item| item.stamp.clone());
                if let Some(stamp) = self.conflicted_with.take().filter(|expected| Some(expected) == stamp.as_ref()) {
                    self.trouble = Some((not_a_lease(&stamp), true));
                    self.pause = Some((*now, POLL));
                }
                self.look_at(item, asked, now);
            }
        }
        self.lapse(now);
    }

    /// From here on the lease is given back, and not wanted any more.
    pub fn give_back(&mut self) {
        self.giving_back = true;
    }

    /// Whether a call may leave at `now`; if not, why. Asked right before it does.
    ///
    /// # Errors
    /// Why not.
    pub fn may_send(&self, now: &Readings) -> Result<(), String> {
        match &self.held {
            Some(held) => held.may_send(now, &self.terms, self.guards),
            None => Err("this engine does not hold the lease".to_owned()),
        }
    }

    /// What has happened since this was asked last.
    pub fn take_changes(&mut self) -> Vec<LeaseChange> {
        std::mem::take(&mut self.changes)
    }

    /// What fails at the moment.
    pub fn trouble(&self) -> Option<&Failure> {
        self.trouble.as_ref().map(|(failure, _)| failure)
    }

    /// The highest epoch that is known.
    pub fn known(&self) -> u64 {
        self.known
    }

    /// What is held, to be asked about it without the keeper.
    pub fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }

    /// Heartbeats while it is held; at once when the permission has changed, and one last time to give it back.
    fn keep(&mut self, held: Held, now: &Readings, permission: &LeasePermission) -> Next {
        let due_in = self.terms.heartbeat.saturating_sub(now.most_since(&held.since));
        if !self.giving_back && held.permission == *permission && !due_in.is_zero() {
            return Next::Wait(due_in);
        }
        self.write(held.stamp.epoch, Some(held.stamp), now, permission)
    }

    /// Waits until nobody can have it any more, then takes it.
    fn want(&mut self, now: &Readings, permission: &LeasePermission) -> Next {
        let Some(seen) = &self.seen else { return Next::Ask(Ask::Read) };
        let wait = if self.guards.stand(Guard::LeaseWait) { seen.left(now, self.terms.ttl) } else { Duration::ZERO };
        if wait.is_zero() && !seen.is_out_of_sight(now) {
            let epoch = seen.item.as_ref().map_or(0, |item| item.stamp.epoch).max(self.known) + 1;
            let expected = seen.item.as_ref().map(|item| item.stamp.clone());
            return self.write(epoch, expected, now, permission);
        }
        let poll_in = POLL.saturating_sub(now.most_since(&seen.read));
        if poll_in.is_zero() { Next::Ask(Ask::Read) } else { Next::Wait(poll_in.min(wait)) }
    }

    /// What the item is now.
    fn look_at(&mut self, item: Option<LeaseItem>, asked: &Readings, now: &Readings) {
        let stamp = item.as_ref().map(|item| &item.stamp);
        if self.pending.as_ref().is_some_and(|pending| Some(&pending.item.stamp) == stamp) {
            self.trouble = None;
            self.arrived(now);
        } else {
            if let Some(held) = self.held.take_if(|held| Some(&held.stamp) != stamp) {
                let why = lost_words(&held, item.as_ref());
                self.changes.push(LeaseChange::Lost { epoch: held.stamp.epoch, why });
            }
            // What is bound to another stamp than this one does not arrive any more.
            self.pending.take_if(|pending| pending.expected.as_ref() != stamp);
        }
        self.note_epoch(item.as_ref());
        match &mut self.seen {
            Some(seen) => seen.see(item, asked, now),
            None => self.seen = Some(Seen::new(item, now)),
        }
    }

    /// An epoch that goes back says that the table is not what it was; one that a person has armed again since is.
    fn note_epoch(&mut self, item: Option<&LeaseItem>) {
        let epoch = item.map_or(0, |item| item.stamp.epoch);
        if epoch < self.known {
            self.set_back_to = Some(epoch);
        } else if item.is_some_and(|item| item.permission.armed) {
            self.set_back_to = None;
        }
        self.known = self.known.max(epoch);
    }

    /// A lease that was not renewed in time is none: another engine may have it by now.
    fn lapse(&mut self, now: &Readings) {
        let ttl = self.terms.ttl;
        if let Some(held) = self.held.take_if(|held| held.is_over(now, ttl)) {
            let why = match &self.trouble {
                Some((failure, _)) => format!("not renewed within {} s: {}", ttl.as_secs(), failure.sentence),
                None => {
                    format!("not renewed within {} s: this process stood still, or its clock was set", ttl.as_secs())
                }
            };
            self.changes.push(LeaseChange::Lost { epoch: held.stamp.epoch, why });
            // Its own item is waited out as anybody's: a table that was restored may show it again.
            self.seen = None;
            self.in_doubt = true;
            // A renewal that arrives yet is no acquisition.
            self.pending = None;
        }
    }
}

fn lost_words(held: &Held, item: Option<&LeaseItem>) -> String {
    match item {
        None => "its item is gone from the table: the table was made anew, or somebody deleted it".to_owned(),
        Some(item) if item.stamp.epoch > held.stamp.epoch => {
            format!("taken by {}, epoch {}", item.host, item.stamp.epoch)
        }
        Some(item) => format!(
            "the table says epoch {} of {}, and it was {}: it was restored from a backup, or somebody changed it",
            item.stamp.epoch, item.host, held.stamp.epoch
        ),
    }
}

/// What is there is as it was expected, and was not taken for it: the comparison fails on what the item does not have.
fn not_a_lease(stamp: &LeaseStamp) -> Failure {
    let operation = "PutItem".to_owned();
    let sentence = format!(
        "PutItem: the item of the lease (epoch {}) is none that upshift has written: look at it, and delete it",
        stamp.epoch
    );
    Failure { kind: FailureKind::Rejected, operation, sentence, request_id: None }
}

/// What is left when a call goes out.
pub(super) fn left(held: &Held, now: &Readings, terms: &LeaseSettings, guards: Guards) -> Option<Duration> {
    let elapsed = if guards.stand(Guard::LeaseClock) {
        now.most_since(&held.since)
    } else {
        now.monotonic.saturating_sub(held.since.monotonic)
    };
    terms.ttl.checked_sub(elapsed)?.checked_sub(LEASE_RESERVE)
}
