//! DB instance classes: their names, the hardware behind them, and what is known of their price.

mod table;

use std::fmt;

use serde::{Deserialize, Serialize};
use table::{BURSTABLE, FAMILIES, LISTINGS, SIZES};

/// The month of the bundled price table. Shown wherever a price is.
pub const PRICES_AS_OF: &str = "2026-09";
/// The region that the bundled prices are of.
pub const PRICES_REGION: &str = "us-east-1";

/// The name of a DB instance class, such as `db.m5.large`.
///
/// A name read from AWS is kept as it is, known here or not; a name from the configuration must parse.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceClass(String);

/// What the hardware of a class offers, from the RDS and EC2 user guides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hardware {
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Nominal memory in GiB; what PostgreSQL can use is less.
    pub memory_gib: u32,
}

/// What the bundled table knows beyond the hardware: on-demand price (Single-AZ, PostgreSQL) and EBS limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Listing {
    /// US dollars per hour, Single-AZ, on demand.
    pub price_usd_per_hour: f64,
    /// Disk operations per second (16 KiB) that the class sustains for ever.
    pub baseline_iops: u32,
    /// Disk operations per second (16 KiB) that it reaches in a burst.
    pub burst_iops: u32,
}

impl InstanceClass {
    /// A class name as AWS gave it, unchecked.
    pub fn observed(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// A class name that RDS for PostgreSQL offers. `None` when no family or size of that name is known here.
    pub fn known(name: &str) -> Option<Self> {
        hardware(name).map(|_| Self(name.to_owned()))
    }

    /// The name, such as `db.m5.large`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// CPUs and memory; `None` for a class not known here.
    pub fn hardware(&self) -> Option<Hardware> {
        hardware(&self.0)
    }

    /// Price and EBS limits; `None` where the bundled table has no entry. Never guessed.
    pub fn listing(&self) -> Option<Listing> {
        LISTINGS.iter().find(|(name, ..)| *name == self.0).map(|&(_, price, baseline, burst)| Listing {
            price_usd_per_hour: price,
            baseline_iops: baseline,
            burst_iops: burst,
        })
    }

    /// The default `max_connections` of RDS for PostgreSQL on this class: `LEAST(memory bytes / 9531392, 5000)`.
    ///
    /// An upper bound: `DBInstanceClassMemory` is somewhat below the nominal memory (a t4g.small shows about 180 of
    /// the nominal 225), and a parameter group can set another number.
    pub fn default_max_connections(&self) -> Option<u32> {
        let bytes = u64::from(self.hardware()?.memory_gib) << 30;
        Some((bytes / 9_531_392).min(5_000) as u32)
    }

    /// The least `max_connections` to expect of the defaults: four fifths of the nominal, as on the smallest classes,
    /// where most of the memory goes to the operating system and to RDS itself.
    pub fn least_max_connections(&self) -> Option<u32> {
        self.default_max_connections().map(|nominal| nominal / 5 * 4)
    }

    /// The next larger size of the same family; `None` for the largest, and for a class not known here.
    pub fn next_larger(&self) -> Option<Self> {
        self.neighbour(|at| at.checked_add(1))
    }

    /// The next smaller size of the same family; `None` for the smallest, and for a class not known here.
    pub fn next_smaller(&self) -> Option<Self> {
        self.neighbour(|at| at.checked_sub(1))
    }

    fn neighbour(&self, step: impl Fn(usize) -> Option<usize>) -> Option<Self> {
        let (family, size) = self.0.strip_prefix("db.")?.split_once('.')?;
        let sizes: Vec<&str> = if is_burstable(family) {
            BURSTABLE.iter().map(|(size, ..)| *size).collect()
        } else {
            SIZES.iter().map(|(size, _)| *size).collect()
        };
        let here = sizes.iter().position(|known| *known == size)?;
        Self::known(&format!("db.{family}.{}", sizes.get(step(here)?)?))
    }

    /// Every class name known here, for suggestions, smallest first within a family.
    pub fn all_known() -> impl Iterator<Item = String> {
        let burstable = ["t3", "t4g"]
            .into_iter()
            .flat_map(|family| BURSTABLE.iter().map(move |(size, ..)| format!("db.{family}.{size}")));
        let others =
            FAMILIES.iter().flat_map(|(family, _)| SIZES.iter().map(move |(size, _)| format!("db.{family}.{size}")));
        burstable.chain(others)
    }
}

impl fmt::Display for InstanceClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

fn is_burstable(family: &str) -> bool {
    matches!(family, "t3" | "t4g")
}

fn hardware(name: &str) -> Option<Hardware> {
    let (family, size) = name.strip_prefix("db.")?.split_once('.')?;
    if is_burstable(family) {
        let (_, vcpus, memory_gib) = *BURSTABLE.iter().find(|(s, ..)| *s == size)?;
        return Some(Hardware { vcpus, memory_gib });
    }
    let (_, gib_per_vcpu) = *FAMILIES.iter().find(|(f, _)| *f == family)?;
    let (_, vcpus) = *SIZES.iter().find(|(s, _)| *s == size)?;
    Some(Hardware { vcpus, memory_gib: vcpus * gib_per_vcpu })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_classes_of_the_first_case_are_listed() {
        let small = InstanceClass::known("db.t4g.small").unwrap();
        assert_eq!(small.hardware().unwrap(), Hardware { vcpus: 2, memory_gib: 2 });
        assert_eq!(small.default_max_connections(), Some(225));
        let large = InstanceClass::known("db.m5.large").unwrap();
        assert_eq!(large.default_max_connections(), Some(901));
        assert!(large.listing().unwrap().price_usd_per_hour > small.listing().unwrap().price_usd_per_hour);
    }

    #[test]
    fn every_listed_class_parses_and_unknown_ones_do_not() {
        assert!(LISTINGS.iter().all(|(name, ..)| InstanceClass::known(name).is_some()));
        for wrong in ["m5.large", "db.m5", "db.m5.huge", "db.q9.large", "", "db.m5.large "] {
            assert!(InstanceClass::known(wrong).is_none(), "{wrong:?}");
        }
        assert!(InstanceClass::all_known().all(|name| InstanceClass::known(&name).is_some()));
    }
}
