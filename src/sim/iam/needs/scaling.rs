//! What calls to Application Auto Scaling need.

use super::{Asked, with};
use crate::sim::iam::document::Check;

/// Whose role it is that Application Auto Scaling scales Aurora by.
const SCALING: &str = "rds.application-autoscaling.amazonaws.com";

/// The call's own action on scalable targets, whose identifiers AWS draws.
pub(super) fn target(call: &Asked<'_>) -> Vec<Check> {
    let check = call.on(arn(call));
    let values = |parameter: &str| call.text(parameter).map(str::to_owned).into_iter().collect();
    let check = with(check, "application-autoscaling:service-namespace", values("ServiceNamespace"));
    vec![with(check, "application-autoscaling:scalable-dimension", values("ScalableDimension"))]
}

/// The first target of an account makes the role; one with tags is tagged as well.
pub(super) fn register(call: &Asked<'_>) -> Vec<Check> {
    let mut checks = target(call);
    if !call.tags().is_empty() {
        checks.push(call.also("application-autoscaling:TagResource", arn(call)));
    }
    if !call.has_linked_role {
        let role = "AWSServiceRoleForApplicationAutoScaling_RDSCluster";
        let resource = format!("arn:aws:iam::{}:role/aws-service-role/{SCALING}/{role}", call.account);
        let check = call.also("iam:CreateServiceLinkedRole", resource);
        checks.push(with(check, "iam:AWSServiceName", vec![SCALING.to_owned()]));
    }
    checks
}

/// What is named by its ARN.
pub(super) fn named(call: &Asked<'_>) -> Vec<Check> {
    vec![call.on(call.text("ResourceARN").unwrap_or("*").to_owned())]
}

fn arn(call: &Asked<'_>) -> String {
    format!("arn:aws:application-autoscaling:{}:{}:scalable-target/*", call.region, call.account)
}
