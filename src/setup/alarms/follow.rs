//! What a verified action makes untrue: the threshold of the connections, and a machine that an expression names.

use super::difference::fields;
use super::wanted::of_database;
use crate::model::alarm::{AlarmSettings, FoundAlarm, WantedAlarm};
use crate::model::database::DatabaseState;
use crate::model::policy::Policy;

/// The alarms that were as the policy wants them for `before` and are not as it wants them for `now`, each with how it was.
/// One that differs from both was changed by a person, or the policy was: that is for a person to apply.
pub fn follows(
    (policy, settings): (&Policy, &AlarmSettings),
    before: &DatabaseState,
    now: &DatabaseState,
    found: &[FoundAlarm],
) -> Vec<(FoundAlarm, WantedAlarm)> {
    let then = of_database(policy, settings, before).wanted;
    let wanted = of_database(policy, settings, now).wanted;
    let one = |wanted: WantedAlarm| {
        let old = then.iter().find(|alarm| alarm.name == wanted.name)?;
        let found = found.iter().find(|alarm| alarm.name == wanted.name)?;
        let definition = found.definition.as_ref()?;
        let is_stale = fields(definition, &old.definition).is_empty();
        let differs = !fields(definition, &wanted.definition).is_empty();
        (is_stale && differs).then(|| (found.clone(), wanted))
    };
    wanted.into_iter().filter_map(one).collect()
}
