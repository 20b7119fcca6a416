//! `SwitchoverBlueGreenDeployment`.

use jiff::{SignedDuration, Timestamp};

use super::course::Step;
use super::deployment::Status;
use super::{invalid_state, named, shape};
use crate::sim::rds::fleet::Fleet;
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;
use crate::sim::wire::xml::Xml;

/// The time that clients may be kept out, if it is not said.
const USUAL_TIMEOUT_SECS: i64 = 300;

/// Checks, and begins to switch over. The answer says that it is under way.
pub(in crate::sim::rds) fn switchover(
    fleet: &mut Fleet,
    now: Timestamp,
    params: &Params,
    xml: &mut Xml,
) -> Result<(), ApiError> {
    let timeout_secs = params.parsed("SwitchoverTimeout", "an integer")?.unwrap_or(USUAL_TIMEOUT_SECS);
    if !(30..=3_600).contains(&timeout_secs) {
        let message = format!("Invalid switchover timeout: {timeout_secs}. Must be between 30 and 3600.");
        return Err(ApiError::sender("InvalidParameterValue", message));
    }
    let deployment = named(fleet, params)?;
    let id = deployment.id.clone();
    if deployment.status != Status::Available {
        return Err(invalid_state(deployment, "Only a deployment that is AVAILABLE can be switched over."));
    }
    let is_ready = |arn: &str| {
        let ready = ["available", "storage-initialization", "backing-up"];
        fleet.instances().any(|instance| instance.arn == arn && ready.contains(&instance.status.as_str()))
    };
    if !is_ready(&deployment.source) || !deployment.target.as_deref().is_some_and(is_ready) {
        return Err(invalid_state(deployment, "A member of the deployment is not in available state."));
    }
    fleet.begin_switchover(now, &id, SignedDuration::from_secs(timeout_secs));
    let checks = fleet.timing.switchover_checks;
    fleet.schedule_deployment_in(now, checks, &id, Step::CutBegins);
    if let Some(deployment) = fleet.deployments.get(&id) {
        xml.nest("BlueGreenDeployment", |xml| shape::deployment(deployment, xml));
    }
    Ok(())
}
