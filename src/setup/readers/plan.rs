//! The difference between what is configured and what is registered.

use super::{Change, Item, Obstacle, POLICY_NAME, Plan, Wanted, wanted};
use crate::model::database::DatabaseName;
use crate::model::readers::{ReadersCall, ReadersPolicy, Registered, ScalableTarget, ScalingPolicy};

/// What is to be done so that the readers of `database` are scaled as `policy` says, by what was found there.
pub fn plan(database: &DatabaseName, policy: &ReadersPolicy, found: &Registered) -> Plan {
    let ours = found.policies.iter().find(|it| it.name == POLICY_NAME);
    let others: Vec<&ScalingPolicy> = found.policies.iter().filter(|it| it.name != POLICY_NAME).collect();
    let is_theirs = ours.is_none() && !others.is_empty();
    let wanted = wanted(policy);
    let (target, register) = target(database, policy, found.target.as_ref(), is_theirs);
    let (own, put) = own(database, &wanted, ours);
    let foreign = others.iter().map(|other| foreign(database, other));
    let items: Vec<Item> = std::iter::once(target).chain([own]).chain(foreign).collect();
    let blocked = blocked(policy, &wanted, found, (is_theirs, &others));
    let calls = register.into_iter().chain(put).filter(|_| blocked.is_none()).collect();
    Plan { database: database.clone(), items, calls, blocked }
}

/// The scalable target, and the call that makes it what it should be.
fn target(
    database: &DatabaseName,
    policy: &ReadersPolicy,
    found: Option<&ScalableTarget>,
    is_theirs: bool,
) -> (Item, Option<ReadersCall>) {
    let (min, max) = (policy.min, policy.max);
    let wanted = Wanted::Target { min, max };
    let change = match found {
        None => Change::Create { wanted },
        Some(found) if is_theirs => {
            let why = format!("{} to {} readers, by the policies of others", found.min, found.max);
            Change::NotOurs { why }
        }
        Some(found) => {
            let fields = wanted.differs(&Wanted::Target { min: found.min, max: found.max });
            Change::of(wanted, fields)
        }
    };
    let item = Item { name: format!("scalable target cluster:{database}"), database: database.clone(), change };
    let call = item.is_due().then(|| ReadersCall::Register { database: database.clone(), min, max });
    (item, call)
}

/// Our policy, and the call that makes it what it should be.
fn own(database: &DatabaseName, wanted: &ScalingPolicy, found: Option<&ScalingPolicy>) -> (Item, Option<ReadersCall>) {
    let policy = wanted.clone();
    let wanted = Wanted::Policy(policy.clone());
    let change = match found {
        None => Change::Create { wanted },
        Some(found) => {
            let fields = wanted.differs(&Wanted::Policy(found.clone()));
            Change::of(wanted, fields)
        }
    };
    let item = Item { name: format!("policy {POLICY_NAME}"), database: database.clone(), change };
    let call = item.is_due().then(|| ReadersCall::PutPolicy { database: database.clone(), policy });
    (item, call)
}

fn foreign(database: &DatabaseName, policy: &ScalingPolicy) -> Item {
    let metric = policy.metric.as_deref().unwrap_or("a metric of its own");
    let target = policy.target.map_or_else(String::new, |target| format!(" at {target}"));
    let change = Change::NotOurs { why: format!("{}, {metric}{target}", policy.kind) };
    Item { name: format!("policy {}", policy.name), database: database.clone(), change }
}

/// AWS takes one policy for each metric of a cluster; and bounds that others have set are theirs.
fn blocked(
    policy: &ReadersPolicy,
    wanted: &ScalingPolicy,
    found: &Registered,
    (is_theirs, others): (bool, &[&ScalingPolicy]),
) -> Option<Obstacle> {
    if let Some(same) = others.iter().find(|other| other.metric == wanted.metric) {
        let why = format!(
            "the policy {} goes by {} already, and AWS takes one for each metric: it is not upshift's and stays as it is",
            same.name,
            policy.metric.aws_name()
        );
        return Some(Obstacle { why, remedy: "delete it, or [database.readers]".to_owned() });
    }
    let bounds = found.target.as_ref().map(|target| (target.min, target.max));
    let (min, max) = bounds.filter(|bounds| is_theirs && *bounds != (policy.min, policy.max))?;
    let why = format!("others have registered {min} to {max} readers, and their policies go by that");
    Some(Obstacle { why, remedy: "give [database.readers] the same min and max, or delete their policies".to_owned() })
}

/// What can differ, by AWS's names.
pub(super) fn values(policy: &ScalingPolicy) -> Vec<(&'static str, String)> {
    let secs = |secs: Option<u32>| secs.map_or_else(|| "AWS's own".to_owned(), |secs| format!("{secs} s"));
    let metric = policy.metric.clone().unwrap_or_else(|| "another".to_owned());
    let target = policy.target.map_or_else(|| "none".to_owned(), |target| target.to_string());
    vec![
        ("PolicyType", policy.kind.clone()),
        ("PredefinedMetricType", metric),
        ("TargetValue", target),
        ("ScaleInCooldown", secs(policy.scale_in_cooldown_secs)),
        ("ScaleOutCooldown", secs(policy.scale_out_cooldown_secs)),
        ("DisableScaleIn", policy.scale_in_disabled.to_string()),
    ]
}
