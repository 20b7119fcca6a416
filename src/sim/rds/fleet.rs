//! The RDS control plane's state: all instances, the event log, and what is going to happen.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::blue_green::{self, Deployment};
use super::change::Step;
use super::cluster::{self, Cluster};
use super::instance::Instance;
use super::log::{EventLog, Source};
use super::machinery::{LOOKS_AGAIN_AFTER, Machinery, Order};
use super::proxy::{self, Proxy};
use crate::sim::rng::Rng;
use crate::sim::scenario::{
    ChangeFault, DeploymentFault, FailoverFault, FaultKind, Range, ReaderFault, Scenario, Timing,
};

/// All of RDS in one account and region.
#[derive(Debug)]
pub struct Fleet {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) instances: BTreeMap<String, Instance>,
    pub(super) log: EventLog,
    pub(super) timing: Timing,
    /// Classes that RDS does not offer in this scenario.
    pub(super) not_orderable: BTreeSet<String>,
    pub(super) change_faults: Vec<BadEnd<ChangeFault>>,
    pub(super) deployment_faults: Vec<BadEnd<DeploymentFault>>,
    pub(super) failover_faults: Vec<BadEnd<FailoverFault>>,
    pub(super) reader_faults: Vec<BadEnd<ReaderFault>>,
    /// DB clusters, by identifier.
    pub(super) clusters: BTreeMap<String, Cluster>,
    /// Proxies, by name.
    pub(super) proxies: BTreeMap<String, Proxy>,
    /// Blue/green deployments, by identifier.
    pub(super) deployments: BTreeMap<String, Deployment>,
    /// Names of final snapshots.
    pub(super) snapshots: BTreeSet<String>,
    pub(super) machinery: Machinery,
    agenda: BTreeMap<(Timestamp, u64), Due>,
    appointments: u64,
    seed: u64,
    draws: u64,
}

/// Something on the agenda.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Due {
    Instance(String, Step),
    Deployment(String, blue_green::Step),
    Cluster(String, cluster::Step),
}

/// While what is done to an instance, or to all, comes to a bad end.
#[derive(Debug, Clone)]
pub(super) struct BadEnd<E> {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) instance: Option<String>,
    pub(super) end: E,
}

impl Fleet {
    /// The instances of a scenario at the beginning of its history.
    pub fn new(scenario: &Scenario, seed: u64, now: Timestamp) -> Self {
        let instance = |spec| Instance::new(spec, &scenario.account, &scenario.region, seed, now);
        let clusters: BTreeMap<String, Cluster> = cluster::of_scenario(scenario, seed, now);
        let alone = scenario.instances.iter().filter_map(instance);
        let members = clusters.values().flat_map(|it| cluster::members_of_scenario(scenario, it, seed, now));
        let refused = scenario.capacity.iter().filter(|(_, spec)| spec.orderable == Some(false));
        Self {
            account: scenario.account.clone(),
            region: scenario.region.clone(),
            instances: alone.chain(members).map(|found| (found.id.clone(), found)).collect(),
            proxies: proxy::of_scenario(scenario, now),
            log: EventLog::default(),
            timing: scenario.timing,
            not_orderable: refused.map(|(class, _)| class.clone()).collect(),
            change_faults: bad_ends(scenario, |effect| match effect {
                FaultKind::ClassChange { instance, end } => Some((instance, *end)),
                _ => None,
            }),
            deployment_faults: bad_ends(scenario, |effect| match effect {
                FaultKind::Deployment { instance, end } => Some((instance, *end)),
                _ => None,
            }),
            failover_faults: bad_ends(scenario, |effect| match effect {
                FaultKind::Failover { instance, end } => Some((instance, *end)),
                _ => None,
            }),
            reader_faults: bad_ends(scenario, |effect| match effect {
                FaultKind::Reader { instance, end } => Some((instance, *end)),
                _ => None,
            }),
            clusters,
            deployments: BTreeMap::new(),
            snapshots: BTreeSet::new(),
            machinery: Machinery::default(),
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

    /// Every DB cluster, by identifier.
    pub fn clusters(&self) -> impl Iterator<Item = &Cluster> {
        self.clusters.values()
    }

    /// The cluster of that name, in any case of letters.
    pub fn cluster(&self, id: &str) -> Option<&Cluster> {
        self.clusters.get(&id.to_ascii_lowercase())
    }

    /// Every blue/green deployment.
    pub fn deployments(&self) -> impl Iterator<Item = &Deployment> {
        self.deployments.values()
    }

    /// When the next thing happens by itself.
    pub fn due(&self) -> Option<Timestamp> {
        self.agenda.first_key_value().map(|((at, _), _)| *at)
    }

    /// Lets the next thing of the agenda happen, at its time.
    pub fn step(&mut self) {
        let Some(((at, _), due)) = self.agenda.pop_first() else { return };
        if let Some(order) = self.order_of(&due)
            && !self.machinery.has_done(&order)
        {
            return self.note(after(at, LOOKS_AGAIN_AFTER), due);
        }
        match due {
            Due::Instance(id, step) => self.perform(at, &id, step),
            Due::Deployment(id, step) => self.perform_deployment(at, &id, step),
            Due::Cluster(id, step) => self.perform_cluster(at, &id, step),
        }
    }

    /// What a real server must have done before that can happen.
    fn order_of(&self, due: &Due) -> Option<Order> {
        match due {
            Due::Instance(id, step) => self.order_before(id, *step),
            Due::Deployment(id, step) => self.order_before_deployment(id, *step),
            // There are no real servers behind clusters.
            Due::Cluster(..) => None,
        }
    }

    /// Puts something on the agenda of an instance.
    pub(super) fn schedule(&mut self, at: Timestamp, id: &str, step: Step) {
        self.note(at, Due::Instance(id.to_owned(), step));
    }

    /// Puts something on the agenda of an instance, a drawn time after `now`. Says when.
    pub(super) fn schedule_in(&mut self, now: Timestamp, range: Range, id: &str, step: Step) -> Timestamp {
        let at = after(now, self.draw(range));
        self.schedule(at, id, step);
        at
    }

    /// Puts something on the agenda of a deployment.
    pub(super) fn schedule_deployment(&mut self, at: Timestamp, id: &str, step: blue_green::Step) {
        self.note(at, Due::Deployment(id.to_owned(), step));
    }

    /// Puts something on the agenda of a deployment, a drawn time after `now`.
    pub(super) fn schedule_deployment_in(&mut self, now: Timestamp, range: Range, id: &str, step: blue_green::Step) {
        let at = after(now, self.draw(range));
        self.schedule_deployment(at, id, step);
    }

    /// Puts something on the agenda of a cluster.
    pub(super) fn schedule_cluster(&mut self, at: Timestamp, id: &str, step: cluster::Step) {
        self.note(at, Due::Cluster(id.to_owned(), step));
    }

    /// Puts something on the agenda of a cluster, a drawn time after `now`.
    pub(super) fn schedule_cluster_in(&mut self, now: Timestamp, range: Range, id: &str, step: cluster::Step) {
        let at = after(now, self.draw(range));
        self.schedule_cluster(at, id, step);
    }

    fn note(&mut self, at: Timestamp, due: Due) {
        self.appointments += 1;
        self.agenda.insert((at, self.appointments), due);
    }

    /// Whether a step of an instance is on the agenda.
    pub(super) fn is_scheduled(&self, id: &str, step: Step) -> bool {
        self.agenda.values().any(|due| matches!(due, Due::Instance(owner, planned) if owner == id && *planned == step))
    }

    /// Gives an instance another name, a free one; what is on the agenda for it goes along.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        let Some(mut instance) = self.instances.remove(from) else { return };
        if let Some(head) = instance.arn.strip_suffix(from) {
            instance.arn = format!("{head}{to}");
        }
        instance.host = format!("{to}.{}", instance.host.split_once('.').unwrap_or_default().1);
        to.clone_into(&mut instance.id);
        self.instances.insert(to.to_owned(), instance);
        for due in self.agenda.values_mut() {
            if let Due::Instance(owner, _) = due
                && owner == from
            {
                to.clone_into(owner);
            }
        }
    }

    /// That many lower-case letters and digits, as in AWS's generated names.
    pub(super) fn id_chars(&mut self, count: usize) -> String {
        self.draws += 1;
        Rng::of(self.seed, "identifiers", self.draws).alphanumeric(count)
    }

    /// One value of a range.
    pub(super) fn draw(&mut self, range: Range) -> SignedDuration {
        self.draws += 1;
        range.draw(&mut Rng::of(self.seed, "control plane", self.draws))
    }

    /// Writes an event about an instance.
    pub(super) fn event(&mut self, at: Timestamp, id: &str, category: &'static str, message: impl Into<String>) {
        if let Some(instance) = self.instances.get(id) {
            self.log.write(at, Source::instance(&instance.id, &instance.arn), category, message);
        }
    }
}

/// The scenario's faults of one kind: whom each strikes, and how that ends.
fn bad_ends<E>(scenario: &Scenario, of: impl Fn(&FaultKind) -> Option<(&Option<String>, E)>) -> Vec<BadEnd<E>> {
    let ends = scenario.faults.iter().filter_map(|fault| {
        let (instance, end) = of(&fault.effect)?;
        let instance = instance.as_ref().map(|id| id.to_ascii_lowercase());
        let (from, until) = (after(scenario.start, fault.at), after(scenario.start, fault.until));
        Some(BadEnd { from, until, instance, end })
    });
    ends.collect()
}

/// The bad end that something would run into at that time, which goes by any of these names, and when that is over.
pub(super) fn bad_end<E: Copy>(ends: &[BadEnd<E>], at: Timestamp, names: &[&str]) -> Option<(E, Timestamp)> {
    let strikes = |of: &Option<String>| of.as_deref().is_none_or(|of| names.contains(&of));
    let window = ends.iter().find(|window| window.from <= at && at < window.until && strikes(&window.instance))?;
    Some((window.end, window.until))
}

/// `at + span`, within what a timestamp can hold.
pub(super) fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}
