//! One database of the world, minute by minute: what it was asked, what it did, and what is published of that.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::capacity::Capacity;
use super::demand::{Asked, Script};
use super::faults::Faults;
use super::load::Reserves;
use super::metrics::{self, Sample};
use crate::sim::cloudwatch::{CloudWatch, MetricKey, PERF_INSIGHTS};
use crate::sim::rds::{Instance, Role};
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
}

/// One minute to live through.
#[derive(Debug)]
pub(super) struct Minute<'a> {
    pub(super) end: Timestamp,
    pub(super) seed: u64,
    pub(super) delay: Range,
    pub(super) faults: &'a Faults,
    pub(super) load: Load<'a>,
}

/// What reaches a machine.
#[derive(Debug, Clone, Copy)]
pub(super) enum Load<'a> {
    /// What clients ask of its name.
    Clients(&'a Script),
    /// The writes of the machine that it copies.
    Replication(&'a Script),
    /// Nothing.
    None,
}

impl<'a> Load<'a> {
    /// What reaches this machine now.
    pub(super) fn on(instance: &Instance, scripts: &'a BTreeMap<String, Script>) -> Self {
        match &instance.role {
            Role::Production => scripts.get(&instance.id).map_or(Self::None, Self::Clients),
            Role::Copy { of } => scripts.get(of).map_or(Self::None, Self::Replication),
            Role::Replaced => Self::None,
        }
    }

    fn at(self, at: Timestamp) -> Asked {
        match self {
            Self::Clients(script) => script.at(at),
            Self::Replication(script) => Asked { writes: script.at(at).writes, reads: 0.0, connections: 1.0 },
            Self::None => Asked { writes: 0.0, reads: 0.0, connections: 0.0 },
        }
    }
}

impl Database {
    pub(super) fn new(noise: f64, instance: &Instance, capacity: &Capacity) -> Self {
        Self { noise, reserves: Reserves::of(&instance.class, capacity, storage_bytes(instance)) }
    }

    /// Lives through a minute that has just ended and hands its datapoints to CloudWatch.
    pub(super) fn live_through(
        &mut self,
        minute: &Minute<'_>,
        instance: &Instance,
        capacity: &Capacity,
        cloudwatch: &mut CloudWatch,
    ) {
        if self.reserves.class != instance.class {
            self.reserves.moved_to(&instance.class);
        }
        let start = minute.end.saturating_sub(SignedDuration::from_mins(1)).unwrap_or(Timestamp::MIN);
        let mut rng = Rng::of(minute.seed, &instance.id, minute.end.as_second().unsigned_abs());
        let (asked, served) = self.asked(minute.load, start, instance, &mut rng);
        let measured = self.reserves.minute(capacity, &asked, served, storage_bytes(instance));
        if served < LEAST_SERVED {
            return;
        }
        let mut samples = metrics::of_minute(&measured, &self.reserves, storage_bytes(instance), &mut rng);
        if capacity.credits.is_some() && start.as_second() % 300 == 0 {
            samples.push(Sample { name: "CPUCreditBalance", unit: "Count", value: self.reserves.cpu_credits });
        }
        let visible_at = minute.end.saturating_add(minute.delay.draw(&mut rng)).unwrap_or(minute.end);
        let mut publish = |namespace: &str, dimension: (&str, &str), sample: &Sample| {
            if minute.faults.swallow(minute.end, &instance.id, sample.name, &mut rng) {
                return;
            }
            let dimensions = BTreeMap::from([(dimension.0.to_owned(), dimension.1.to_owned())]);
            let key = MetricKey { namespace: namespace.to_owned(), name: sample.name.to_owned(), dimensions };
            cloudwatch.publish(&key, start, visible_at, sample.value, sample.unit);
        };
        for sample in &samples {
            publish("AWS/RDS", ("DBInstanceIdentifier", &instance.id), sample);
        }
        for sample in &metrics::rows_of_minute(&measured) {
            publish(PERF_INSIGHTS.namespace, (PERF_INSIGHTS.dimension, &instance.resource_id), sample);
        }
    }

    /// The average of what was asked while the database was up, with noise, and which part of the minute that was.
    fn asked(&self, load: Load<'_>, start: Timestamp, instance: &Instance, rng: &mut Rng) -> (Asked, f64) {
        let look = |index: i32| {
            let middle = SignedDuration::from_millis(i64::from(index) * 5_000 + 2_500);
            start.saturating_add(middle).unwrap_or(start)
        };
        let up: Vec<Asked> = (0..LOOKS).map(look).filter(|at| instance.is_up_at(*at)).map(|at| load.at(at)).collect();
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

fn storage_bytes(instance: &Instance) -> f64 {
    f64::from(instance.storage_gib) * f64::from(1_u32 << 30)
}
