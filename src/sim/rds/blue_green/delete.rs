//! `DeleteBlueGreenDeployment`.

use jiff::Timestamp;

use super::course::Step;
use super::deployment::Status;
use super::{invalid_state, named, shape};
use crate::sim::rds::fleet::Fleet;
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;
use crate::sim::wire::xml::Xml;

/// Removes the record; with `DeleteTarget` the copy too, else the copy stands alone from now on.
pub(in crate::sim::rds) fn delete(
    fleet: &mut Fleet,
    now: Timestamp,
    params: &Params,
    xml: &mut Xml,
) -> Result<(), ApiError> {
    let with_target = params.flag("DeleteTarget")?.unwrap_or(false);
    let deployment = named(fleet, params)?;
    let id = deployment.id.clone();
    match deployment.status {
        Status::Deleting | Status::SwitchoverInProgress => {
            return Err(invalid_state(deployment, "The deployment cannot be deleted now."));
        }
        Status::SwitchoverCompleted if with_target => {
            return Err(invalid_state(deployment, "DeleteTarget cannot be specified after a switchover."));
        }
        _ => {}
    }
    let switched = deployment.status == Status::SwitchoverCompleted;
    let copy = deployment.target.clone().filter(|_| !switched);
    let copy = fleet.instances().find(|instance| Some(&instance.arn) == copy.as_ref());
    if let Some(copy) = copy.filter(|copy| with_target && copy.deletion_protection) {
        let message = format!("Cannot delete protected DB Instance {}, please disable deletion protection.", copy.id);
        return Err(ApiError::sender("InvalidParameterCombination", message));
    }
    if let Some(copy) = copy.map(|copy| copy.id.clone()) {
        if with_target {
            fleet.begin_deletion(now, &copy);
        } else {
            fleet.stand_alone(&copy);
        }
    }
    if let Some(deployment) = fleet.deployments.get_mut(&id) {
        deployment.status = Status::Deleting;
        xml.nest("BlueGreenDeployment", |xml| shape::deployment(deployment, xml));
    }
    let settle = fleet.timing.settle;
    fleet.schedule_deployment_in(now, settle, &id, Step::RecordGone);
    Ok(())
}
