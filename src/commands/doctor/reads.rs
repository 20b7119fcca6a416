//! Each call that the engine makes to see, by having made it: reading changes nothing. Which they are is what
//! `upshift export` gives the role that reads.

use super::{Place, Seen};
use crate::model::failure::FailureKind;
use crate::model::finding::{Check, Finding};
use crate::setup::export;

/// One finding for each read that the configuration asks for and that is made here.
pub(super) fn judge(place: &Place<'_>, seen: &Seen) -> Vec<Finding> {
    if seen.why_not.is_some() {
        return vec![seen.unseen(Check::Permission, "")];
    }
    let exported = export::reads(&place.scope());
    // AWS tells everybody who he is: no document has it.
    let all = std::iter::once("sts:GetCallerIdentity").chain(exported);
    let one = |action: &'static str| {
        let failure = seen.failure(operation(action));
        match (failure, seen.has_asked(action)) {
            (Some(failure), _) => Some(Finding::failed(Check::Permission, failure)),
            (None, Asked::Yes) => Some(Finding::ok(Check::Permission, action)),
            (None, Asked::NotYet) => {
                Some(seen.unseen(Check::Permission, &format!("a database that is found, to ask {action} of")))
            }
            (None, Asked::Never) => None,
        }
    };
    let mut findings: Vec<Finding> = all.filter_map(one).collect();
    // What is permitted stands together.
    findings.sort_by_key(|finding| finding.verdict);
    findings
}

/// Whether a read was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// It was.
    Yes,
    /// What it would be asked of was not found.
    NotYet,
    /// No call of this command shows whether it is allowed: IAM is asked.
    Never,
}

impl Seen {
    /// Whether this read was made.
    pub(super) fn has_asked(&self, action: &str) -> Asked {
        let engine = &self.engine;
        let is_seen = !engine.states().is_empty();
        let when = |made: bool| if made { Asked::Yes } else { Asked::NotYet };
        match action {
            "sts:GetCallerIdentity"
            | "rds:DescribeDBClusters"
            | "rds:DescribeEvents"
            | "rds:DescribeBlueGreenDeployments"
            | "rds:DescribeDBProxyTargets" => Asked::Yes,
            // A drill alone has them looked at when it begins.
            "cloudwatch:DescribeAlarms" if engine.alarms_asked().is_some() => Asked::Yes,
            // The members of clusters are asked for by what was said of these.
            "rds:DescribeDBInstances" => when(self.failure("DescribeDBClusters").is_none()),
            "cloudwatch:GetMetricData" => when(is_seen || engine.clusters().len() < engine.settings().databases.len()),
            "rds:DescribeOrderableDBInstanceOptions" | "application-autoscaling:DescribeScalingActivities" => {
                when(is_seen)
            }
            "application-autoscaling:DescribeScalableTargets" => when(!self.registered.is_empty()),
            // Asked for when the targets were told.
            "application-autoscaling:DescribeScalingPolicies" => {
                when(self.registered.values().any(|read| !is_of(read.as_ref().err(), "DescribeScalableTargets")))
            }
            _ => Asked::Never,
        }
    }

    /// A read that was made was refused: IAM need not be asked about it.
    pub(super) fn is_refused(&self, action: &str) -> bool {
        self.failure(operation(action)).is_some_and(|failure| failure.kind == FailureKind::AccessDenied)
    }
}

fn is_of(failure: Option<&crate::model::failure::Failure>, operation: &str) -> bool {
    failure.is_some_and(|failure| failure.operation == operation)
}

/// `DescribeEvents` of `rds:DescribeEvents`.
fn operation(action: &str) -> &str {
    action.rsplit(':').next().unwrap_or(action)
}
