//! A DB instance as XML. What this world knows nothing of is written as a fresh instance of RDS has it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::instance::{Instance, Membership, Pending, Role};
use crate::model::member_settings::{MemberSettings, PerformanceInsights};
use crate::sim::wire::xml::Xml;

/// Writes the content of a `DBInstance` element.
pub(super) fn instance(instance: &Instance, now: Timestamp, xml: &mut Xml) {
    xml.text("DBInstanceIdentifier", &instance.id);
    xml.text("DBInstanceClass", &instance.class);
    xml.text("Engine", &instance.engine);
    xml.text("DBInstanceStatus", &instance.status);
    xml.text("MasterUsername", "postgres");
    xml.text("DBName", "postgres");
    place(instance, xml);
    xml.text("AllocatedStorage", instance.storage_gib);
    xml.instant("InstanceCreateTime", instance.created);
    xml.text("PreferredBackupWindow", "03:00-03:30");
    xml.text("BackupRetentionPeriod", instance.backup_retention_days);
    xml.empty("DBSecurityGroups");
    groups(instance, xml);
    xml.text("AvailabilityZone", &instance.zone);
    xml.text("PreferredMaintenanceWindow", instance.window);
    pending(&instance.all_pending(), xml);
    if let Some((_, latest)) = instance.restorable(now) {
        xml.instant("LatestRestorableTime", latest);
    }
    xml.text("MultiAZ", instance.multi_az);
    xml.text("EngineVersion", &instance.engine_version);
    xml.text("AutoMinorVersionUpgrade", instance.settings.minor_upgrades.unwrap_or(true));
    if let Role::Copy { of } = &instance.role {
        xml.text("ReadReplicaSourceDBInstanceIdentifier", of);
    }
    xml.empty("ReadReplicaDBInstanceIdentifiers");
    xml.text("LicenseModel", "postgresql-license");
    if instance.multi_az {
        xml.text("SecondaryAvailabilityZone", &instance.other_zone);
    }
    xml.text("PubliclyAccessible", instance.settings.public.unwrap_or(false));
    xml.text("StorageType", &instance.storage_type);
    if instance.storage_type == "gp3" {
        xml.text("Iops", 3000);
        xml.text("StorageThroughput", 125);
    }
    xml.text("DbInstancePort", 0);
    xml.text("StorageEncrypted", true);
    xml.text("DbiResourceId", &instance.resource_id);
    xml.optional("CACertificateIdentifier", instance.settings.ca_certificate.as_ref());
    xml.empty("DomainMemberships");
    xml.text("CopyTagsToSnapshot", instance.settings.copy_tags.unwrap_or(false));
    monitoring(instance, xml);
    xml.text("DBInstanceArn", &instance.arn);
    xml.text("IAMDatabaseAuthenticationEnabled", false);
    if instance.manages_password {
        xml.nest("MasterUserSecret", |xml| {
            xml.text("SecretArn", format!("{}:secret", instance.arn.replace(":rds:", ":secretsmanager:")));
            xml.text("SecretStatus", "active");
        });
    }
    xml.optional("DBCapacityReservationIdentifier", instance.capacity_reservation.as_ref());
    xml.text("DeletionProtection", instance.deletion_protection);
    xml.empty("AssociatedRoles");
    tag_list(&instance.tags, xml);
    xml.text("CustomerOwnedIpEnabled", false);
    xml.text("ActivityStreamStatus", "stopped");
    xml.text("BackupTarget", "region");
    xml.text("NetworkType", "IPV4");
    xml.text("DedicatedLogVolume", false);
    xml.text("IsStorageConfigUpgradeAvailable", false);
    xml.text("EngineLifecycleSupport", "open-source-rds-extended-support-disabled");
}

fn monitoring(instance: &Instance, xml: &mut Xml) {
    let MemberSettings { monitoring, performance_insights, .. } = &instance.settings;
    xml.text("MonitoringInterval", monitoring.as_ref().map_or(0, |it| it.interval_secs));
    xml.optional("MonitoringRoleArn", monitoring.as_ref().map(|it| &it.role));
    xml.text("PerformanceInsightsEnabled", performance_insights.is_some());
    if let Some(PerformanceInsights { retention_days, kms_key }) = performance_insights {
        xml.text("PerformanceInsightsRetentionPeriod", retention_days.unwrap_or(7));
        xml.optional("PerformanceInsightsKMSKeyId", kms_key.as_ref());
    }
}

/// Where it is reached, and the cluster that it belongs to.
fn place(instance: &Instance, xml: &mut Xml) {
    // A member of a cluster has its address once it runs.
    if instance.membership.is_none() || instance.status != "creating" {
        xml.nest("Endpoint", |xml| {
            xml.text("Address", &instance.host);
            xml.text("Port", instance.port);
        });
    }
    if let Some(Membership { cluster, promotion_tier, .. }) = &instance.membership {
        xml.text("DBClusterIdentifier", cluster);
        xml.text("PromotionTier", promotion_tier);
    }
}

fn groups(instance: &Instance, xml: &mut Xml) {
    let major = instance.engine_version.split('.').next().unwrap_or_default();
    security_groups(xml);
    xml.nest("DBParameterGroups", |xml| {
        xml.nest("DBParameterGroup", |xml| {
            xml.text("DBParameterGroupName", format!("default.{}{major}", instance.engine));
            xml.text("ParameterApplyStatus", &instance.parameter_apply_status);
        });
    });
    xml.nest("OptionGroupMemberships", |xml| {
        xml.nest("OptionGroupMembership", |xml| {
            xml.text("OptionGroupName", format!("default:{}-{major}", instance.engine));
            xml.text("Status", "in-sync");
        });
    });
}

fn pending(pending: &Pending, xml: &mut Xml) {
    let Pending { id, class, storage_gib, backup_retention_days, multi_az } = pending;
    xml.nest("PendingModifiedValues", |xml| {
        xml.optional("DBInstanceIdentifier", id.as_ref());
        xml.optional("DBInstanceClass", class.as_ref());
        xml.optional("AllocatedStorage", *storage_gib);
        xml.optional("BackupRetentionPeriod", *backup_retention_days);
        xml.optional("MultiAZ", *multi_az);
    });
}

/// The security groups, the same everywhere in this world.
pub(super) fn security_groups(xml: &mut Xml) {
    xml.nest("VpcSecurityGroups", |xml| {
        xml.nest("VpcSecurityGroupMembership", |xml| {
            xml.text("VpcSecurityGroupId", "sg-0a1b2c3d4e5f60718");
            xml.text("Status", "active");
        });
    });
}

/// Writes the tags of anything.
pub(super) fn tag_list(tags: &BTreeMap<String, String>, xml: &mut Xml) {
    xml.nest("TagList", |xml| {
        for (key, value) in tags {
            xml.nest("Tag", |xml| {
                xml.text("Key", key);
                xml.text("Value", value);
            });
        }
    });
}
