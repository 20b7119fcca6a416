//! `ModifyDBInstance` of a member of a cluster: what is the cluster's is changed at the cluster.

use super::Cluster;
use crate::model::cluster::ClusterKind;
use crate::sim::rds::fleet::Fleet;
use crate::sim::rds::instance::{Instance, Pending};
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;

/// `PromotionTier`, 0 to 15.
pub(in crate::sim::rds) fn checked_tier(params: &Params) -> Result<Option<u32>, ApiError> {
    let tier: Option<i64> = params.parsed("PromotionTier", "an integer")?;
    let check = |tier: i64| {
        let valid = u32::try_from(tier).ok().filter(|tier| *tier <= 15);
        let message = || format!("Invalid promotion tier: {tier}. Must be between 0 and 15.");
        valid.ok_or_else(|| ApiError::sender("InvalidParameterValue", message()))
    };
    tier.map(check).transpose()
}

/// What AWS objects to when a member is to be modified, and what makes no sense for an instance that is none.
pub(in crate::sim::rds) fn check_modification(
    fleet: &Fleet,
    target: &Instance,
    asked: &Pending,
    tier: Option<u32>,
) -> Result<(), ApiError> {
    let refused = |message: String| Err(ApiError::sender("InvalidParameterCombination", message));
    let Some(membership) = &target.membership else {
        return match tier {
            Some(_) => refused("PromotionTier applies to DB instances of an Aurora DB cluster only.".to_owned()),
            None => Ok(()),
        };
    };
    let is_multi_az = membership.kind == ClusterKind::MultiAz;
    let of_the_cluster = [
        (asked.backup_retention_days.is_some(), "backup retention"),
        (asked.storage_gib.is_some(), "allocated storage"),
        (asked.multi_az.is_some(), "Multi-AZ"),
        (is_multi_az && asked.class.is_some(), "the DB instance class"),
        (is_multi_az && tier.is_some(), "the promotion tier"),
    ];
    if let Some((_, what)) = of_the_cluster.iter().find(|(asked, _)| *asked) {
        return refused(format!(
            "The specified DB Instance is a member of a cluster. Modify {what} for the DB Cluster using the \
             ModifyDbCluster API"
        ));
    }
    fleet.cluster(&membership.cluster).map_or(Ok(()), Cluster::must_be_idle)
}
