//! What is done to alarms that exist: deleted, put into a state by hand, their actions switched.

use jiff::Timestamp;

use super::evaluate::forced;
use super::history::Change;
use super::{Alarms, NAME_CHARS, NAMES, StateValue};
use crate::sim::cloudwatch::errors::{invalid_format, missing, not_found, validation};
use crate::sim::cloudwatch::input::Fields;
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::Map;

impl Alarms {
    /// `DeleteAlarms`: all or, if one of them is not there, none. Their history stays.
    ///
    /// # Errors
    /// As CloudWatch states them.
    pub(in crate::sim::cloudwatch) fn delete(&mut self, now: Timestamp, input: &Fields<'_>) -> Result<Map, ApiError> {
        let names = names(input)?;
        if let Some(name) = names.iter().find(|name| !self.by_name.contains_key(**name)) {
            return Err(not_found(format!("Alarm {name} does not exist.")));
        }
        for name in names {
            self.stale.keep(now, name, self.by_name.get(name));
            if let Some(alarm) = self.by_name.remove(name) {
                self.history.configured(now, &alarm, Change::Delete);
            }
        }
        Ok(Map::new())
    }

    /// `SetAlarmState`: until the next evaluation, which looks at the data again.
    ///
    /// # Errors
    /// As CloudWatch states them.
    pub(in crate::sim::cloudwatch) fn set_state(
        &mut self,
        now: Timestamp,
        input: &Fields<'_>,
    ) -> Result<Map, ApiError> {
        let name = input.required_text("AlarmName", NAME_CHARS)?;
        let word = input.word("StateValue", &StateValue::WORDS)?.ok_or_else(|| missing("StateValue"))?;
        let value = StateValue::of(word).ok_or_else(|| missing("StateValue"))?;
        let reason = input.text("StateReason")?.ok_or_else(|| missing("StateReason"))?;
        let data = input.bounded_text("StateReasonData", 4_000)?;
        if reason.chars().count() > 1_023 {
            return Err(validation(
                "1 validation error detected: Value at 'StateReason' failed to satisfy constraint: \
                 Member must have length less than or equal to 1023",
            ));
        }
        if let Some(data) = data
            && serde_json::from_str::<serde_json::Value>(data).is_err()
        {
            return Err(invalid_format("StateReasonData was not valid JSON."));
        }
        let alarm = self.by_name.get_mut(name).ok_or_else(|| not_found(format!("Alarm {name} does not exist.")))?;
        let state = forced(alarm, now, value, reason, data);
        let old = std::mem::replace(&mut alarm.state, state);
        if old.value != value {
            self.history.transitioned(now, alarm, &old);
            self.outbox.run(now, alarm, &old, &mut self.history);
        }
        Ok(Map::new())
    }

    /// `EnableAlarmActions` and `DisableAlarmActions`; names of alarms that do not exist are passed over.
    ///
    /// # Errors
    /// As CloudWatch states them.
    pub(in crate::sim::cloudwatch) fn switch_actions(
        &mut self,
        now: Timestamp,
        input: &Fields<'_>,
        enabled: bool,
    ) -> Result<Map, ApiError> {
        for name in names(input)? {
            let Some(alarm) = self.by_name.get_mut(name) else { continue };
            if alarm.rule.actions_enabled != enabled {
                alarm.rule.actions_enabled = enabled;
                alarm.configured_at = now;
                self.history.configured(now, alarm, Change::Update);
            }
        }
        Ok(Map::new())
    }
}

fn names<'a>(input: &Fields<'a>) -> Result<Vec<&'a str>, ApiError> {
    let names = input.texts("AlarmNames", NAMES)?;
    if names.is_empty() { Err(missing("AlarmNames")) } else { Ok(names) }
}
