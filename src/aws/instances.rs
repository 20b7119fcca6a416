//! `DescribeDBInstances`: the whole fleet in one paged read.

use std::collections::BTreeMap;

use aws_sdk_rds::operation::describe_db_instances::DescribeDBInstancesError;
use aws_sdk_rds::types::{DbInstance, PendingModifiedValues};

use super::{Aws, PAGE_LIMIT, convert, failure};
use crate::model::call::Failure;
use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseName, DatabaseState, InstanceStatus, ResourceId};

impl Aws {
    /// Those of `wanted` that exist, as RDS describes them.
    ///
    /// # Errors
    /// When any page cannot be read: half a fleet is not an answer.
    pub async fn instances(&self, wanted: &[DatabaseName]) -> Result<BTreeMap<DatabaseName, DatabaseState>, Failure> {
        let mut found = BTreeMap::new();
        let mut marker: Option<String> = None;
        for _ in 0..PAGE_LIMIT {
            let mut request = self.rds.describe_db_instances().max_records(100).set_marker(marker);
            if let [only] = wanted {
                // Asked by name, so that the permission can be given for that one instance.
                request = request.db_instance_identifier(only.as_str());
            }
            let page = match request.send().await {
                Ok(page) => page,
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(DescribeDBInstancesError::is_db_instance_not_found_fault) =>
                {
                    return Ok(found);
                }
                Err(error) => return Err(failure::read_failure("DescribeDBInstances", &error)),
            };
            let states = page.db_instances().iter().map(state);
            found.extend(states.map(|state| (state.name.clone(), state)).filter(|(name, _)| wanted.contains(name)));
            marker = page.marker().map(ToOwned::to_owned);
            if marker.is_none() {
                break;
            }
        }
        Ok(found)
    }
}

fn state(instance: &DbInstance) -> DatabaseState {
    let endpoint = instance.endpoint().and_then(|endpoint| {
        Some(format!("{}:{}", convert::text(Some(endpoint.address()?)), endpoint.port().unwrap_or_default()))
    });
    DatabaseState {
        name: DatabaseName::new(convert::text(instance.db_instance_identifier())),
        resource_id: ResourceId::new(convert::text(instance.dbi_resource_id())),
        arn: convert::text(instance.db_instance_arn()),
        class: InstanceClass::observed(convert::text(instance.db_instance_class())),
        status: InstanceStatus::new(convert::text(instance.db_instance_status())),
        pending: instance.pending_modified_values().map(pending).unwrap_or_default(),
        engine: convert::text(instance.engine()),
        engine_version: convert::text(instance.engine_version()),
        multi_az: instance.multi_az().unwrap_or_default(),
        availability_zone: convert::optional_text(instance.availability_zone()),
        storage_type: convert::optional_text(instance.storage_type()),
        storage_gib: instance.allocated_storage().and_then(|gib| u32::try_from(gib).ok()),
        endpoint,
    }
}

/// Every pending value by AWS's name for it. A value whose content is of no use here still shows that it pends.
fn pending(values: &PendingModifiedValues) -> BTreeMap<String, String> {
    let words = |value: Option<&str>| value.map(|value| convert::text(Some(value)));
    let number = |value: Option<i32>| value.map(|value| value.to_string());
    let switch = |value: Option<bool>| value.map(|value| value.to_string());
    let present = |there: bool| there.then(|| "set".to_owned());
    let all = [
        ("DBInstanceClass", words(values.db_instance_class())),
        ("AllocatedStorage", number(values.allocated_storage())),
        ("MasterUserPassword", present(values.master_user_password().is_some())),
        ("Port", number(values.port())),
        ("BackupRetentionPeriod", number(values.backup_retention_period())),
        ("MultiAZ", switch(values.multi_az())),
        ("EngineVersion", words(values.engine_version())),
        ("LicenseModel", words(values.license_model())),
        ("Iops", number(values.iops())),
        ("StorageThroughput", number(values.storage_throughput())),
        ("DBInstanceIdentifier", words(values.db_instance_identifier())),
        ("StorageType", words(values.storage_type())),
        ("CACertificateIdentifier", words(values.ca_certificate_identifier())),
        ("DBSubnetGroupName", words(values.db_subnet_group_name())),
        ("PendingCloudwatchLogsExports", present(values.pending_cloudwatch_logs_exports().is_some())),
        ("ProcessorFeatures", present(!values.processor_features().is_empty())),
        ("IAMDatabaseAuthenticationEnabled", switch(values.iam_database_authentication_enabled())),
        ("DedicatedLogVolume", switch(values.dedicated_log_volume())),
        ("Engine", words(values.engine())),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
