//! What reading needs: nothing here changes anything but who is told of it.

use super::{Resource, Role, Scope, Statement};

const LOOK: &str = "each look at the databases";
const SCALED: &str = "upshift readers: what is registered";
const CHECKED: &str = "upshift doctor";

/// The statements of the role that reads.
pub(super) fn statements(scope: &Scope) -> Vec<Statement> {
    let observe = |sid, grants: &[(&'static str, &'static str)], resources| {
        Statement::allow(sid, Role::Observe, grants, resources)
    };
    let when = |is: bool, resource: Resource| if is { vec![resource] } else { Vec::new() };
    let alarm = |name: &str| Resource::Regional { service: "cloudwatch", name: format!("alarm:{name}") };
    let ours = scope.alarms.iter().map(|prefix| alarm(&format!("{prefix}*"))).collect();
    let insights = Resource::Regional { service: "pi", name: "metrics/rds/*".to_owned() };
    let token = |role: &String| Resource::Regional { service: "rds-db", name: format!("dbuser:*/{role}") };
    vec![
        observe("Look", &look(scope), vec![Resource::Any]),
        observe(
            "Insights",
            &[("pi:GetResourceMetrics", "signals of Performance Insights, read through CloudWatch")],
            when(scope.insights, insights),
        ),
        observe(
            "Alarms",
            &[
                ("cloudwatch:DescribeAlarmHistory", "when an alarm changed, and whom it told"),
                ("cloudwatch:ListTagsForResource", "upshift alarms: whose an alarm is"),
            ],
            ours,
        ),
        observe(
            "NamedAlarms",
            &[("cloudwatch:DescribeAlarmHistory", "an alarm that is a rule: when it changed")],
            scope.named_alarms.iter().map(|name| alarm(name)).collect(),
        ),
        observe(
            "DrillHistory",
            &[("cloudwatch:DescribeAlarmHistory", "the alarm that upshift drill sets beside the engine")],
            when(scope.drills, alarm("upshift-drill-*")),
        ),
        observe(
            "Sessions",
            &[("rds-db:connect", "sessions of [database.postgres] with a token for a password")],
            scope.token_roles.iter().map(token).collect(),
        ),
        observe(
            "LeaseRead",
            &[("dynamodb:GetItem", "[lease]: who holds it")],
            scope.lease_table.iter().map(|table| Resource::table(table)).collect(),
        ),
        observe(
            "Telling",
            &[("sns:Publish", "the topic of [notify]")],
            scope.topic.iter().map(|arn| Resource::Whole { arn: arn.clone() }).collect(),
        ),
        observe(
            "OwnPermissions",
            &[("iam:SimulatePrincipalPolicy", CHECKED)],
            vec![Resource::Iam { name: "role/upshift-*".to_owned() }],
        ),
    ]
}

fn look(scope: &Scope) -> Vec<(&'static str, &'static str)> {
    let mut actions = vec![("cloudwatch:GetMetricData", "the signals of the rules")];
    actions.push(("rds:DescribeDBInstances", LOOK));
    if scope.instances.len() < scope.databases.len() {
        actions.push(("rds:DescribeDBClusters", LOOK));
    }
    actions.push(("rds:DescribeEvents", "what RDS itself says of a change, and the outage by its dates"));
    actions.push(("rds:DescribeOrderableDBInstanceOptions", "the gate `target orderable`"));
    actions.push(("rds:DescribeBlueGreenDeployments", "the gate `no other deployment`, and copies under way"));
    if scope.proxies {
        actions.push(("rds:DescribeDBProxyTargets", "the gate `proxy registered`"));
    }
    if scope.alarms.is_some() || !scope.named_alarms.is_empty() {
        actions.push(("cloudwatch:DescribeAlarms", "the alarms beside the rules, and those that are rules"));
    }
    if scope.drills {
        actions.push(("cloudwatch:DescribeAlarms", "whether the name of a drill's alarm is free"));
    }
    if scope.scaled {
        actions.push(("application-autoscaling:DescribeScalableTargets", SCALED));
        actions.push(("application-autoscaling:DescribeScalingPolicies", SCALED));
        actions.push(("application-autoscaling:DescribeScalingActivities", "what became of the readers, and why not"));
    }
    actions
}
