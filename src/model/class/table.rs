//! What is known of each class: from the RDS and EC2 user guides and the price list.

/// The listed classes: name, price, baseline and burst IOPS. Prices are PostgreSQL's (MySQL's differ).
pub(super) const LISTINGS: [(&str, f64, u32, u32); 9] = [
    ("db.t4g.micro", 0.016, 500, 11_800),
    ("db.t4g.small", 0.032, 1_000, 11_800),
    ("db.t4g.medium", 0.065, 2_000, 11_800),
    ("db.t4g.large", 0.129, 4_000, 15_700),
    ("db.m5.large", 0.178, 3_600, 18_750),
    ("db.m5.xlarge", 0.356, 6_000, 18_750),
    ("db.m6g.large", 0.159, 3_600, 20_000),
    ("db.m7g.large", 0.168, 3_600, 40_000),
    ("db.m7g.xlarge", 0.337, 6_000, 40_000),
];

/// Families of general, memory-optimised and burstable classes that RDS for PostgreSQL offers, with GiB per vCPU.
/// Burstable ones have a table of their own.
pub(super) const FAMILIES: [(&str, u32); 26] = [
    ("c6gd", 2),
    ("m5", 4),
    ("m5d", 4),
    ("m6g", 4),
    ("m6gd", 4),
    ("m6i", 4),
    ("m6id", 4),
    ("m6idn", 4),
    ("m6in", 4),
    ("m7g", 4),
    ("m7i", 4),
    ("m8g", 4),
    ("r5", 8),
    ("r5b", 8),
    ("r5d", 8),
    ("r6g", 8),
    ("r6gd", 8),
    ("r6i", 8),
    ("r6id", 8),
    ("r6idn", 8),
    ("r6in", 8),
    ("r7g", 8),
    ("r7i", 8),
    ("r8g", 8),
    ("x2g", 16),
    ("x2iedn", 32),
];

/// Sizes of the families, smallest first, with their vCPUs.
pub(super) const SIZES: [(&str, u32); 9] = [
    ("large", 2),
    ("xlarge", 4),
    ("2xlarge", 8),
    ("4xlarge", 16),
    ("8xlarge", 32),
    ("12xlarge", 48),
    ("16xlarge", 64),
    ("24xlarge", 96),
    ("48xlarge", 192),
];

/// Sizes of the burstable families, smallest first, with vCPUs and GiB.
pub(super) const BURSTABLE: [(&str, u32, u32); 6] =
    [("micro", 2, 1), ("small", 2, 2), ("medium", 2, 4), ("large", 2, 8), ("xlarge", 4, 16), ("2xlarge", 8, 32)];
