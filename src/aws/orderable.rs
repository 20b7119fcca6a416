//! `DescribeOrderableDBInstanceOptions`: whether a class is offered for a database as it is, and which ones are.

use std::collections::BTreeSet;

use super::pages::Pages;
use super::{Aws, convert};
use crate::model::class::InstanceClass;
use crate::model::cluster::ClusterKind;
use crate::model::database::DatabaseState;
use crate::model::failure::Failure;

impl Aws {
    /// Whether `class` is offered for this engine version in the instance's zone, with its storage and standby.
    ///
    /// # Errors
    /// When AWS does not answer, or its pages do not end.
    pub async fn orderable(&self, state: &DatabaseState, class: &InstanceClass) -> Result<bool, Failure> {
        const OPERATION: &str = "DescribeOrderableDBInstanceOptions";
        let mut pages = Pages::of(OPERATION);
        loop {
            let request = self
                .rds
                .describe_orderable_db_instance_options()
                .engine(&state.engine)
                .engine_version(&state.engine_version)
                .db_instance_class(class.as_str())
                .max_records(100)
                .set_marker(pages.marker());
            let page = request.send().await.map_err(|error| self.read_failure(OPERATION, &error))?;
            if page.orderable_db_instance_options().iter().any(|option| fits(option, state)) {
                return Ok(true);
            }
            if !pages.follow(page.marker())? {
                return Ok(false);
            }
        }
    }

    /// Every class that is offered for a database as it is.
    ///
    /// # Errors
    /// When AWS does not answer, or its pages do not end: half of the offers are no answer.
    pub async fn orderable_classes(&self, state: &DatabaseState) -> Result<BTreeSet<InstanceClass>, Failure> {
        const OPERATION: &str = "DescribeOrderableDBInstanceOptions";
        let (mut found, mut pages) = (BTreeSet::new(), Pages::of(OPERATION));
        loop {
            let request = self
                .rds
                .describe_orderable_db_instance_options()
                .engine(&state.engine)
                .engine_version(&state.engine_version)
                .max_records(1_000)
                .set_marker(pages.marker());
            let page = request.send().await.map_err(|error| self.read_failure(OPERATION, &error))?;
            let fitting = page.orderable_db_instance_options().iter().filter(|option| fits(option, state));
            found.extend(fitting.map(|option| InstanceClass::observed(convert::text(option.db_instance_class()))));
            if !pages.follow(page.marker())? {
                return Ok(found);
            }
        }
    }
}

/// What an option does not say does not speak against it.
fn fits(option: &aws_sdk_rds::types::OrderableDbInstanceOption, state: &DatabaseState) -> bool {
    let zones = option.availability_zones();
    let zone = state.availability_zone.as_deref();
    let in_zone = zone.is_none() || zones.is_empty() || zones.iter().any(|offered| offered.name() == zone);
    let storage = option.storage_type().is_none()
        || state.storage_type.is_none()
        || option.storage_type() == state.storage_type.as_deref();
    let size =
        state.storage_gib.zip(option.max_storage_size()).is_none_or(|(gib, most)| i64::from(gib) <= i64::from(most));
    let standby = !state.multi_az || option.multi_az_capable().unwrap_or(true);
    let multi_az = state.cluster.as_ref().is_some_and(|cluster| cluster.kind == ClusterKind::MultiAz);
    let cluster = !multi_az || option.supports_clusters().unwrap_or(true);
    in_zone && storage && size && standby && cluster
}
