//! `DescribeDBInstanceAutomatedBackups`: to which times an instance can be restored.
//!
//! Backups are a machine's and not a name's. A copy that takes over a name has a history of its own, which begins with its
//! creation; what was before that can only be restored from the machine that it has replaced, for as long as that one is kept.

use jiff::{SignedDuration, Timestamp};

use super::describe::last_part;
use super::fleet::Fleet;
use super::instance::Instance;
use super::page::page;
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;
use crate::sim::wire::xml::Xml;

/// Logs are put away every five minutes: the newest of them cannot be restored yet.
const NOT_YET: SignedDuration = SignedDuration::from_mins(5);

impl Instance {
    /// The earliest and the latest time that it can be restored to; `None` while it has no backup.
    pub(super) fn restorable(&self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        // Of an instance of this world only the first backup shows.
        let has_none = matches!(self.status.as_str(), "creating" | "backing-up" | "failed");
        if self.backup_retention_days == 0 || has_none {
            return None;
        }
        let kept = SignedDuration::from_hours(24 * i64::from(self.backup_retention_days));
        let before = |span| now.saturating_sub(span).unwrap_or(Timestamp::MIN);
        Some((self.created.max(before(kept)), self.created.max(before(NOT_YET))))
    }
}

/// By instance, by machine, by filters, or all; in pages of 20 to 100. Clusters have theirs apart from their members.
pub(super) fn describe(fleet: &Fleet, now: Timestamp, params: &Params, xml: &mut Xml) -> Result<(), ApiError> {
    let filters = params.filters();
    for (name, _) in &filters {
        if !["status", "db-instance-id", "dbi-resource-id"].contains(name) {
            return Err(ApiError::sender("InvalidParameterValue", format!("Unrecognized filter name: {name}")));
        }
    }
    let asked = [("DBInstanceIdentifier", "db-instance-id"), ("DbiResourceId", "dbi-resource-id")];
    let by_name = asked.into_iter().filter_map(|(parameter, filter)| Some((filter, vec![params.get(parameter)?])));
    let wanted: Vec<(&str, Vec<&str>)> = by_name.chain(filters.iter().cloned()).collect();
    let arn = params.get("DBInstanceAutomatedBackupsArn");
    let passes = |instance: &Instance| {
        let is = |(name, values): &(&str, Vec<&str>)| {
            let own = match *name {
                "status" => status(instance, now),
                "db-instance-id" => &instance.id,
                _ => &instance.resource_id,
            };
            values.iter().any(|value| last_part(value).eq_ignore_ascii_case(own))
        };
        wanted.iter().all(is) && arn.is_none_or(|arn| arn == arn_of(fleet, instance))
    };
    let has_backups = |it: &&Instance| it.membership.is_none() && it.backup_retention_days > 0;
    let found: Vec<&Instance> = fleet.instances().filter(has_backups).filter(|it| passes(it)).collect();
    let is_named = arn.is_some() || asked.iter().any(|(parameter, _)| params.get(parameter).is_some());
    if found.is_empty() && is_named {
        let message = "DB instance automated backup not found.".to_owned();
        return Err(ApiError { code: "DBInstanceAutomatedBackupNotFound".to_owned(), status: 404, message });
    }
    let page = page(params, 20..=100, found.into_iter().map(|instance| (instance.id.clone(), instance)))?;
    xml.nest("DBInstanceAutomatedBackups", |xml| {
        for instance in page.items {
            xml.nest("DBInstanceAutomatedBackup", |xml| shape(fleet, instance, now, xml));
        }
    });
    xml.optional("Marker", page.marker);
    Ok(())
}

fn shape(fleet: &Fleet, instance: &Instance, now: Timestamp, xml: &mut Xml) {
    xml.text("DBInstanceArn", &instance.arn);
    xml.text("DbiResourceId", &instance.resource_id);
    xml.text("Region", &fleet.region);
    xml.text("DBInstanceIdentifier", &instance.id);
    xml.nest("RestoreWindow", |xml| {
        if let Some((earliest, latest)) = instance.restorable(now) {
            xml.instant("EarliestTime", earliest);
            xml.instant("LatestTime", latest);
        }
    });
    xml.text("AllocatedStorage", instance.storage_gib);
    xml.text("Status", status(instance, now));
    xml.text("Port", instance.port);
    xml.text("AvailabilityZone", &instance.zone);
    xml.instant("InstanceCreateTime", instance.created);
    xml.text("MasterUsername", "postgres");
    xml.text("Engine", &instance.engine);
    xml.text("EngineVersion", &instance.engine_version);
    xml.text("LicenseModel", "postgresql-license");
    xml.text("Encrypted", true);
    xml.text("StorageType", &instance.storage_type);
    xml.text("IAMDatabaseAuthenticationEnabled", false);
    xml.text("BackupRetentionPeriod", instance.backup_retention_days);
    xml.text("DBInstanceAutomatedBackupsArn", arn_of(fleet, instance));
    xml.empty("DBInstanceAutomatedBackupsReplications");
    xml.text("BackupTarget", "region");
}

/// `creating` until the first backup is done.
fn status(instance: &Instance, now: Timestamp) -> &'static str {
    if instance.restorable(now).is_some() { "active" } else { "creating" }
}

fn arn_of(fleet: &Fleet, instance: &Instance) -> String {
    let own = instance.resource_id.trim_start_matches("db-");
    format!("arn:aws:rds:{}:{}:auto-backup:ab-{own}", fleet.region, fleet.account)
}
