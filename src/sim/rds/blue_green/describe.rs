//! `DescribeBlueGreenDeployments`.

use super::deployment::Deployment;
use super::{not_found, shape};
use crate::sim::rds::fleet::Fleet;
use crate::sim::rds::page::page;
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;
use crate::sim::wire::xml::Xml;

type Filter<'a> = (fn(&Deployment, &str) -> bool, Vec<&'a str>);

/// By identifier, by filters, or all; in pages of 20 to 100.
pub(in crate::sim::rds) fn describe(fleet: &Fleet, params: &Params, xml: &mut Xml) -> Result<(), ApiError> {
    let named = params.get("BlueGreenDeploymentIdentifier");
    if let Some(id) = named.filter(|id| !fleet.deployments.contains_key(*id)) {
        return Err(not_found(id));
    }
    let filters = filters(params)?;
    let wanted = |deployment: &&Deployment| {
        named.is_none_or(|id| deployment.id == id)
            && filters.iter().all(|(is, values)| values.iter().any(|value| is(deployment, value)))
    };
    let found = fleet.deployments.values().filter(wanted).map(|deployment| (deployment.id.clone(), deployment));
    let page = page(params, 20..=100, found)?;
    xml.nest("BlueGreenDeployments", |xml| {
        for deployment in page.items {
            xml.nest("member", |xml| shape::deployment(deployment, xml));
        }
    });
    xml.optional("Marker", page.marker);
    Ok(())
}

fn filters(params: &Params) -> Result<Vec<Filter<'_>>, ApiError> {
    let check = |(name, values): (_, Vec<_>)| {
        let is: fn(&Deployment, &str) -> bool = match name {
            "blue-green-deployment-identifier" => |deployment, value| deployment.id == value,
            "blue-green-deployment-name" => |deployment, value| deployment.name == value,
            "source" => |deployment, value| deployment.source == value,
            "target" => |deployment, value| deployment.target.as_deref() == Some(value),
            other => {
                let message = format!("Unrecognized filter name: {other}");
                return Err(ApiError::sender("InvalidParameterValue", message));
            }
        };
        Ok((is, values))
    };
    params.filters().into_iter().map(check).collect()
}
