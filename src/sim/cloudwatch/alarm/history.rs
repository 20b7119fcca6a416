//! The history of all alarms, also of those that are gone: 30 days, newest last.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use super::{Alarm, Source, State};

/// CloudWatch keeps it that long.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Beyond this many the oldest goes.
const ITEMS: usize = 50_000;
/// The longest data of one item.
const DATA_BYTES: usize = 4_095;

/// The kinds of items, by their names in the API.
pub(super) const KINDS: [&str; 5] =
    ["ConfigurationUpdate", "StateUpdate", "Action", "AlarmContributorStateUpdate", "AlarmContributorAction"];

/// All items, in the order in which they happened.
#[derive(Debug, Default)]
pub(super) struct History {
    items: VecDeque<Item>,
}

/// Something that happened to an alarm.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) alarm: String,
    pub(super) at: Timestamp,
    pub(super) kind: &'static str,
    pub(super) summary: String,
    /// JSON.
    pub(super) data: String,
}

/// A change of an alarm's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Create,
    Update,
    Delete,
}

impl History {
    /// The items kept, oldest first.
    pub(super) fn items(&self) -> impl DoubleEndedIterator<Item = &Item> {
        self.items.iter()
    }

    /// Records that an alarm was made, changed or deleted; `alarm` is how it is after that, or was before it went.
    pub(super) fn configured(&mut self, now: Timestamp, alarm: &Alarm, change: Change) {
        let (word, done, key) = match change {
            Change::Create => ("Create", "created", "createdAlarm"),
            Change::Update => ("Update", "updated", "updatedAlarm"),
            Change::Delete => ("Delete", "deleted", "deletedAlarm"),
        };
        let data = json!({"version": "1.0", "type": word, key: configuration(alarm)});
        let summary = format!("Alarm \"{}\" {done}", alarm.name);
        self.push(now, &alarm.name, "ConfigurationUpdate", &summary, &data);
    }

    /// Records a new state.
    pub(super) fn transitioned(&mut self, now: Timestamp, alarm: &Alarm, old: &State) {
        let (from, to) = (old.value.word(), alarm.state.value.word());
        let data = json!({"version": "1.0", "oldState": state(old), "newState": state(&alarm.state)});
        let summary = format!("Alarm updated from {from} to {to}");
        self.push(now, &alarm.name, "StateUpdate", &summary, &data);
    }

    /// Records an action that was run: to which resource, with what message, and why it failed, if it did.
    pub(super) fn acted(&mut self, now: Timestamp, alarm: &Alarm, action: &str, outcome: Result<&Json, &str>) {
        let mut data = json!({
            "actionState": if outcome.is_ok() { "Succeeded" } else { "Failed" },
            "stateUpdateTimestamp": alarm.state.updated_at.as_millisecond(),
            "notificationResource": action,
        });
        let summary = match outcome {
            Ok(message) => {
                data["publishedMessage"] = message.clone();
                format!("Successfully executed action {action}")
            }
            Err(error) => {
                data["error"] = error.into();
                format!("Failed to execute action {action}. Received error: \"{error}\"")
            }
        };
        self.push(now, &alarm.name, "Action", &summary, &data);
    }

    fn push(&mut self, now: Timestamp, alarm: &str, kind: &'static str, summary: &str, data: &Json) {
        let text = fitting(data.clone());
        let summary: String = summary.chars().take(255).collect();
        self.items.push_back(Item { alarm: alarm.to_owned(), at: now, kind, summary, data: text });
        let oldest = now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
        while self.items.len() > ITEMS || self.items.front().is_some_and(|item| item.at < oldest) {
            self.items.pop_front();
        }
    }
}

/// The data as text. What is too long loses its least important parts: cut off it would be no JSON.
fn fitting(mut data: Json) -> String {
    let dispensable = [
        "/oldState/stateReasonData/evaluatedDatapoints",
        "/newState/stateReasonData/evaluatedDatapoints",
        "/oldState/stateReasonData",
        "/newState/stateReasonData",
        "/createdAlarm",
        "/updatedAlarm",
        "/deletedAlarm",
        "/publishedMessage",
    ];
    for pointer in dispensable {
        if data.to_string().len() <= DATA_BYTES {
            break;
        }
        let (parent, key) = pointer.rsplit_once('/').unwrap_or_default();
        if let Some(Json::Object(parent)) = data.pointer_mut(parent) {
            parent.remove(key);
        }
    }
    data.to_string()
}

fn state(state: &State) -> Json {
    let mut shown = json!({"stateValue": state.value.word(), "stateReason": state.reason});
    // In the history the data is an object; in the alarm it is the same as text.
    if let Some(data) = state.data.as_deref().and_then(|data| serde_json::from_str::<Json>(data).ok()) {
        shown["stateReasonData"] = data;
    }
    shown
}

/// An alarm as its history shows it: with names in the style of JavaScript, and `okactions` in its own.
fn configuration(alarm: &Alarm) -> Json {
    let rule = &alarm.rule;
    let instant = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string();
    let mut shown = json!({
        "alarmName": alarm.name,
        "alarmArn": alarm.arn,
        "actionsEnabled": rule.actions_enabled,
        "okactions": rule.ok_actions,
        "alarmActions": rule.alarm_actions,
        "insufficientDataActions": rule.insufficient_data_actions,
        "stateValue": alarm.state.value.word(),
        "evaluationPeriods": rule.evaluation_periods,
        "threshold": rule.threshold,
        "comparisonOperator": rule.comparison.word(),
        "alarmConfigurationUpdatedTimestamp": instant(alarm.configured_at),
        "stateUpdatedTimestamp": instant(alarm.state.updated_at),
    });
    let optional = [
        ("alarmDescription", rule.description.clone().map(Json::from)),
        ("datapointsToAlarm", rule.datapoints_to_alarm.map(Json::from)),
        ("treatMissingData", rule.treat_missing_data.map(|missing| missing.word().into())),
        ("evaluateLowSampleCountPercentile", rule.low_sample_percentile.clone().map(Json::from)),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            shown[key] = value;
        }
    }
    match &rule.source {
        Source::Metric(stat) => {
            let pair = |(name, value)| json!({"name": name, "value": value});
            shown["namespace"] = stat.key.namespace.as_str().into();
            shown["metricName"] = stat.key.name.as_str().into();
            shown["dimensions"] = stat.key.dimensions.iter().map(pair).collect();
            shown["period"] = stat.period.into();
            shown["statistic"] = stat.statistic.name().into();
            if let Some(unit) = stat.unit {
                shown["unit"] = unit.name().into();
            }
        }
        Source::Queries(queries, _) => {
            let query =
                |query: &crate::sim::cloudwatch::queries::Query| json!({"id": query.id, "returnData": query.returned});
            shown["metrics"] = queries.iter().map(query).collect();
        }
    }
    shown
}
