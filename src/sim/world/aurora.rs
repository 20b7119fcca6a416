//! What Aurora PostgreSQL publishes of a minute. Names that RDS has too can mean another thing: `WriteIOPS` counts
//! records of the log that go to the shared volume, not writes to a disk.

use super::load::Measured;
use super::metrics::{READ_BYTES, Sample};
use crate::sim::rng::Rng;

/// Log records for each row: the row, its indexes, a part of a commit. An assumption of this simulation.
pub(crate) const RECORDS_PER_ROW: f64 = 3.0;
const RECORD_BYTES: f64 = 260.0;
/// Rows that one commit writes.
const ROWS_PER_COMMIT: f64 = 2.0;
/// Local disks of temporary files; the data are elsewhere.
const LOCAL_STORAGE_BYTES: f64 = 30.0e9;

/// The metrics of `AWS/RDS` that a member publishes each minute; what it does for clients is in `measured`. `rng` adds the
/// jitter of a real machine.
pub(super) fn of_minute(measured: &Measured, rng: &mut Rng) -> Vec<Sample> {
    let mut vary = |value: f64, by: f64| (value * (1.0 + by * rng.swing())).max(0.0);
    let Measured { writes, reads, cpu_percent, connections, .. } = *measured;
    let records = writes * RECORDS_PER_ROW;
    let sample = |name, unit, value| Sample { name, unit, value };
    vec![
        sample("WriteIOPS", "Count/Second", records),
        sample("ReadIOPS", "Count/Second", vary(reads, 0.05)),
        sample("WriteThroughput", "Bytes/Second", vary(records * RECORD_BYTES, 0.05)),
        sample("ReadThroughput", "Bytes/Second", vary(reads * READ_BYTES, 0.05)),
        sample("WriteLatency", "Seconds", vary(measured.write_latency_seconds, 0.08)),
        sample("ReadLatency", "Seconds", vary(measured.read_latency_seconds, 0.08)),
        sample("CommitLatency", "Milliseconds", vary(measured.write_latency_seconds * 4_000.0, 0.08)),
        sample("CommitThroughput", "Count/Second", vary(writes / ROWS_PER_COMMIT, 0.02)),
        sample("DiskQueueDepth", "Count", vary(measured.queue_depth, 0.1)),
        sample("CPUUtilization", "Percent", vary(cpu_percent, 0.04).min(100.0)),
        sample("DatabaseConnections", "Count", connections),
        sample("FreeableMemory", "Bytes", vary(measured.free_memory_bytes, 0.02).round()),
        sample("SwapUsage", "Bytes", measured.swap_bytes.round()),
        sample("FreeLocalStorage", "Bytes", LOCAL_STORAGE_BYTES),
        sample("NetworkReceiveThroughput", "Bytes/Second", vary(writes * 900.0 + 4000.0, 0.05)),
        sample("NetworkTransmitThroughput", "Bytes/Second", vary(writes * 350.0 + reads * 1800.0 + 6000.0, 0.05)),
    ]
}
