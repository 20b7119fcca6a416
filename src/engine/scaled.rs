//! Readers that Application Auto Scaling adds and takes away beside the engine: what it has done is recorded, and no reader of
//! its own is ever used, changed or removed here.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Engine;
use crate::model::database::DatabaseName;
use crate::model::event::Event;
use crate::model::failure::Failure;
use crate::model::readers::ScalingActivity;

/// Activities of one database that are kept in mind: more than fit into the hours that are read again after a start.
const MOST: usize = 500;

/// The activities that are on record.
#[derive(Debug, Default, Clone)]
pub(super) struct Activities {
    /// By their beginning, and by their id.
    known: BTreeMap<(Timestamp, String), ScalingActivity>,
}

impl Activities {
    pub(super) const fn none() -> Self {
        Self { known: BTreeMap::new() }
    }

    /// Takes in one that was recorded.
    pub(super) fn remember(&mut self, activity: &ScalingActivity) {
        self.known.insert((activity.began, activity.id.clone()), activity.clone());
        if self.known.len() > MOST {
            self.known.pop_first();
        }
    }

    /// Whether all that it says is on record. One that is older than everything kept in mind was recorded once.
    fn knows(&self, activity: &ScalingActivity) -> bool {
        let known = self.known.get(&(activity.began, activity.id.clone()));
        let too_old = || {
            let oldest = self.known.first_key_value().map(|((began, _), _)| *began);
            self.known.len() >= MOST && oldest.is_some_and(|oldest| activity.began < oldest)
        };
        known.map_or_else(too_old, |known| known.status == activity.status)
    }

    /// The newest.
    pub(super) fn newest(&self) -> Option<&ScalingActivity> {
        self.known.last_key_value().map(|(_, activity)| activity)
    }
}

impl Engine {
    /// Databases whose readers Application Auto Scaling keeps, by their policy.
    pub fn scaled(&self) -> Vec<DatabaseName> {
        let scaled = self.settings.databases.iter().filter(|policy| policy.readers.is_some());
        scaled.map(|policy| policy.database.clone()).collect()
    }

    /// Takes in what was read of Application Auto Scaling: each activity is recorded when it is first seen, and again when its
    /// state is another.
    pub(super) fn observe_scaling(
        &mut self,
        now: Timestamp,
        read: Vec<(DatabaseName, Result<Vec<ScalingActivity>, Failure>)>,
    ) {
        for (database, activities) in read {
            let operation = format!("DescribeScalingActivities {database}");
            for activity in self.note(now, &operation, activities).unwrap_or_default() {
                if !self.memory.of(&database).activities.knows(&activity) {
                    self.record(now, Event::ScalingActivity { database: database.clone(), activity });
                }
            }
        }
    }
}
