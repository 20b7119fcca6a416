//! What would have to be done so that CloudWatch has the alarms of the policy. An alarm without our tag is somebody else's,
//! whatever it is called, and is never touched.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::wanted::{Derived, Without};
use crate::model::alarm::{AlarmDefinition, DATABASE_TAG, FoundAlarm, Topics, WantedAlarm};
use crate::model::database::DatabaseName;

/// Everything there is to do, and why some rules have no alarm.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Plan {
    /// By database in the order of the policies, alarms that are wanted no more last.
    pub items: Vec<Item>,
    /// Rules that have none.
    pub without: Vec<Without>,
}

/// One alarm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// Of which database.
    pub database: DatabaseName,
    /// What is to be done.
    #[serde(flatten)]
    pub change: Change,
}

/// What is to be done about an alarm.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum Change {
    /// There is none of its name.
    Create {
        /// How it shall be.
        wanted: AlarmDefinition,
    },
    /// It is ours and another than it shall be.
    Update {
        /// How it shall be.
        wanted: AlarmDefinition,
        /// What differs.
        fields: Vec<Field>,
    },
    /// It is ours and shall go.
    Delete {
        /// Because of this.
        why: &'static str,
    },
    /// It is as it shall be.
    InSync,
    /// Another alarm has its name: it stays as it is, and this rule has none.
    NotOurs {
        /// What is known of it.
        why: String,
    },
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    /// What differs.
    pub field: &'static str,
    /// What it is.
    pub old: String,
    /// What it shall be.
    pub new: String,
}

impl Item {
    /// Something has to be done.
    pub fn is_due(&self) -> bool {
        matches!(self.change, Change::Create { .. } | Change::Update { .. } | Change::Delete { .. })
    }

    /// What is to be done is still what a plan said, now that the alarm was found so, with its tags; absent: it is not there.
    pub fn still_stands(&self, found: Option<&FoundAlarm>) -> bool {
        match &self.change {
            Change::Create { wanted } | Change::Update { wanted, .. } => {
                change(&self.database, wanted, found) == self.change
            }
            Change::Delete { .. } => found.is_some_and(|found| found.owner() == Some(self.database.as_str())),
            Change::InSync | Change::NotOurs { .. } => true,
        }
    }

    /// It was done, by what was found.
    pub fn is_done(&self, found: Option<&FoundAlarm>) -> bool {
        match &self.change {
            Change::Create { wanted } | Change::Update { wanted, .. } => {
                change(&self.database, wanted, found) == Change::InSync
            }
            Change::Delete { .. } => found.is_none(),
            Change::InSync | Change::NotOurs { .. } => true,
        }
    }

    /// The word for what is to be done.
    pub fn verb(&self) -> &'static str {
        match self.change {
            Change::Create { .. } => "create",
            Change::Update { .. } => "change",
            Change::Delete { .. } => "delete",
            Change::InSync => "in sync",
            Change::NotOurs { .. } => "not ours",
        }
    }

    /// The tags that make it ours.
    pub fn tags(&self) -> BTreeMap<String, String> {
        BTreeMap::from([(DATABASE_TAG.to_owned(), self.database.to_string())])
    }
}

impl Plan {
    /// What has to be done.
    pub fn due(&self) -> impl Iterator<Item = &Item> {
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
        change: change(&wanted.database, &wanted.definition, by_name.get(wanted.name.as_str()).copied()),
    };
    let items = derived.iter().flat_map(|(_, derived)| &derived.wanted).map(one).chain(left).collect();
    Plan { items, without: derived.into_iter().flat_map(|(_, derived)| derived.without).collect() }
}

fn change(database: &DatabaseName, wanted: &AlarmDefinition, found: Option<&FoundAlarm>) -> Change {
    let Some(found) = found else { return Change::Create { wanted: wanted.clone() } };
    if found.owner() != Some(database.as_str()) {
        let why = found.owner().map_or_else(
            || format!("it has no tag {DATABASE_TAG}"),
            |owner| format!("its tag {DATABASE_TAG} says {owner}"),
        );
        return Change::NotOurs { why };
    }
    let fields = found.definition.as_ref().map(|old| fields(old, wanted)).unwrap_or_default();
    if fields.is_empty() { Change::InSync } else { Change::Update { wanted: wanted.clone(), fields } }
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
