//! The witness of a trial: sees every record at the moment it becomes durable, every request as it goes over the wire and
//! what it truly did to the world, and holds all of it against the promises.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::constant_load;
use super::coverage::{Coverage, Milestone, Phase};
use super::invariants;
use super::ledger::{Ledger, Sent};
use super::load_reasons;
use super::lost_data::FirstSteps;
use super::served::{self, Served};
use super::served_clusters::ServedCluster;
use super::trace::Telling;
use crate::clock::Clock;
use crate::model::action::Intent;
use crate::model::command::Command;
use crate::model::event::{Entry, Event};
use crate::model::operator::Actor;
use crate::model::settings::Settings;
use crate::sim::Sim;
use crate::sim::scenario::{ChangeFault, DeploymentFault, FaultKind};
use crate::sim::wire::{Request, Response, query};
use crate::swarm::faults::Fault;
use crate::swarm::faults::disk::SimDisk;
use crate::swarm::faults::endpoint::Endpoints;
use crate::swarm::plan::TrialPlan;

/// All that is known of one trial.
#[derive(Debug)]
pub(in crate::swarm) struct Witness {
    pub(in crate::swarm) plan: TrialPlan,
    pub(in crate::swarm) clock: Clock,
    disk: SimDisk,
    pub(in crate::swarm) sim: Sim,
    /// Where clients come to.
    pub(in crate::swarm) endpoints: Endpoints,
    /// What the durable records say.
    pub(in crate::swarm) ledger: Ledger,
    /// When the engine's own changes of the last day went over the wire, in true time.
    engine_sends: BTreeMap<String, Vec<Timestamp>>,
    pub(in crate::swarm) served: BTreeMap<String, Served>,
    /// The clusters as a client was last told of them.
    clusters: BTreeMap<String, ServedCluster>,
    /// The cluster of each instance that any answer has named: a later answer can be cut off before it.
    cluster_of: BTreeMap<String, String>,
    /// The machine that the engine shows behind each name, and since which look without a break.
    pub(in crate::swarm) machines: BTreeMap<String, (String, Timestamp)>,
    /// Since when `GetCallerIdentity` answers with this account.
    pub(in crate::swarm) account: Option<(String, Timestamp)>,
    /// The account in which a person has armed.
    pub(in crate::swarm) armed_in: Option<String>,
    /// A person has ordered this process to arm, and it has not answered yet.
    pub(in crate::swarm) arm_ordered: bool,
    /// Configurations that a person had the engine read, by their digests.
    pub(in crate::swarm) offered_settings: Vec<(String, Settings)>,
    /// How many calls were recorded when this process was told to end.
    pub(in crate::swarm) calls_at_stop: Option<usize>,
    /// The newest datapoint of a database, of the signals that make it go up, that a client was told.
    pub(in crate::swarm) newest_told: BTreeMap<String, Timestamp>,
    /// When a client was last told RDS's events.
    pub(in crate::swarm) events_told_at: Option<Timestamp>,
    /// The classes that this process was told are offered.
    pub(in crate::swarm) offered: BTreeSet<String>,
    /// On a day of constant load: the engine's changes.
    pub(in crate::swarm) steady_changes: constant_load::Changes,
    /// What the engine began first.
    pub(in crate::swarm) first_steps: Option<FirstSteps>,
    /// When somebody else last changed a database.
    pub(in crate::swarm) foreign: BTreeMap<String, Timestamp>,
    /// Requests of the last minute, and the most in any minute.
    requests: VecDeque<Timestamp>,
    pub(in crate::swarm) most_requests_per_min: usize,
    /// Reads on the wire, those that the SDK tried again among them, and the first attempts alone.
    pub(in crate::swarm) reads: (u64, u64),
    pub(in crate::swarm) durable_records: u64,
    pub(in crate::swarm) coverage: Coverage,
    lengths: Vec<usize>,
    telling: Telling,
    pub(in crate::swarm) mutations: u64,
}

impl Witness {
    pub(in crate::swarm) fn new(plan: TrialPlan, disk: SimDisk, sim: Sim, endpoints: Endpoints) -> Self {
        Self {
            clock: sim.clock().clone(),
            plan,
            disk,
            sim,
            endpoints,
            ledger: Ledger::default(),
            engine_sends: BTreeMap::new(),
            served: BTreeMap::new(),
            clusters: BTreeMap::new(),
            cluster_of: BTreeMap::new(),
            machines: BTreeMap::new(),
            account: None,
            armed_in: None,
            arm_ordered: false,
            offered_settings: Vec::new(),
            calls_at_stop: None,
            newest_told: BTreeMap::new(),
            events_told_at: None,
            offered: BTreeSet::new(),
            steady_changes: constant_load::Changes::new(),
            first_steps: None,
            foreign: BTreeMap::new(),
            requests: VecDeque::new(),
            most_requests_per_min: 0,
            reads: (0, 0),
            durable_records: 0,
            coverage: Coverage::default(),
            lengths: Vec::new(),
            telling: Telling::default(),
            mutations: 0,
        }
    }

    /// A promise that does not hold, with its number.
    pub(in crate::swarm) fn break_promise(&mut self, what: impl AsRef<str>) {
        self.telling.break_promise(self.clock.now(), what.as_ref());
    }

    /// Whatever runs on the stage has panicked: no promise is worse broken.
    pub(in crate::swarm) fn on_panic(&mut self, panic: &(dyn Any + Send)) {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words");
        self.break_promise(format!("panicked: {words}"));
    }

    /// Something worth telling when a promise is broken; part of the trace.
    pub(in crate::swarm) fn note(&mut self, what: impl AsRef<str>) {
        self.telling.note(self.clock.now(), what.as_ref());
    }

    /// What is told of the trial.
    pub(in crate::swarm) fn telling(&self) -> &Telling {
        &self.telling
    }

    /// The furthest phase of any action.
    pub(in crate::swarm) fn phase(&self) -> Phase {
        self.ledger.phase()
    }

    /// A fault struck.
    pub(in crate::swarm) fn strike(&mut self, fault: Fault) {
        let phase = self.phase();
        self.coverage.strike(fault, phase);
        self.note(format!("fault {fault}"));
    }

    /// The lengths in bytes of the records that became durable since this was asked last.
    pub(in crate::swarm) fn take_lengths(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.lengths)
    }

    /// Takes in what has become durable since the last time.
    pub(in crate::swarm) fn absorb(&mut self) {
        if self.disk.take_failed() {
            self.ledger.journal_failed = true;
        }
        for line in self.disk.take_synced() {
            self.lengths.push(line.len() + 1);
            self.telling.hash(line.as_bytes());
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
        if is_hostile(&words) {
            self.break_promise(format!("I24: hostile text in record {}", entry.seq));
        }
        self.note(format!("#{} {}", entry.seq, words.escape_debug()));
        if let Some(milestone) = Milestone::of(&entry.event) {
            self.coverage.reach(milestone);
        }
        if let Event::CallSent { id, .. } = &entry.event {
            invariants::on_call(self, id);
        }
        self.ledger.fold(entry, self.clock.now());
        invariants::holds_from(self, entry);
        match &entry.event {
            Event::Armed { .. } => {
                self.armed_in = self.account.as_ref().map(|(account, _)| account.clone());
                invariants::on_armed(self);
            }
            Event::HoldSet { database, supersedes, .. } => {
                if let Some(hold) = supersedes.iter().find(|hold| hold.waits_for_person()) {
                    self.break_promise(format!("I8: of {database} a newer hold took the place of {}", hold.cause));
                }
            }
            Event::ConfigReloaded { digest, .. } => self.run_by(digest),
            Event::CommandRefused { command: Command::Arm { .. }, .. } => self.arm_ordered = false,
            Event::ActionIntended { intent, .. } => {
                invariants::on_intent(self, intent);
                self.note_step(intent);
            }
            Event::Decision { decision, .. } => load_reasons::on_decision(self, decision),
            Event::ActionEnded { action, result, .. } => invariants::on_end(self, action, result),
            _ => {}
        }
    }

    /// From here on the engine is judged by the configuration that it says it runs by.
    fn run_by(&mut self, digest: &str) {
        match self.offered_settings.iter().rev().find(|(offered, _)| offered == digest) {
            Some((_, settings)) => self.plan.settings = settings.clone(),
            None => self.break_promise("I18: a configuration is in force that nobody has offered"),
        }
    }

    /// Whose step it is: the engine's own are kept that it makes at the first moment at which it makes any.
    fn note_step(&mut self, intent: &Intent) {
        let (now, database) = (self.clock.now(), intent.database.as_str());
        let policy = self.plan.settings.databases.iter().find(|policy| policy.database.as_str() == database);
        if intent.actor != Actor::Engine {
            return constant_load::other_hands(self, database);
        }
        let Some(policy) = policy else { return };
        let step = (database.to_owned(), invariants::direction(policy, intent));
        let first = self.first_steps.get_or_insert(FirstSteps { at: now, steps: Vec::new() });
        if first.at == now {
            first.steps.push(step);
        }
    }

    /// A request is on its way, and this is its fate.
    pub(in crate::swarm) fn on_request(&mut self, action: &str, request: &Request, fault: Option<Fault>) {
        self.absorb();
        let now = self.clock.now();
        self.telling.hash(now.to_string().as_bytes());
        self.telling.hash(action.as_bytes());
        self.telling.hash(&request.body);
        if let Some(signature) = request.headers.get("authorization") {
            self.telling.hash(signature.as_bytes());
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
        if invariants::is_mutating(action) {
            self.mutations += 1;
            let params = query::Params::read(request);
            invariants::on_mutation(self, &params);
        } else {
            let is_first =
                request.headers.get("amz-sdk-request").is_some_and(|value| value.as_bytes().starts_with(b"attempt=1;"));
            self.reads.0 += 1;
            self.reads.1 += u64::from(is_first);
        }
    }

    /// The faults that are the world's own weather, seen where they bite: in the datapoints and after the call.
    fn strike_of_world(&mut self, action: &str, now: Timestamp) {
        let since = now.duration_since(self.plan.start);
        let of_load = [Fault::M2Late, Fault::M5Sawtooth, Fault::M7Together];
        let faults = match action {
            "GetMetricData" => {
                let hole = |effect: &FaultKind| matches!(effect, FaultKind::Hole { .. });
                let missing = self.plan.is_in_fault(since, hole).then_some(Fault::M1Missing);
                let varies = constant_load::writes_per_sec(self.plan.seed).is_none();
                let bites = |fault: &Fault| match fault {
                    Fault::M5Sawtooth => varies,
                    Fault::M7Together => varies && self.plan.loads.len() > 1,
                    _ => true,
                };
                let of_load = of_load.into_iter().filter(|fault| self.plan.faults.contains(fault) && bites(fault));
                of_load.chain(missing).collect::<Vec<_>>()
            }
            "DescribeDBInstances" if self.phase() >= Phase::Sent => {
                let ends = |end| move |effect: &FaultKind| matches!(effect, FaultKind::ClassChange { end: e, .. } if *e == end);
                let late = self.plan.faults.contains(&Fault::A6StillAvailable).then_some(Fault::A6StillAvailable);
                let fails = self.plan.is_in_fault(since, ends(ChangeFault::Fails)).then_some(Fault::A7OnlyAnEvent);
                let stuck = self.plan.is_in_fault(since, ends(ChangeFault::Stuck)).then_some(Fault::R2Stuck);
                late.into_iter().chain(fails).chain(stuck).collect()
            }
            "DescribeDBClusters" if self.phase() >= Phase::Sent => {
                let failover = |effect: &FaultKind| matches!(effect, FaultKind::Failover { .. });
                let reader = |effect: &FaultKind| matches!(effect, FaultKind::Reader { .. });
                let elsewhere = self.plan.is_in_fault(since, failover).then_some(Fault::R9FailoverElsewhere);
                let none = self.plan.is_in_fault(since, reader).then_some(Fault::R10NoReader);
                elsewhere.into_iter().chain(none).chain(self.lags(since)).collect()
            }
            "DescribeBlueGreenDeployments" if self.phase() >= Phase::Sent => {
                let ends =
                    |end| move |effect: &FaultKind| matches!(effect, FaultKind::Deployment { end: e, .. } if *e == end);
                let bites = |(fault, end)| self.plan.is_in_fault(since, ends(end)).then_some(fault);
                let all = [
                    (Fault::R4NotMade, DeploymentFault::Fails),
                    (Fault::R4NotMade, DeploymentFault::Stuck),
                    (Fault::R4NotMade, DeploymentFault::ClassRefused),
                    (Fault::R5TakenBack, DeploymentFault::CutTooLong),
                    (Fault::R6CutFails, DeploymentFault::CutFails),
                ];
                all.into_iter().filter_map(bites).chain(self.lags(since)).collect()
            }
            _ => return,
        };
        for fault in faults {
            let phase = self.phase();
            self.coverage.strike(fault, phase);
        }
    }

    fn lags(&self, since: SignedDuration) -> Option<Fault> {
        let lags = |effect: &FaultKind| matches!(effect, FaultKind::Lag { .. });
        self.plan.is_in_fault(since, lags).then_some(Fault::R10Lags)
    }

    /// A request has reached the world, and was taken or refused.
    pub(in crate::swarm) fn on_effect(&mut self, action: &str, request: &Request, taken: bool) {
        if !invariants::is_mutating(action) {
            return;
        }
        let params = query::Params::read(request);
        let is_it = |call: &&mut Sent| call.on_wire && call.is(&params);
        let call = self.ledger.calls.iter_mut().rev().find(is_it);
        let words = call.as_ref().map_or(action.to_owned(), |call| call.call.words());
        if let Some(call) = call {
            call.took_effect |= taken;
        }
        self.note(format!("{words}: {}", if taken { "taken" } else { "refused" }));
    }

    /// The engine's own change of a database goes over the wire.
    pub(in crate::swarm) fn note_engine_send(&mut self, database: &str) {
        let now = self.clock.now();
        let sends = self.engine_sends.entry(database.to_owned()).or_default();
        sends.push(now);
        sends.retain(|at| now.duration_since(*at) < SignedDuration::from_hours(24));
    }

    /// When the engine's own changes of a database went over the wire within the last day.
    pub(in crate::swarm) fn engine_sends(&self, database: &str) -> &[Timestamp] {
        self.engine_sends.get(database).map_or(&[], Vec::as_slice)
    }

    /// A process begins: it has been told nothing yet.
    pub(in crate::swarm) fn on_boot(&mut self) {
        // One look at another machine is on no record: a new process cannot know of it.
        self.machines.clear();
        self.offered.clear();
        // An order whose record could not be synced was refused; the record may come down all the same, and the start
        // that finds it disarms, because that life ended without a word.
        self.arm_ordered &= self.ledger.journal_failed;
        self.calls_at_stop = None;
    }

    /// The process is told to end: what is recorded by now may still go out.
    pub(in crate::swarm) fn on_stop(&mut self) {
        self.absorb();
        self.calls_at_stop = Some(self.ledger.calls.len());
    }

    /// Somebody else has changed a database.
    pub(in crate::swarm) fn note_foreign(&mut self, database: &str) {
        constant_load::other_hands(self, database);
        self.foreign.insert(database.to_owned(), self.clock.now());
    }

    /// A client was told something else than the state of a database, perhaps in words that no client can read.
    pub(in crate::swarm) fn on_told(
        &mut self,
        action: &str,
        request: &Request,
        response: &Response,
        fault: Option<Fault>,
    ) {
        let readable = matches!(fault, None | Some(Fault::A15OtherAccount | Fault::I24HostileText));
        match action {
            "GetCallerIdentity" if readable => {
                let account = served::account(&response.body).unwrap_or_default();
                if self.account.as_ref().is_none_or(|(known, _)| *known != account) {
                    self.account = Some((account, self.clock.now()));
                }
            }
            "GetMetricData" if response.status.is_success() && fault != Some(Fault::A4Garbage) => {
                for (database, newest) in served::newest(request, &response.body, &["WriteIOPS", "WriteLatency"]) {
                    let database = self.cluster_of.get(&database).cloned().unwrap_or(database);
                    let known = self.newest_told.entry(database).or_insert(newest);
                    *known = newest.max(*known);
                }
            }
            "DescribeEvents" if readable => self.events_told_at = Some(self.clock.now()),
            "DescribeOrderableDBInstanceOptions" if readable => {
                self.offered.extend(query::Params::read(request).get("DBInstanceClass").map(str::to_owned));
            }
            _ => {}
        }
    }

    /// The engine shows this machine behind a name, by a look of that time.
    pub(in crate::swarm) fn on_shown(&mut self, database: &str, machine: &str, at: Timestamp) {
        if self.machines.get(database).is_none_or(|(known, _)| known != machine) {
            // Before its first look it knew of no other one.
            let since = if self.machines.contains_key(database) { at } else { Timestamp::MIN };
            self.machines.insert(database.to_owned(), (machine.to_owned(), since));
        }
    }

    /// A client was told this of clusters: their pictures are whole when their instances are described too.
    pub(in crate::swarm) fn on_clusters_described(&mut self, clusters: BTreeMap<String, ServedCluster>) {
        for (name, cluster) in &clusters {
            self.cluster_of.extend(cluster.members().map(|member| (member.to_owned(), name.clone())));
        }
        self.clusters.extend(clusters);
    }

    /// A client was told this of the databases.
    pub(in crate::swarm) fn on_described(&mut self, served: BTreeMap<String, Served>) {
        let of_clusters: Vec<(String, Served)> =
            self.clusters.iter().filter_map(|(name, cluster)| Some((name.clone(), cluster.with(&served)?))).collect();
        self.served.extend(served);
        self.served.extend(of_clusters);
    }
}

/// Whether a text could drive a terminal or fool an eye. Stated here anew, not taken from the room that cleans: bytes of
/// control (C0, C1), what is not seen or turns the direction (Unicode's format characters and blank letters), and marks
/// that are stacked beyond what any language writes.
fn is_hostile(text: &str) -> bool {
    let mut marks = 0;
    text.chars().any(|c| {
        marks = if matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{20d0}'..='\u{20ff}') {
            marks + 1
        } else {
            0
        };
        let unseen = matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}');
        c.is_control() || unseen || marks > 2
    })
}
