//! The world's side of real servers: what they shall do, where they are, and what was measured of them.

use std::net::SocketAddr;

use super::World;
use super::capacity;
use super::demand::Asked;
use super::load::Measured;
use crate::sim::rds::Role;
use crate::sim::rds::machinery::Order;

/// Bytes of log in one disk write: EBS counts up to 16 KiB as one operation.
const LOG_WRITE_BYTES: f64 = 16_384.0;

/// What is to be known of an instance by whoever runs its server.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Machine {
    /// The `DBInstanceIdentifier` that it has now.
    pub(in crate::sim) name: String,
    /// The `DbiResourceId`.
    pub(in crate::sim) id: String,
    /// Clients are let in.
    pub(in crate::sim) is_up: bool,
    /// It has a standby, or must get one: it is no copy, and neither new nor on its way out.
    pub(in crate::sim) wants_standby: bool,
    /// The class it has.
    pub(in crate::sim) class: String,
}

/// What a class means for a real server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::sim) struct Size {
    /// Rows written per second at the most.
    pub(in crate::sim) writes_per_sec: f64,
    /// `max_connections`.
    pub(in crate::sim) max_connections: u32,
    /// Memory of the class.
    pub(in crate::sim) memory_bytes: f64,
    /// CPUs of the class.
    pub(in crate::sim) vcpus: f64,
}

/// What was measured of a server over a short time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::sim) struct Reading {
    /// Transactions that wrote.
    pub(in crate::sim) transactions_per_sec: f64,
    /// Blocks read from disk, or from the operating system's cache of it.
    pub(in crate::sim) reads_per_sec: f64,
    /// Sessions of clients.
    pub(in crate::sim) connections: f64,
    /// Of the class's CPUs.
    pub(in crate::sim) cpu_percent: f64,
    /// What a write waits for the disk, that of the simulated class included.
    pub(in crate::sim) write_latency_secs: f64,
    /// Write-ahead log.
    pub(in crate::sim) wal_bytes_per_sec: f64,
    /// Rows inserted, updated and deleted.
    pub(in crate::sim) rows_per_sec: [f64; 3],
}

impl World {
    /// From now on real servers stand behind the instances, and nothing is claimed of one that is not so.
    pub(in crate::sim) fn is_real_from_now_on(&mut self) {
        self.fleet.machinery_is_real();
        self.readings = Some(std::collections::BTreeMap::new());
    }

    /// The orders to servers that nobody has taken yet; they are the caller's when this returns.
    pub(in crate::sim) fn take_orders(&mut self) -> Vec<Order> {
        self.fleet.take_orders()
    }

    /// An order that cannot be carried out yet.
    pub(in crate::sim) fn put_back(&mut self, order: Order) {
        self.fleet.put_back(order);
    }

    /// The order has been carried out: what waits for it goes on.
    pub(in crate::sim) fn carried_out(&mut self, order: &Order) {
        self.fleet.carried_out(order);
        let now = self.now;
        self.advance(now);
    }

    /// Every instance as it is now.
    pub(in crate::sim) fn machines(&self) -> Vec<Machine> {
        let machine = |instance: &crate::sim::rds::Instance| Machine {
            name: instance.id.clone(),
            id: instance.resource_id.clone(),
            is_up: instance.is_up_at(self.now),
            class: instance.class.clone(),
            wants_standby: instance.multi_az
                && !matches!(instance.role, Role::Copy { .. })
                && !matches!(instance.status.as_str(), "creating" | "failed" | "deleting"),
        };
        self.fleet.instances().map(machine).collect()
    }

    /// What a class means for a real server.
    pub(in crate::sim) fn size(&self, class: &str) -> Size {
        let capacity = capacity::of(class, &self.capacity);
        Size {
            writes_per_sec: capacity.writes,
            max_connections: capacity.max_connections as u32,
            memory_bytes: capacity.memory_bytes,
            vcpus: capacity.vcpus,
        }
    }

    /// Where clients reach an instance by its name.
    pub(in crate::sim) fn is_reached_at(&mut self, name: &str, address: SocketAddr) {
        if let Some(instance) = self.fleet.instances_mut().find(|instance| instance.id == name) {
            instance.host = address.ip().to_string();
            instance.port = address.port();
        }
    }

    /// A measurement of a machine, for the minute that it is in.
    pub(in crate::sim) fn measured(&mut self, machine: &str, reading: Reading) {
        if let Some(readings) = &mut self.readings {
            readings.entry(machine.to_owned()).or_default().push(reading);
        }
    }
}

impl Reading {
    /// The average of several; `None` of none.
    pub(super) fn average(readings: &[Self]) -> Option<Self> {
        if readings.is_empty() {
            return None;
        }
        let of = |value: fn(&Self) -> f64| readings.iter().map(value).sum::<f64>() / readings.len() as f64;
        Some(Self {
            transactions_per_sec: of(|reading| reading.transactions_per_sec),
            reads_per_sec: of(|reading| reading.reads_per_sec),
            connections: of(|reading| reading.connections),
            cpu_percent: of(|reading| reading.cpu_percent),
            write_latency_secs: of(|reading| reading.write_latency_secs),
            wal_bytes_per_sec: of(|reading| reading.wal_bytes_per_sec),
            rows_per_sec: [of(|it| it.rows_per_sec[0]), of(|it| it.rows_per_sec[1]), of(|it| it.rows_per_sec[2])],
        })
    }

    /// Disk writes: one for each transaction that wrote, or for each 16 KiB of log where that is more. To be asked of an
    /// average: the log is told of later than the transactions.
    fn writes_per_sec(&self) -> f64 {
        self.transactions_per_sec.max(self.wal_bytes_per_sec / LOG_WRITE_BYTES)
    }

    /// As if clients had asked for what was done.
    pub(super) fn asked(&self) -> Asked {
        Asked { writes: self.writes_per_sec(), reads: self.reads_per_sec, connections: self.connections }
    }

    /// What the model says of a minute, with everything that was measured in its place. Memory, credits and the disk's
    /// bucket are not those of the machine that this runs on, and stay the model's.
    pub(super) fn instead_of(&self, modelled: Measured) -> Measured {
        Measured {
            writes: self.writes_per_sec(),
            reads: self.reads_per_sec,
            write_latency_seconds: self.write_latency_secs,
            queue_depth: self.writes_per_sec() * self.write_latency_secs,
            cpu_percent: self.cpu_percent,
            connections: self.connections.round(),
            wal_bytes: self.wal_bytes_per_sec,
            rows: self.rows_per_sec,
            ..modelled
        }
    }
}
