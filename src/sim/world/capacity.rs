//! What a class can do: what is published of it, and where nothing is, what this simulation assumes.

use std::collections::BTreeMap;

use crate::model::class::InstanceClass;
use crate::sim::scenario::CapacitySpec;

/// Rows written per second and sustained disk operation: with commits, indexes and checkpoints, PostgreSQL reaches
/// about so much of what the class's disk path sustains. An assumption of this simulation.
const WRITES_PER_BASELINE_IOPS: f64 = 0.7;
/// Assumed of classes whose EBS figures the class table does not have.
const BASELINE_IOPS_PER_VCPU: f64 = 1800.0;
const BURST_PER_BASELINE: f64 = 5.0;

/// The limits of one class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Capacity {
    pub(super) vcpus: f64,
    pub(super) memory_bytes: f64,
    /// Rows written per second at the most.
    pub(super) writes: f64,
    /// Disk operations per second, for ever.
    pub(super) baseline_iops: f64,
    /// Disk operations per second, while the bucket lasts.
    pub(super) burst_iops: f64,
    pub(super) max_connections: f64,
    /// CPU credits of a burstable class.
    pub(super) credits: Option<Credits>,
}

/// What a burstable class earns; from the EC2 user guide. Unlimited mode: an empty balance slows nothing down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Credits {
    pub(super) per_hour: f64,
    pub(super) most: f64,
}

/// The limits of a class, with what the scenario says of it.
pub(super) fn of(class: &str, overrides: &BTreeMap<String, CapacitySpec>) -> Capacity {
    let known = InstanceClass::observed(class);
    let (vcpus, memory_gib) =
        known.hardware().map_or((2.0, 8.0), |hardware| (f64::from(hardware.vcpus), f64::from(hardware.memory_gib)));
    let assumed = (vcpus * BASELINE_IOPS_PER_VCPU, vcpus * BASELINE_IOPS_PER_VCPU * BURST_PER_BASELINE);
    let listed = known.listing().map(|listing| (f64::from(listing.baseline_iops), f64::from(listing.burst_iops)));
    let (baseline, burst) = listed.unwrap_or(assumed);
    let spec = overrides.get(class).copied().unwrap_or_default();
    let baseline_iops = spec.baseline_iops.unwrap_or(baseline);
    Capacity {
        vcpus,
        memory_bytes: memory_gib * f64::from(1_u32 << 30),
        writes: spec.writes.unwrap_or(baseline_iops * WRITES_PER_BASELINE_IOPS),
        baseline_iops,
        burst_iops: burst.max(baseline_iops),
        max_connections: known.default_max_connections().map_or(5000.0, f64::from),
        credits: credits(class, vcpus),
    }
}

impl Capacity {
    /// The same host on Aurora's shared volume, which has no bucket of its own to drain.
    pub(super) fn on_shared_volume(self) -> Self {
        Self { baseline_iops: self.burst_iops, ..self }
    }
}

fn credits(class: &str, vcpus: f64) -> Option<Credits> {
    let size = class.strip_prefix("db.t4g.").or_else(|| class.strip_prefix("db.t3."))?;
    let per_hour = match size {
        "micro" => 12.0,
        "small" | "medium" => 24.0,
        "large" => 36.0,
        // From here on 40 % of each CPU.
        _ => vcpus * 24.0,
    };
    Some(Credits { per_hour, most: per_hour * 24.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_small_class_carries_the_rush_with_little_to_spare_and_the_large_one_easily() {
        let none = BTreeMap::new();
        let (small, large) = (of("db.t4g.small", &none), of("db.m5.large", &none));
        assert!(small.writes > 620.0 && small.writes < 750.0, "{small:?}");
        assert!(large.writes > 3.0 * 620.0 && large.credits.is_none(), "{large:?}");
    }

    #[test]
    fn a_scenario_can_say_otherwise() {
        let spec = CapacitySpec { writes: Some(300.0), ..CapacitySpec::default() };
        let overrides = BTreeMap::from([("db.t4g.small".to_owned(), spec)]);
        assert!((of("db.t4g.small", &overrides).writes - 300.0).abs() < f64::EPSILON);
    }
}
