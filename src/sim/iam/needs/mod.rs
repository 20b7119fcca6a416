//! What AWS asks of the documents for each call: its own action on what it is about, and those of what it does besides, as
//! the Service Authorization Reference and the guides have them. An operation without a line in the table is closed to
//! everybody but those who may do everything.

mod alarms;
mod rds;
mod scaling;

use super::condition::Context;
use super::document::Check;
use crate::sim::rds::Fleet;
use crate::sim::wire::tree::{Map, Value};

/// One call, read as far as permissions go.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) struct Asked<'a> {
    /// As actions begin: `rds`.
    pub(in crate::sim) service: &'a str,
    pub(in crate::sim) operation: &'a str,
    /// What it was sent with; empty where that cannot be read, which the service will say.
    pub(in crate::sim) input: &'a Map,
    pub(in crate::sim) account: &'a str,
    pub(in crate::sim) region: &'a str,
    pub(in crate::sim) fleet: &'a Fleet,
    /// The role that Application Auto Scaling works by exists already.
    pub(in crate::sim) has_linked_role: bool,
}

type Needs = fn(&Asked<'_>) -> Vec<Check>;

/// Service, operation, and what is asked for it.
const TABLE: [(&str, &str, Needs); 57] = [
    ("rds", "DescribeDBInstances", |call| rds::one_or_all(call, "db", "DBInstanceIdentifier")),
    ("rds", "DescribeDBClusters", |call| rds::one_or_all(call, "cluster", "DBClusterIdentifier")),
    ("rds", "DescribeDBInstanceAutomatedBackups", |call| vec![call.on(call.rds("auto-backup", "*"))]),
    ("rds", "DescribeEvents", anywhere),
    ("rds", "DescribeOrderableDBInstanceOptions", anywhere),
    ("rds", "DescribePendingMaintenanceActions", |call| vec![call.on(call.rds("db", "*"))]),
    ("rds", "DescribeDBProxies", |call| vec![call.on(call.rds("db-proxy", "*"))]),
    ("rds", "DescribeDBProxyTargetGroups", |call| vec![call.on(call.rds("target-group", "*"))]),
    ("rds", "DescribeDBProxyTargets", |call| {
        vec![call.on(call.rds("db-proxy", "*")), call.on(call.rds("target-group", "*"))]
    }),
    ("rds", "DescribeBlueGreenDeployments", |call| {
        rds::one_or_all(call, "deployment", "BlueGreenDeploymentIdentifier")
    }),
    ("rds", "ListTagsForResource", rds::named),
    ("rds", "AddTagsToResource", rds::named),
    ("rds", "RemoveTagsFromResource", rds::named),
    ("rds", "ModifyDBInstance", rds::modify_instance),
    ("rds", "CreateDBInstance", rds::create_instance),
    ("rds", "DeleteDBInstance", rds::delete_instance),
    ("rds", "ModifyDBCluster", rds::modify_cluster),
    ("rds", "FailoverDBCluster", |call| rds::one_or_all(call, "cluster", "DBClusterIdentifier")),
    ("rds", "CreateBlueGreenDeployment", rds::create_deployment),
    ("rds", "SwitchoverBlueGreenDeployment", rds::switch_over),
    ("rds", "DeleteBlueGreenDeployment", rds::delete_deployment),
    ("cloudwatch", "GetMetricData", alarms::metrics),
    ("cloudwatch", "GetMetricStatistics", anywhere),
    ("cloudwatch", "ListMetrics", anywhere),
    ("cloudwatch", "PutMetricData", alarms::put_metrics),
    ("cloudwatch", "PutMetricAlarm", alarms::put),
    ("cloudwatch", "DescribeAlarms", |call| alarms::all_of(call, "AlarmNames")),
    ("cloudwatch", "DescribeAlarmHistory", |call| alarms::one(call, "AlarmName")),
    ("cloudwatch", "DeleteAlarms", |call| alarms::all_of(call, "AlarmNames")),
    ("cloudwatch", "SetAlarmState", |call| alarms::one(call, "AlarmName")),
    ("cloudwatch", "EnableAlarmActions", |call| alarms::all_of(call, "AlarmNames")),
    ("cloudwatch", "DisableAlarmActions", |call| alarms::all_of(call, "AlarmNames")),
    ("cloudwatch", "DescribeAlarmsForMetric", |call| alarms::all_of(call, "")),
    ("cloudwatch", "ListTagsForResource", alarms::named),
    ("cloudwatch", "TagResource", alarms::named),
    ("cloudwatch", "UntagResource", alarms::named),
    ("application-autoscaling", "DescribeScalableTargets", anywhere),
    ("application-autoscaling", "DescribeScalingPolicies", anywhere),
    ("application-autoscaling", "DescribeScalingActivities", anywhere),
    ("application-autoscaling", "ListTagsForResource", scaling::named),
    ("application-autoscaling", "TagResource", scaling::named),
    ("application-autoscaling", "RegisterScalableTarget", scaling::register),
    ("application-autoscaling", "DeregisterScalableTarget", scaling::target),
    ("application-autoscaling", "PutScalingPolicy", scaling::target),
    ("application-autoscaling", "DeleteScalingPolicy", scaling::target),
    ("dynamodb", "CreateTable", table),
    ("dynamodb", "DescribeTable", table),
    ("dynamodb", "DeleteTable", table),
    ("dynamodb", "GetItem", table),
    ("dynamodb", "PutItem", table),
    ("dynamodb", "DeleteItem", table),
    ("sns", "Publish", |call| {
        vec![call.on(call.text("TopicArn").or_else(|| call.text("TargetArn")).unwrap_or("*").to_owned())]
    }),
    ("sns", "CreateTopic", |call| vec![call.on(topic(call, call.text("Name").unwrap_or("*")))]),
    ("sns", "DeleteTopic", |call| vec![call.on(call.text("TopicArn").unwrap_or("*").to_owned())]),
    ("sns", "ListTopics", |call| vec![call.on(topic(call, "*"))]),
    // AWS lets everybody know who he is, whatever a policy says.
    ("sts", "GetCallerIdentity", |_| Vec::new()),
    ("iam", "SimulatePrincipalPolicy", |call| vec![call.on(call.text("PolicySourceArn").unwrap_or("*").to_owned())]),
];

/// Everything that the documents are asked for a call, in AWS's order: the action itself first.
pub(in crate::sim) fn checks(call: &Asked<'_>) -> Vec<Check> {
    let found = TABLE.iter().find(|(service, name, _)| (*service, *name) == (call.service, call.operation));
    found.map_or_else(|| anywhere(call), |(_, _, needs)| needs(call))
}

/// The operations that the table knows: service and name.
pub fn operations() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.iter().map(|(service, name, _)| (*service, *name))
}

/// The ARN of a topic of this account and region.
fn topic(call: &Asked<'_>, name: &str) -> String {
    format!("arn:aws:sns:{}:{}:{name}", call.region, call.account)
}

/// An action that knows no resources.
fn anywhere(call: &Asked<'_>) -> Vec<Check> {
    vec![call.on("*".to_owned())]
}

/// A table of DynamoDB, and what is in it.
fn table(call: &Asked<'_>) -> Vec<Check> {
    let name = call.text("TableName").unwrap_or("*");
    vec![call.on(format!("arn:aws:dynamodb:{}:{}:table/{name}", call.region, call.account))]
}

impl<'a> Asked<'a> {
    /// The call's own action on a resource.
    fn on(&self, resource: String) -> Check {
        self.also(&format!("{}:{}", self.service, self.operation), resource)
    }

    /// Another action on a resource, with what the whole request says of itself.
    fn also(&self, action: &str, resource: String) -> Check {
        Check { action: action.to_owned(), resource, context: self.request_tags() }
    }

    fn rds(&self, kind: &str, name: &str) -> String {
        format!("arn:aws:rds:{}:{}:{kind}:{name}", self.region, self.account)
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        text(self.input, key)
    }

    /// Texts of a list, which a form has one level further down.
    fn texts(&self, key: &str) -> Vec<&'a str> {
        let found = items(self.input.get(key)).iter();
        found.filter_map(|item| if let Value::Text(text) = item { Some(text.as_str()) } else { None }).collect()
    }

    /// The tags that a request would give.
    fn tags(&self) -> Vec<(&'a str, &'a str)> {
        let pair = |item: &'a Value| {
            let Value::Map(map) = item else { return None };
            Some((text(map, "Key")?, text(map, "Value").unwrap_or_default()))
        };
        match self.input.get("Tags") {
            // Application Auto Scaling has a structure of them.
            Some(Value::Map(map)) if !matches!(map.values().next(), Some(Value::List(_))) => {
                map.keys().filter_map(|key| Some((key.as_str(), text(map, key)?))).collect()
            }
            list => items(list).iter().filter_map(pair).collect(),
        }
    }

    fn request_tags(&self) -> Context {
        let mut context = Context::new();
        for (key, value) in self.tags() {
            for prefix in ["aws:requesttag/", "rds:req-tag/"] {
                context.insert(format!("{prefix}{}", key.to_ascii_lowercase()), vec![value.to_owned()]);
            }
        }
        context
    }
}

/// A check with one more key.
fn with(mut check: Check, key: &str, values: Vec<String>) -> Check {
    check.context.insert(key.to_ascii_lowercase(), values);
    check
}

fn text<'a>(map: &'a Map, key: &str) -> Option<&'a str> {
    match map.get(key) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

/// The items of a list, whatever a form calls them.
fn items(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::List(items)) => items,
        Some(Value::Map(map)) => match map.values().next() {
            Some(Value::List(items)) if map.len() == 1 => items,
            _ => &[],
        },
        _ => &[],
    }
}
