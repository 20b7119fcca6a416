//! Application Auto Scaling of the readers of an Aurora cluster: what is registered, what it has done, and the calls that change
//! what is registered, one attempt each.

use std::error::Error;

use aws_sdk_applicationautoscaling::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_applicationautoscaling::operation::RequestId;
use aws_sdk_applicationautoscaling::types::{
    MetricType, PolicyType, PredefinedMetricSpecification, ScalableDimension, ScalingActivity as AwsActivity,
    ScalingPolicy as AwsPolicy, ServiceNamespace, SuspendedState, TargetTrackingScalingPolicyConfiguration as Tracking,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use jiff::Timestamp;

use super::pages::Pages;
use super::{Aws, convert, failure};
use crate::model::call::{CallOutcome, NOT_SENT};
use crate::model::database::DatabaseName;
use crate::model::failure::Failure;
use crate::model::readers::{NotScaledReason, ReadersCall, Registered, ScalableTarget, ScalingActivity, ScalingPolicy};

const NAMESPACE: ServiceNamespace = ServiceNamespace::Rds;
const DIMENSION: ScalableDimension = ScalableDimension::RdsClusterReadReplicaCount;
/// The most items that AWS puts on a page.
const PAGE: i32 = 50;

impl Aws {
    /// What is registered for the readers of a cluster.
    ///
    /// # Errors
    /// When target or policies cannot be read to their end.
    pub async fn registered_readers(&self, cluster: &DatabaseName) -> Result<Registered, Failure> {
        let targets = self.scaling.describe_scalable_targets().service_namespace(NAMESPACE);
        let targets = targets.resource_ids(resource_id(cluster)).scalable_dimension(DIMENSION).send().await;
        let targets = targets.map_err(|error| self.read_failure("DescribeScalableTargets", &error))?;
        let target = targets.scalable_targets().iter().find(|target| target.resource_id() == resource_id(cluster));
        let target = target.map(|target| ScalableTarget {
            min: count(target.min_capacity()),
            max: count(target.max_capacity()),
            suspended: target.suspended_state().map(suspended).unwrap_or_default(),
        });
        let mut policies = Vec::new();
        let mut pages = Pages::of("DescribeScalingPolicies");
        loop {
            let request = self.scaling.describe_scaling_policies().service_namespace(NAMESPACE);
            let request = request.resource_id(resource_id(cluster)).scalable_dimension(DIMENSION).max_results(PAGE);
            let page = request.set_next_token(pages.marker()).send().await;
            let page = page.map_err(|error| self.read_failure("DescribeScalingPolicies", &error))?;
            policies.extend(page.scaling_policies().iter().map(policy));
            if !pages.follow(page.next_token())? {
                return Ok(Registered { target, policies });
            }
        }
    }

    /// What Application Auto Scaling has done for a cluster since `from`, or not done and why, oldest first; without `from` the
    /// newest, a page of them.
    ///
    /// # Errors
    /// When any page cannot be read, or the pages do not end.
    pub async fn scaling_activities(
        &self,
        cluster: &DatabaseName,
        from: Option<Timestamp>,
    ) -> Result<Vec<ScalingActivity>, Failure> {
        let mut found = Vec::new();
        let mut pages = Pages::of("DescribeScalingActivities");
        loop {
            let request = self.scaling.describe_scaling_activities().service_namespace(NAMESPACE);
            let request = request.resource_id(resource_id(cluster)).scalable_dimension(DIMENSION).max_results(PAGE);
            let request = request.include_not_scaled_activities(true).set_next_token(pages.marker());
            let page = request.send().await;
            let page = page.map_err(|error| self.read_failure("DescribeScalingActivities", &error))?;
            let read: Vec<ScalingActivity> = page.scaling_activities().iter().filter_map(activity).collect();
            // The newest come first: a page that ends before `from` is the last that matters.
            let is_before = |activity: &ScalingActivity| from.is_some_and(|from| activity.began < from);
            let reaches_back = from.is_none() || read.last().is_some_and(is_before);
            found.extend(read.into_iter().filter(|activity| !is_before(activity)));
            if reaches_back || !pages.follow(page.next_token())? {
                found.sort_by_key(|activity| activity.began);
                return Ok(found);
            }
        }
    }

    /// Sends `call` once. When this returns, it was sent at most once, and the outcome says all that is known.
    pub async fn send_readers(&self, call: &ReadersCall) -> CallOutcome {
        match call {
            ReadersCall::Register { database, min, max } => {
                let request = self.scaling_mutating.register_scalable_target().service_namespace(NAMESPACE);
                let request = request.resource_id(resource_id(database)).scalable_dimension(DIMENSION);
                outcome(
                    "RegisterScalableTarget",
                    request.min_capacity(number(*min)).max_capacity(number(*max)).send().await,
                )
            }
            ReadersCall::PutPolicy { database, policy } => self.put_policy(database, policy).await,
            ReadersCall::DeletePolicy { database, name } => {
                let request = self.scaling_mutating.delete_scaling_policy().service_namespace(NAMESPACE);
                let request = request.resource_id(resource_id(database)).scalable_dimension(DIMENSION);
                outcome("DeleteScalingPolicy", request.policy_name(name).send().await)
            }
            ReadersCall::Deregister { database } => {
                let request = self.scaling_mutating.deregister_scalable_target().service_namespace(NAMESPACE);
                outcome(
                    "DeregisterScalableTarget",
                    request.resource_id(resource_id(database)).scalable_dimension(DIMENSION).send().await,
                )
            }
        }
    }

    async fn put_policy(&self, cluster: &DatabaseName, policy: &ScalingPolicy) -> CallOutcome {
        let metric = policy.metric.as_deref().map(MetricType::from);
        let spec = PredefinedMetricSpecification::builder().set_predefined_metric_type(metric).build();
        let tracking = spec.and_then(|spec| {
            Tracking::builder()
                .set_target_value(policy.target)
                .predefined_metric_specification(spec)
                .set_scale_in_cooldown(policy.scale_in_cooldown_secs.map(number))
                .set_scale_out_cooldown(policy.scale_out_cooldown_secs.map(number))
                .disable_scale_in(policy.scale_in_disabled)
                .build()
        });
        let tracking = match tracking {
            Ok(tracking) => tracking,
            // No metric or no target: a policy that upshift does not make.
            Err(error) => {
                let (code, message) = (NOT_SENT.to_owned(), error.to_string());
                return CallOutcome::Refused { code, message, request_id: None };
            }
        };
        let request = self.scaling_mutating.put_scaling_policy().service_namespace(NAMESPACE);
        let request = request.resource_id(resource_id(cluster)).scalable_dimension(DIMENSION).policy_name(&policy.name);
        let request = request.policy_type(PolicyType::TargetTrackingScaling);
        outcome("PutScalingPolicy", request.target_tracking_scaling_policy_configuration(tracking).send().await)
    }
}

/// What the sender knows after an answer.
fn outcome<T, E>(operation: &str, answer: Result<T, SdkError<E, HttpResponse>>) -> CallOutcome
where
    T: RequestId,
    E: ProvideErrorMetadata + Error + 'static,
    SdkError<E, HttpResponse>: RequestId,
{
    match answer {
        Ok(answer) => CallOutcome::Accepted { request_id: convert::optional_text(answer.request_id()) },
        Err(error) => failure::call_outcome(operation, &error),
    }
}

fn resource_id(cluster: &DatabaseName) -> String {
    format!("cluster:{cluster}")
}

fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// AWS counts in signed numbers and has no negative ones.
fn count(value: i32) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

fn suspended(state: &SuspendedState) -> Vec<String> {
    let all = [
        ("DynamicScalingInSuspended", state.dynamic_scaling_in_suspended()),
        ("DynamicScalingOutSuspended", state.dynamic_scaling_out_suspended()),
        ("ScheduledScalingSuspended", state.scheduled_scaling_suspended()),
    ];
    all.into_iter().filter(|(_, is)| *is == Some(true)).map(|(name, _)| name.to_owned()).collect()
}

fn policy(policy: &AwsPolicy) -> ScalingPolicy {
    let tracking = policy.target_tracking_scaling_policy_configuration();
    let metric = tracking.and_then(Tracking::predefined_metric_specification);
    ScalingPolicy {
        name: convert::text(Some(policy.policy_name())),
        kind: convert::text(Some(policy.policy_type().as_str())),
        metric: metric.map(|metric| convert::text(Some(metric.predefined_metric_type().as_str()))),
        target: tracking.map(Tracking::target_value),
        scale_in_cooldown_secs: tracking.and_then(Tracking::scale_in_cooldown).map(count),
        scale_out_cooldown_secs: tracking.and_then(Tracking::scale_out_cooldown).map(count),
        scale_in_disabled: tracking.and_then(Tracking::disable_scale_in).unwrap_or_default(),
    }
}

/// One without a date that anybody can read is none.
fn activity(activity: &AwsActivity) -> Option<ScalingActivity> {
    let reason = |reason: &aws_sdk_applicationautoscaling::types::NotScaledReason| NotScaledReason {
        code: convert::text(Some(reason.code())),
        max: reason.max_capacity().map(count),
        min: reason.min_capacity().map(count),
        current: reason.current_capacity().map(count),
    };
    Some(ScalingActivity {
        id: convert::text(Some(activity.activity_id())),
        began: convert::timestamp(activity.start_time())?,
        status: convert::text(Some(activity.status_code().as_str())),
        description: convert::text(Some(activity.description())),
        because: convert::text(Some(activity.cause())),
        message: convert::optional_text(activity.status_message()),
        not_scaled: activity.not_scaled_reasons().iter().map(reason).collect(),
    })
}
