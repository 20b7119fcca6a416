//! What a client was told: read from the very bytes that it got, after every fault.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::sim::wire::tree::Value;
use crate::sim::wire::{Request, cbor};

/// One instance as an answer of `DescribeDBInstances` described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::swarm) struct Served {
    pub(in crate::swarm) at: Timestamp,
    pub(in crate::swarm) class: Option<String>,
    pub(in crate::swarm) status: Option<String>,
    pub(in crate::swarm) resource_id: Option<String>,
    pub(in crate::swarm) pending: bool,
}

/// The instances of an answer, by name. Bytes that are no such answer hold none.
pub(in crate::swarm) fn instances(body: &[u8], at: Timestamp) -> BTreeMap<String, Served> {
    let text = String::from_utf8_lossy(body);
    let mut found = BTreeMap::new();
    for part in text.split("<DBInstance>").skip(1) {
        let pending = between(part, "<PendingModifiedValues>", "</PendingModifiedValues>");
        // The class that pends has the same tag as the class that is.
        let rest = pending.map_or(part.to_owned(), |pending| part.replacen(pending, "", 1));
        let field = |name: &str| {
            between(&rest, &format!("<{name}>"), &format!("</{name}>"))
                .map(str::to_owned)
                .filter(|text| !text.is_empty())
        };
        let Some(name) = field("DBInstanceIdentifier") else { continue };
        let served = Served {
            at,
            class: field("DBInstanceClass"),
            status: field("DBInstanceStatus"),
            resource_id: field("DbiResourceId"),
            pending: pending.is_some_and(|pending| !pending.is_empty()),
        };
        found.insert(name, served);
    }
    found
}

/// The account of an answer of `GetCallerIdentity`.
pub(in crate::swarm) fn account(body: &[u8]) -> Option<String> {
    between(&String::from_utf8_lossy(body), "<Account>", "</Account>").map(str::to_owned)
}

/// The queries of a `GetMetricData` that ask for one of the metrics: their ids, and the database of each.
pub(in crate::swarm) fn queries_for(request: &Request, metrics: &[&str]) -> BTreeMap<String, String> {
    let queries = queries(request);
    let one = |query: &Value| {
        let metric = member(query, &["MetricStat", "Metric"])?;
        let Value::Text(name) = member(metric, &["MetricName"])? else { return None };
        let Value::List(dimensions) = member(metric, &["Dimensions"])? else { return None };
        match (member(query, &["Id"])?, member(dimensions.first()?, &["Value"])?) {
            (Value::Text(id), Value::Text(database)) if metrics.contains(&name.as_str()) => {
                Some((id.clone(), database.clone()))
            }
            _ => None,
        }
    };
    queries.iter().filter_map(one).collect()
}

/// The ids of the queries of a `GetMetricData` that name the unit that they want.
pub(in crate::swarm) fn queries_with_unit(request: &Request) -> BTreeSet<String> {
    let with_unit = |query: &Value| match (member(query, &["Id"])?, member(query, &["MetricStat", "Unit"])?) {
        (Value::Text(id), Value::Text(_)) => Some(id.clone()),
        _ => None,
    };
    queries(request).iter().filter_map(with_unit).collect()
}

fn queries(request: &Request) -> Vec<Value> {
    let Ok(Value::Map(mut asked)) = cbor::decode(&request.body) else { return Vec::new() };
    match asked.remove("MetricDataQueries") {
        Some(Value::List(queries)) => queries,
        _ => Vec::new(),
    }
}

/// Of each database the newest datapoint of any of the metrics in an answer of `GetMetricData`.
pub(in crate::swarm) fn newest(request: &Request, body: &[u8], metrics: &[&str]) -> BTreeMap<String, Timestamp> {
    let queries = queries_for(request, metrics);
    let mut newest = BTreeMap::new();
    let Ok(answer) = cbor::decode(body) else { return newest };
    let Some(Value::List(results)) = member(&answer, &["MetricDataResults"]) else { return newest };
    for result in results {
        let Some(Value::Text(id)) = member(result, &["Id"]) else { continue };
        let (Some(database), Some(Value::List(times))) = (queries.get(id), member(result, &["Timestamps"])) else {
            continue;
        };
        let instants = times.iter().filter_map(|time| match time {
            Value::Instant(at) => Some(*at),
            _ => None,
        });
        if let Some(last) = instants.max() {
            let known = newest.entry(database.clone()).or_insert(last);
            *known = last.max(*known);
        }
    }
    newest
}

/// What stands at a path of names.
pub(in crate::swarm) fn member<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| match value {
        Value::Map(map) => map.get(*name),
        _ => None,
    })
}

pub(in crate::swarm) fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inner, _)| inner)
}
