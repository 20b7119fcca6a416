//! RDS Proxy, read-only: which instance or cluster is registered with which proxy.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::fleet::Fleet;
use super::instance::POSTGRES_PORT;
use super::instance::{Instance, Role};
use super::page::page;
use crate::sim::scenario::Scenario;
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;
use crate::sim::wire::xml::Xml;

/// A proxy's only target group.
const GROUP: &str = "default";

/// A proxy of the simulated account.
#[derive(Debug, Clone)]
pub(super) struct Proxy {
    name: String,
    arn: String,
    host: String,
    /// The identifier of the instance or cluster behind it.
    target: String,
    created: Timestamp,
}

/// The proxies of a scenario, by name.
pub(super) fn of_scenario(scenario: &Scenario, now: Timestamp) -> BTreeMap<String, Proxy> {
    let instances = scenario.instances.iter().filter(|spec| spec.proxy).map(|spec| &spec.id);
    let clusters = scenario.clusters.iter().filter(|spec| spec.proxy).map(|spec| &spec.id);
    let proxy = |target: &String| {
        let target = target.to_ascii_lowercase();
        let name = format!("{target}-proxy");
        Proxy {
            arn: format!("arn:aws:rds:{}:{}:db-proxy:prx-{target}", scenario.region, scenario.account),
            host: format!("{name}.proxy-simulated.{}.rds.amazonaws.com", scenario.region),
            created: now.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(now),
            target,
            name,
        }
    };
    instances.chain(clusters).map(proxy).map(|proxy| (proxy.name.clone(), proxy)).collect()
}

/// `DescribeDBProxies`: by name, or all; in pages of 20 to 100.
pub(super) fn proxies(fleet: &Fleet, params: &Params, xml: &mut Xml) -> Result<(), ApiError> {
    let named = params.get("DBProxyName").map(|_| named(fleet, params)).transpose()?;
    let wanted = |proxy: &&Proxy| named.is_none_or(|named| named.name == proxy.name);
    let found = fleet.proxies.values().filter(wanted).map(|proxy| (proxy.name.clone(), proxy));
    let page = page(params, 20..=100, found)?;
    xml.nest("DBProxies", |xml| {
        for proxy in page.items {
            xml.nest("member", |xml| {
                xml.text("DBProxyName", &proxy.name);
                xml.text("DBProxyArn", &proxy.arn);
                xml.text("Status", "available");
                xml.text("EngineFamily", "POSTGRESQL");
                xml.text("Endpoint", &proxy.host);
                xml.text("RequireTLS", true);
                xml.text("IdleClientTimeout", 1800);
                xml.text("DebugLogging", false);
                xml.instant("CreatedDate", proxy.created);
                xml.instant("UpdatedDate", proxy.created);
            });
        }
    });
    xml.optional("Marker", page.marker);
    Ok(())
}

/// `DescribeDBProxyTargets`: the instance, or the cluster and each of its members.
pub(super) fn targets(fleet: &Fleet, params: &Params, xml: &mut Xml) -> Result<(), ApiError> {
    let proxy = named(fleet, params)?;
    check_group(params)?;
    let behind = |member: &&Instance| member.id == proxy.target || member.is_member_of(&proxy.target);
    let instances = fleet.instances().filter(behind).map(|instance| (instance.id.clone(), Some(instance)));
    let cluster = fleet.clusters.get(&proxy.target).map(|cluster| (cluster.id.clone(), None));
    let mut found: Vec<_> = cluster.into_iter().chain(instances).collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    let page = page(params, 20..=100, found.into_iter())?;
    xml.nest("Targets", |xml| {
        for instance in page.items {
            xml.nest("member", |xml| target(proxy, instance, xml));
        }
    });
    xml.optional("Marker", page.marker);
    Ok(())
}

/// One target: an instance, or the cluster that is tracked.
fn target(proxy: &Proxy, instance: Option<&Instance>, xml: &mut Xml) {
    let Some(instance) = instance else {
        xml.text("RdsResourceId", &proxy.target);
        xml.text("Port", POSTGRES_PORT);
        xml.text("Type", "TRACKED_CLUSTER");
        return;
    };
    xml.text("Endpoint", &instance.host);
    xml.optional("TrackedClusterId", instance.membership.as_ref().map(|membership| &membership.cluster));
    xml.text("RdsResourceId", &instance.id);
    xml.text("Port", POSTGRES_PORT);
    xml.text("Type", "RDS_INSTANCE");
    xml.text("Role", if instance.role == Role::Reader { "READ_ONLY" } else { "READ_WRITE" });
    let is_there = !matches!(instance.status.as_str(), "creating" | "deleting" | "failed");
    xml.nest("TargetHealth", |xml| xml.text("State", if is_there { "AVAILABLE" } else { "UNAVAILABLE" }));
}

/// `DescribeDBProxyTargetGroups`: each proxy has one, its default.
pub(super) fn groups(fleet: &Fleet, params: &Params, xml: &mut Xml) -> Result<(), ApiError> {
    let proxy = named(fleet, params)?;
    check_group(params)?;
    let page = page(params, 20..=100, std::iter::once((GROUP.to_owned(), proxy)))?;
    xml.nest("TargetGroups", |xml| {
        for proxy in page.items {
            xml.nest("member", |xml| {
                xml.text("DBProxyName", &proxy.name);
                xml.text("TargetGroupName", GROUP);
                xml.text("TargetGroupArn", proxy.arn.replace(":db-proxy:prx-", ":target-group:prx-tg-"));
                xml.text("IsDefault", true);
                xml.text("Status", "available");
                xml.instant("CreatedDate", proxy.created);
                xml.instant("UpdatedDate", proxy.created);
            });
        }
    });
    xml.optional("Marker", page.marker);
    Ok(())
}

fn named<'a>(fleet: &'a Fleet, params: &Params) -> Result<&'a Proxy, ApiError> {
    let name = params.required("DBProxyName")?;
    fleet.proxies.get(&name.to_ascii_lowercase()).ok_or_else(|| {
        let message = format!("DBProxy {name} not found.");
        ApiError { code: "DBProxyNotFoundFault".to_owned(), status: 404, message }
    })
}

fn check_group(params: &Params) -> Result<(), ApiError> {
    match params.get("TargetGroupName").filter(|name| *name != GROUP) {
        None => Ok(()),
        Some(name) => {
            let message = format!("Target group {name} not found.");
            Err(ApiError { code: "DBProxyTargetGroupNotFoundFault".to_owned(), status: 404, message })
        }
    }
}
