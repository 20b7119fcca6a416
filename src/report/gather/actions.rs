//! Actions, from their intent to their end.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::evaluations::Evaluations;
use super::seen::Seen;
use crate::model::action::{ActionId, CallId, CallRecord, CallState, Intent, Run};
use crate::model::call::{CallOutcome, MutatingCall};
use crate::model::class::InstanceClass;
use crate::model::database::RdsEvent;
use crate::model::decision::Verdict;
use crate::model::event::{Entry, Event};
use crate::model::ladder::Direction;
use crate::model::operator::Actor;
use crate::model::outage::Outage;
use crate::report::evidence::{ActionEvidence, CallEvidence, CallKnown, DecisionEvidence, EndEvidence, OutageEvidence};

/// RDS's events are known minutes after they happened, and dated by another clock.
const BEHIND: SignedDuration = SignedDuration::from_mins(15);
const AHEAD: SignedDuration = SignedDuration::from_secs(5);

/// The actions so far, in the order of their intents.
#[derive(Debug, Default)]
pub(super) struct Actions {
    all: Vec<Building>,
    places: BTreeMap<ActionId, usize>,
}

#[derive(Debug)]
struct Building {
    evidence: ActionEvidence,
    /// For what is computed of it.
    calls: Vec<MutatingCall>,
}

impl Actions {
    /// Takes the next record, whatever it is about.
    pub(super) fn take(&mut self, entry: &Entry, evaluations: &Evaluations, seen: &Seen) {
        let (seq, at) = (entry.seq, entry.at);
        match &entry.event {
            Event::ActionIntended { intent, passed_over } => {
                let evidence = intended(entry, intent, passed_over, evaluations, seen);
                self.places.insert(intent.action.clone(), self.all.len());
                self.all.push(Building { evidence, calls: Vec::new() });
            }
            Event::CallSent { id, call, .. } => {
                let Some(building) = self.of(&id.action) else { return };
                building.calls.push(call.clone());
                building.evidence.calls.push(CallEvidence {
                    seq,
                    sent_at: at,
                    words: call.words(),
                    operation: call.operation().to_owned(),
                    answered_at: None,
                    outcome: CallKnown::Sent,
                    request_id: None,
                    detail: None,
                });
            }
            Event::CallAnswered { id, outcome, .. } => {
                let Some(call) = self.call(id) else { return };
                call.answered_at = Some(at);
                (call.outcome, call.request_id, call.detail) = known(outcome);
            }
            Event::CallAdopted { id, evidence, .. } => {
                let Some(call) = self.call(id) else { return };
                (call.outcome, call.detail) = (CallKnown::Adopted, Some(evidence.clone()));
            }
            Event::SwitchedOver { action, to, .. } => {
                let Some(building) = self.of(action) else { return };
                building.evidence.switched = Some((at, to.clone()));
            }
            Event::ActionEnded { action, class, outage_secs, outage_by, result, .. } => {
                let Some(Building { evidence, .. }) = self.of(action) else { return };
                let outage = outage_secs.zip(*outage_by);
                evidence.outage = outage.map(|(secs, by)| OutageEvidence { span: None, secs, by });
                evidence.ended = Some(EndEvidence { seq, at, class: class.clone(), result: result.clone() });
            }
            _ => {}
        }
    }

    /// All of them, with what RDS said meanwhile.
    pub(super) fn finish(self, entries: &[Entry]) -> Vec<ActionEvidence> {
        let said = entries.iter().filter_map(|entry| match &entry.event {
            Event::RdsEvent(event) => Some(event),
            _ => None,
        });
        let mut said: Vec<&RdsEvent> = said.collect();
        said.sort_by_key(|event| event.date);
        self.all.into_iter().map(|building| building.finish(&said)).collect()
    }

    fn of(&mut self, action: &ActionId) -> Option<&mut Building> {
        self.all.get_mut(*self.places.get(action)?)
    }

    fn call(&mut self, id: &CallId) -> Option<&mut CallEvidence> {
        self.of(&id.action)?.evidence.calls.get_mut((id.step as usize).checked_sub(1)?)
    }
}

impl Building {
    fn finish(self, said: &[&RdsEvent]) -> ActionEvidence {
        let Self { mut evidence, calls } = self;
        let from = evidence.at.saturating_sub(AHEAD).unwrap_or(evidence.at);
        let end = evidence.ended.as_ref().map(|end| end.at);
        let until = end.map_or(Timestamp::MAX, |at| at.saturating_add(BEHIND).unwrap_or(at));
        let begin = said.partition_point(|event| event.date < from);
        let of_time = said[begin..].iter().take_while(|event| event.date <= until);
        let of_it = of_time.filter(|event| event.database == evidence.intent.database);
        evidence.rds_events = of_it.map(|event| (*event).clone()).collect();
        let outage = Outage::of(&run(&evidence, calls));
        match (&mut evidence.outage, outage) {
            (Some(told), Some(outage)) if told.by == outage.by => told.span = Some((outage.from, outage.until)),
            // Under way still.
            (none @ None, Some(outage)) if end.is_none() => {
                let span = Some((outage.from, outage.until));
                *none = Some(OutageEvidence { span, secs: outage.secs(), by: outage.by });
            }
            _ => {}
        }
        evidence
    }
}

/// The run as far as the time without the database is computed from it.
fn run(evidence: &ActionEvidence, calls: Vec<MutatingCall>) -> Run {
    let mut run = Run::new(evidence.intent.clone(), evidence.at);
    let end = evidence.ended.as_ref().map_or(Timestamp::MAX, |end| end.at);
    let sent = evidence.calls.iter().map(|call| call.sent_at);
    let record = |(call, sent_at)| CallRecord { call, sent_at, state: CallState::Sent };
    run.calls = calls.into_iter().zip(sent).map(record).collect();
    run.switched.clone_from(&evidence.switched);
    run.events = evidence.rds_events.iter().filter(|event| event.date <= end).cloned().collect();
    run
}

fn intended(
    entry: &Entry,
    intent: &Intent,
    passed_over: &[String],
    evaluations: &Evaluations,
    seen: &Seen,
) -> ActionEvidence {
    let decision = evaluations.last(&intent.database).filter(|decision| is_ground(decision, intent));
    ActionEvidence {
        seq: entry.seq,
        at: entry.at,
        intent: intent.clone(),
        direction: direction(intent, decision),
        passed_over: passed_over.to_vec(),
        decision: decision.cloned(),
        permission: seen.armed_at(entry.at).cloned(),
        calls: Vec::new(),
        switched: None,
        rds_events: Vec::new(),
        outage: None,
        ended: None,
    }
}

/// The engine changes a class on a verdict alone; of a person's order the last evaluation tells how things stood.
fn is_ground(decision: &DecisionEvidence, intent: &Intent) -> bool {
    match (&intent.actor, &intent.removes) {
        (Actor::Engine, None) => matches!(decision.decision.verdict, Verdict::Scale { .. }),
        (Actor::Engine, Some(_)) => false,
        (Actor::Person { .. }, _) => true,
    }
}

fn direction(intent: &Intent, decision: Option<&DecisionEvidence>) -> Option<Direction> {
    if intent.removes.is_some() {
        return None;
    }
    if let (Actor::Engine, Some(Verdict::Scale { direction, .. })) =
        (&intent.actor, decision.map(|decision| &decision.decision.verdict))
    {
        return Some(*direction);
    }
    // The journal does not hold the ladder: the hardware tells.
    let size = |class: &InstanceClass| class.hardware().map(|hardware| (hardware.memory_gib, hardware.vcpus));
    let (from, to) = size(&intent.from).zip(size(&intent.to))?;
    Some(if to.0 >= from.0 && to.1 >= from.1 { Direction::Up } else { Direction::Down })
}

fn known(outcome: &CallOutcome) -> (CallKnown, Option<String>, Option<String>) {
    match outcome {
        CallOutcome::Accepted { request_id } => (CallKnown::Accepted, request_id.clone(), None),
        CallOutcome::Refused { code, message, request_id } => {
            (CallKnown::Refused, request_id.clone(), Some(format!("{code}: {message}")))
        }
        CallOutcome::Unknown { why } => (CallKnown::Unknown, None, Some(why.clone())),
    }
}
