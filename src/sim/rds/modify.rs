//! `ModifyDBInstance`: name, class, storage, backups, Multi-AZ and deletion protection. Everything else it could change at AWS is refused here,
//! because a success that changes nothing would be a lie.

use jiff::Timestamp;

use super::describe::find;
use super::fleet::Fleet;
use super::instance::{Change, Instance, Pending};
use super::{blue_green, cluster, only, orderable, rename, shape};
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;
use crate::sim::wire::xml::Xml;

/// The parameters that mean something here.
const SIMULATED: [&str; 12] = [
    "Action",
    "Version",
    "DBInstanceIdentifier",
    "NewDBInstanceIdentifier",
    "DBInstanceClass",
    "DBCapacityReservationIdentifier",
    "ApplyImmediately",
    "AllocatedStorage",
    "BackupRetentionPeriod",
    "MultiAZ",
    "DeletionProtection",
    "PromotionTier",
];

/// Checks, records the change as pending and says when it begins. The answer still shows the old values and, for some
/// seconds more, the old status.
pub(super) fn instance(fleet: &mut Fleet, now: Timestamp, params: &Params, xml: &mut Xml) -> Result<(), ApiError> {
    only(params, "ModifyDBInstance", &SIMULATED)?;
    let asked = asked(params)?;
    let tier = cluster::checked_tier(params)?;
    let apply_immediately = params.flag("ApplyImmediately")?.unwrap_or(false);
    let target = find(fleet, params.required("DBInstanceIdentifier")?)?;
    cluster::check_modification(fleet, target, &asked, tier)?;
    check(fleet, target, &asked)?;
    let reservation = params.get("DBCapacityReservationIdentifier").map(str::to_owned);
    let protection = params.flag("DeletionProtection")?;
    let id = target.id.clone();
    if let Some(instance) = fleet.instances.get_mut(&id) {
        record(instance, &asked, apply_immediately);
        // A class change that does not name it moves the instance to unreserved capacity.
        if asked.class.is_some() {
            instance.capacity_reservation = reservation;
        }
        instance.deletion_protection = protection.unwrap_or(instance.deletion_protection);
        // This one takes effect at once, like the protection, whatever was said of the others.
        if let Some((membership, tier)) = instance.membership.as_mut().zip(tier) {
            membership.promotion_tier = tier;
        }
    }
    fleet.accept(now, &id, apply_immediately);
    if let Some(instance) = fleet.instance(&id) {
        xml.nest("DBInstance", |xml| shape::instance(instance, now, xml));
    }
    Ok(())
}

fn asked(params: &Params) -> Result<Pending, ApiError> {
    Ok(Pending {
        id: params.get("NewDBInstanceIdentifier").map(str::to_ascii_lowercase),
        class: params.get("DBInstanceClass").map(str::to_owned),
        storage_gib: params.parsed("AllocatedStorage", "an integer")?,
        backup_retention_days: params.parsed("BackupRetentionPeriod", "an integer")?,
        multi_az: params.flag("MultiAZ")?,
    })
}

fn check(fleet: &Fleet, target: &Instance, asked: &Pending) -> Result<(), ApiError> {
    if let Some(name) = &asked.id {
        rename::check(fleet, target, name)?;
    }
    if let Some(class) = &asked.class {
        orderable::check_class(fleet, target, class)?;
    }
    if let Some(days) = asked.backup_retention_days.filter(|days| *days > 35) {
        let message = format!("Invalid backup retention period: {days}. Must be between 0 and 35.");
        return Err(ApiError::sender("InvalidParameterValue", message));
    }
    if let Some(gib) = asked.storage_gib.filter(|gib| *gib != target.storage_gib) {
        let least = target.storage_gib + target.storage_gib.div_ceil(10);
        if gib < least || gib > orderable::MAX_STORAGE_GIB {
            let message = format!(
                "Invalid storage size for engine name {} and storage type {}: {gib}. It must be at least {least} \
                 (an increase of 10 percent) and at most {}.",
                target.engine,
                target.storage_type,
                orderable::MAX_STORAGE_GIB
            );
            return Err(ApiError::sender("InvalidParameterCombination", message));
        }
    }
    let switching =
        |deployment: &&blue_green::Deployment| deployment.status == blue_green::Status::SwitchoverInProgress;
    if fleet.deployments.values().filter(switching).any(|deployment| deployment.has_member(&target.arn)) {
        let message = "Instances of a blue/green deployment cannot be modified during its switchover.";
        return Err(ApiError::sender("InvalidDBInstanceState", message));
    }
    if target.status != "available" || target.change == Change::Running {
        return Err(ApiError::sender("InvalidDBInstanceState", "Database instance is not in available state."));
    }
    Ok(())
}

/// Adds to what is pending. A value that the instance already has is not pending: asking for it takes back an earlier
/// wish, at once if so asked, else at the window; this world forgets it right away in both cases.
///
/// What is asked for the window while an immediate change is about to begin stays apart from it; what is asked for at
/// once takes everything that pends with it, as at AWS.
fn record(instance: &mut Instance, asked: &Pending, apply_immediately: bool) {
    let (wanted, had) = split(asked, instance);
    if apply_immediately {
        let deferred = std::mem::take(&mut instance.deferred);
        instance.pending.merge(&deferred);
    }
    instance.pending.take_back(&had);
    instance.deferred.take_back(&had);
    let stays_apart = !apply_immediately && instance.change == Change::Accepted;
    let pending = if stays_apart { &mut instance.deferred } else { &mut instance.pending };
    pending.merge(&wanted);
    // Unlike the others this one takes effect at once, unless backups are turned on or off.
    let switches = |days: u32| (days == 0) != (instance.backup_retention_days == 0);
    if let Some(days) = pending.backup_retention_days.take_if(|days| apply_immediately && !switches(*days)) {
        instance.backup_retention_days = days;
    }
}

/// What of it is new, and what the instance has already.
fn split(asked: &Pending, instance: &Instance) -> (Pending, Pending) {
    let mut wanted = asked.clone();
    let had = Pending {
        id: wanted.id.take_if(|id| *id == instance.id),
        class: wanted.class.take_if(|class| *class == instance.class),
        storage_gib: wanted.storage_gib.take_if(|gib| *gib == instance.storage_gib),
        multi_az: wanted.multi_az.take_if(|multi_az| *multi_az == instance.multi_az),
        backup_retention_days: wanted.backup_retention_days.take_if(|days| *days == instance.backup_retention_days),
    };
    (wanted, had)
}
