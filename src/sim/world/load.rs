//! One minute of a database under demand. A model of queueing, not of PostgreSQL: what matters is that load beyond the
//! class's capacity looks as it does in life — writes go flat, latency, queue and CPU rise, connections pile up.

use super::capacity::Capacity;
use super::demand::Asked;

/// Seconds per disk operation on an idle disk path.
/// What the operating system and RDS's own processes hold.
const SYSTEM_BYTES: f64 = 256.0 * 1024.0 * 1024.0;
/// What one client session holds.
const CONNECTION_BYTES: f64 = 2.0 * 1024.0 * 1024.0;
const WRITE_SECONDS: f64 = 0.0009;
const READ_SECONDS: f64 = 0.0006;
/// Beyond this many times the idle latency clients have given up waiting.
const WORST_SLOWDOWN: f64 = 60.0;
/// How long the EBS bucket lasts at full burst, from AWS's "30 minutes at least once every 24 hours".
const BURST_MINUTES: f64 = 30.0;

/// What a database remembers from minute to minute.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reserves {
    /// The class that the reserves belong to: another host begins with its own.
    pub(super) class: String,
    /// `EBSIOBalance%`.
    pub(super) io_percent: f64,
    /// `CPUCreditBalance`.
    pub(super) cpu_credits: f64,
    /// Bytes in use on the volume.
    pub(super) stored_bytes: f64,
}

/// What was measured over one minute, averages per second where the name does not say otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measured {
    pub(super) writes: f64,
    pub(super) reads: f64,
    pub(super) write_latency_seconds: f64,
    pub(super) read_latency_seconds: f64,
    pub(super) queue_depth: f64,
    pub(super) cpu_percent: f64,
    pub(super) connections: f64,
    pub(super) free_memory_bytes: f64,
    pub(super) swap_bytes: f64,
    /// Write-ahead log per second.
    pub(super) wal_bytes: f64,
    /// Rows inserted, updated and deleted per second.
    pub(super) rows: [f64; 3],
}

/// Bytes of write-ahead log per row.
const WAL_BYTES: f64 = 760.0;
/// Of the rows that are written these parts are inserted, updated and deleted.
const ROWS: [f64; 3] = [0.6, 0.34, 0.06];

impl Reserves {
    /// Those of an instance that has been running for long.
    pub(super) fn of(class: &str, capacity: &Capacity, storage_bytes: f64) -> Self {
        let cpu_credits = capacity.credits.map_or(0.0, |credits| credits.most / 2.0);
        Self { class: class.to_owned(), io_percent: 100.0, cpu_credits, stored_bytes: storage_bytes * 0.3 }
    }

    /// After a move to another host: a full disk bucket and no CPU credits.
    pub(super) fn moved_to(&mut self, class: &str) {
        class.clone_into(&mut self.class);
        self.io_percent = 100.0;
        self.cpu_credits = 0.0;
    }

    /// One minute of demand on a host of that capacity. `served` is the part of the minute, from 0 to 1, in which the
    /// database was up; the measurements are of that part.
    pub(super) fn minute(&mut self, capacity: &Capacity, asked: &Asked, served: f64, storage_bytes: f64) -> Measured {
        let offered = asked.writes + asked.reads;
        let disk = if self.io_percent > 0.0 { capacity.burst_iops } else { capacity.baseline_iops };
        let disk_share = (disk / offered.max(1.0)).min(1.0);
        let writes = asked.writes.min(capacity.writes).min(asked.writes * disk_share);
        let reads = asked.reads * disk_share;
        let wanted = (asked.writes / capacity.writes).max(offered / disk);
        let slowdown = slowdown(wanted);
        let (write_latency, read_latency) = (WRITE_SECONDS * slowdown, READ_SECONDS * slowdown);
        let busy = wanted.min(1.0);
        let cpu_percent = (5.0 + 75.0 * busy + 15.0 * (wanted - 0.9).clamp(0.0, 1.0)).min(99.5);
        let waiting = asked.connections * 0.25 * (slowdown - 1.0).min(8.0) / 2.0;
        let connections = (asked.connections + waiting).min(capacity.max_connections).floor();
        self.spend(capacity, writes + reads, cpu_percent, served);
        self.stored_bytes = (self.stored_bytes + writes * 40.0 * 60.0 * served).min(storage_bytes * 0.8);
        let used_bytes = capacity.memory_bytes * (0.25 + 0.05 * busy) + SYSTEM_BYTES + connections * CONNECTION_BYTES;
        Measured {
            writes,
            reads,
            write_latency_seconds: write_latency,
            read_latency_seconds: read_latency,
            queue_depth: writes * write_latency + reads * read_latency,
            cpu_percent,
            connections,
            free_memory_bytes: (capacity.memory_bytes - used_bytes).max(capacity.memory_bytes * 0.04),
            swap_bytes: (used_bytes - 0.75 * capacity.memory_bytes).max(0.0),
            wal_bytes: writes * WAL_BYTES,
            rows: ROWS.map(|part| writes * part),
        }
    }

    fn spend(&mut self, capacity: &Capacity, iops: f64, cpu_percent: f64, served: f64) {
        let above = capacity.burst_iops - capacity.baseline_iops;
        if above > 0.0 {
            let rate = (iops - capacity.baseline_iops) / above;
            let change = if rate > 0.0 { rate * 100.0 / BURST_MINUTES } else { rate * 100.0 / (24.0 * 60.0) };
            // Filling up is slow by design of EBS: a day for a whole bucket.
            self.io_percent = (self.io_percent - change * served).clamp(0.0, 100.0);
        }
        if let Some(credits) = capacity.credits {
            let spent = capacity.vcpus * cpu_percent / 100.0 * served;
            self.cpu_credits = (self.cpu_credits + credits.per_hour / 60.0 - spent).clamp(0.0, credits.most);
        }
    }
}

/// How many times the idle latency an operation takes when `wanted` of the capacity is asked for: the textbook curve
/// of a queue, continued in a straight line where the textbook says infinity.
fn slowdown(wanted: f64) -> f64 {
    let knee = 0.95;
    let curve = |load: f64| 1.0 + load * load / (1.0 - load) / 2.0;
    if wanted <= knee { curve(wanted) } else { (curve(knee) + (wanted - knee) * 40.0).min(WORST_SLOWDOWN) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const STORAGE: f64 = 100.0e9;

    fn under(writes: f64, minutes: usize) -> (Measured, Reserves) {
        let capacity = crate::sim::world::capacity::of("db.t4g.small", &BTreeMap::new());
        let mut reserves = Reserves::of("db.t4g.small", &capacity, STORAGE);
        let asked = Asked { writes, reads: writes * 0.3, connections: 40.0 };
        let last = (0..minutes).map(|_| reserves.minute(&capacity, &asked, 1.0, STORAGE)).last();
        (last.unwrap(), reserves)
    }

    #[test]
    fn beyond_capacity_writes_are_flat_and_everything_else_rises() {
        let (rush, _) = under(620.0, 1);
        let (over, _) = under(900.0, 1);
        let (far_over, _) = under(1500.0, 1);
        assert!((rush.writes - 620.0).abs() < 1e-9);
        assert!((over.writes - far_over.writes).abs() < 1e-9 && over.writes < 900.0);
        let rises = |of: fn(&Measured) -> f64| of(&rush) < of(&over) && of(&over) <= of(&far_over);
        assert!(rises(|m| m.write_latency_seconds) && rises(|m| m.queue_depth) && rises(|m| m.cpu_percent));
        assert!(rises(|m| m.connections) && over.free_memory_bytes < rush.free_memory_bytes);
    }

    #[test]
    fn reserves_drain_under_load_and_fill_in_quiet() {
        let (_, quiet) = under(50.0, 60);
        let (_, busy) = under(1500.0, 60);
        assert!(busy.io_percent < quiet.io_percent && (quiet.io_percent - 100.0).abs() < 1e-9);
        assert!(busy.cpu_credits < quiet.cpu_credits);
    }

    #[test]
    fn more_demand_never_means_less_of_anything_that_strain_shows() {
        let measured: Vec<Measured> = (0..400).map(|step| under(f64::from(step) * 5.0, 1).0).collect();
        for pair in measured.windows(2) {
            assert!(pair[0].writes <= pair[1].writes && pair[0].cpu_percent <= pair[1].cpu_percent);
            assert!(pair[0].write_latency_seconds <= pair[1].write_latency_seconds);
        }
    }
}
