//! What the engine would do when a hold expires, by its newest decision. Nothing rests on it: it is told to people, ahead.

use std::time::Duration;

use jiff::Timestamp;

use super::Engine;
use super::watched::Watched;
use crate::model::class::InstanceClass;
use crate::model::database::DatabaseName;
use crate::model::decision::{Decision, Verdict};
use crate::model::duration;
use crate::model::expiry::{AtExpiry, Would};
use crate::model::gate::{Gate, GateResult};
use crate::model::hold::Hold;
use crate::model::policy::Policy;

/// What follows when the last of these holds ends that stands in the way. Nothing where none does, or one waits for a person.
/// `arming_ends`: the permission to act is over then.
pub(super) fn at_expiry<'a>(
    decision: &Decision,
    holds: impl Iterator<Item = &'a Hold>,
    arming_ends: Option<Timestamp>,
) -> Option<AtExpiry> {
    let wanted = decision.verdict.wanted();
    let in_the_way = holds.filter(|hold| wanted.is_none_or(|wanted| hold.stops(wanted)));
    let at = in_the_way.max_by_key(|hold| hold.until.unwrap_or(Timestamp::MAX))?.until?;
    Some(AtExpiry { at, would: would(decision, at, arming_ends) })
}

fn would(decision: &Decision, at: Timestamp, arming_ends: Option<Timestamp>) -> Would {
    let direction_and_target = match &decision.verdict {
        Verdict::Hold if decision.closed_gates().any(|gate| gate.gate.is_of_sight()) => return Would::Unknown,
        Verdict::Hold => return Would::Nothing,
        Verdict::Scale { direction, to } => (*direction, Some(to.clone())),
        Verdict::WouldScale { direction, to } => (*direction, to.clone()),
    };
    let stays_closed = |gate: &&GateResult| {
        let is_hold = matches!(gate.gate, Gate::NotHeld { .. });
        !is_hold && gate.opens_at.is_none_or(|opens_at| opens_at > at)
    };
    let mut closed: Vec<String> =
        decision.closed_gates().filter(stays_closed).map(GateResult::closed_sentence).collect();
    if let Some(end) = arming_ends.filter(|end| *end <= at) {
        closed.push(format!("it disarms itself at {end:.0}"));
    }
    match direction_and_target {
        (direction, Some(to)) if closed.is_empty() => Would::Scale { direction, to },
        (direction, to) => Would::Wait { direction, to, closed },
    }
}

impl Engine {
    /// Of the holds in force; absent while an action is under way, since the class is another one after it.
    pub(super) fn at_expiry(&self, policy: &Policy, watched: &Watched, now: Timestamp) -> Option<AtExpiry> {
        let remembered = self.memory.of(&policy.database);
        let decision = watched.decision.as_ref().filter(|_| remembered.active().is_none())?;
        at_expiry(decision, remembered.holds_at(now), self.arming_ends())
    }

    /// The same of a hold that is about to be set, in words. A hold that the new one does not take the place of may last longer.
    pub(super) fn after_hold(&self, database: &DatabaseName, hold: &Hold, now: Timestamp) -> Option<String> {
        let remembered = self.memory.of(database);
        let decision = self.watched.get(database)?.decision.as_ref().filter(|_| remembered.active().is_none())?;
        if let Some(wanted) = decision.verdict.wanted().filter(|wanted| !hold.stops(*wanted)) {
            let way = wanted.word();
            return Some(format!("the rules ask for a step {way} now, which it does not keep the engine from"));
        }
        let gives_way = self.superseded(now, database, hold, true);
        let stay = remembered.holds_at(now).filter(|held| !gives_way.contains(held));
        let AtExpiry { at, would } = at_expiry(decision, stay.chain([hold]), self.arming_ends())?;
        Some(format!("when it expires at {at:.0} the engine would {would}"))
    }

    /// What follows a person's change, in words: the hold, and what the rules then ask of the class that it leads to.
    pub(super) fn after_change(
        &self,
        policy: &Policy,
        watched: &Watched,
        to: &InstanceClass,
        hold_for: Option<Duration>,
        now: Timestamp,
    ) -> String {
        let length = duration::words(duration::signed(hold_for.unwrap_or(policy.hold_after_manual)));
        let held = format!("the engine then holds for {length}");
        let may_act = self.memory.may_act(self.guards, now);
        let would = match &watched.decision {
            _ if !may_act => return format!("{held}, and starts nothing after that while it is disarmed"),
            None => Would::Unknown,
            Some(decision) => {
                let asks = decision.direction_by_rules();
                let step = asks.and_then(|asks| Some((asks, policy.ladder.step(to, asks)?)));
                match step {
                    Some((direction, to)) => Would::Scale { direction, to: to.clone() },
                    None if decision.closed_gates().any(|gate| gate.gate.is_of_sight()) => Would::Unknown,
                    None => Would::Nothing,
                }
            }
        };
        format!("{held}; when that expires it would {would}")
    }
}
