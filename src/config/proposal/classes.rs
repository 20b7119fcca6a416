//! What there is to know of classes: figures, prices, and which others a database could have.

use std::collections::BTreeSet;

use super::ladder::{known, size};
use super::{Found, line};
use crate::model::class::{InstanceClass, PRICES_AS_OF, PRICES_REGION};
use crate::model::database::DatabaseState;
use crate::model::ladder::Ladder;

/// Lines of the table of other classes.
const OTHERS: usize = 16;

/// Which prices these are, and what is not known.
pub(super) fn prices(found: &Found<'_>) -> String {
    if found.state.cluster.is_some() {
        return "those of clusters are not bundled; yours can stand under [database.prices]".to_owned();
    }
    let elsewhere = found.aws.region.as_deref().is_some_and(|region| region != PRICES_REGION);
    let other = if elsewhere { ", and yours are others: put them under [database.prices]" } else { "" };
    format!("on demand in {PRICES_REGION}, {PRICES_AS_OF}, without storage{other}")
}

/// Other classes that could stand on the ladder: of the family, those whose price is known, and of a
/// cluster those of other families that are not much larger.
pub(super) fn others(text: &mut String, state: &DatabaseState, offered: &BTreeSet<InstanceClass>, ladder: &Ladder) {
    let family_of = |class: &InstanceClass| class.as_str().rsplit_once('.').map(|(family, _)| family.to_owned());
    let top = ladder.rungs().last().and_then(InstanceClass::hardware).map_or(0, |hardware| hardware.memory_gib);
    // Of clusters no price is known, and their families are few.
    let of_cluster = |class: &InstanceClass| {
        state.cluster.is_some() && class.hardware().is_some_and(|hardware| hardware.memory_gib <= top * 2)
    };
    let is_near = |class: &InstanceClass| {
        family_of(class) == family_of(&state.class) || class.listing().is_some() || of_cluster(class)
    };
    let mut others: Vec<InstanceClass> =
        known(offered).filter(|class| is_near(class) && ladder.position(class).is_none()).collect();
    others.sort_by_key(|class| (size(class), class.clone()));
    others.truncate(OTHERS);
    if others.is_empty() {
        return;
    }
    line(text, "# It could also have:");
    for class in others {
        line(text, &format!("#   {:<17} {}", class.as_str(), figures(&class, state)));
    }
}

/// CPUs, memory, disk, connections and price; what is not known is not guessed.
pub(super) fn figures(class: &InstanceClass, state: &DatabaseState) -> String {
    let mut parts = Vec::new();
    if let Some(hardware) = class.hardware() {
        parts.push(format!("{} vCPU, {} GiB", hardware.vcpus, hardware.memory_gib));
    }
    let listing = class.listing();
    if !state.is_aurora() {
        // The volume of an Aurora cluster is limited by nothing that a class has.
        parts.push(match listing {
            Some(listing) => format!("EBS {} IOPS", listing.baseline_iops),
            None => "EBS unknown".to_owned(),
        });
    }
    if let Some(most) = class.default_max_connections() {
        parts.push(format!("max_connections {most}"));
    }
    parts.push(match listing.filter(|_| state.cluster.is_none()) {
        Some(listing) => format!("${:.3}/h", listing.price_usd_per_hour * state.billed_instances()),
        None => "price unknown".to_owned(),
    });
    parts.join(", ")
}
