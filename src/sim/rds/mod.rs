//! RDS of the simulated account: the control plane's state and the operations of its API, version 2014-10-31.

mod backups;
mod blue_green;
mod change;
mod cluster;
mod delete;
mod describe;
mod events;
mod fleet;
mod instance;
mod log;
pub(in crate::sim) mod machinery;
mod maintenance;
mod modify;
mod offer;
mod orderable;
mod page;
mod proxy;
mod rename;
mod shape;

use jiff::Timestamp;

pub use blue_green::{Deployment, Status as DeploymentStatus};
pub use cluster::Cluster;
pub use fleet::Fleet;
pub use instance::{Instance, Membership, Role, is_identifier};
pub use offer::offers;

use super::wire::query::{self, Params};
use super::wire::{ApiError, Response};

/// The API version that clients name.
pub const VERSION: &str = "2014-10-31";
/// The XML namespace of the answers.
pub const NAMESPACE: &str = "http://rds.amazonaws.com/doc/2014-10-31/";

/// Answers one call. An action that is not simulated is unknown here, and is answered as AWS answers unknown ones.
pub fn handle(fleet: &mut Fleet, now: Timestamp, request_id: &str, params: &Params) -> Response {
    let action = params.get("Action").unwrap_or_default();
    query::respond(NAMESPACE, action, request_id, |xml| match action {
        "DescribeDBInstances" => describe::instances(fleet, now, params, xml),
        "ModifyDBInstance" => modify::instance(fleet, now, params, xml),
        "CreateDBInstance" => cluster::create_member(fleet, now, params, xml),
        "DescribeDBClusters" => cluster::describe(fleet, now, params, xml),
        "ModifyDBCluster" => cluster::modify(fleet, now, params, xml),
        "FailoverDBCluster" => cluster::failover(fleet, now, params, xml),
        "DescribeDBProxies" => proxy::proxies(fleet, params, xml),
        "DescribeDBProxyTargets" => proxy::targets(fleet, params, xml),
        "DescribeDBProxyTargetGroups" => proxy::groups(fleet, params, xml),
        "DeleteDBInstance" => delete::instance(fleet, now, params, xml),
        "CreateBlueGreenDeployment" => blue_green::create(fleet, now, params, xml),
        "DescribeBlueGreenDeployments" => blue_green::describe(fleet, params, xml),
        "SwitchoverBlueGreenDeployment" => blue_green::switchover(fleet, now, params, xml),
        "DeleteBlueGreenDeployment" => blue_green::delete(fleet, now, params, xml),
        "DescribeDBInstanceAutomatedBackups" => backups::describe(fleet, now, params, xml),
        "DescribeEvents" => events::describe(fleet, now, params, xml),
        "DescribeOrderableDBInstanceOptions" => orderable::describe(fleet, params, xml),
        "DescribePendingMaintenanceActions" => maintenance::describe(fleet, params, xml),
        _ => Err(query::unknown_action(params, VERSION)),
    })
}

/// The error for an instance that does not exist.
fn not_found(id: &str) -> ApiError {
    ApiError { code: "DBInstanceNotFound".to_owned(), status: 404, message: format!("DBInstance {id} not found.") }
}

/// Refuses a parameter that an operation knows at AWS and not here: a success that ignores it would be a lie.
fn only(params: &Params, operation: &str, simulated: &[&str]) -> Result<(), ApiError> {
    let is_simulated = |name: &&str| simulated.contains(&name.split('.').next().unwrap_or_default());
    match params.names().find(|name| !is_simulated(name)) {
        None => Ok(()),
        Some(other) => {
            let message = format!("The parameter {other} of {operation} is not part of this simulation");
            Err(ApiError::sender("InvalidParameterValue", message))
        }
    }
}
