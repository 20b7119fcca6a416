//! Scalable targets: which clusters' readers are counted, and within which bounds.

use std::collections::BTreeMap;

use super::errors::{no_resource, no_target, validation};
use super::input::{Input, cluster_of};
use super::state::{Suspended, Target};
use super::{DIMENSION, NAMESPACE, Scaling, Surroundings, resource_id};
use crate::model::cluster::ClusterKind;
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::{Map, Value};

/// An Aurora cluster has so many readers at the most.
const MOST: i64 = 15;
const MEMBERS: [&str; 8] = [
    "ServiceNamespace",
    "ResourceId",
    "ScalableDimension",
    "MinCapacity",
    "MaxCapacity",
    "RoleARN",
    "SuspendedState",
    "Tags",
];

impl Scaling {
    /// `RegisterScalableTarget`: a new target, or other bounds of one.
    pub(super) fn register(&mut self, around: &mut Surroundings<'_>, input: Input<'_>) -> Result<Map, ApiError> {
        input.only(&MEMBERS)?;
        let cluster = input.cluster()?;
        let is_aurora = around.fleet.cluster(&cluster).is_some_and(|found| found.kind == ClusterKind::Aurora);
        if !is_aurora {
            return Err(validation(format!("The Aurora DB cluster doesn't exist: {}", resource_id(&cluster))));
        }
        let known = self.targets.get(&cluster);
        let (min, max) = (capacity(input, "MinCapacity")?, capacity(input, "MaxCapacity")?);
        let (Some(min), Some(max)) = (min.or(known.map(|known| known.min)), max.or(known.map(|known| known.max)))
        else {
            return Err(validation("MinCapacity and MaxCapacity are required when registering a new scalable target."));
        };
        if min > max {
            return Err(validation("Maximum capacity cannot be less than minimum capacity"));
        }
        let tags = input.tags("Tags")?;
        if known.is_some() && !tags.is_empty() {
            return Err(validation("Tags can be given only when a scalable target is registered: use TagResource."));
        }
        let suspended = suspended(input, known.map(|known| known.suspended).unwrap_or_default())?;
        if let Some(known) = self.targets.get_mut(&cluster) {
            (known.min, known.max, known.suspended) = (min, max, suspended);
            return Ok(arn_of(known));
        }
        let target = Target {
            arn: self.target_arn(),
            min,
            max,
            suspended,
            tags,
            created: around.now,
            policies: BTreeMap::new(),
            last_out: None,
            last_in: None,
        };
        let output = arn_of(&target);
        self.targets.insert(cluster, target);
        Ok(output)
    }

    /// `DeregisterScalableTarget`: its policies and their alarms go too; the readers that were made stay.
    pub(super) fn deregister(&mut self, around: &mut Surroundings<'_>, input: Input<'_>) -> Result<Map, ApiError> {
        input.only(&MEMBERS[..3])?;
        let cluster = input.cluster()?;
        let target = self.targets.remove(&cluster).ok_or_else(|| no_target(&resource_id(&cluster)))?;
        for policy in target.policies.values() {
            around.cloudwatch.drop_alarm(around.now, &policy.high.name);
            around.cloudwatch.drop_alarm(around.now, &policy.low.name);
        }
        Ok(Map::new())
    }

    /// `DescribeScalableTargets`.
    pub(super) fn describe_targets(&self, input: Input<'_>) -> Result<Map, ApiError> {
        input.only(&["ServiceNamespace", "ResourceIds", "ScalableDimension", "MaxResults", "NextToken"])?;
        input.namespace()?;
        let asked = input.texts("ResourceIds")?;
        let asked: Option<Vec<String>> = asked.map(|ids| ids.into_iter().map(cluster_of).collect()).transpose()?;
        let found = self.targets.iter().filter(|(cluster, _)| asked.as_ref().is_none_or(|ids| ids.contains(cluster)));
        input.page("ScalableTargets", found.map(|(cluster, target)| self.shape(cluster, target)).collect())
    }

    /// `ListTagsForResource`.
    pub(super) fn list_tags(&self, input: Input<'_>) -> Result<Map, ApiError> {
        input.only(&["ResourceARN"])?;
        let arn = input.required("ResourceARN", 1_011)?;
        let target = self.targets.values().find(|target| target.arn == arn).ok_or_else(|| no_resource(arn))?;
        let tags = target.tags.iter().map(|(key, value)| (key.clone(), value.as_str().into()));
        Ok(Map::from([("Tags".to_owned(), Value::Map(tags.collect()))]))
    }

    fn shape(&self, cluster: &str, target: &Target) -> Value {
        let account = &self.account;
        let role = format!(
            "arn:aws:iam::{account}:role/aws-service-role/rds.application-autoscaling.amazonaws.com/\
             AWSServiceRoleForApplicationAutoScaling_RDSCluster"
        );
        let Suspended { scale_in, scale_out, scheduled } = target.suspended;
        let suspended = [
            ("DynamicScalingInSuspended", scale_in),
            ("DynamicScalingOutSuspended", scale_out),
            ("ScheduledScalingSuspended", scheduled),
        ];
        let suspended: Map = suspended.into_iter().map(|(name, is)| (name.to_owned(), is.into())).collect();
        let members: [(&str, Value); 9] = [
            ("ServiceNamespace", NAMESPACE.into()),
            ("ResourceId", resource_id(cluster).into()),
            ("ScalableDimension", DIMENSION.into()),
            ("MinCapacity", i64::from(target.min).into()),
            ("MaxCapacity", i64::from(target.max).into()),
            ("RoleARN", role.into()),
            ("CreationTime", target.created.into()),
            ("SuspendedState", suspended.into()),
            ("ScalableTargetARN", target.arn.as_str().into()),
        ];
        Value::Map(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

fn arn_of(target: &Target) -> Map {
    Map::from([("ScalableTargetARN".to_owned(), target.arn.as_str().into())])
}

fn capacity(input: Input<'_>, key: &str) -> Result<Option<u32>, ApiError> {
    let Some(number) = input.integer(key)? else { return Ok(None) };
    let valid = u32::try_from(number).ok().filter(|_| number <= MOST);
    let message = || format!("{key} must be from 0 to {MOST} for the resource type cluster: {number}");
    valid.map(Some).ok_or_else(|| validation(message()))
}

fn suspended(input: Input<'_>, known: Suspended) -> Result<Suspended, ApiError> {
    let Some(given) = input.structure("SuspendedState")? else { return Ok(known) };
    Ok(Suspended {
        scale_in: given.flag("DynamicScalingInSuspended")?.unwrap_or(known.scale_in),
        scale_out: given.flag("DynamicScalingOutSuspended")?.unwrap_or(known.scale_out),
        scheduled: given.flag("ScheduledScalingSuspended")?.unwrap_or(known.scheduled),
    })
}
