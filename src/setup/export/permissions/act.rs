//! What changing needs, strategy by strategy. What the names of are RDS's to draw can only be told by its tag: of
//! blue/green deployments AWS takes no pattern but `*`.

use super::{Effect, Resource, Role, Scope, Statement, Tag};

const COPY: &str = "blue_green: a copy is made, a replica at first";
const CUT: &str = "blue_green: the copy takes over";
const GIVE_UP: &str = "blue_green: a copy is given up";
const READER: &str = "reader_failover: a reader is made with what the writer has";
const OLD: &str = "the removal of a machine that was replaced";
const SNAPSHOT: &str = "the final snapshot of a machine that goes";
/// What this program calls what it makes.
const OURS: &str = "upshift-*";

type Grants = Vec<(&'static str, &'static str)>;

/// The statements that only the role that acts has.
pub(super) fn statements(scope: &Scope, tag: &Tag) -> Vec<Statement> {
    let instances = [machines(scope, tag), copies(scope, tag)];
    let clusters = [readers(scope, tag), whole_clusters(scope, tag)];
    let beside = [scaled(scope), alarms(scope), drills(scope), lease(scope)];
    let mut all = [instances.concat(), snapshots(scope), clusters.concat(), beside.concat()].concat();
    all.push(never(scope));
    all
}

/// What is done to instances that bear the tag: to those of known names where nothing makes others.
fn machines(scope: &Scope, tag: &Tag) -> Vec<Statement> {
    let copies = !scope.copied.is_empty();
    let mut grants = Grants::new();
    if !scope.in_place.is_empty() {
        grants.push(("rds:ModifyDBInstance", "in_place: the class is changed"));
    }
    if copies {
        grants.push((
            "rds:ModifyDBInstance",
            "blue_green: the copy's class where AWS does not take it with the order, and the cut",
        ));
        grants.push(("rds:PromoteReadReplica", CUT));
        grants.push(("rds:DeleteDBInstance", GIVE_UP));
    }
    if copies || !scope.aurora.is_empty() {
        grants.push(("rds:DeleteDBInstance", OLD));
    }
    if scope.snapshots {
        grants.push(("rds:CreateDBSnapshot", SNAPSHOT));
    }
    let names = if copies || !scope.aurora.is_empty() { vec!["*".to_owned()] } else { scope.in_place.clone() };
    let resources = names.iter().map(|name| Resource::rds("db", name)).collect();
    let statement = Statement::allow("TaggedInstances", Role::Act, &grants, resources);
    vec![statement.only_if(format!("rds:db-tag/{}", tag.key), vec![tag.value.clone()])]
}

/// A deployment is made of a database that bears the tag; its parts have none yet.
fn copies(scope: &Scope, tag: &Tag) -> Vec<Statement> {
    if scope.copied.is_empty() {
        return Vec::new();
    }
    let sources = scope.copied.iter().map(|name| Resource::rds("db", name)).collect();
    let source = Statement::allow("CopiedDatabases", Role::Act, &[("rds:CreateBlueGreenDeployment", COPY)], sources);
    let deployments = [
        ("rds:CreateBlueGreenDeployment", COPY),
        ("rds:SwitchoverBlueGreenDeployment", CUT),
        ("rds:DeleteBlueGreenDeployment", GIVE_UP),
    ];
    let parts =
        [("rds:CreateDBInstanceReadReplica", COPY), ("rds:AddTagsToResource", "blue_green: the copy has its tags")];
    let kinds = ["db", "deployment", "og", "pg", "subgrp"].map(|kind| Resource::rds(kind, "*"));
    vec![
        source.only_if(format!("rds:db-tag/{}", tag.key), vec![tag.value.clone()]),
        Statement::allow("Deployments", Role::Act, &deployments, vec![Resource::rds("deployment", "*")]),
        Statement::allow("Copies", Role::Act, &parts, kinds.to_vec()),
    ]
}

fn snapshots(scope: &Scope) -> Vec<Statement> {
    let grants = [("rds:CreateDBSnapshot", SNAPSHOT), ("rds:AddTagsToResource", SNAPSHOT)];
    let resources = if scope.snapshots { vec![Resource::rds("snapshot", OURS)] } else { Vec::new() };
    vec![Statement::allow("Snapshots", Role::Act, &grants, resources)]
}

/// Readers are made by our own names, on the classes of the ladder, with the tag by which they can be deleted.
fn readers(scope: &Scope, tag: &Tag) -> Vec<Statement> {
    if scope.aurora.is_empty() {
        return Vec::new();
    }
    let own = [("rds:CreateDBInstance", READER), ("rds:AddTagsToResource", READER)];
    let cluster =
        [("rds:CreateDBInstance", READER), ("rds:FailoverDBCluster", "reader_failover: the reader takes over")];
    let clusters = scope.aurora.iter().map(|name| Resource::rds("cluster", name)).collect();
    let monitoring = vec![Resource::Iam { name: "role/*".to_owned() }];
    vec![
        Statement::allow("Readers", Role::Act, &own, vec![Resource::rds("db", OURS)])
            .only_if(format!("aws:RequestTag/{}", tag.key), vec![tag.value.clone()])
            .only_if("rds:DatabaseClass", scope.cluster_classes.clone()),
        Statement::allow("ReadersOfClusters", Role::Act, &cluster, clusters)
            .only_if(format!("rds:cluster-tag/{}", tag.key), vec![tag.value.clone()]),
        Statement::allow("ReadersParameters", Role::Act, &own[..1], vec![Resource::rds("pg", "*")]),
        Statement::allow(
            "ReadersMonitoring",
            Role::Act,
            &[("iam:PassRole", "reader_failover: enhanced monitoring goes on")],
            monitoring,
        )
        .only_if("iam:PassedToService", vec!["monitoring.rds.amazonaws.com".to_owned()]),
    ]
}

fn whole_clusters(scope: &Scope, tag: &Tag) -> Vec<Statement> {
    let why = "cluster_modify: the class of all members is changed";
    let clusters = scope.multi_az.iter().map(|name| Resource::rds("cluster", name)).collect();
    let members = scope.multi_az.iter().map(|name| Resource::rds("db", &format!("{name}-instance-*"))).collect();
    vec![
        Statement::allow("WholeClusters", Role::Act, &[("rds:ModifyDBCluster", why)], clusters)
            .only_if(format!("rds:cluster-tag/{}", tag.key), vec![tag.value.clone()])
            .only_if("rds:DatabaseClass", scope.cluster_classes.clone()),
        Statement::allow("MembersOfClusters", Role::Act, &[("rds:ModifyDBInstance", why)], members),
    ]
}

/// Targets have identifiers that AWS draws.
fn scaled(scope: &Scope) -> Vec<Statement> {
    if !scope.scaled {
        return Vec::new();
    }
    let why = "upshift readers apply and delete";
    let grants = [
        ("application-autoscaling:RegisterScalableTarget", why),
        ("application-autoscaling:PutScalingPolicy", why),
        ("application-autoscaling:DeleteScalingPolicy", why),
        ("application-autoscaling:DeregisterScalableTarget", why),
    ];
    let targets = Resource::Regional { service: "application-autoscaling", name: "scalable-target/*".to_owned() };
    let service = "rds.application-autoscaling.amazonaws.com";
    let name = format!("role/aws-service-role/{service}/AWSServiceRoleForApplicationAutoScaling_RDSCluster");
    let linked = [("iam:CreateServiceLinkedRole", "upshift readers apply: AWS makes the role that it scales by, once")];
    vec![
        Statement::allow("ScaledReaders", Role::Act, &grants, vec![targets])
            .only_if("application-autoscaling:service-namespace", vec!["rds".to_owned()]),
        Statement::allow("ScaledReadersRole", Role::Act, &linked, vec![Resource::Iam { name }])
            .only_if("iam:AWSServiceName", vec![service.to_owned()]),
    ]
}

fn alarms(scope: &Scope) -> Vec<Statement> {
    let kept = "upshift alarms apply, and what follows a change of class";
    let grants = [
        ("cloudwatch:PutMetricAlarm", kept),
        ("cloudwatch:TagResource", "upshift alarms apply: what is made is known as ours"),
        ("cloudwatch:DeleteAlarms", "upshift alarms delete"),
        ("cloudwatch:SetAlarmState", "upshift alarms test"),
    ];
    let named = |prefix: &String| Resource::Regional { service: "cloudwatch", name: format!("alarm:{prefix}*") };
    vec![Statement::allow("KeptAlarms", Role::Act, &grants, scope.alarms.iter().map(named).collect())]
}

fn lease(scope: &Scope) -> Vec<Statement> {
    let grants = [("dynamodb:PutItem", "[lease]: it is acquired, renewed and given back")];
    let tables = scope.lease_table.iter().map(|table| Resource::table(table)).collect();
    vec![Statement::allow("Lease", Role::Act, &grants, tables)]
}

fn drills(scope: &Scope) -> Vec<Statement> {
    let why = "the alarm that upshift drill sets beside the engine";
    let grants = [("cloudwatch:PutMetricAlarm", why), ("cloudwatch:DeleteAlarms", why)];
    let alarm = Resource::Regional { service: "cloudwatch", name: "alarm:upshift-drill-*".to_owned() };
    let resources = if scope.drills { vec![alarm] } else { Vec::new() };
    vec![Statement::allow("DrillAlarm", Role::Act, &grants, resources)]
}

/// Whatever was allowed: no database goes by its own name.
fn never(scope: &Scope) -> Statement {
    let deletes = !scope.copied.is_empty() || !scope.aurora.is_empty();
    let names = if deletes { scope.instances.as_slice() } else { &[] };
    let resources = names.iter().map(|name| Resource::rds("db", name)).collect();
    let grants = [("rds:DeleteDBInstance", "what has the name that clients use is the database")];
    Statement { effect: Effect::Deny, ..Statement::allow("NeverTheDatabase", Role::Act, &grants, resources) }
}
