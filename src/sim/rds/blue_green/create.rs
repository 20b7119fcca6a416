//! `CreateBlueGreenDeployment`, for a change of class. A change of version or storage is refused here, because a success
//! that changes nothing would be a lie.

use jiff::{SignedDuration, Timestamp};

use super::course::Step;
use super::deployment::{Deployment, Status, TASKS, TaskStatus};
use super::shape;
use crate::model::cluster::ClusterKind;
use crate::sim::rds::fleet::Fleet;
use crate::sim::rds::instance::{Change, Instance, is_identifier};
use crate::sim::rds::{cluster, not_found, only, orderable};
use crate::sim::scenario::DeploymentFault;
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;
use crate::sim::wire::xml::Xml;

/// The parameters that mean something here.
const SIMULATED: [&str; 6] =
    ["Action", "Version", "BlueGreenDeploymentName", "Source", "TargetDBInstanceClass", "Tags"];

/// The longest name of a deployment.
const NAME_CHARS: usize = 60;

/// Checks, and begins to make the copy. The answer names no copy yet.
pub(in crate::sim::rds) fn create(
    fleet: &mut Fleet,
    now: Timestamp,
    params: &Params,
    xml: &mut Xml,
) -> Result<(), ApiError> {
    only(params, "CreateBlueGreenDeployment", &SIMULATED)?;
    let name = params.required("BlueGreenDeploymentName")?;
    let source = params.required("Source")?;
    let class = params.get("TargetDBInstanceClass");
    if source.contains(":cluster:") {
        return Err(cluster_refused(fleet, source));
    }
    let blue = fleet.instances().find(|instance| instance.arn == source).ok_or_else(|| not_found(source))?;
    check(fleet, name, blue, class)?;
    let refused = matches!(fleet.deployment_fault(now, &blue.id), Some((DeploymentFault::ClassRefused, _)));
    if refused && class.is_some() {
        let message = format!("TargetDBInstanceClass is not supported for the source {}.", blue.id);
        return Err(ApiError::sender("InvalidParameterCombination", message));
    }
    let deployment = Deployment {
        id: format!("bgd-{}", fleet.id_chars(16)),
        name: name.to_owned(),
        source: source.to_owned(),
        target: None,
        class: class.map(str::to_owned),
        status: Status::Provisioning,
        status_details: None,
        tasks: TASKS.map(|task| (task, TaskStatus::Pending)),
        created: now,
        tags: params.tags(),
        timeout: SignedDuration::ZERO,
    };
    let takes = fleet.timing.status_flip;
    fleet.schedule_deployment_in(now, takes, &deployment.id, Step::CopyBegins);
    xml.nest("BlueGreenDeployment", |xml| shape::deployment(&deployment, xml));
    fleet.deployments.insert(deployment.id.clone(), deployment);
    Ok(())
}

/// What is said to the ARN of a cluster.
fn cluster_refused(fleet: &Fleet, source: &str) -> ApiError {
    match cluster::find(fleet, source) {
        Err(unknown) => unknown,
        Ok(cluster) if cluster.kind == ClusterKind::MultiAz => {
            let message = format!("Multi-AZ DB clusters are not supported as a source: {}.", cluster.id);
            ApiError::sender("SourceClusterNotSupportedFault", message)
        }
        // AWS takes these.
        Ok(_) => {
            let message = "A blue/green deployment of an Aurora DB cluster is not part of this simulation";
            ApiError::sender("InvalidParameterValue", message)
        }
    }
}

fn check(fleet: &Fleet, name: &str, blue: &Instance, class: Option<&str>) -> Result<(), ApiError> {
    if !is_identifier(name) || name.len() > NAME_CHARS {
        let message = format!("The blue/green deployment name {name} is not valid.");
        return Err(ApiError::sender("InvalidParameterValue", message));
    }
    if fleet.deployments.values().any(|known| known.name.eq_ignore_ascii_case(name)) {
        let message = format!("A blue/green deployment with the name {name} already exists.");
        return Err(ApiError::sender("BlueGreenDeploymentAlreadyExistsFault", message));
    }
    let tied = |known: &Deployment| known.is_open() && known.has_member(&blue.arn);
    if fleet.deployments.values().any(tied) {
        let message = format!("{} is already part of a blue/green deployment.", blue.id);
        return Err(ApiError::sender("SourceDatabaseNotSupportedFault", message));
    }
    if let Some(membership) = &blue.membership {
        let message = format!("{} is a member of the DB cluster {}.", blue.id, membership.cluster);
        return Err(ApiError::sender("SourceDatabaseNotSupportedFault", message));
    }
    if blue.backup_retention_days == 0 {
        let message = format!("Automated backups must be enabled on {}.", blue.id);
        return Err(ApiError::sender("SourceDatabaseNotSupportedFault", message));
    }
    if blue.manages_password {
        let message = format!("{}: a master password managed in AWS Secrets Manager is not supported.", blue.id);
        return Err(ApiError::sender("SourceDatabaseNotSupportedFault", message));
    }
    if blue.status != "available" || blue.change != Change::Idle {
        return Err(ApiError::sender("InvalidDBInstanceState", "Database instance is not in available state."));
    }
    if let Some(class) = class {
        orderable::check_class(fleet, blue, class)?;
    }
    Ok(())
}
