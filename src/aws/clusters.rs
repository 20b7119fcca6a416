//! `DescribeDBClusters`: databases that are clusters, put together with what `DescribeDBInstances` says of their members.

use std::collections::BTreeMap;

use aws_sdk_rds::operation::describe_db_clusters::DescribeDBClustersError;
use aws_sdk_rds::types::{ClusterPendingModifiedValues, DbCluster};

use super::pages::Pages;
use super::{Aws, convert, member_settings};
use crate::model::cluster::{Cluster, ClusterKind, Member};
use crate::model::database::{DatabaseFacts, DatabaseName, DatabaseState, InstanceStatus, Instances, ResourceId};
use crate::model::failure::{Failure, FailureKind};

const OPERATION: &str = "DescribeDBClusters";

impl Aws {
    /// Those of the instances and clusters that exist, each as RDS describes it; the members of the clusters too, by their
    /// own names.
    ///
    /// # Errors
    /// When any page of either cannot be read: half of it is not an answer.
    pub async fn databases(&self, instances: &[DatabaseName], clusters: &[DatabaseName]) -> Result<Instances, Failure> {
        if clusters.is_empty() {
            return self.instances(instances).await;
        }
        let described = self.clusters(clusters).await?;
        let members = described.values().flat_map(DbCluster::db_cluster_members);
        let members = members.map(|member| DatabaseName::new(convert::text(member.db_instance_identifier())));
        let wanted: Vec<DatabaseName> = instances.iter().cloned().chain(members).collect();
        let mut found = if wanted.is_empty() { Instances::new() } else { self.instances(&wanted).await? };
        for (name, cluster) in &described {
            // The same name twice: whose load and whose status it is could not be told apart.
            let twice = found.contains_key(name);
            let state = if twice {
                Err(unreadable(name, "with the name of an instance"))
            } else {
                state(name, cluster, &found)
            };
            found.insert(name.clone(), state);
        }
        Ok(found)
    }

    async fn clusters(&self, wanted: &[DatabaseName]) -> Result<BTreeMap<DatabaseName, DbCluster>, Failure> {
        let mut found = BTreeMap::new();
        let mut pages = Pages::of(OPERATION);
        loop {
            let mut request = self.rds.describe_db_clusters().max_records(100).set_marker(pages.marker());
            if let [only] = wanted {
                // Asked by name, so that the permission can be given for that one cluster.
                request = request.db_cluster_identifier(only.as_str());
            }
            let page = match request.send().await {
                Ok(page) => page,
                Err(error)
                    if error.as_service_error().is_some_and(DescribeDBClustersError::is_db_cluster_not_found_fault) =>
                {
                    return Ok(found);
                }
                Err(error) => return Err(self.read_failure(OPERATION, &error)),
            };
            for cluster in page.db_clusters() {
                let name = DatabaseName::new(convert::text(cluster.db_cluster_identifier()));
                if wanted.contains(&name) {
                    found.insert(name, cluster.clone());
                }
            }
            if !pages.follow(page.marker())? {
                return Ok(found);
            }
        }
    }
}

/// One picture of a cluster: its own, and that of the instance that writes.
fn state(name: &DatabaseName, cluster: &DbCluster, found: &Instances) -> Result<DatabaseState, Failure> {
    let required = |value: Option<&str>, what: &str| {
        let text = convert::text(value);
        if text.is_empty() { Err(unreadable(name, &format!("without {what}"))) } else { Ok(text) }
    };
    let members = members(cluster, found);
    let mut writers = members.iter().filter(|member| member.is_writer);
    let (Some(writer), None) = (writers.next(), writers.next()) else {
        return Err(unreadable(name, "without one writer"));
    };
    let Some(Ok(writes)) = found.get(&writer.name) else {
        return Err(unreadable(name, "with a writer that is not described"));
    };
    let engine = required(cluster.engine(), "an engine")?;
    let own_status = InstanceStatus::new(required(cluster.status(), "a status")?);
    let resource_id = ResourceId::new(required(cluster.db_cluster_resource_id(), "a DbClusterResourceId")?);
    let kind = if engine.starts_with("aurora") { ClusterKind::Aurora } else { ClusterKind::MultiAz };
    let pending = cluster.pending_modified_values().map(pending).unwrap_or_default();
    let (machine, status, of_members) = match kind {
        // A writer that is at work is not there for another change, whatever the cluster says.
        ClusterKind::Aurora => {
            let status = if own_status.is_available() { writes.status.clone() } else { own_status };
            (writes.resource_id.clone(), status, writes.pending.clone())
        }
        ClusterKind::MultiAz => {
            let class = required(cluster.db_cluster_instance_class(), "a class")?;
            (resource_id.clone(), own_status, pending_of_members(&members, &class, found))
        }
    };
    Ok(DatabaseState {
        name: name.clone(),
        resource_id: machine,
        arn: convert::text(cluster.db_cluster_arn()),
        class: writes.class.clone(),
        status,
        pending: pending.into_iter().chain(of_members).collect(),
        engine,
        engine_version: convert::text(cluster.engine_version()),
        multi_az: false,
        availability_zone: writes.availability_zone.clone().filter(|_| kind == ClusterKind::Aurora),
        storage_type: writes.storage_type.clone(),
        storage_gib: writes.storage_gib.filter(|_| kind == ClusterKind::MultiAz),
        endpoint: endpoint(cluster),
        facts: facts(cluster, writes),
        cluster: Some(Cluster { kind, resource_id, members, tags: member_settings::tags(cluster.tag_list()) }),
    })
}

/// What pends on any member; and that its class is not that of the cluster, as long as one has another. `DescribeDBClusters` itself shows no
/// class that pends.
fn pending_of_members(members: &[Member], class: &str, found: &Instances) -> BTreeMap<String, String> {
    let described = |member: &Member| found.get(&member.name).and_then(|state| state.as_ref().ok());
    let mut pending: BTreeMap<String, String> =
        members.iter().filter_map(described).flat_map(|state| state.pending.clone()).collect();
    if members.iter().any(|member| member.class.as_str() != class) {
        // Not as a class that pends: which of them is on its way is not said.
        pending.insert("DBClusterInstanceClass".to_owned(), "of some members".to_owned());
    }
    pending
}

/// Those that RDS describes: one that is made or deleted may be in one of the two answers only.
fn members(cluster: &DbCluster, found: &Instances) -> Vec<Member> {
    let one = |member: &aws_sdk_rds::types::DbClusterMember| {
        let name = DatabaseName::new(convert::text(member.db_instance_identifier()));
        let state = found.get(&name)?.as_ref().ok()?;
        Some(Member {
            resource_id: state.resource_id.clone(),
            class: state.class.clone(),
            status: state.status.clone(),
            is_writer: member.is_cluster_writer().unwrap_or_default(),
            is_scaled: state.is_scaled(),
            name,
        })
    };
    cluster.db_cluster_members().iter().filter_map(one).collect()
}

fn endpoint(cluster: &DbCluster) -> Option<String> {
    let host = convert::optional_text(cluster.endpoint())?;
    Some(format!("{host}:{}", cluster.port().unwrap_or_default()))
}

/// What is set for the whole cluster, and the parameter groups of its writer.
fn facts(cluster: &DbCluster, writer: &DatabaseState) -> DatabaseFacts {
    DatabaseFacts {
        backup_retention_days: cluster.backup_retention_period().and_then(|days| u32::try_from(days).ok()),
        backup_window: convert::optional_text(cluster.preferred_backup_window()),
        maintenance_window: convert::optional_text(cluster.preferred_maintenance_window()),
        settings: writer.facts.settings.clone(),
        parameter_groups: writer.facts.parameter_groups.clone(),
        manages_password: cluster.master_user_secret().is_some(),
        capacity_reservation: None,
        deletion_protection: cluster.deletion_protection().unwrap_or_default(),
        cluster: None,
        replica_of: convert::optional_text(cluster.replication_source_identifier()),
    }
}

/// Every pending value by AWS's name for it. A value whose content is of no use here still shows that it pends.
fn pending(values: &ClusterPendingModifiedValues) -> BTreeMap<String, String> {
    let number = |value: Option<i32>| value.map(|value| value.to_string());
    let present = |there: bool| there.then(|| "set".to_owned());
    let all = [
        ("MasterUserPassword", present(values.master_user_password().is_some())),
        ("DBClusterIdentifier", convert::optional_text(values.db_cluster_identifier())),
        ("EngineVersion", convert::optional_text(values.engine_version())),
        ("BackupRetentionPeriod", number(values.backup_retention_period())),
        ("AllocatedStorage", number(values.allocated_storage())),
        ("Iops", number(values.iops())),
        ("StorageType", convert::optional_text(values.storage_type())),
        ("PendingCloudwatchLogsExports", present(values.pending_cloudwatch_logs_exports().is_some())),
        (
            "IAMDatabaseAuthenticationEnabled",
            values.iam_database_authentication_enabled().map(|value| value.to_string()),
        ),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn unreadable(name: &DatabaseName, what: &str) -> Failure {
    Failure {
        kind: FailureKind::Service,
        operation: OPERATION.to_owned(),
        sentence: format!("{OPERATION}: {name} comes back {what}: nothing is concluded from it; trying again"),
        request_id: None,
    }
}
