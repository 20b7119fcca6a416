//! Scaling policies: target tracking on the average of the readers, each with its two alarms.

use jiff::{SignedDuration, Timestamp};

use super::errors::{constraint, no_policy, no_target, not_simulated, validation};
use super::input::Input;
use super::state::{Alarm, Metric, Policy};
use super::{DIMENSION, NAMESPACE, Scaling, Surroundings, resource_id};
use crate::sim::cloudwatch::{CloudWatch, KeptAlarm};
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::{Map, Value};

const NAME_CHARS: usize = 256;
/// What AWS waits after an activity where the policy does not say.
const USUAL_COOLDOWN_SECS: i64 = 300;
/// So long above the target until readers are added, and so long below nine tenths of it until they go.
const HIGH_MINUTES: i64 = 3;
const LOW_MINUTES: i64 = 15;
const LOW_PART: f64 = 0.9;

impl Scaling {
    /// `PutScalingPolicy`.
    pub(super) fn put_policy(&mut self, around: &mut Surroundings<'_>, input: Input<'_>) -> Result<Map, ApiError> {
        let members = [
            "PolicyName",
            "ServiceNamespace",
            "ResourceId",
            "ScalableDimension",
            "PolicyType",
            "TargetTrackingScalingPolicyConfiguration",
        ];
        input.only(&members)?;
        let name = input.required("PolicyName", NAME_CHARS)?.to_owned();
        let cluster = input.cluster()?;
        let policy_type = input.text("PolicyType")?.unwrap_or("StepScaling");
        if policy_type != "TargetTrackingScaling" {
            return Err(not_simulated(&format!("The policy type {policy_type}")));
        }
        let asked = configuration(input)?;
        let resource = resource_id(&cluster);
        let target = self.targets.get(&cluster).ok_or_else(|| no_target(&resource))?;
        if target.policies.values().any(|other| other.metric == asked.metric && other.name != name) {
            return Err(validation(
                "Only one TargetTrackingScaling policy for a given metric specification is allowed.",
            ));
        }
        let known = target.policies.get(&name).cloned();
        let policy = match known {
            Some(known) => asked.over(known),
            None => self.new_policy(&resource, name, &asked, around.now),
        };
        keep_alarms(&cluster, &policy, around.now, around.cloudwatch)?;
        let output =
            Map::from([("PolicyARN".to_owned(), policy.arn.as_str().into()), ("Alarms".to_owned(), alarms(&policy))]);
        if let Some(target) = self.targets.get_mut(&cluster) {
            target.policies.insert(policy.name.clone(), policy);
        }
        Ok(output)
    }

    /// `DeleteScalingPolicy`: its alarms go, the target stays.
    pub(super) fn delete_policy(&mut self, around: &mut Surroundings<'_>, input: Input<'_>) -> Result<Map, ApiError> {
        input.only(&["PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension"])?;
        let name = input.required("PolicyName", NAME_CHARS)?;
        let cluster = input.cluster()?;
        let gone = self.targets.get_mut(&cluster).and_then(|target| target.policies.remove(name));
        let policy = gone.ok_or_else(|| no_policy(name, &resource_id(&cluster)))?;
        around.cloudwatch.drop_alarm(around.now, &policy.high.name);
        around.cloudwatch.drop_alarm(around.now, &policy.low.name);
        Ok(Map::new())
    }

    /// `DescribeScalingPolicies`.
    pub(super) fn describe_policies(&self, input: Input<'_>) -> Result<Map, ApiError> {
        let members = ["PolicyNames", "ServiceNamespace", "ResourceId", "ScalableDimension", "MaxResults", "NextToken"];
        input.only(&members)?;
        let (cluster, names) = (input.asked_cluster()?, input.texts("PolicyNames")?);
        let targets = self.targets.iter().filter(|(of, _)| cluster.as_ref().is_none_or(|cluster| cluster == *of));
        let all = targets.flat_map(|(of, target)| target.policies.values().map(move |policy| (of, policy)));
        let is_asked = |policy: &Policy| {
            names
                .as_ref()
                .is_none_or(|names| names.contains(&policy.name.as_str()) || names.contains(&policy.arn.as_str()))
        };
        let found = all.filter(|(_, policy)| is_asked(policy)).map(|(of, policy)| shape(of, policy));
        input.page("ScalingPolicies", found.collect())
    }

    pub(super) fn new_policy(&mut self, resource: &str, name: String, asked: &Asked, created: Timestamp) -> Policy {
        let (region, account) = (self.region.clone(), self.account.clone());
        let id = self.uuid();
        let mut alarm = |which: &str| {
            let name = format!("TargetTracking-{resource}-Alarm{which}-{}", self.uuid());
            Alarm { arn: format!("arn:aws:cloudwatch:{region}:{account}:alarm:{name}"), name }
        };
        let (high, low) = (alarm("High"), alarm("Low"));
        let arn = format!(
            "arn:aws:autoscaling:{region}:{account}:scalingPolicy:{id}:resource/{NAMESPACE}/{resource}:policyName/{name}"
        );
        let Asked { metric, target, in_cooldown, out_cooldown, disable_scale_in } = *asked;
        Policy { name, arn, metric, target, in_cooldown, out_cooldown, disable_scale_in, created, high, low }
    }
}

/// Puts the two alarms that a policy goes by.
pub(super) fn keep_alarms(
    cluster: &str,
    policy: &Policy,
    now: Timestamp,
    cloudwatch: &mut CloudWatch,
) -> Result<(), ApiError> {
    let key = policy.metric.key(cluster);
    let (above, below) = ("GreaterThanThreshold", "LessThanThreshold");
    for (alarm, comparison, threshold, minutes) in [
        (&policy.high, above, policy.target, HIGH_MINUTES),
        (&policy.low, below, policy.target * LOW_PART, LOW_MINUTES),
    ] {
        let kept = KeptAlarm { name: &alarm.name, key: &key, comparison, threshold, minutes, action: &policy.arn };
        let limit = |error: ApiError| ApiError::sender("LimitExceededException", error.message);
        cloudwatch.keep_alarm(now, &kept).map_err(limit)?;
    }
    Ok(())
}

/// A target tracking configuration as it was sent.
pub(super) struct Asked {
    pub(super) metric: Metric,
    pub(super) target: f64,
    pub(super) in_cooldown: SignedDuration,
    pub(super) out_cooldown: SignedDuration,
    pub(super) disable_scale_in: bool,
}

impl Asked {
    fn over(&self, known: Policy) -> Policy {
        let Self { metric, target, in_cooldown, out_cooldown, disable_scale_in } = *self;
        Policy { metric, target, in_cooldown, out_cooldown, disable_scale_in, ..known }
    }
}

fn configuration(input: Input<'_>) -> Result<Asked, ApiError> {
    const KEY: &str = "TargetTrackingScalingPolicyConfiguration";
    let given = input.structure(KEY)?.ok_or_else(|| validation(format!("{KEY} is required.")))?;
    given.only(&[
        "TargetValue",
        "PredefinedMetricSpecification",
        "ScaleInCooldown",
        "ScaleOutCooldown",
        "DisableScaleIn",
    ])?;
    let target = given.double("TargetValue")?.ok_or_else(|| constraint("TargetValue", "null", "not be null"))?;
    if !target.is_finite() || target <= 0.0 {
        return Err(validation("Target value must be greater than 0"));
    }
    let spec = given.structure("PredefinedMetricSpecification")?;
    let spec = spec.ok_or_else(|| validation("A metric specification is required."))?;
    spec.only(&["PredefinedMetricType"])?;
    let word = spec.required("PredefinedMetricType", 100)?;
    let metric = Metric::ALL.into_iter().find(|metric| metric.word() == word).ok_or_else(|| {
        validation(format!("Predefined metric type {word} is not valid for the scalable dimension {DIMENSION}"))
    })?;
    let cooldown = |key: &str| match given.integer(key)?.unwrap_or(USUAL_COOLDOWN_SECS) {
        secs @ 0.. => Ok(SignedDuration::from_secs(secs)),
        _ => Err(validation(format!("{key} must not be negative"))),
    };
    Ok(Asked {
        metric,
        target,
        in_cooldown: cooldown("ScaleInCooldown")?,
        out_cooldown: cooldown("ScaleOutCooldown")?,
        disable_scale_in: given.flag("DisableScaleIn")?.unwrap_or(false),
    })
}

fn alarms(policy: &Policy) -> Value {
    let one = |alarm: &Alarm| {
        Value::Map(Map::from([
            ("AlarmName".to_owned(), alarm.name.as_str().into()),
            ("AlarmARN".to_owned(), alarm.arn.as_str().into()),
        ]))
    };
    vec![one(&policy.high), one(&policy.low)].into()
}

fn shape(cluster: &str, policy: &Policy) -> Value {
    let spec = Map::from([("PredefinedMetricType".to_owned(), policy.metric.word().into())]);
    let tracking: [(&str, Value); 5] = [
        ("TargetValue", policy.target.into()),
        ("PredefinedMetricSpecification", spec.into()),
        ("ScaleInCooldown", policy.in_cooldown.as_secs().into()),
        ("ScaleOutCooldown", policy.out_cooldown.as_secs().into()),
        ("DisableScaleIn", policy.disable_scale_in.into()),
    ];
    let tracking: Map = tracking.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let members: [(&str, Value); 9] = [
        ("PolicyARN", policy.arn.as_str().into()),
        ("PolicyName", policy.name.as_str().into()),
        ("ServiceNamespace", NAMESPACE.into()),
        ("ResourceId", resource_id(cluster).into()),
        ("ScalableDimension", DIMENSION.into()),
        ("PolicyType", "TargetTrackingScaling".into()),
        ("TargetTrackingScalingPolicyConfiguration", tracking.into()),
        ("Alarms", alarms(policy)),
        ("CreationTime", policy.created.into()),
    ];
    Value::Map(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
