//! Which metrics RDS publishes of a minute, under which names and units.

use super::load::{Measured, Reserves};
use crate::sim::rng::Rng;

/// One metric's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) value: f64,
}

/// Bytes per disk write and per disk read.
const WRITE_BYTES: f64 = 10_240.0;
pub(super) const READ_BYTES: f64 = 12_288.0;

/// The metrics of `AWS/RDS` that an instance publishes each minute. `rng` adds the jitter of a real machine to all
/// that follows from the load; the load has its own noise already.
pub(super) fn of_minute(measured: &Measured, reserves: &Reserves, storage_bytes: f64, rng: &mut Rng) -> Vec<Sample> {
    let mut vary = |value: f64, by: f64| (value * (1.0 + by * rng.swing())).max(0.0);
    let Measured { writes, reads, queue_depth, cpu_percent, connections, .. } = *measured;
    let sample = |name, unit, value| Sample { name, unit, value };
    vec![
        sample("WriteIOPS", "Count/Second", writes),
        sample("ReadIOPS", "Count/Second", vary(reads, 0.05)),
        sample("WriteThroughput", "Bytes/Second", vary(writes * WRITE_BYTES, 0.05)),
        sample("ReadThroughput", "Bytes/Second", vary(reads * READ_BYTES, 0.05)),
        sample("WriteLatency", "Seconds", vary(measured.write_latency_seconds, 0.08)),
        sample("ReadLatency", "Seconds", vary(measured.read_latency_seconds, 0.08)),
        sample("DiskQueueDepth", "Count", vary(queue_depth, 0.1)),
        sample("CPUUtilization", "Percent", vary(cpu_percent, 0.04).min(100.0)),
        sample("DatabaseConnections", "Count", connections),
        sample("FreeableMemory", "Bytes", vary(measured.free_memory_bytes, 0.02).round()),
        sample("SwapUsage", "Bytes", measured.swap_bytes.round()),
        sample("FreeStorageSpace", "Bytes", (storage_bytes - reserves.stored_bytes).max(0.0).round()),
        sample("NetworkReceiveThroughput", "Bytes/Second", vary(writes * 900.0 + 4000.0, 0.05)),
        sample("NetworkTransmitThroughput", "Bytes/Second", vary(writes * 350.0 + reads * 1800.0 + 6000.0, 0.05)),
        sample("TransactionLogsGeneration", "Bytes/Second", vary(measured.wal_bytes, 0.05)),
        sample("EBSIOBalance%", "Percent", reserves.io_percent),
    ]
}

/// Performance Insights counters of the minute: rows, as PostgreSQL counts them.
pub(super) fn rows_of_minute(measured: &Measured) -> [Sample; 3] {
    let [inserted, updated, deleted] = measured.rows;
    let sample = |name, value| Sample { name, unit: "Count/Second", value };
    [
        sample("db.SQL.tup_inserted", inserted),
        sample("db.SQL.tup_updated", updated),
        sample("db.SQL.tup_deleted", deleted),
    ]
}
