//! `DescribePendingMaintenanceActions`: AWS has nothing planned in this world, so the list is always empty. Changes
//! that a person deferred to the maintenance window are not in it at AWS either: those are `PendingModifiedValues`.

use super::fleet::Fleet;
use super::page::page;
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;
use crate::sim::wire::xml::Xml;

/// The empty list, after the checks of the parameters.
pub(super) fn describe(fleet: &Fleet, params: &Params, xml: &mut Xml) -> Result<(), ApiError> {
    let unknown = |arn: &&str| {
        let is_instance = fleet.instances().any(|instance| instance.arn == **arn);
        !is_instance && !fleet.clusters().any(|cluster| cluster.arn == **arn)
    };
    if let Some(arn) = params.get("ResourceIdentifier").filter(unknown) {
        let message = format!("Resource {arn} was not found");
        return Err(ApiError { code: "ResourceNotFoundFault".to_owned(), status: 404, message });
    }
    page::<()>(params, 20..=100, std::iter::empty())?;
    xml.empty("PendingMaintenanceActions");
    Ok(())
}
