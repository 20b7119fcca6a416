//! A DB cluster as XML.

use jiff::{SignedDuration, Timestamp};

use super::state::Cluster;
use crate::model::cluster::ClusterKind;
use crate::sim::rds::fleet::Fleet;
use crate::sim::rds::instance::POSTGRES_PORT;
use crate::sim::rds::instance::Role;
use crate::sim::rds::shape::{security_groups, tag_list};
use crate::sim::wire::xml::Xml;

/// Writes the content of a `DBCluster` element.
pub(super) fn cluster(fleet: &Fleet, cluster: &Cluster, now: Timestamp, xml: &mut Xml) {
    xml.text("AllocatedStorage", cluster.storage_gib);
    zones(fleet, cluster, xml);
    xml.text("BackupRetentionPeriod", cluster.backup_retention_days);
    xml.text("DatabaseName", "postgres");
    xml.text("DBClusterIdentifier", &cluster.id);
    let major = cluster.engine_version.split('.').next().unwrap_or_default();
    xml.text("DBClusterParameterGroup", format!("default.{}{major}", cluster.kind.engine()));
    xml.text("DBSubnetGroup", "default");
    xml.text("Status", &cluster.status);
    xml.text("Endpoint", &cluster.host);
    xml.text("ReaderEndpoint", &cluster.reader_host);
    xml.text("MultiAZ", is_multi_az(fleet, cluster));
    xml.text("Engine", cluster.kind.engine());
    xml.text("EngineVersion", &cluster.engine_version);
    xml.instant("LatestRestorableTime", now.saturating_sub(SignedDuration::from_mins(5)).unwrap_or(now));
    xml.text("Port", POSTGRES_PORT);
    xml.text("MasterUsername", "postgres");
    xml.text("PreferredBackupWindow", "03:00-03:30");
    xml.text("PreferredMaintenanceWindow", cluster.window);
    xml.empty("ReadReplicaIdentifiers");
    members(fleet, cluster, xml);
    security_groups(xml);
    xml.text("StorageEncrypted", true);
    xml.text("DbClusterResourceId", &cluster.resource_id);
    xml.text("DBClusterArn", &cluster.arn);
    xml.empty("AssociatedRoles");
    xml.text("IAMDatabaseAuthenticationEnabled", false);
    xml.instant("ClusterCreateTime", cluster.created);
    // The class is not among a cluster's pending values at AWS; its members show it.
    xml.nest("PendingModifiedValues", |xml| {
        xml.optional("BackupRetentionPeriod", cluster.pending.backup_retention_days);
    });
    if cluster.kind == ClusterKind::Aurora {
        xml.text("EngineMode", "provisioned");
    }
    xml.optional("DBClusterInstanceClass", cluster.class.as_ref());
    xml.text("StorageType", &cluster.storage_type);
    xml.text("PubliclyAccessible", false);
    xml.text("AutoMinorVersionUpgrade", false);
    xml.text("DeletionProtection", cluster.deletion_protection);
    xml.text("HttpEndpointEnabled", false);
    xml.text("ActivityStreamStatus", "stopped");
    xml.text("CopyTagsToSnapshot", true);
    xml.text("CrossAccountClone", false);
    xml.empty("DomainMemberships");
    tag_list(&cluster.tags, xml);
    xml.text("NetworkType", "IPV4");
    xml.text("PerformanceInsightsEnabled", true);
}

/// Members in more than one zone.
fn is_multi_az(fleet: &Fleet, cluster: &Cluster) -> bool {
    let mut zones = fleet.cluster_members(&cluster.id).map(|member| &member.zone);
    let first = zones.next();
    zones.any(|zone| Some(zone) != first)
}

fn zones(fleet: &Fleet, cluster: &Cluster, xml: &mut Xml) {
    let zones: std::collections::BTreeSet<&String> =
        fleet.cluster_members(&cluster.id).map(|member| &member.zone).collect();
    xml.nest("AvailabilityZones", |xml| {
        for zone in zones {
            xml.text("AvailabilityZone", zone);
        }
    });
}

fn members(fleet: &Fleet, cluster: &Cluster, xml: &mut Xml) {
    xml.nest("DBClusterMembers", |xml| {
        for member in fleet.cluster_members(&cluster.id) {
            xml.nest("DBClusterMember", |xml| {
                xml.text("DBInstanceIdentifier", &member.id);
                xml.text("IsClusterWriter", member.role == Role::Writer);
                xml.text("DBClusterParameterGroupStatus", "in-sync");
                xml.optional("PromotionTier", member.membership.as_ref().map(|it| it.promotion_tier));
            });
        }
    });
}
