//! What calls to RDS need. Names that RDS itself draws are asked for as `*`: a pattern that is narrower does not pass, as
//! AWS says of blue/green deployments.

use std::collections::BTreeMap;

use super::{Asked, with};
use crate::sim::iam::condition::Context;
use crate::sim::iam::document::Check;

/// Who is passed the role of enhanced monitoring.
const MONITORING: &str = "monitoring.rds.amazonaws.com";

/// The resource that a parameter names, or all of its kind.
pub(super) fn one_or_all(call: &Asked<'_>, kind: &str, parameter: &str) -> Vec<Check> {
    vec![own(call, resource(call, kind, parameter))]
}

/// What is named by its ARN.
pub(super) fn named(call: &Asked<'_>) -> Vec<Check> {
    vec![own(call, call.text("ResourceName").unwrap_or("*").to_owned())]
}

pub(super) fn modify_instance(call: &Asked<'_>) -> Vec<Check> {
    let mut check = own(call, resource(call, "db", "DBInstanceIdentifier"));
    if let Some(class) = call.text("DBInstanceClass") {
        check = with(check, "rds:DatabaseClass", vec![class.to_owned()]);
    }
    vec![check]
}

/// A member of a cluster: the instance, the cluster, and what it is given.
pub(super) fn create_instance(call: &Asked<'_>) -> Vec<Check> {
    let class = call.text("DBInstanceClass").map(str::to_owned);
    let asked = |check| with(check, "rds:DatabaseClass", class.clone().into_iter().collect());
    let instance = call.rds("db", call.text("DBInstanceIdentifier").unwrap_or("*"));
    let mut checks = vec![asked(call.on(instance.clone()))];
    for (kind, parameter) in
        [("cluster", "DBClusterIdentifier"), ("pg", "DBParameterGroupName"), ("subgrp", "DBSubnetGroupName")]
    {
        checks.extend(call.text(parameter).map(|name| asked(own(call, call.rds(kind, name)))));
    }
    if !call.tags().is_empty() {
        checks.push(asked(call.also("rds:AddTagsToResource", instance)));
    }
    if let Some(role) = call.text("MonitoringRoleArn") {
        let pass = call.also("iam:PassRole", role.to_owned());
        checks.push(with(pass, "iam:PassedToService", vec![MONITORING.to_owned()]));
    }
    checks
}

/// The final snapshot is made, and gets the tags of the machine where it is said so.
pub(super) fn delete_instance(call: &Asked<'_>) -> Vec<Check> {
    let instance = resource(call, "db", "DBInstanceIdentifier");
    let mut checks = vec![own(call, instance.clone())];
    if let Some(name) = call.text("FinalDBSnapshotIdentifier") {
        let snapshot = call.rds("snapshot", name);
        checks.push(existing(call, "rds:CreateDBSnapshot", instance.clone()));
        checks.push(call.also("rds:CreateDBSnapshot", snapshot.clone()));
        let copies = |found: &crate::sim::rds::Instance| {
            found.arn == instance && found.settings.copy_tags == Some(true) && !found.tags.is_empty()
        };
        if call.fleet.instances().any(copies) {
            checks.push(call.also("rds:AddTagsToResource", snapshot));
        }
    }
    checks
}

/// The members are changed with it.
pub(super) fn modify_cluster(call: &Asked<'_>) -> Vec<Check> {
    let class = call.text("DBClusterInstanceClass");
    let check = own(call, resource(call, "cluster", "DBClusterIdentifier"));
    let Some(class) = class else { return vec![check] };
    let cluster = call.text("DBClusterIdentifier").unwrap_or_default().to_ascii_lowercase();
    let members = call.fleet.cluster_members(&cluster).map(|member| member.arn.clone());
    let members = members.map(|member| existing(call, "rds:ModifyDBInstance", member));
    std::iter::once(with(check, "rds:DatabaseClass", vec![class.to_owned()])).chain(members).collect()
}

/// The copy is a replica first, and gets the tags of its source.
pub(super) fn create_deployment(call: &Asked<'_>) -> Vec<Check> {
    let source = call.text("Source").unwrap_or("*").to_owned();
    let deployment = call.rds("deployment", "*");
    let mut checks = vec![own(call, source.clone()), call.on(deployment.clone())];
    checks.push(existing(call, "rds:CreateDBInstanceReadReplica", source));
    for kind in ["db", "og", "pg", "subgrp"] {
        checks.push(call.also("rds:CreateDBInstanceReadReplica", call.rds(kind, "*")));
    }
    for kind in ["db", "deployment"] {
        checks.push(call.also("rds:AddTagsToResource", call.rds(kind, "*")));
    }
    checks
}

/// Both machines are changed, and the copy is promoted.
pub(super) fn switch_over(call: &Asked<'_>) -> Vec<Check> {
    let mut checks = one_or_all(call, "deployment", "BlueGreenDeploymentIdentifier");
    if let Some(found) = deployment(call) {
        checks.push(existing(call, "rds:ModifyDBInstance", found.source.clone()));
        if let Some(copy) = &found.target {
            checks.push(existing(call, "rds:ModifyDBInstance", copy.clone()));
            checks.push(existing(call, "rds:PromoteReadReplica", copy.clone()));
        }
    }
    checks
}

/// The copy is deleted, or stands alone from now on.
pub(super) fn delete_deployment(call: &Asked<'_>) -> Vec<Check> {
    let mut checks = one_or_all(call, "deployment", "BlueGreenDeploymentIdentifier");
    let with_target = call.text("DeleteTarget").is_some_and(|word| word.eq_ignore_ascii_case("true"));
    let action = if with_target { "rds:DeleteDBInstance" } else { "rds:PromoteReadReplica" };
    let copy = deployment(call).filter(|found| found.is_open()).and_then(|found| found.target.clone());
    checks.extend(copy.map(|copy| existing(call, action, copy)));
    checks
}

fn deployment<'a>(call: &Asked<'a>) -> Option<&'a crate::sim::rds::Deployment> {
    let id = call.text("BlueGreenDeploymentIdentifier")?;
    call.fleet.deployments().find(|deployment| deployment.id == id)
}

fn resource(call: &Asked<'_>, kind: &str, parameter: &str) -> String {
    let Some(name) = call.text(parameter) else { return call.rds(kind, "*") };
    // An ARN does for an identifier here and there.
    if name.starts_with("arn:") { name.to_owned() } else { call.rds(kind, &name.to_ascii_lowercase()) }
}

/// The call's own action on something that may be there already.
fn own(call: &Asked<'_>, resource: String) -> Check {
    existing(call, &format!("{}:{}", call.service, call.operation), resource)
}

/// An action on something that may be there already, with what can be said of it.
fn existing(call: &Asked<'_>, action: &str, resource: String) -> Check {
    let mut check = call.also(action, resource);
    if let Some(found) = call.fleet.instances().find(|instance| instance.arn == check.resource) {
        check.context.extend(tags("rds:db-tag/", &found.tags));
        check.context.insert("rds:databaseclass".to_owned(), vec![found.class.clone()]);
        check.context.insert("rds:databaseengine".to_owned(), vec![found.engine.clone()]);
    }
    if let Some(found) = call.fleet.clusters().find(|cluster| cluster.arn == check.resource) {
        check.context.extend(tags("rds:cluster-tag/", &found.tags));
    }
    if let Some(found) = call.fleet.deployments().find(|it| check.resource.ends_with(&format!(":deployment:{}", it.id)))
    {
        check.context.extend(tags("aws:ResourceTag/", &found.tags));
    }
    check
}

fn tags(prefix: &str, tags: &BTreeMap<String, String>) -> Context {
    let mut context = Context::new();
    for (key, value) in tags {
        for prefix in [prefix, "aws:ResourceTag/"] {
            context.insert(format!("{prefix}{key}").to_ascii_lowercase(), vec![value.clone()]);
        }
    }
    context
}
