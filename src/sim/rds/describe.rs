//! `DescribeDBInstances`.

use jiff::Timestamp;

use super::fleet::Fleet;
use super::instance::Instance;
use super::page::page;
use super::{not_found, shape};
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;
use crate::sim::wire::xml::Xml;

/// By identifier, by filters, or all; in pages of 20 to 100.
pub(super) fn instances(fleet: &Fleet, now: Timestamp, params: &Params, xml: &mut Xml) -> Result<(), ApiError> {
    let named = params.get("DBInstanceIdentifier").map(|given| find(fleet, given)).transpose()?;
    let filters = checked_filters(params)?;
    let wanted = |instance: &&Instance| {
        named.is_none_or(|named| named.id == instance.id) && filters.iter().all(|filter| filter.passes(instance))
    };
    let found = fleet.instances().filter(wanted).map(|instance| (instance.id.clone(), instance));
    let page = page(params, 20..=100, found)?;
    xml.nest("DBInstances", |xml| {
        for instance in page.items {
            xml.nest("DBInstance", |xml| shape::instance(instance, now, xml));
        }
    });
    xml.optional("Marker", page.marker);
    Ok(())
}

/// An instance by its name, or by its ARN as the API also allows.
pub(super) fn find<'a>(fleet: &'a Fleet, given: &str) -> Result<&'a Instance, ApiError> {
    let by_arn = || fleet.instances().find(|instance| instance.arn == given);
    fleet.instance(given).or_else(by_arn).ok_or_else(|| not_found(given))
}

struct Filter<'a> {
    value_of: fn(&Instance) -> Option<&str>,
    /// Compared in any case of letters, as identifiers are.
    values: Vec<&'a str>,
    or_arn: bool,
}

impl Filter<'_> {
    fn passes(&self, instance: &Instance) -> bool {
        let value = (self.value_of)(instance);
        let is = |given: &&str| {
            value.is_some_and(|value| value.eq_ignore_ascii_case(given)) || (self.or_arn && instance.arn == **given)
        };
        self.values.iter().any(is)
    }
}

fn checked_filters(params: &Params) -> Result<Vec<Filter<'_>>, ApiError> {
    let check = |(name, values): (_, Vec<_>)| {
        let (value_of, or_arn): (fn(&Instance) -> Option<&str>, bool) = match name {
            "db-instance-id" => (|instance| Some(&instance.id), true),
            "dbi-resource-id" => (|instance| Some(&instance.resource_id), false),
            "engine" => (|instance| Some(&instance.engine), false),
            "db-cluster-id" => (|instance| instance.membership.as_ref().map(|it| it.cluster.as_str()), false),
            // There are no directories in this world, so nothing belongs to one.
            "domain" => (|_| None, false),
            other => {
                let message = format!("Unrecognized filter name: {other}");
                return Err(ApiError::sender("InvalidParameterValue", message));
            }
        };
        if values.is_empty() {
            let message = format!("The filter {name} has no values");
            return Err(ApiError::sender("InvalidParameterCombination", message));
        }
        // A cluster can be named by its ARN too.
        let name_of = |value| if name == "db-cluster-id" { last_part(value) } else { value };
        let values = values.into_iter().map(name_of).collect();
        Ok(Filter { value_of, values, or_arn })
    };
    params.filters().into_iter().map(check).collect()
}

/// The name at the end of an ARN; a name as it is.
pub(super) fn last_part(given: &str) -> &str {
    given.rsplit(':').next().unwrap_or(given)
}
