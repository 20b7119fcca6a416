//! The witness of a trial: sees every record at the moment it becomes durable, every request as it goes over the wire and
//! what it truly did to the world, and holds all of it against the promises.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::coverage::{Coverage, Milestone, Phase};
use super::disk::SimDisk;
use super::draw::Plan;
use super::fault::Fault;
use super::promises;
use super::served::Served;
use crate::clock::Clock;
use crate::model::action::{ActionId, CallId, Intent};
use crate::model::event::{Entry, Event};
use crate::model::hold::Hold;
use crate::sim::Sim;
use crate::sim::scenario::{ChangeFault, Effect};
use crate::sim::wire::{Request, query};

/// How much of what happened last is told when a promise is broken.
const LAST_EVENTS: usize = 40;

/// All that is known of one trial.
#[derive(Debug)]
pub(super) struct Witness {
    pub(super) plan: Plan,
    pub(super) clock: Clock,
    disk: SimDisk,
    pub(super) sim: Sim,
    /// By the durable records.
    pub(super) armed: bool,
    /// A write or sync failed, and no person has armed since.
    pub(super) journal_failed: bool,
    pub(super) intents: BTreeMap<ActionId, Intent>,
    /// When each was recorded, in true time.
    pub(super) intended_at: BTreeMap<ActionId, Timestamp>,
    pub(super) calls: Vec<Sent>,
    pub(super) ended: BTreeMap<ActionId, u32>,
    /// When the last action of a database ended that had sent something, in true time.
    pub(super) last_end: BTreeMap<String, Timestamp>,
    /// By the durable records.
    pub(super) holds: BTreeMap<String, Vec<Hold>>,
    /// When the engine's own changes of the last day went over the wire, in true time.
    pub(super) sends_by_engine: BTreeMap<String, Vec<Timestamp>>,
    pub(super) phases: BTreeMap<String, Phase>,
    pub(super) served: BTreeMap<String, Served>,
    /// When somebody else last changed a database.
    pub(super) foreign: BTreeMap<String, Timestamp>,
    /// Requests of the last minute, and the most in any minute.
    requests: VecDeque<Timestamp>,
    pub(super) most_requests_per_min: usize,
    pub(super) durable_records: u64,
    pub(super) coverage: Coverage,
    pub(super) broken: Vec<String>,
    lengths: Vec<usize>,
    last: VecDeque<String>,
    before_break: Vec<String>,
    trace: Sha256,
    pub(super) mutations: u64,
}

/// A call whose record is durable.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) id: CallId,
    pub(super) database: String,
    pub(super) class: String,
    pub(super) on_wire: bool,
    pub(super) took_effect: bool,
}

impl Witness {
    pub(super) fn new(plan: Plan, disk: SimDisk, sim: Sim) -> Self {
        Self {
            clock: sim.clock().clone(),
            plan,
            disk,
            sim,
            armed: false,
            journal_failed: false,
            intents: BTreeMap::new(),
            intended_at: BTreeMap::new(),
            calls: Vec::new(),
            ended: BTreeMap::new(),
            last_end: BTreeMap::new(),
            holds: BTreeMap::new(),
            sends_by_engine: BTreeMap::new(),
            phases: BTreeMap::new(),
            served: BTreeMap::new(),
            foreign: BTreeMap::new(),
            requests: VecDeque::new(),
            most_requests_per_min: 0,
            durable_records: 0,
            coverage: Coverage::default(),
            broken: Vec::new(),
            lengths: Vec::new(),
            last: VecDeque::new(),
            before_break: Vec::new(),
            trace: Sha256::new(),
            mutations: 0,
        }
    }

    /// A promise that does not hold, with its number.
    pub(super) fn break_promise(&mut self, what: impl AsRef<str>) {
        let what = what.as_ref();
        let line = format!("{:.1} {what}", self.clock.now());
        self.note(format!("BROKEN {line}"));
        if self.broken.is_empty() {
            self.before_break = self.last.iter().cloned().collect();
        }
        self.broken.push(line);
    }

    /// Something worth telling when a promise is broken; part of the trace.
    pub(super) fn note(&mut self, what: impl AsRef<str>) {
        let what = what.as_ref();
        let line = format!("{:.3} {what}", self.clock.now());
        self.trace.update(line.as_bytes());
        self.last.push_back(line);
        if self.last.len() > LAST_EVENTS {
            self.last.pop_front();
        }
    }

    /// What happened last before a promise was broken, or before now; oldest first.
    pub(super) fn last_events(&self) -> Vec<String> {
        if self.broken.is_empty() { self.last.iter().cloned().collect() } else { self.before_break.clone() }
    }

    /// A hash of everything that happened: equal for equal seeds.
    pub(super) fn trace(&self) -> String {
        self.trace.clone().finalize().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    }

    /// The furthest phase of any action.
    pub(super) fn phase(&self) -> Phase {
        self.phases.values().copied().max().unwrap_or(Phase::Idle)
    }

    /// A fault struck.
    pub(super) fn strike(&mut self, fault: Fault) {
        let phase = self.phase();
        self.coverage.strike(fault, phase);
        self.note(format!("fault {fault}"));
    }

    /// The lengths in bytes of the records that became durable since this was asked last.
    pub(super) fn take_lengths(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.lengths)
    }

    /// Takes in what has become durable since the last time.
    pub(super) fn absorb(&mut self) {
        if self.disk.take_failed() {
            self.journal_failed = true;
        }
        for line in self.disk.take_synced() {
            self.lengths.push(line.len() + 1);
            self.trace.update(line.as_bytes());
            self.durable_records += 1;
            let content = line.rsplit_once(",\"prev\":").map(|(content, _)| format!("{content}}}"));
            match content.and_then(|content| serde_json::from_str::<Entry>(&content).ok()) {
                Some(entry) => self.on_record(&entry),
                None => self.break_promise(format!("I18: a durable line is no record: {line}")),
            }
        }
    }

    fn on_record(&mut self, entry: &Entry) {
        let words = entry.event.words();
        if words.chars().any(is_hostile) {
            self.break_promise(format!("I24: hostile text in record {}", entry.seq));
        }
        self.note(format!("#{} {}", entry.seq, words.escape_debug()));
        if let Some(milestone) = milestone(&entry.event) {
            self.coverage.reach(milestone);
        }
        match &entry.event {
            Event::Armed { .. } => {
                self.armed = true;
                self.journal_failed = false;
            }
            Event::Disarmed { .. } => self.armed = false,
            Event::HoldSet { database, hold } => {
                self.holds.entry(database.to_string()).or_default().push(hold.clone());
            }
            Event::HoldReleased { database, .. } => drop(self.holds.remove(database.as_str())),
            Event::ActionIntended { intent, .. } => {
                self.phases.insert(intent.database.to_string(), Phase::Intended);
                self.intents.insert(intent.action.clone(), intent.clone());
                self.intended_at.insert(intent.action.clone(), self.clock.now());
                promises::on_intent(self, intent);
            }
            Event::CallSent { id, database, call } => {
                self.phases.insert(database.to_string(), Phase::Sent);
                let crate::model::call::MutatingCall::ModifyDbInstanceClass { class, .. } = call;
                self.calls.push(Sent {
                    id: id.clone(),
                    database: database.to_string(),
                    class: class.to_string(),
                    on_wire: false,
                    took_effect: false,
                });
            }
            Event::CallAnswered { database, outcome, .. } => {
                let lost = matches!(outcome, crate::model::call::CallOutcome::Unknown { .. });
                self.phases.insert(database.to_string(), if lost { Phase::Looking } else { Phase::Watching });
            }
            Event::CallAdopted { database, .. } => drop(self.phases.insert(database.to_string(), Phase::Watching)),
            Event::ActionEnded { action, database, result, .. } => {
                self.phases.remove(database.as_str());
                *self.ended.entry(action.clone()).or_default() += 1;
                if self.calls.iter().any(|call| call.id.action == *action) {
                    self.last_end.insert(database.to_string(), entry.at);
                }
                promises::on_end(self, action, result);
            }
            _ => {}
        }
    }

    /// A request is on its way, and this is its fate.
    pub(super) fn on_request(&mut self, action: &str, request: &Request, fault: Option<Fault>) {
        self.absorb();
        let now = self.clock.now();
        self.trace.update(now.to_string().as_bytes());
        self.trace.update(action.as_bytes());
        self.trace.update(&request.body);
        if let Some(signature) = request.headers.get("authorization") {
            self.trace.update(signature.as_bytes());
        }
        if let Some(fault) = fault {
            self.strike(fault);
        }
        self.strike_of_world(action, now);
        self.requests.push_back(now);
        while self.requests.front().is_some_and(|at| now.duration_since(*at).as_secs() >= 60) {
            self.requests.pop_front();
        }
        self.most_requests_per_min = self.most_requests_per_min.max(self.requests.len());
        if action == "ModifyDBInstance" {
            self.mutations += 1;
            let params = query::Params::read(request);
            promises::on_mutation(self, &params);
        }
    }

    /// The faults that are the world's own weather, seen where they bite: in the datapoints and after the call.
    fn strike_of_world(&mut self, action: &str, now: Timestamp) {
        let since = now.duration_since(self.plan.start);
        let of_load = [Fault::M2Late, Fault::M5Sawtooth, Fault::M7Together];
        let faults = match action {
            "GetMetricData" => {
                let hole = |effect: &Effect| matches!(effect, Effect::Hole { .. });
                let missing = self.plan.is_in_fault(since, hole).then_some(Fault::M1Missing);
                of_load.into_iter().filter(|fault| self.plan.faults.contains(fault)).chain(missing).collect::<Vec<_>>()
            }
            "DescribeDBInstances" if self.phase() >= Phase::Sent => {
                let ends =
                    |end| move |effect: &Effect| matches!(effect, Effect::ClassChange { end: e, .. } if *e == end);
                let late = self.plan.faults.contains(&Fault::A6StillAvailable).then_some(Fault::A6StillAvailable);
                let fails = self.plan.is_in_fault(since, ends(ChangeFault::Fails)).then_some(Fault::A7OnlyAnEvent);
                let stuck = self.plan.is_in_fault(since, ends(ChangeFault::Stuck)).then_some(Fault::R2Stuck);
                late.into_iter().chain(fails).chain(stuck).collect()
            }
            _ => return,
        };
        for fault in faults {
            let phase = self.phase();
            self.coverage.strike(fault, phase);
        }
    }

    /// A request has reached the world, and was taken or refused.
    pub(super) fn on_effect(&mut self, action: &str, request: &Request, taken: bool, _: &Sim) {
        if action != "ModifyDBInstance" {
            return;
        }
        let params = query::Params::read(request);
        let (database, class) = (params.get("DBInstanceIdentifier"), params.get("DBInstanceClass"));
        let is_it = |call: &&mut Sent| {
            call.on_wire && Some(call.database.as_str()) == database && Some(call.class.as_str()) == class
        };
        if let Some(call) = self.calls.iter_mut().rev().find(is_it) {
            call.took_effect |= taken;
        }
        self.note(format!("ModifyDBInstance {database:?} {class:?}: {}", if taken { "taken" } else { "refused" }));
    }

    /// A client was told this of the databases.
    pub(super) fn on_described(&mut self, served: BTreeMap<String, Served>) {
        self.served.extend(served);
    }
}

/// Characters that could drive a terminal or fool an eye.
fn is_hostile(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn milestone(event: &Event) -> Option<Milestone> {
    use crate::model::action::ActionResult;
    use crate::model::call::CallOutcome;
    use crate::model::ladder::Direction;
    use crate::model::operator::Actor;
    Some(match event {
        Event::ActionEnded { result, .. } => match result {
            ActionResult::Verified => Milestone::Verified,
            ActionResult::FailedSafe { why } if why.contains("left no trace") => Milestone::LostWithoutTrace,
            ActionResult::FailedSafe { .. } => Milestone::FailedSafe,
            ActionResult::RolledBack { .. } => Milestone::RolledBack,
            ActionResult::Stopped { .. } => Milestone::StoppedByPerson,
            ActionResult::Held { .. } => Milestone::Held,
        },
        Event::CallAnswered { outcome: CallOutcome::Unknown { .. }, .. } => Milestone::AnswerLost,
        Event::CallAdopted { .. } => Milestone::LostButAdopted,
        Event::ActionResumed { .. } => Milestone::ResumedAfterRestart,
        Event::JournalRepaired { .. } => Milestone::TailRepaired,
        Event::Disarmed { by: None, why } if why.contains("without a word") => Milestone::DisarmedByUncleanEnd,
        Event::Disarmed { by: None, why } if why.contains("account") => Milestone::DisarmedByAccount,
        Event::ForeignChange { .. } => Milestone::ForeignChangeSeen,
        Event::ActionIntended { intent, .. } if intent.actor != Actor::Engine => Milestone::OverrideCarriedOut,
        Event::CommandRefused { why, .. } if why.starts_with("not done: meanwhile") => {
            Milestone::OrderOnOldPictureRefused
        }
        Event::Decision { decision, .. } => match &decision.verdict {
            crate::model::decision::Verdict::Scale { direction: Direction::Up, .. } => Milestone::EngineUp,
            crate::model::decision::Verdict::Scale { direction: Direction::Down, .. } => Milestone::EngineDown,
            _ => return None,
        },
        Event::ReadFailed(_) => Milestone::ReadFailed,
        Event::ReadRecovered { .. } => Milestone::ReadRecovered,
        _ => return None,
    })
}
