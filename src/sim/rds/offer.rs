//! Which classes RDS offers for which kind of database, by the user guides of RDS and Aurora.

use crate::model::class::InstanceClass;

/// Families that a Multi-AZ DB cluster can have: those with NVMe disks of their own.
const OF_MULTI_AZ_CLUSTERS: [&str; 10] =
    ["c6gd", "m5d", "m6gd", "m6id", "m6idn", "r5d", "r6gd", "r6id", "r6idn", "x2iedn"];
/// Families of these clusters that no instance alone can have.
const OF_CLUSTERS_ONLY: [&str; 1] = ["c6gd"];
/// Families of Aurora PostgreSQL, beside the burstable ones.
const OF_AURORA: [&str; 9] = ["r5", "r6g", "r6gd", "r6i", "r6id", "r7g", "r7i", "r8g", "x2g"];
/// The burstable families and sizes of Aurora PostgreSQL.
const BURSTABLE_OF_AURORA: [&str; 4] = ["db.t3.medium", "db.t3.large", "db.t4g.medium", "db.t4g.large"];

/// Whether an instance of this engine can have that class: alone, or as a member of a cluster.
pub fn offers(engine: &str, class: &str, in_cluster: bool) -> bool {
    if InstanceClass::known(class).is_none() {
        return false;
    }
    let family = class.split('.').nth(1).unwrap_or_default();
    match (engine, in_cluster) {
        ("aurora-postgresql", true) => OF_AURORA.contains(&family) || BURSTABLE_OF_AURORA.contains(&class),
        ("postgres", true) => OF_MULTI_AZ_CLUSTERS.contains(&family),
        ("postgres", false) => !OF_CLUSTERS_ONLY.contains(&family),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_database_has_classes_of_its_own() {
        assert!(
            offers("aurora-postgresql", "db.t4g.medium", true) && offers("aurora-postgresql", "db.r7g.large", true)
        );
        for none in ["db.t4g.small", "db.m5.large", "db.q9.large", "nonsense"] {
            assert!(!offers("aurora-postgresql", none, true), "{none}");
        }
        assert!(offers("postgres", "db.m6gd.large", true) && offers("postgres", "db.x2iedn.2xlarge", true));
        assert!(!offers("postgres", "db.m6g.large", true) && offers("postgres", "db.m6g.large", false));
        assert!(offers("postgres", "db.c6gd.large", true) && !offers("postgres", "db.c6gd.large", false));
    }
}
