//! The permission to act as a lease: it is given for a while, and ends by itself. It is asked for at every step and for every
//! call, so that no call rests on a permission that is over.

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::orders::required;
use crate::model::action::Run;
use crate::model::arming::Arming;
use crate::model::call::MutatingCall;
use crate::model::duration;
use crate::model::event::Event;
use crate::model::guard::Guard;
use crate::model::operator::{Actor, Operator};

/// A shorter permission would be over before a change is.
const SHORTEST: SignedDuration = SignedDuration::from_mins(1);
/// A longer one is none that ends.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A call whose clients are held first leaves some 20 s after the look that it rests on, at the latest: so many times as long as
/// that look is fresh.
const TRIES_TO_HOLD: i32 = 5;

impl Engine {
    /// When the permission to act ends by itself: the owner of the engine feeds it
    /// [`Input::ArmingEnds`](super::input::Input::ArmingEnds) then.
    pub fn arming_ends(&self) -> Option<Timestamp> {
        self.memory.arming_ends().filter(|_| self.guards.stand(Guard::ArmingEnd))
    }

    pub(super) fn arm(
        &self,
        now: Timestamp,
        by: &Operator,
        reason: &str,
        length: Option<SignedDuration>,
    ) -> Result<(Event, String), String> {
        if let Some(why) = &self.journal_broken {
            return Err(format!("not armed: the journal takes no records ({why}); restore it and start again"));
        }
        if self.identity.is_none() {
            return Err("not armed: AWS has not confirmed the account and region yet".to_owned());
        }
        if let Some(why) = self.lease_refuses_arming() {
            return Err(format!("not armed: {why}"));
        }
        if self.events_at.is_none() {
            let why = "DescribeEvents has not answered yet, and without RDS's own words a failed change can look like a \
                       finished one";
            return Err(format!("not armed: {why}"));
        }
        let reason = required(reason)?;
        let until = length.map(|length| end_of(now, length)).transpose()?;
        let sentence = match until {
            None => "armed: the engine acts by its policy".to_owned(),
            Some(until) => {
                format!("armed until {until:.0}: the engine acts by its policy, and then disarms itself")
            }
        };
        Ok((Event::Armed { by: by.clone(), reason, until }, sentence))
    }

    /// Whether the permission could be over before a call of the engine leaves: its clients are held first, and that is tried for
    /// a while. It is left to the next look then, which finds the permission over.
    pub(super) fn could_leave_too_late(&self, now: Timestamp, run: &Run, call: &MutatingCall) -> bool {
        let is_held = run.intent.actor == Actor::Engine && self.pooler_for(run, call).is_some();
        let latest = now.saturating_add(self.fresh_look * TRIES_TO_HOLD).unwrap_or(Timestamp::MAX);
        is_held && self.arming_ends().is_some_and(|end| end <= latest)
    }

    /// Disarms where the time is over for which a person has armed.
    pub(super) fn end_arming(&mut self, now: Timestamp) {
        let Arming::Armed { by, since, until: Some(until) } = &self.memory.arming else { return };
        if self.memory.may_act(self.guards, now) {
            return;
        }
        let length = duration::words(until.duration_since(*since));
        let why = format!("the {length} for which {by} armed it are over");
        self.record(now, Event::Disarmed { by: None, why });
    }

    /// The same after a time without an engine. A clock that was set back meanwhile does not tell what is left.
    pub(super) fn end_arming_at_start(&mut self, now: Timestamp) {
        self.end_arming(now);
        let Arming::Armed { by, since, until: Some(_) } = &self.memory.arming else { return };
        if now < *since && self.guards.stand(Guard::ArmingEnd) {
            let why =
                format!("the clock shows a time before {by} armed it for a while: nobody knows what is left of it");
            self.record(now, Event::Disarmed { by: None, why });
        }
    }
}

/// The end of a permission of that length.
fn end_of(now: Timestamp, length: SignedDuration) -> Result<Timestamp, String> {
    if !(SHORTEST..=LONGEST).contains(&length) {
        return Err("not armed: it is armed for 1 min to 30 days, or without a length until it is disarmed".to_owned());
    }
    now.checked_add(length).map_err(|error| format!("not armed: {error}"))
}
