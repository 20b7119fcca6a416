//! Which evaluations are worth a record.

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use crate::model::decision::{Decision, Verdict};
use crate::model::event::Event;

/// Evaluations alike are recorded again after this time, so that silence in the journal never means "not running".
const RECORD_ALIKE_EVERY: SignedDuration = SignedDuration::from_mins(15);

impl Engine {
    /// Records an evaluation when it says something new, or when like ones have gone unrecorded for a while.
    pub(super) fn record_decision(&mut self, now: Timestamp, decision: &Decision) {
        let Some(watched) = self.watched.get_mut(&decision.database) else { return };
        watched.decision = Some(decision.clone());
        let lately = |at: Timestamp| now.duration_since(at).abs() < RECORD_ALIKE_EVERY;
        let alike = watched.recorded.as_ref().is_some_and(|(last, at, _)| same_meaning(last, decision) && lately(*at));
        if let (true, Some((_, _, repeats))) = (alike, &mut watched.recorded) {
            *repeats += 1;
            return;
        }
        let repeats = watched.recorded.as_ref().map_or(0, |(_, _, repeats)| *repeats);
        watched.recorded = Some((decision.clone(), now, 0));
        self.record(now, Event::Decision { decision: Box::new(decision.clone()), repeats });
    }
}

/// Two evaluations tell the same story by the same policy: verdict, class, rules that hold, gates that are closed.
fn same_meaning(a: &Decision, b: &Decision) -> bool {
    fn story(decision: &Decision) -> (&Verdict, Vec<bool>, Vec<&'static str>) {
        let rules = decision.rules.iter().map(|rule| rule.holds).collect();
        (&decision.verdict, rules, decision.closed_gates().map(|gate| gate.gate.name()).collect())
    }
    story(a) == story(b) && a.policy_digest == b.policy_digest && a.class == b.class && a.resource_id == b.resource_id
}
