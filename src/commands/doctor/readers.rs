//! What Application Auto Scaling has registered for the readers of a cluster, beside the configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Place, Seen};
use crate::engine::Engine;
use crate::model::database::DatabaseName;
use crate::model::failure::Failure;
use crate::model::finding::{Check, Finding};
use crate::model::policy::Policy;
use crate::model::readers::Registered;
use crate::model::text::counted;
use crate::setup::readers::{self, Obstacle};

/// For what is asked about one cluster.
const LIMIT: Duration = Duration::from_secs(20);

/// What is registered for each cluster that was found and whose readers are configured.
pub(super) async fn look(place: &Place<'_>, engine: &Engine) -> BTreeMap<DatabaseName, Result<Registered, Failure>> {
    let mut registered = BTreeMap::new();
    let states = engine.states();
    for database in engine.scaled().into_iter().filter(|database| states.contains_key(database)) {
        let limit = LIMIT.mul_f64(place.clock.speed());
        let read = place.clock.bounded(limit, place.aws.registered_readers(&database)).await;
        let read = read.unwrap_or_else(|| Err(Failure::late("DescribeScalableTargets", LIMIT)));
        registered.insert(database, read);
    }
    registered
}

/// Whether it is as configured, and whether it can do anything.
pub(super) fn judge(policy: &Policy, seen: &Seen) -> Option<Finding> {
    let (wanted, database) = (policy.readers.as_ref()?, &policy.database);
    let registered = match seen.registered.get(database) {
        Some(Ok(registered)) => registered,
        Some(Err(failure)) => return Some(Finding::failed(Check::Readers, failure)),
        None => return Some(seen.unseen(Check::Readers, "the cluster to be found")),
    };
    let states = seen.engine.states();
    let cluster = states.get(database).and_then(|state| state.cluster.as_ref());
    let members = cluster.map(|cluster| cluster.members.as_slice()).unwrap_or_default();
    let count = members.iter().filter(|member| !member.is_writer).count();
    let plan = readers::plan(database, wanted, registered);
    if let Some(Obstacle { why, remedy }) = plan.obstacle(count) {
        return Some(Finding::fails(Check::Readers, why, remedy));
    }
    let due: Vec<String> =
        plan.due().map(|(item, _)| item).map(|item| format!("{} {}", item.verb(), item.name)).collect();
    if !due.is_empty() {
        let remedy = "`upshift readers plan` shows it, `upshift readers apply` does it";
        return Some(Finding::warning(Check::Readers, due.join(", "), remedy));
    }
    let suspended = registered.target.iter().flat_map(|target| &target.suspended).cloned().collect::<Vec<_>>();
    if !suspended.is_empty() {
        let words = format!("somebody has suspended it: {}", suspended.join(", "));
        return Some(Finding::warning(
            Check::Readers,
            words,
            "resume it with `aws application-autoscaling register-scalable-target`, or know that it is so",
        ));
    }
    let words = format!(
        "{} to {} as configured; there {} {}",
        wanted.min,
        wanted.max,
        if count == 1 { "is" } else { "are" },
        counted(count, "reader")
    );
    Some(Finding::ok(Check::Readers, words))
}
