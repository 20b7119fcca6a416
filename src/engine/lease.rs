//! The lease, as far as decisions go: the gate, what is recorded of it, and what a holder passes on to the next one. The last
//! word on each call has whoever sends it, who reads the clocks anew.

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::input::Observation;
use crate::model::arming::Arming;
use crate::model::duration;
use crate::model::event::Event;
use crate::model::gate::{Gate, GateResult};
use crate::model::lease::{
    LEASE_RESERVE, LeaseChange, LeasePermission, LeaseSettings, LeaseStanding, LeaseTaken, LeaseView,
};
use crate::model::operator::Operator;

/// How this engine stands to the lease.
#[derive(Debug)]
pub(super) struct LeaseSight {
    view: LeaseView,
    /// After a heartbeat this much can pass before too little is left for a call.
    enough: SignedDuration,
    /// The epoch that was held from the beginning of a look on.
    looked_under: Option<u64>,
}

impl LeaseSight {
    /// Before anything is known of it.
    pub(super) fn new(terms: &LeaseSettings) -> Self {
        let standing = LeaseStanding::Nobody { why: "not asked yet".to_owned() };
        let view = LeaseView { place: format!("{} in {}", terms.key, terms.table), standing, trouble: None };
        let enough = duration::signed(terms.ttl.saturating_sub(LEASE_RESERVE));
        Self { view, enough, looked_under: None }
    }

    /// On a clock that goes so many times as fast as the machine.
    pub(super) fn at_speed(&mut self, speed: f64) {
        let secs = self.enough.as_secs_f64() * speed.max(1.0);
        self.enough = SignedDuration::try_from_secs_f64(secs).unwrap_or(self.enough);
    }

    /// Whether it is held, with enough of it left, and all was looked at since it is.
    pub(super) fn gate(&self, now: Timestamp) -> GateResult {
        let closed = |epoch, holder, why| GateResult::new(Gate::Lease { epoch, holder, why }, false);
        let (epoch, renewed_at, acts_from) = match &self.view.standing {
            LeaseStanding::Held { epoch, renewed_at, acts_from } => (*epoch, *renewed_at, *acts_from),
            LeaseStanding::Elsewhere { holder, epoch, .. } => {
                return closed(Some(*epoch), Some(holder.clone()), None);
            }
            other => return closed(None, None, Some(other.words())),
        };
        if acts_from > now {
            let why = Some("just acquired: what the engine before has sent must have arrived".to_owned());
            let gate = Gate::Lease { epoch: Some(epoch), holder: None, why };
            return GateResult { gate, open: false, opens_at: Some(acts_from) };
        }
        if self.looked_under != Some(epoch) {
            return closed(Some(epoch), None, Some("no whole look since it was acquired".to_owned()));
        }
        let age = now.duration_since(renewed_at);
        if age > self.enough {
            let why = format!("renewed {} s ago: too little of it is left", age.as_secs());
            return closed(Some(epoch), None, Some(why));
        }
        GateResult::new(Gate::Lease { epoch: Some(epoch), holder: None, why: None }, true)
    }
}

impl Engine {
    /// How this engine stands to the lease; `None` where none is configured.
    pub fn lease(&self) -> Option<&LeaseView> {
        self.lease.as_ref().map(|lease| &lease.view)
    }

    /// The epoch that is held.
    pub fn lease_epoch(&self) -> Option<u64> {
        self.lease()?.standing.held_epoch()
    }

    /// What the next holder must know of this one's permission.
    pub fn lease_permission(&self) -> LeasePermission {
        match &self.memory.arming {
            Arming::Armed { .. } => LeasePermission { armed: true, why: None, by: None },
            Arming::Disarmed { why, .. } => {
                let by = self.memory.disarmed_by.as_ref().map(ToString::to_string);
                LeasePermission { armed: false, why: Some(why.clone()), by }
            }
        }
    }

    /// Why nothing may be sent, whoever has ordered it.
    pub(super) fn lease_forbids(&self, now: Timestamp) -> Option<String> {
        let gate = self.lease.as_ref()?.gate(now);
        (!gate.open).then(|| gate.closed_sentence())
    }

    /// Why nobody may arm it: the table says less than what is on record, and another engine may be at work by it.
    pub(super) fn lease_refuses_arming(&self) -> Option<String> {
        let standing = &self.lease()?.standing;
        matches!(standing, LeaseStanding::SetBack { .. }).then(|| {
            format!(
                "{}; this engine takes the lease above that by itself, look who else runs, then arm",
                standing.words()
            )
        })
    }

    /// That an order to disarm does not reach the engine which acts, in words that follow others; `None` where this one may be it.
    pub(super) fn holder_not_disarmed(&self) -> Option<String> {
        match &self.lease()?.standing {
            LeaseStanding::Elsewhere { holder, .. } => {
                Some(format!("; the lease is held by {holder}, which is NOT disarmed by this: give the order there"))
            }
            _ => None,
        }
    }

    /// A look counts for an epoch that was held from its beginning on.
    pub(super) fn note_epoch_of(&mut self, look: &Observation) {
        if let Some(lease) = &mut self.lease {
            lease.looked_under = look.under_epoch;
        }
    }

    pub(super) fn take_lease_view(&mut self, now: Timestamp, view: LeaseView) {
        // As any other read that fails: on record once, and shown until it works again.
        self.note(now, "lease", view.trouble.clone().map_or(Ok(()), Err));
        if let LeaseStanding::Elsewhere { holder, epoch, .. } = &view.standing {
            let (holder, epoch) = (holder.clone(), *epoch);
            if self.memory.lease_elsewhere != Some((holder.clone(), epoch)) {
                self.record(now, Event::LeaseHeldElsewhere { holder, epoch });
            }
        }
        if let Some(lease) = &mut self.lease {
            lease.view = view;
        }
    }

    pub(super) fn take_lease_change(&mut self, now: Timestamp, change: LeaseChange) {
        match change {
            LeaseChange::Acquired { epoch, taken } => {
                self.record(now, Event::LeaseAcquired { epoch, after: taken.after.clone() });
                self.disarm_as_found(now, epoch, &taken);
            }
            LeaseChange::Lost { epoch, why } => self.record(now, Event::LeaseLost { epoch, why }),
        }
    }

    /// A takeover is no person: whoever disarmed the holder before has disarmed this one, and a table that was set back says
    /// nothing of who else is at work.
    fn disarm_as_found(&mut self, now: Timestamp, epoch: u64, taken: &LeaseTaken) {
        let found = taken.permission.as_ref().filter(|permission| !permission.armed);
        let by_person = found.and_then(|permission| Some((permission, permission.by.as_ref()?)));
        let event = if let Some((permission, person)) = by_person {
            let after = taken.after.as_deref().unwrap_or("another engine");
            let why = permission.why.as_deref().unwrap_or("no reason given");
            Event::Disarmed {
                by: Some(Operator { user: person.clone(), ssh_client: None, peer: None }),
                why: format!("by {person} at {after}, which had the lease before: {why}"),
            }
        } else if let Some(set_back_to) = taken.set_back_to {
            let why = format!(
                "the lease's table was made anew or restored: it said epoch {set_back_to}, this one is {epoch}; another \
                 engine may be at work: look, then arm"
            );
            Event::Disarmed { by: None, why }
        } else {
            return;
        };
        // One that a person has disarmed here already has its own reason on record.
        if !matches!(self.memory.arming, Arming::Disarmed { since: Some(_), .. }) {
            self.record(now, event);
        }
    }
}
