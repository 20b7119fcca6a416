//! What calls to CloudWatch need.

use super::{Asked, items, text, with};
use crate::sim::iam::document::Check;
use crate::sim::wire::tree::Value;

/// The function of metric math that reads Performance Insights.
const INSIGHTS: &str = "DB_PERF_INSIGHTS(";

/// Metrics know no resources; what a query reads of Performance Insights is asked for there.
pub(super) fn metrics(call: &Asked<'_>) -> Vec<Check> {
    [vec![call.on("*".to_owned())], insights(call, "MetricDataQueries")].concat()
}

pub(super) fn put_metrics(call: &Asked<'_>) -> Vec<Check> {
    let namespace = call.text("Namespace").map(str::to_owned);
    vec![with(call.on("*".to_owned()), "cloudwatch:namespace", namespace.into_iter().collect())]
}

/// An alarm that is made with tags is tagged as well.
pub(super) fn put(call: &Asked<'_>) -> Vec<Check> {
    let alarm = arn(call, call.text("AlarmName").unwrap_or("*"));
    let actions = call.texts("AlarmActions").into_iter().map(str::to_owned).collect();
    let own = with(call.on(alarm.clone()), "cloudwatch:AlarmActions", actions);
    let tag = (!call.tags().is_empty()).then(|| call.also("cloudwatch:TagResource", alarm));
    [vec![own], tag.into_iter().collect(), insights(call, "Metrics")].concat()
}

/// The alarm of that parameter, or all where it names none.
pub(super) fn one(call: &Asked<'_>, parameter: &str) -> Vec<Check> {
    vec![call.on(arn(call, call.text(parameter).unwrap_or("*")))]
}

/// Each alarm of that list, or all where it names none.
pub(super) fn all_of(call: &Asked<'_>, parameter: &str) -> Vec<Check> {
    let names = call.texts(parameter);
    let names = if names.is_empty() { vec!["*"] } else { names };
    names.into_iter().map(|name| call.on(arn(call, name))).collect()
}

/// What is named by its ARN.
pub(super) fn named(call: &Asked<'_>) -> Vec<Check> {
    vec![call.on(call.text("ResourceARN").unwrap_or("*").to_owned())]
}

fn arn(call: &Asked<'_>, name: &str) -> String {
    format!("arn:aws:cloudwatch:{}:{}:alarm:{name}", call.region, call.account)
}

/// The machines whose Performance Insights a query reads: the second text of each use of the function.
fn insights(call: &Asked<'_>, parameter: &str) -> Vec<Check> {
    let expressions = items(call.input.get(parameter)).iter().filter_map(|item| match item {
        Value::Map(query) => text(query, "Expression"),
        _ => None,
    });
    let uses = expressions.flat_map(|expression| expression.split(INSIGHTS).skip(1));
    let machines = uses.filter_map(|rest| rest.split(['\'', '"']).nth(3));
    let check = |id: &str| {
        let resource = format!("arn:aws:pi:{}:{}:metrics/rds/{id}", call.region, call.account);
        call.also("pi:GetResourceMetrics", resource)
    };
    machines.map(check).collect()
}
