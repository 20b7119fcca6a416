//! Blue/green deployments of RDS for PostgreSQL: a copy of a database is made, and takes over its name.
//!
//! ```text
//!   create ─► PROVISIONING ─► AVAILABLE ─► SWITCHOVER_IN_PROGRESS ─► SWITCHOVER_COMPLETED ─► delete: the record goes
//!                 │              │  ▲               │ too slow, or too far behind: as before
//!                 │              │  └───────────────┘
//!                 ▼              ▼
//!        INVALID_CONFIGURATION   delete: the copy goes too, or stands alone
//! ```

mod course;
mod create;
mod cut;
mod delete;
mod deployment;
mod describe;
mod shape;
mod switchover;

pub(super) use course::{Step, binds};
pub(super) use create::create;
pub(super) use delete::delete;
pub use deployment::{Deployment, Status};
pub(super) use describe::describe;
pub(super) use switchover::switchover;

use super::fleet::Fleet;
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;

/// The deployment that a call names.
fn named<'a>(fleet: &'a Fleet, params: &Params) -> Result<&'a Deployment, ApiError> {
    let id = params.required("BlueGreenDeploymentIdentifier")?;
    fleet.deployments.get(id).ok_or_else(|| not_found(id))
}

/// The error for a deployment that does not exist.
fn not_found(id: &str) -> ApiError {
    let message = format!("Blue/green deployment {id} not found.");
    ApiError { code: "BlueGreenDeploymentNotFoundFault".to_owned(), status: 404, message }
}

/// The error for a deployment that is not in the state that an operation needs.
fn invalid_state(deployment: &Deployment, message: &str) -> ApiError {
    let state = deployment.status.name();
    ApiError::sender("InvalidBlueGreenDeploymentStateFault", format!("{message} (its state is {state})"))
}
