//! The RDS control plane's state: all instances, the event log, and what is going to happen.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::change::Step;
use super::instance::Instance;
use super::log::EventLog;
use crate::sim::rng::Rng;
use crate::sim::scenario::{ChangeFault, FaultKind, Range, Scenario, Timing};

/// All of RDS in one account and region.
#[derive(Debug)]
pub struct Fleet {
    pub(super) region: String,
    pub(super) instances: BTreeMap<String, Instance>,
    pub(super) log: EventLog,
    pub(super) timing: Timing,
    /// Classes that RDS does not offer in this scenario.
    pub(super) not_orderable: BTreeSet<String>,
    pub(super) change_faults: Vec<ChangeWindow>,
    agenda: BTreeMap<(Timestamp, u64), (String, Step)>,
    appointments: u64,
    seed: u64,
    draws: u64,
}

/// While class changes of an instance, or of all, come to a bad end.
#[derive(Debug, Clone)]
pub(super) struct ChangeWindow {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) instance: Option<String>,
    pub(super) end: ChangeFault,
}

impl Fleet {
    /// The instances of a scenario at the beginning of its history.
    pub fn new(scenario: &Scenario, seed: u64, now: Timestamp) -> Self {
        let instance = |spec| Instance::new(spec, &scenario.account, &scenario.region, seed, now);
        let after_start = |span| scenario.start.saturating_add(span).unwrap_or(Timestamp::MAX);
        let change_faults = scenario.faults.iter().filter_map(|fault| match &fault.effect {
            FaultKind::ClassChange { instance, end } => Some(ChangeWindow {
                from: after_start(fault.at),
                until: after_start(fault.until),
                instance: instance.as_ref().map(|id| id.to_ascii_lowercase()),
                end: *end,
            }),
            _ => None,
        });
        let refused = scenario.capacity.iter().filter(|(_, spec)| spec.orderable == Some(false));
        Self {
            region: scenario.region.clone(),
            instances: scenario.instances.iter().filter_map(instance).map(|found| (found.id.clone(), found)).collect(),
            log: EventLog::default(),
            timing: scenario.timing,
            not_orderable: refused.map(|(class, _)| class.clone()).collect(),
            change_faults: change_faults.collect(),
            agenda: BTreeMap::new(),
            appointments: 0,
            seed,
            draws: 0,
        }
    }

    /// Every instance, by identifier.
    pub fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.instances.values()
    }

    /// Every instance, to be changed by the world.
    pub(in crate::sim) fn instances_mut(&mut self) -> impl Iterator<Item = &mut Instance> {
        self.instances.values_mut()
    }

    /// The instance of that name, in any case of letters.
    pub fn instance(&self, id: &str) -> Option<&Instance> {
        self.instances.get(&id.to_ascii_lowercase())
    }

    /// When the next thing happens by itself.
    pub fn due(&self) -> Option<Timestamp> {
        self.agenda.first_key_value().map(|((at, _), _)| *at)
    }

    /// Lets the next thing of the agenda happen, at its time.
    pub fn step(&mut self) {
        if let Some(((at, _), (id, step))) = self.agenda.pop_first() {
            self.perform(at, &id, step);
        }
    }

    /// Puts something on the agenda.
    pub(super) fn schedule(&mut self, at: Timestamp, id: &str, step: Step) {
        self.appointments += 1;
        self.agenda.insert((at, self.appointments), (id.to_owned(), step));
    }

    /// Puts something on the agenda, a drawn time after `now`. Says when.
    pub(super) fn schedule_in(&mut self, now: Timestamp, range: Range, id: &str, step: Step) -> Timestamp {
        let at = after(now, self.draw(range));
        self.schedule(at, id, step);
        at
    }

    /// Whether a step of an instance is on the agenda.
    pub(super) fn is_scheduled(&self, id: &str, step: Step) -> bool {
        self.agenda.values().any(|(owner, planned)| owner == id && *planned == step)
    }

    /// One value of a range.
    pub(super) fn draw(&mut self, range: Range) -> SignedDuration {
        self.draws += 1;
        range.draw(&mut Rng::of(self.seed, "control plane", self.draws))
    }

    /// Writes an event about an instance.
    pub(super) fn event(&mut self, at: Timestamp, id: &str, category: &'static str, message: impl Into<String>) {
        if let Some(instance) = self.instances.get(id) {
            self.log.write(at, (&instance.id, &instance.arn), category, message);
        }
    }
}

/// `at + span`, within what a timestamp can hold.
pub(super) fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}
