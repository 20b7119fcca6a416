//! Each call that the engine makes to see, by having made it: reading changes nothing.

use super::Seen;
use crate::model::finding::{Check, Finding};

/// One finding for each read that the configuration asks for.
pub(super) fn reads(seen: &Seen) -> Vec<Finding> {
    let engine = &seen.engine;
    let (clusters, all) = (engine.clusters(), &engine.settings().databases);
    let is_seen = !engine.states().is_empty();
    let has_clusters = !clusters.is_empty();
    let reads_alarms = engine.alarms_asked().is_some();
    let scales_readers = all.iter().any(|policy| policy.readers.is_some());
    let members_first = seen.failure("DescribeDBClusters").is_some();
    // What is read, whether this configuration needs it, and whether it was asked.
    let wanted = [
        ("sts:GetCallerIdentity", true, true),
        ("rds:DescribeDBClusters", has_clusters, true),
        ("rds:DescribeDBInstances", true, !members_first),
        ("cloudwatch:GetMetricData", true, is_seen || clusters.len() < all.len()),
        ("rds:DescribeEvents", true, true),
        ("rds:DescribeOrderableDBInstanceOptions", true, is_seen),
        ("rds:DescribeBlueGreenDeployments", true, true),
        ("rds:DescribeDBProxyTargets", !engine.proxies().is_empty(), true),
        ("cloudwatch:DescribeAlarms", reads_alarms, true),
        ("cloudwatch:DescribeAlarmHistory", reads_alarms, true),
        ("application-autoscaling:DescribeScalingActivities", scales_readers, is_seen),
    ];
    if seen.why_not.is_some() {
        return vec![seen.unseen(Check::Permission, "")];
    }
    let one = |(permission, _, is_asked): (&str, bool, bool)| {
        let operation = permission.rsplit(':').next().unwrap_or(permission);
        match seen.failure(operation) {
            Some(failure) => Finding::failed(Check::Permission, failure),
            None if is_asked => Finding::ok(Check::Permission, permission),
            None => seen.unseen(Check::Permission, &format!("a database that is found, to ask {permission} of")),
        }
    };
    let mut findings: Vec<Finding> = wanted.into_iter().filter(|(_, is_wanted, _)| *is_wanted).map(one).collect();
    // What is permitted stands together.
    findings.sort_by_key(|finding| finding.verdict);
    findings
}
