//! `DescribeDBInstances`: the whole fleet in one paged read.

use std::collections::BTreeMap;

use aws_sdk_rds::operation::describe_db_instances::DescribeDBInstancesError;
use aws_sdk_rds::types::{DbInstance, DbParameterGroupStatus, PendingModifiedValues};

use super::pages::Pages;
use super::{Aws, convert, member_settings};
use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseFacts, DatabaseName, DatabaseState, InstanceStatus, Instances, ResourceId};
use crate::model::failure::{Failure, FailureKind};

impl Aws {
    /// Those of `wanted` that exist, as RDS describes them; one whose description lacks what everything rests on is a
    /// failure of its own.
    ///
    /// # Errors
    /// When any page cannot be read, or the pages do not end: half a fleet is not an answer.
    pub async fn instances(&self, wanted: &[DatabaseName]) -> Result<Instances, Failure> {
        let mut found = BTreeMap::new();
        let mut pages = Pages::of("DescribeDBInstances");
        loop {
            let mut request = self.rds.describe_db_instances().max_records(100).set_marker(pages.marker());
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
                Err(error) => return Err(self.read_failure("DescribeDBInstances", &error)),
            };
            for instance in page.db_instances() {
                let name = DatabaseName::new(convert::text(instance.db_instance_identifier()));
                if wanted.contains(&name) {
                    let described = state(&name, instance);
                    // The same name twice in one list: one of them is wrong, and nobody knows which.
                    let twice = found.contains_key(&name);
                    let described = if twice { Err(unreadable(&name, "twice in one list")) } else { described };
                    found.insert(name, described);
                }
            }
            if !pages.follow(page.marker())? {
                return Ok(found);
            }
        }
    }
}

fn unreadable(name: &DatabaseName, what: &str) -> Failure {
    Failure {
        kind: FailureKind::Service,
        operation: "DescribeDBInstances".to_owned(),
        sentence: format!("DescribeDBInstances: {name} comes back {what}: nothing is concluded from it; trying again"),
        request_id: None,
    }
}

fn state(name: &DatabaseName, instance: &DbInstance) -> Result<DatabaseState, Failure> {
    let endpoint = instance.endpoint().and_then(|endpoint| {
        Some(format!("{}:{}", convert::text(Some(endpoint.address()?)), endpoint.port().unwrap_or_default()))
    });
    let required = |value: Option<&str>, what: &str| {
        let text = convert::text(value);
        if text.is_empty() { Err(unreadable(name, &format!("without {what}"))) } else { Ok(text) }
    };
    Ok(DatabaseState {
        name: name.clone(),
        resource_id: ResourceId::new(required(instance.dbi_resource_id(), "a DbiResourceId")?),
        arn: convert::text(instance.db_instance_arn()),
        class: InstanceClass::observed(required(instance.db_instance_class(), "a class")?),
        status: InstanceStatus::new(required(instance.db_instance_status(), "a status")?),
        pending: instance.pending_modified_values().map(pending).unwrap_or_default(),
        engine: convert::text(instance.engine()),
        engine_version: convert::text(instance.engine_version()),
        multi_az: instance.multi_az().unwrap_or_default(),
        availability_zone: convert::optional_text(instance.availability_zone()),
        storage_type: convert::optional_text(instance.storage_type()),
        storage_gib: instance.allocated_storage().and_then(|gib| u32::try_from(gib).ok()),
        endpoint,
        facts: facts(instance),
        cluster: None,
    })
}

fn facts(instance: &DbInstance) -> DatabaseFacts {
    let group = |group: &DbParameterGroupStatus| {
        (convert::text(group.db_parameter_group_name()), convert::text(group.parameter_apply_status()))
    };
    DatabaseFacts {
        backup_retention_days: instance.backup_retention_period().and_then(|days| u32::try_from(days).ok()),
        backup_window: convert::optional_text(instance.preferred_backup_window()),
        maintenance_window: convert::optional_text(instance.preferred_maintenance_window()),
        settings: member_settings::of(instance),
        parameter_groups: instance.db_parameter_groups().iter().map(group).collect(),
        manages_password: instance.master_user_secret().is_some(),
        capacity_reservation: convert::optional_text(instance.db_capacity_reservation_identifier()),
        deletion_protection: instance.deletion_protection().unwrap_or_default(),
        cluster: convert::optional_text(instance.db_cluster_identifier()),
        replica_of: convert::optional_text(instance.read_replica_source_db_instance_identifier()),
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
