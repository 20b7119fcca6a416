//! `DescribeDBClusters`.

use jiff::Timestamp;

use super::state::Cluster;
use super::{not_found, shape};
use crate::sim::rds::fleet::Fleet;
use crate::sim::rds::page::page;
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;
use crate::sim::wire::xml::Xml;

type Filter<'a> = (fn(&Cluster, &str) -> bool, Vec<&'a str>);

/// By identifier, by filters, or all; in pages of 20 to 100.
pub(in crate::sim::rds) fn describe(
    fleet: &Fleet,
    now: Timestamp,
    params: &Params,
    xml: &mut Xml,
) -> Result<(), ApiError> {
    let named = params.get("DBClusterIdentifier").map(|given| find(fleet, given)).transpose()?;
    let filters = filters(params)?;
    let wanted = |cluster: &&Cluster| {
        named.is_none_or(|named| named.id == cluster.id)
            && filters.iter().all(|(is, values)| values.iter().any(|value| is(cluster, value)))
    };
    let found = fleet.clusters().filter(wanted).map(|cluster| (cluster.id.clone(), cluster));
    let page = page(params, 20..=100, found)?;
    xml.nest("DBClusters", |xml| {
        for cluster in page.items {
            xml.nest("DBCluster", |xml| shape::cluster(fleet, cluster, now, xml));
        }
    });
    xml.optional("Marker", page.marker);
    Ok(())
}

/// A cluster by its name, in any case of letters, or by its ARN.
pub(in crate::sim::rds) fn find<'a>(fleet: &'a Fleet, given: &str) -> Result<&'a Cluster, ApiError> {
    let is = |cluster: &&Cluster| cluster.id.eq_ignore_ascii_case(given) || cluster.arn == given;
    fleet.clusters().find(is).ok_or_else(|| not_found(given))
}

fn filters(params: &Params) -> Result<Vec<Filter<'_>>, ApiError> {
    let check = |(name, values): (_, Vec<_>)| {
        let is: fn(&Cluster, &str) -> bool = match name {
            "db-cluster-id" => |cluster, value| cluster.id.eq_ignore_ascii_case(value) || cluster.arn == value,
            "db-cluster-resource-id" => |cluster, value| cluster.resource_id.eq_ignore_ascii_case(value),
            "engine" => |cluster, value| cluster.kind.engine() == value,
            // There are no clones and no directories in this world.
            "clone-group-id" | "domain" => |_, _| false,
            other => {
                let message = format!("Unrecognized filter name: {other}");
                return Err(ApiError::sender("InvalidParameterValue", message));
            }
        };
        Ok((is, values))
    };
    params.filters().into_iter().map(check).collect()
}
