//! Which permission AWS misses, and what to do about it.

/// The codes by which services say that the caller may not do something.
const DENIED: [&str; 4] = ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"];
/// The longest name of an action that is taken from AWS's words.
const ACTION_CHARS: usize = 60;

/// Why a call was not let through, and what to do; `None` for a code that says something else.
pub(super) fn denied(operation: &str, code: &str, message: &str) -> Option<(&'static str, String)> {
    if !DENIED.contains(&code) {
        return None;
    }
    let action = missing(operation, message);
    if message.contains("explicit deny") {
        return Some(("denied by a policy", format!("take {action} out of its Deny")));
    }
    Some(("not permitted", format!("add {action} to the role")))
}

/// The same of a call that changes something: such a permission may be there, but for what has a tag.
pub(super) fn denied_change(operation: &str, code: &str, message: &str) -> Option<String> {
    let (why, remedy) = denied(operation, code, message)?;
    let tag = if remedy.contains("add rds:") { ", or its tag to the database" } else { "" };
    Some(format!("{why}; {remedy}{tag} (AWS: {message})"))
}

/// The permission that is missing: as AWS names it, else the operation's own. What a call does besides may need another
/// one than the call itself.
fn missing(operation: &str, message: &str) -> String {
    let named = message.split_once("perform: ").and_then(|(_, rest)| rest.split_whitespace().next());
    let own = || format!("{}:{operation}", service(operation));
    named.filter(|name| name.contains(':') && name.len() <= ACTION_CHARS).map_or_else(own, str::to_owned)
}

/// The service of an operation that this program asks for, as actions begin.
fn service(operation: &str) -> &'static str {
    match operation {
        "GetCallerIdentity" => "sts",
        "SimulatePrincipalPolicy" => "iam",
        "GetItem" | "PutItem" => "dynamodb",
        "Publish" => "sns",
        "GetMetricData" | "TagResource" | "UntagResource" | "ListTagsForResource" => "cloudwatch",
        _ if operation.contains("Scal") => "application-autoscaling",
        _ if operation.contains("Alarm") => "cloudwatch",
        _ => "rds",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_finds_its_service_where_aws_names_no_action() {
        for (operation, action) in [
            ("DescribeDBInstances", "rds:DescribeDBInstances"),
            ("PutMetricAlarm", "cloudwatch:PutMetricAlarm"),
            ("DescribeAlarmHistory", "cloudwatch:DescribeAlarmHistory"),
            ("ListTagsForResource", "cloudwatch:ListTagsForResource"),
            ("RegisterScalableTarget", "application-autoscaling:RegisterScalableTarget"),
            ("DescribeScalingActivities", "application-autoscaling:DescribeScalingActivities"),
            ("GetCallerIdentity", "sts:GetCallerIdentity"),
            ("PutItem", "dynamodb:PutItem"),
            ("Publish", "sns:Publish"),
        ] {
            assert_eq!(missing(operation, "No."), action);
        }
    }

    #[test]
    fn what_a_call_does_besides_is_named_by_its_own_action_and_a_denial_is_not_told_as_a_gap() {
        let words = |why: &str| {
            format!(
                "User: arn:aws:sts::1:x is not authorized to perform: rds:PromoteReadReplica on resource: arn {why}"
            )
        };
        let told = |why: &str| denied_change("SwitchoverBlueGreenDeployment", "AccessDenied", &words(why)).unwrap();
        let gap = told("because no identity-based policy allows the rds:PromoteReadReplica action");
        assert!(
            gap.starts_with("not permitted; add rds:PromoteReadReplica to the role, or its tag to the data"),
            "{gap}"
        );
        let deny = told("with an explicit deny in an identity-based policy");
        assert!(deny.starts_with("denied by a policy; take rds:PromoteReadReplica out of its Deny"), "{deny}");
        assert_eq!(denied_change("ModifyDBInstance", "InvalidDBInstanceState", "No."), None);
    }
}
