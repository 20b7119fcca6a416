//! `DeleteDBInstance`.

use jiff::Timestamp;

use super::change::Step;
use super::describe::find;
use super::fleet::Fleet;
use super::instance::Change;
use super::{blue_green, cluster, shape};
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;
use crate::sim::wire::xml::Xml;

/// Checks, and begins to delete; with a final snapshot unless it is said that none is wanted.
pub(super) fn instance(fleet: &mut Fleet, now: Timestamp, params: &Params, xml: &mut Xml) -> Result<(), ApiError> {
    let target = find(fleet, params.required("DBInstanceIdentifier")?)?;
    if let Some(membership) = &target.membership {
        cluster::check_deletion(fleet, target, membership, params)?;
    } else {
        check_snapshot(fleet, params)?;
    }
    let refused = |message: String| ApiError::sender("InvalidParameterCombination", message);
    if target.deletion_protection {
        let message = "Cannot delete protected DB Instance, please disable deletion protection and try again.";
        return Err(refused(message.to_owned()));
    }
    let bound = fleet.deployments.values().any(|deployment| blue_green::binds(deployment, &target.arn));
    if bound || target.change != Change::Idle || target.status == "deleting" {
        let message = format!("Instance {} cannot be deleted now.", target.id);
        return Err(ApiError::sender("InvalidDBInstanceState", message));
    }
    let id = target.id.clone();
    if let Some(name) = params.get("FinalDBSnapshotIdentifier") {
        fleet.snapshots.insert(name.to_owned());
        fleet.event(now, &id, "backup", "Backing up DB instance");
    }
    fleet.begin_deletion(now, &id);
    fleet.leave(now, &id);
    if let Some(instance) = fleet.instance(&id) {
        xml.nest("DBInstance", |xml| shape::instance(instance, now, xml));
    }
    Ok(())
}

/// A final snapshot is wanted or not, in so many words.
fn check_snapshot(fleet: &Fleet, params: &Params) -> Result<(), ApiError> {
    let skip = params.flag("SkipFinalSnapshot")?.unwrap_or(false);
    let snapshot = params.get("FinalDBSnapshotIdentifier");
    let refused = |message: String| ApiError::sender("InvalidParameterCombination", message);
    match (skip, snapshot) {
        (false, None) => {
            let message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.";
            Err(refused(message.to_owned()))
        }
        (true, Some(_)) => {
            let message = "FinalDBSnapshotIdentifier can not be specified when deleting with SkipFinalSnapshot.";
            Err(refused(message.to_owned()))
        }
        (false, Some(name)) if fleet.snapshots.contains(name) => {
            let message =
                format!("Cannot create the snapshot because a snapshot with the identifier {name} already exists.");
            Err(ApiError::sender("DBSnapshotAlreadyExists", message))
        }
        _ => Ok(()),
    }
}

impl Fleet {
    /// The instance is being deleted from now on.
    pub(super) fn begin_deletion(&mut self, now: Timestamp, id: &str) {
        if let Some(instance) = self.instances.get_mut(id) {
            "deleting".clone_into(&mut instance.status);
        }
        let takes = self.timing.deletion;
        self.schedule_in(now, takes, id, Step::Deleted);
    }
}
