//! Scaling activities: what was done, or not done and why.

use jiff::{SignedDuration, Timestamp};

use super::input::Input;
use super::{DIMENSION, NAMESPACE, resource_id};
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::{Map, Value};

/// AWS tells of six weeks.
const KEPT: SignedDuration = SignedDuration::from_hours(6 * 7 * 24);

/// Every activity, oldest first.
#[derive(Debug, Default)]
pub(super) struct Activities {
    all: Vec<Activity>,
}

/// One activity.
#[derive(Debug, Clone)]
pub(super) struct Activity {
    pub(super) id: String,
    pub(super) cluster: String,
    pub(super) description: String,
    pub(super) cause: String,
    pub(super) began: Timestamp,
    pub(super) ended: Option<Timestamp>,
    pub(super) status: Status,
    pub(super) message: Option<String>,
    /// Why nothing was done, where nothing was.
    pub(super) not_scaled: Option<Reason>,
    /// The readers that it makes or deletes, until it has ended.
    pub(super) readers: Readers,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Successful,
    Failed,
}

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    AtMax(u32),
    AtMin(u32),
    /// The cluster takes no orders.
    Unscalable,
}

/// What an activity waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Readers {
    None,
    Made { names: Vec<String>, wanted: usize },
    Deleted { names: Vec<String>, wanted: usize },
}

impl Activities {
    /// Notes one; those that AWS would have forgotten are forgotten.
    pub(super) fn add(&mut self, activity: Activity) {
        let since = activity.began.saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
        self.all.retain(|known| known.began >= since);
        self.all.push(activity);
    }

    pub(super) fn under_way(&mut self) -> impl Iterator<Item = &mut Activity> {
        self.all.iter_mut().filter(|activity| activity.status == Status::InProgress)
    }

    /// Whether readers of a cluster are coming or going.
    pub(super) fn is_under_way(&self, cluster: &str) -> bool {
        self.all.iter().any(|activity| activity.cluster == cluster && activity.status == Status::InProgress)
    }

    /// Whether the newest activity of a cluster says just that: AWS does not repeat itself.
    pub(super) fn has_just_said(&self, cluster: &str, reason: Reason) -> bool {
        let newest = self.all.iter().rev().find(|activity| activity.cluster == cluster);
        newest.is_some_and(|newest| newest.not_scaled == Some(reason))
    }

    /// `DescribeScalingActivities`, the newest first.
    pub(super) fn describe(&self, input: Input<'_>) -> Result<Map, ApiError> {
        input.only(&[
            "ServiceNamespace",
            "ResourceId",
            "ScalableDimension",
            "MaxResults",
            "NextToken",
            "IncludeNotScaledActivities",
        ])?;
        let cluster = input.asked_cluster()?;
        let with_not_scaled = input.flag("IncludeNotScaledActivities")?.unwrap_or(false);
        let is_asked = |activity: &&Activity| {
            cluster.as_ref().is_none_or(|cluster| *cluster == activity.cluster)
                && (with_not_scaled || activity.not_scaled.is_none())
        };
        input.page("ScalingActivities", self.all.iter().rev().filter(is_asked).map(shape).collect())
    }
}

impl Reason {
    fn shape(self) -> Value {
        let (code, bound) = match self {
            Self::AtMax(max) => ("AlreadyAtMaxCapacity", Some(("MaxCapacity", max))),
            Self::AtMin(min) => ("AlreadyAtMinCapacity", Some(("MinCapacity", min))),
            Self::Unscalable => ("TargetServicePutResourceAsUnscalable", None),
        };
        let bound = bound.map(|(name, value)| (name.to_owned(), i64::from(value).into()));
        Value::Map(bound.into_iter().chain([("Code".to_owned(), code.into())]).collect())
    }
}

fn shape(activity: &Activity) -> Value {
    let status = match activity.status {
        Status::InProgress => "InProgress",
        Status::Successful => "Successful",
        Status::Failed => "Failed",
    };
    let members: [(&str, Option<Value>); 11] = [
        ("ActivityId", Some(activity.id.as_str().into())),
        ("ServiceNamespace", Some(NAMESPACE.into())),
        ("ResourceId", Some(resource_id(&activity.cluster).into())),
        ("ScalableDimension", Some(DIMENSION.into())),
        ("Description", Some(activity.description.as_str().into())),
        ("Cause", Some(activity.cause.as_str().into())),
        ("StartTime", Some(activity.began.into())),
        ("EndTime", activity.ended.map(Value::from)),
        ("StatusCode", Some(status.into())),
        ("StatusMessage", activity.message.as_deref().map(Value::from)),
        ("NotScaledReasons", activity.not_scaled.map(|reason| vec![reason.shape()].into())),
    ];
    Value::Map(members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}
