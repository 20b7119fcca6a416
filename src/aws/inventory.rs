//! What databases there are: every instance and cluster of the account and region, whatever it runs.

use super::pages::Pages;
use super::{Aws, convert};
use crate::model::cluster::ClusterKind;
use crate::model::database::DatabaseName;
use crate::model::failure::Failure;

/// One database, as far as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its identifier.
    pub name: DatabaseName,
    /// Such as `postgres` or `aurora-postgresql`.
    pub engine: String,
    /// Which version of it.
    pub version: String,
    /// Such as `db.m5.large`; empty where RDS tells none of a cluster.
    pub class: String,
    /// `DBInstanceStatus`, or that of the cluster.
    pub status: String,
    /// The kind of cluster; absent where it is an instance that stands alone.
    pub cluster: Option<ClusterKind>,
    /// The instance that it is a replica of.
    pub replica_of: Option<String>,
}

impl Aws {
    /// Every database of the account and region, by name: clusters, and the instances that belong to none.
    ///
    /// # Errors
    /// When any page of either list cannot be read: what is not seen could be the one that is meant.
    pub async fn inventory(&self) -> Result<Vec<Listed>, Failure> {
        let mut found = self.listed_instances().await?;
        found.extend(self.listed_clusters().await?);
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    async fn listed_instances(&self) -> Result<Vec<Listed>, Failure> {
        const OPERATION: &str = "DescribeDBInstances";
        let (mut found, mut pages) = (Vec::new(), Pages::of(OPERATION));
        loop {
            let request = self.rds.describe_db_instances().max_records(100).set_marker(pages.marker());
            let page = request.send().await.map_err(|error| self.read_failure(OPERATION, &error))?;
            let alone = page.db_instances().iter().filter(|instance| instance.db_cluster_identifier().is_none());
            found.extend(alone.map(|instance| Listed {
                name: DatabaseName::new(convert::text(instance.db_instance_identifier())),
                engine: convert::text(instance.engine()),
                version: convert::text(instance.engine_version()),
                class: convert::text(instance.db_instance_class()),
                status: convert::text(instance.db_instance_status()),
                cluster: None,
                replica_of: convert::optional_text(instance.read_replica_source_db_instance_identifier()),
            }));
            if !pages.follow(page.marker())? {
                return Ok(found);
            }
        }
    }

    async fn listed_clusters(&self) -> Result<Vec<Listed>, Failure> {
        const OPERATION: &str = "DescribeDBClusters";
        let (mut found, mut pages) = (Vec::new(), Pages::of(OPERATION));
        loop {
            let request = self.rds.describe_db_clusters().max_records(100).set_marker(pages.marker());
            let page = request.send().await.map_err(|error| self.read_failure(OPERATION, &error))?;
            found.extend(page.db_clusters().iter().map(|cluster| {
                let engine = convert::text(cluster.engine());
                let kind = if engine.starts_with("aurora") { ClusterKind::Aurora } else { ClusterKind::MultiAz };
                Listed {
                    name: DatabaseName::new(convert::text(cluster.db_cluster_identifier())),
                    version: convert::text(cluster.engine_version()),
                    class: convert::text(cluster.db_cluster_instance_class()),
                    status: convert::text(cluster.status()),
                    cluster: Some(kind),
                    replica_of: convert::optional_text(cluster.replication_source_identifier()),
                    engine,
                }
            }));
            if !pages.follow(page.marker())? {
                return Ok(found);
            }
        }
    }
}
