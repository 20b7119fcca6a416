//! What would have to be done so that CloudWatch has the alarms of the policy. An alarm without our tag is somebody else's,
//! whatever it is called, and is never touched.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::wanted::{Derived, Without};
use crate::model::alarm::{AlarmDefinition, DATABASE_TAG, FoundAlarm, Topics, WantedAlarm};
use crate::model::database::DatabaseName;
use crate::setup::change::{self, Field};

/// Everything there is to do, and why some rules have no alarm.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Plan {
    /// By database in the order of the policies, alarms that are wanted no more last.
    pub items: Vec<Item>,
    /// Rules that have none.
    pub without: Vec<Without>,
}

/// One alarm.
pub type Item = change::Item<AlarmDefinition>;
/// What is to be done about an alarm.
pub type Change = change::Change<AlarmDefinition>;

impl Item {
    /// What is to be done is still what a plan said, now that the alarm was found so, with its tags; absent: it is not there.
    pub fn still_stands(&self, found: Option<&FoundAlarm>) -> bool {
        match &self.change {
            Change::Create { wanted } | Change::Update { wanted, .. } => {
                change_of(&self.database, wanted, found) == self.change
            }
            Change::Delete { .. } => found.is_some_and(|found| found.owner() == Some(self.database.as_str())),
            Change::InSync | Change::NotOurs { .. } => true,
        }
    }

    /// It was done, by what was found.
    pub fn is_done(&self, found: Option<&FoundAlarm>) -> bool {
        match &self.change {
            Change::Create { wanted } | Change::Update { wanted, .. } => {
                change_of(&self.database, wanted, found) == Change::InSync
            }
            Change::Delete { .. } => found.is_none(),
            Change::InSync | Change::NotOurs { .. } => true,
        }
    }
}

impl Plan {
    /// What has to be done.
    pub fn due(&self) -> impl Iterator<Item = &Item> + Clone {
        self.items.iter().filter(|item| item.is_due())
    }
}

/// The difference for these databases. `found` are the alarms of the prefix, each with its tags.
pub fn difference(derived: Vec<(DatabaseName, Derived)>, found: &[FoundAlarm]) -> Plan {
    let databases: BTreeSet<&str> = derived.iter().map(|(database, _)| database.as_str()).collect();
    let by_name: BTreeMap<&str, &FoundAlarm> = found.iter().map(|alarm| (alarm.name.as_str(), alarm)).collect();
    let wanted_names: BTreeSet<&str> =
        derived.iter().flat_map(|(_, derived)| &derived.wanted).map(|alarm| alarm.name.as_str()).collect();
    let is_left = |alarm: &&FoundAlarm| {
        alarm.owner().is_some_and(|owner| databases.contains(owner)) && !wanted_names.contains(alarm.name.as_str())
    };
    let left = found.iter().filter(is_left).map(|alarm| Item {
        name: alarm.name.clone(),
        database: DatabaseName::new(alarm.owner().unwrap_or_default()),
        change: Change::Delete { why: "no rule of the policy wants it any more" },
    });
    let one = |wanted: &WantedAlarm| Item {
        name: wanted.name.clone(),
        database: wanted.database.clone(),
        change: change_of(&wanted.database, &wanted.definition, by_name.get(wanted.name.as_str()).copied()),
    };
    let items = derived.iter().flat_map(|(_, derived)| &derived.wanted).map(one).chain(left).collect();
    Plan { items, without: derived.into_iter().flat_map(|(_, derived)| derived.without).collect() }
}

fn change_of(database: &DatabaseName, wanted: &AlarmDefinition, found: Option<&FoundAlarm>) -> Change {
    let Some(found) = found else { return Change::Create { wanted: wanted.clone() } };
    if found.owner() != Some(database.as_str()) {
        let why = found.owner().map_or_else(
            || format!("it has no tag {DATABASE_TAG}"),
            |owner| format!("its tag {DATABASE_TAG} says {owner}"),
        );
        return Change::NotOurs { why: format!("{why}; it is left alone, and the rule has no alarm") };
    }
    Change::of(wanted.clone(), found.definition.as_ref().map(|old| fields(old, wanted)).unwrap_or_default())
}

/// Whether an alarm is as it shall be.
pub fn is_as_wanted(found: &AlarmDefinition, wanted: &AlarmDefinition) -> bool {
    fields(found, wanted).is_empty()
}

/// What differs, in one line.
pub fn words(old: &AlarmDefinition, new: &AlarmDefinition) -> String {
    let one = |Field { field, old, new }: Field| format!("{field} from {old} to {new}");
    fields(old, new).into_iter().filter(|of| of.field != "description").map(one).collect::<Vec<_>>().join("; ")
}

/// What differs between two configurations, in words.
pub(super) fn fields(old: &AlarmDefinition, new: &AlarmDefinition) -> Vec<Field> {
    let m_of_n = |of: &AlarmDefinition| format!("{} of {} periods", of.datapoints, of.periods);
    let secs = |of: &AlarmDefinition| format!("{} s", of.period_secs);
    let enabled = |of: &AlarmDefinition| if of.actions_enabled { "on" } else { "off" }.to_owned();
    let topics = |of: fn(&Topics) -> &Vec<String>| {
        let words = |topics: &Topics| {
            let topics = of(topics);
            if topics.is_empty() { "nobody".to_owned() } else { topics.join(", ") }
        };
        (words(&old.topics), words(&new.topics))
    };
    let both = |words: &dyn Fn(&AlarmDefinition) -> String| (words(old), words(new));
    let all = [
        ("watches", both(&|of| of.watches.to_string())),
        ("comparison", both(&|of| of.comparison.clone())),
        ("threshold", both(&|of| of.threshold.to_string())),
        ("datapoints", both(&m_of_n)),
        ("period", both(&secs)),
        ("missing data", both(&|of| of.missing_data.clone())),
        ("told at ALARM", topics(|topics| &topics.alarm)),
        ("told at OK", topics(|topics| &topics.ok)),
        ("told at INSUFFICIENT_DATA", topics(|topics| &topics.insufficient_data)),
        ("actions", both(&enabled)),
        ("description", both(&|of| of.description.clone())),
    ];
    let differs =
        |(field, (old, new)): (&'static str, (String, String))| (old != new).then_some(Field { field, old, new });
    all.into_iter().filter_map(differs).collect()
}
