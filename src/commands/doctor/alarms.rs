//! The alarms at CloudWatch beside the policy: whether those that follow from it are there, and as they should be.

use std::time::Duration;

use super::{Place, Seen};
use crate::engine::Engine;
use crate::model::alarm::FoundAlarm;
use crate::model::failure::Failure;
use crate::model::finding::{Check, Finding};
use crate::setup::alarms::{Change, Item, difference, of_database};

/// For all that is asked.
const LIMIT: Duration = Duration::from_secs(20);

/// Those of the prefix with their tags; `None` where there are none to be, or nothing was found that they would be of.
pub(super) async fn look(place: &Place<'_>, engine: &Engine) -> Option<Result<Vec<FoundAlarm>, Failure>> {
    let settings = place.settings.alarms.as_ref().filter(|_| !engine.states().is_empty())?;
    let limit = LIMIT.mul_f64(place.clock.speed());
    let found = place.clock.bounded(limit, place.aws.tagged_alarms(&settings.prefix)).await;
    Some(found.unwrap_or_else(|| Err(Failure::late("DescribeAlarms", LIMIT))))
}

/// One finding for each database that was found, where alarms are configured.
pub(super) fn judge(place: &Place<'_>, seen: &Seen) -> Vec<Finding> {
    let Some(settings) = &place.settings.alarms else {
        let remedy = "add [alarms], then `upshift alarms plan`, to have AWS witness the rules";
        return vec![Finding::not_seen(Check::Alarms, "there is no [alarms]", remedy)];
    };
    let found = match &seen.alarms {
        Some(Ok(found)) => found,
        Some(Err(failure)) => return vec![Finding::failed(Check::Alarms, failure)],
        None => return vec![seen.unseen(Check::Alarms, "a database to be found")],
    };
    let (states, policies) = (seen.engine.states(), &place.settings.databases);
    let derived = policies.iter().filter_map(|policy| {
        let state = states.get(&policy.database)?;
        Some((policy.database.clone(), of_database(policy, settings, state)))
    });
    let plan = difference(derived.collect(), found);
    let of = policies.iter().filter(|policy| states.contains_key(&policy.database));
    of.map(|policy| {
        let items: Vec<&Item> = plan.items.iter().filter(|item| item.database == policy.database).collect();
        told(&items).of(&policy.database)
    })
    .collect()
}

fn told(items: &[&Item]) -> Finding {
    if let Some(taken) = items.iter().find(|item| matches!(item.change, Change::NotOurs { .. })) {
        let words = format!("{} is the name of somebody else's alarm", taken.name);
        return Finding::warning(Check::Alarms, words, "choose another `prefix` under [alarms]");
    }
    let due: Vec<String> =
        items.iter().filter(|item| item.is_due()).map(|item| format!("{} {}", item.verb(), item.name)).collect();
    if due.is_empty() {
        return Finding::ok(Check::Alarms, format!("{} as the policy wants them", items.len()));
    }
    Finding::warning(Check::Alarms, due.join(", "), "`upshift alarms plan` shows it, `upshift alarms apply` does it")
}
