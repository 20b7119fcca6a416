//! One database of the world, minute by minute: what it was asked, what it did, and what is published of that.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::capacity::Capacity;
use super::demand::{Asked, Script};
use super::faults::Faults;
use super::lag::{self, Lag};
use super::load::{Measured, Reserves};
use super::metrics::{self, Sample};
use super::real::Reading;
use super::{aurora, series};
use crate::model::cluster::ClusterKind;
use crate::sim::cloudwatch::{CloudWatch, MetricKey, PERF_INSIGHTS};
use crate::sim::rds::{Instance, Membership, Role};
use crate::sim::rng::Rng;
use crate::sim::scenario::Range;

/// Demand and availability are looked at this often within a minute.
const LOOKS: i32 = 12;
/// A minute of which less than this part was served is not published: the agent that measures was away too.
const LEAST_SERVED: f64 = 0.5;

/// What a database is like, apart from what RDS knows of it.
#[derive(Debug, Clone)]
pub(super) struct Database {
    noise: f64,
    reserves: Reserves,
    /// Of a physical copy that follows another machine.
    lag: Option<Lag>,
    behind: SignedDuration,
}

/// One minute to live through.
#[derive(Debug)]
pub(super) struct Minute<'a> {
    pub(super) end: Timestamp,
    pub(super) seed: u64,
    pub(super) delay: Range,
    pub(super) faults: &'a Faults,
    pub(super) load: Load<'a>,
    pub(super) source: Source,
}

/// Where a minute's figures come from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// The model of a database under the script's load.
    Model,
    /// A real server; nothing when it was not measured.
    Server(Option<Reading>),
}

impl Minute<'_> {
    fn start(&self) -> Timestamp {
        self.end.saturating_sub(SignedDuration::from_mins(1)).unwrap_or(Timestamp::MIN)
    }
}

/// What reaches a machine.
#[derive(Debug, Clone, Copy)]
pub(super) enum Load<'a> {
    /// What clients ask of its name.
    Clients(&'a Script),
    /// The writes of the machine that it copies.
    Replication(&'a Script),
    /// What clients ask of the name of the cluster whose writer it is, and how many readers there are.
    Writer(&'a Script, usize),
    /// A reader's part of that.
    Reader { script: &'a Script, readers: usize, has_own_disk: bool },
    /// Nothing.
    None,
}

impl<'a> Load<'a> {
    /// What reaches this machine now. `readers` counts those of each cluster that are available.
    pub(super) fn on(
        instance: &Instance,
        scripts: &'a BTreeMap<String, Script>,
        readers: &BTreeMap<String, usize>,
    ) -> Self {
        if let Some(Membership { cluster, kind, .. }) = &instance.membership {
            let readers = readers.get(cluster).copied().unwrap_or_default();
            let has_own_disk = *kind == ClusterKind::MultiAz;
            return match scripts.get(cluster) {
                Some(script) if instance.role == Role::Writer => Self::Writer(script, readers),
                Some(script) => Self::Reader { script, readers, has_own_disk },
                None => Self::None,
            };
        }
        match &instance.role {
            Role::Production => scripts.get(&instance.id).map_or(Self::None, Self::Clients),
            Role::Copy { of } => scripts.get(of).map_or(Self::None, Self::Replication),
            Role::Replaced | Role::Writer | Role::Reader => Self::None,
        }
    }

    fn at(self, at: Timestamp) -> Asked {
        match self {
            Self::Clients(script) => script.at(at),
            Self::Replication(script) => Asked { writes: script.at(at).writes, reads: 0.0, connections: 1.0 },
            Self::Writer(script, readers) => script.at_writer(at, readers),
            Self::Reader { script, readers, has_own_disk } => script.at_reader(at, readers, has_own_disk),
            Self::None => Asked { writes: 0.0, reads: 0.0, connections: 0.0 },
        }
    }

    /// Rows that the machine it follows is asked to write, on average of a minute.
    fn followed(self, start: Timestamp) -> f64 {
        let (Self::Replication(script) | Self::Reader { script, .. }) = self else { return 0.0 };
        looks(start).map(|at| script.at(at).writes).sum::<f64>() / f64::from(LOOKS)
    }
}

/// The instants within a minute at which demand and availability are looked at.
fn looks(start: Timestamp) -> impl Iterator<Item = Timestamp> {
    (0..LOOKS).map(move |index| {
        let middle = SignedDuration::from_millis(i64::from(index) * 5_000 + 2_500);
        start.saturating_add(middle).unwrap_or(start)
    })
}

impl Database {
    pub(super) fn new(noise: f64, instance: &Instance, capacity: &Capacity) -> Self {
        Self {
            noise,
            reserves: Reserves::of(&instance.class, capacity, storage_bytes(instance)),
            lag: None,
            behind: SignedDuration::ZERO,
        }
    }

    /// How far it is behind the machine that it follows, as of the last minute.
    pub(super) fn behind(&self) -> SignedDuration {
        self.behind
    }

    /// Lives through a minute that has just ended and hands its datapoints to CloudWatch. The rows that it wrote.
    pub(super) fn live_through(
        &mut self,
        minute: &Minute<'_>,
        instance: &Instance,
        capacity: &Capacity,
        cloudwatch: &mut CloudWatch,
    ) -> f64 {
        if self.reserves.class != instance.class {
            self.reserves.moved_to(&instance.class);
        }
        let start = minute.start();
        let mut rng = Rng::of(minute.seed, &instance.id, minute.end.as_second().unsigned_abs());
        let (asked, served) = self.asked(minute.load, start, instance, &mut rng);
        let asked = if let Source::Server(Some(reading)) = minute.source { reading.asked() } else { asked };
        let mut measured = self.reserves.minute(capacity, &asked, served, storage_bytes(instance));
        if let Source::Server(Some(reading)) = minute.source {
            measured = reading.instead_of(measured);
        }
        let follower = self.follower(minute, instance, capacity, served);
        if matches!(minute.load, Load::Reader { has_own_disk: false, .. }) {
            // It has done so much for its memory's sake, and written nothing.
            measured.writes = 0.0;
            measured.wal_bytes = 0.0;
            measured.rows = [0.0; 3];
        }
        let rows = measured.writes * 60.0 * served;
        // What was not measured is not published: it is not zero.
        if served < LEAST_SERVED || matches!(minute.source, Source::Server(None)) {
            return rows;
        }
        let mut samples = self.samples(&measured, instance, &mut rng);
        if capacity.credits.is_some() && start.as_second() % 300 == 0 {
            samples.push(Sample { name: "CPUCreditBalance", unit: "Count", value: self.reserves.cpu_credits });
        }
        let visible_at = minute.end.saturating_add(minute.delay.draw(&mut rng)).unwrap_or(minute.end);
        let names: Vec<&str> = std::iter::once(instance.id.as_str()).chain(cluster_of(instance)).collect();
        let sets = series::of(instance);
        let mut publish = |sample: &Sample, rng: &mut Rng| {
            if names.iter().any(|name| minute.faults.swallow(minute.end, name, sample.name, rng)) {
                return;
            }
            for dimensions in &sets {
                let key = series::key(sample, dimensions.clone());
                cloudwatch.publish(&key, start, visible_at, sample.value, sample.unit);
            }
        };
        for sample in &samples {
            publish(sample, &mut rng);
        }
        // Of randomness of its own, so that the draws of the others do not depend on whether it follows anybody.
        if let Some((sample, mut rng)) = follower {
            publish(&sample, &mut rng);
        }
        for sample in &metrics::rows_of_minute(&measured) {
            if names.iter().any(|name| minute.faults.swallow(minute.end, name, sample.name, &mut rng)) {
                continue;
            }
            let dimensions = BTreeMap::from([(PERF_INSIGHTS.dimension.to_owned(), instance.resource_id.clone())]);
            let namespace = PERF_INSIGHTS.namespace.to_owned();
            let key = MetricKey { namespace, name: sample.name.to_owned(), dimensions };
            cloudwatch.publish(&key, start, visible_at, sample.value, sample.unit);
        }
        rows
    }

    /// The metrics of the kind of database that it is.
    fn samples(&self, measured: &Measured, instance: &Instance, rng: &mut Rng) -> Vec<Sample> {
        match &instance.membership {
            Some(Membership { kind: ClusterKind::Aurora, .. }) => aurora::of_minute(measured, rng),
            _ => metrics::of_minute(measured, &self.reserves, storage_bytes(instance), rng),
        }
    }

    /// How far it is behind the machine that it follows, if it follows one, and the randomness for that.
    fn follower(
        &mut self,
        minute: &Minute<'_>,
        instance: &Instance,
        capacity: &Capacity,
        served: f64,
    ) -> Option<(Sample, Rng)> {
        self.behind = SignedDuration::ZERO;
        let made = match minute.load {
            Load::Reader { .. } => Lag::none(),
            Load::Replication(_) => Lag::after_making(minute.end.duration_since(instance.created).as_secs_f64()),
            Load::Clients(_) | Load::Writer(..) | Load::None => {
                self.lag = None;
                return None;
            }
        };
        if matches!(instance.status.as_str(), "creating" | "failed" | "deleting") {
            return None;
        }
        let writes = minute.load.followed(minute.start());
        let mut rng = Rng::of(minute.seed, &format!("lag {}", instance.id), minute.end.as_second().unsigned_abs());
        let jitter = 1.0 + 0.15 * rng.swing();
        let of = if let Role::Copy { of } = &instance.role { Some(of.as_str()) } else { None };
        let names: Vec<&str> = std::iter::once(instance.id.as_str()).chain(of).collect();
        let more_secs = minute.faults.lag(minute.end, &names).as_secs_f64();
        let secs = self.lag.get_or_insert(made).minute(writes, served, capacity) * jitter + more_secs;
        self.behind = SignedDuration::try_from_secs_f64(secs).unwrap_or(SignedDuration::MAX);
        let sample = if matches!(minute.load, Load::Reader { has_own_disk: false, .. }) {
            let millis = lag::aurora_millis(writes, capacity) * jitter + more_secs * 1_000.0;
            Sample { name: "AuroraReplicaLag", unit: "Milliseconds", value: millis }
        } else {
            Sample { name: "ReplicaLag", unit: "Seconds", value: secs }
        };
        Some((sample, rng))
    }

    /// The average of what was asked while the database was up, with noise, and which part of the minute that was.
    fn asked(&self, load: Load<'_>, start: Timestamp, instance: &Instance, rng: &mut Rng) -> (Asked, f64) {
        let up: Vec<Asked> = looks(start).filter(|at| instance.is_up_at(*at)).map(|at| load.at(at)).collect();
        let average = |of: fn(&Asked) -> f64| up.iter().map(of).sum::<f64>() / up.len().max(1) as f64;
        let (noise, other_noise) = (1.0 + self.noise * rng.swing(), 1.0 + self.noise * rng.swing());
        let asked = Asked {
            writes: average(|asked| asked.writes) * noise,
            reads: average(|asked| asked.reads) * noise,
            connections: average(|asked| asked.connections) * other_noise,
        };
        (asked, up.len() as f64 / f64::from(LOOKS))
    }
}

fn cluster_of(instance: &Instance) -> Option<&str> {
    instance.membership.as_ref().map(|membership| membership.cluster.as_str())
}

fn storage_bytes(instance: &Instance) -> f64 {
    f64::from(instance.storage_gib) * f64::from(1_u32 << 30)
}
