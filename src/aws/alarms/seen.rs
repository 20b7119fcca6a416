//! What a look reads of alarms: their states, and the history of those that have changed since it was last read.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::aws::Aws;
use crate::model::alarm::{AlarmChange, AlarmsAsked, AlarmsSeen, FoundAlarm};
use crate::model::failure::Failure;

/// Of an alarm that nothing is on record of, so much of its past is read.
const BACKFILL: SignedDuration = SignedDuration::from_hours(3);
/// This machine's clock may be behind AWS's.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);

impl Aws {
    /// The alarms that are asked for, as far as they exist.
    ///
    /// # Errors
    /// When their states cannot be read; that their history cannot is told in the answer.
    pub async fn alarms_seen(&self, asked: &AlarmsAsked, now: Timestamp) -> Result<AlarmsSeen, Failure> {
        let mut found: BTreeMap<String, FoundAlarm> = BTreeMap::new();
        if let Some(prefix) = &asked.prefix {
            let is_ours = |alarm: &FoundAlarm| {
                let rest = alarm.name.strip_prefix(prefix.as_str()).and_then(|rest| rest.rsplit_once('-'));
                rest.is_some_and(|(database, _)| asked.databases.iter().any(|known| known == database))
            };
            let ours = self.alarms(prefix).await?.into_iter().filter(is_ours);
            found.extend(ours.map(|alarm| (alarm.name.clone(), alarm)));
        }
        let more: Vec<String> = asked.names.iter().filter(|name| !found.contains_key(*name)).cloned().collect();
        if !more.is_empty() {
            let others = self.alarms_named(&more).await?;
            found.extend(others.into_iter().map(|alarm| (alarm.name.clone(), alarm)));
        }
        let changes = self.changes_of(found.values(), asked, now).await;
        Ok(AlarmsSeen { found: found.into_values().collect(), changes })
    }

    async fn changes_of(
        &self,
        found: impl Iterator<Item = &FoundAlarm>,
        asked: &AlarmsAsked,
        now: Timestamp,
    ) -> Result<Vec<AlarmChange>, Failure> {
        let mut changes = Vec::new();
        for alarm in found {
            let known = asked.known.get(&alarm.name).copied();
            if known.is_some_and(|known| alarm.since.as_millisecond() <= known.as_millisecond()) {
                continue;
            }
            let from = known.or_else(|| now.checked_sub(BACKFILL).ok()).unwrap_or(now);
            // It has not changed within the time that is read.
            if alarm.since < from {
                continue;
            }
            let until = now.checked_add(AHEAD).unwrap_or(now);
            changes.extend(self.alarm_changes(&alarm.name, from, until).await?);
        }
        Ok(changes)
    }
}
