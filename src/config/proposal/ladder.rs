//! A ladder for a database, from the classes that AWS offers for it.

use std::collections::BTreeSet;

use crate::model::class::InstanceClass;
use crate::model::database::DatabaseState;
use crate::model::ladder::Ladder;

/// Rungs above the class that it has: a person adds more.
const RUNGS_ABOVE: usize = 2;

/// A ladder of classes that are offered, from the one that the database has: up in its family, or else to the next larger
/// class; where there is none, from a smaller one.
///
/// # Errors
/// Why there is none, in a sentence.
pub fn ladder(state: &DatabaseState, offered: &BTreeSet<InstanceClass>) -> Result<Ladder, String> {
    let DatabaseState { name, class, engine, engine_version, .. } = state;
    if class.hardware().is_none() {
        return Err(format!("{name} has the class {class}, which upshift does not know and could not come back to"));
    }
    let mut rungs = vec![class.clone()];
    let larger = |from: &InstanceClass| family(from, InstanceClass::next_larger).find(|it| offered.contains(it));
    while let Some(next) = rungs.last().and_then(larger).filter(|_| rungs.len() <= RUNGS_ABOVE) {
        rungs.push(next);
    }
    if rungs.len() == 1 {
        let others = known(offered).filter(|other| other != class);
        rungs.extend(others.filter(|other| is_larger(other, class)).min_by_key(size));
    }
    if rungs.len() == 1 {
        let smaller = family(class, InstanceClass::next_smaller).find(|it| offered.contains(it));
        let elsewhere = || known(offered).filter(|other| is_larger(class, other)).max_by_key(size);
        rungs.extend(smaller.or_else(elsewhere));
        rungs.reverse();
    }
    let none = || format!("AWS offers no other class for {name} ({engine} {engine_version}) that upshift knows");
    Ladder::new(rungs).ok_or_else(none)
}

/// Those whose hardware is known.
pub(super) fn known(offered: &BTreeSet<InstanceClass>) -> impl Iterator<Item = InstanceClass> + '_ {
    offered.iter().filter_map(|class| InstanceClass::known(class.as_str()))
}

/// The other sizes of a class's family in one direction, nearest first.
fn family(
    from: &InstanceClass,
    step: fn(&InstanceClass) -> Option<InstanceClass>,
) -> impl Iterator<Item = InstanceClass> {
    std::iter::successors(step(from), step)
}

/// Memory first, as the ladder is ordered.
pub(super) fn size(class: &InstanceClass) -> Option<(u32, u32)> {
    class.hardware().map(|hardware| (hardware.memory_gib, hardware.vcpus))
}

/// More memory, and no CPU less.
fn is_larger(class: &InstanceClass, than: &InstanceClass) -> bool {
    let both = class.hardware().zip(than.hardware());
    both.is_some_and(|(class, than)| class.memory_gib > than.memory_gib && class.vcpus >= than.vcpus)
}
