//! Application Auto Scaling of the simulated account, as far as the readers of Aurora clusters go: scalable targets, target
//! tracking, and what comes of it in virtual time.
//!
//! ```text
//!   PutScalingPolicy ─► two alarms at CloudWatch on the average over the readers
//!   each minute: high for 3 min ─► readers are made         low for 15 min ─► readers of its own are deleted
//! ```
//!
//! It acts only while the cluster is available, and only while there is a reader: without one the metric is not computed.

mod activity;
mod course;
mod errors;
mod input;
mod of_scenario;
mod policies;
mod protocol;
mod state;
mod targets;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::cloudwatch::CloudWatch;
use super::rds::Fleet;
use super::rng::Rng;
use super::wire::tree::Map;
use super::wire::{ApiError, Request, Response};
use activity::Activities;
use input::Input;
use state::Target;

// These two stand in `model::readers` too: what AWS does is said here without asking what upshift takes it for.
/// What the name of a reader begins with that Application Auto Scaling has made.
pub const NAME_PREFIX: &str = "application-autoscaling-";
/// The tag of such a reader; its value is the resource id of the scalable target.
pub const RESOURCE_TAG: &str = "application-autoscaling:resourceId";

/// The one namespace, the one dimension, and what a resource id begins with.
const NAMESPACE: &str = "rds";
const DIMENSION: &str = "rds:cluster:ReadReplicaCount";
const RESOURCE: &str = "cluster:";

/// Application Auto Scaling of one account and region.
#[derive(Debug)]
pub struct Scaling {
    account: String,
    region: String,
    seed: u64,
    draws: u64,
    /// By the identifier of the cluster.
    targets: BTreeMap<String, Target>,
    activities: Activities,
}

/// What a call can see and change beside Application Auto Scaling itself.
#[derive(Debug)]
pub(in crate::sim) struct Surroundings<'a> {
    pub(in crate::sim) now: Timestamp,
    pub(in crate::sim) fleet: &'a mut Fleet,
    pub(in crate::sim) cloudwatch: &'a mut CloudWatch,
}

impl Scaling {
    /// Nothing is registered. `account` is 12 digits, `region` such as `us-east-1`; both appear in ARNs.
    fn new(account: &str, region: &str, seed: u64) -> Self {
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            seed,
            draws: 0,
            targets: BTreeMap::new(),
            activities: Activities::default(),
        }
    }

    /// Whether a request is for this service.
    pub(in crate::sim) fn serves(request: &Request) -> bool {
        protocol::operation(request).is_some()
    }

    /// Answers one request. `request_id` goes into the answer.
    pub(in crate::sim) fn handle(
        &mut self,
        mut around: Surroundings<'_>,
        request_id: &str,
        request: &Request,
    ) -> Response {
        let operation = protocol::operation(request).unwrap_or_default();
        let answer = protocol::body(request).and_then(|map| self.operation(operation, Input::of(&map), &mut around));
        match answer {
            Ok(output) => protocol::answer(request_id, &output),
            Err(error) => protocol::refuse(request_id, &error),
        }
    }

    /// States an error that struck a request for this service before it was looked at.
    pub(in crate::sim) fn refuse(request_id: &str, error: &ApiError) -> Response {
        protocol::refuse(request_id, error)
    }

    fn operation(&mut self, name: &str, input: Input<'_>, around: &mut Surroundings<'_>) -> Result<Map, ApiError> {
        match name {
            "RegisterScalableTarget" => self.register(around, input),
            "DeregisterScalableTarget" => self.deregister(around, input),
            "DescribeScalableTargets" => self.describe_targets(input),
            "ListTagsForResource" => self.list_tags(input),
            "PutScalingPolicy" => self.put_policy(around, input),
            "DeleteScalingPolicy" => self.delete_policy(around, input),
            "DescribeScalingPolicies" => self.describe_policies(input),
            "DescribeScalingActivities" => self.activities.describe(input),
            other => Err(errors::unknown(other)),
        }
    }

    /// The ARN of a new target.
    fn target_arn(&mut self) -> String {
        let id: String = self.uuid().chars().filter(|char| *char != '-').take(26).collect();
        let (region, account) = (&self.region, &self.account);
        format!("arn:aws:application-autoscaling:{region}:{account}:scalable-target/{id}")
    }

    /// An identifier of AWS's form that nothing else has.
    fn uuid(&mut self) -> String {
        self.draws += 1;
        Rng::of(self.seed, "application auto scaling", self.draws).uuid()
    }
}

/// The resource id of a cluster, such as `cluster:orders`.
fn resource_id(cluster: &str) -> String {
    format!("{RESOURCE}{cluster}")
}
