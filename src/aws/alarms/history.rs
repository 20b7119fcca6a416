//! What alarms did: their changes of state and whom they told of each, by `DescribeAlarmHistory`.

use aws_sdk_cloudwatch::types::{AlarmHistoryItem, AlarmType, HistoryItemType};
use jiff::{SignedDuration, Timestamp};

use crate::aws::pages::Pages;
use crate::aws::{Aws, convert};
use crate::model::alarm::{AlarmChange, Told};
use crate::model::failure::Failure;
use crate::model::text::clean;

/// Longest reason that is kept.
const REASON_CHARS: usize = 300;
const ARN_CHARS: usize = 300;
/// An action that does not say which change it belongs to is of the one before it, within this time.
const ACTS_WITHIN: SignedDuration = SignedDuration::from_secs(60);

impl Aws {
    /// Its changes of state since `from`, oldest first, each with the actions that were run for it by `until`.
    ///
    /// # Errors
    /// When any page cannot be read, or the pages do not end.
    pub async fn alarm_changes(
        &self,
        name: &str,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<AlarmChange>, Failure> {
        let (mut changes, mut actions) = (Vec::new(), Vec::new());
        let mut pages = Pages::of("DescribeAlarmHistory");
        loop {
            let request = self
                .cloudwatch
                .describe_alarm_history()
                .alarm_name(name)
                .alarm_types(AlarmType::MetricAlarm)
                .alarm_types(AlarmType::CompositeAlarm)
                .start_date(convert::date_time(from))
                .end_date(convert::date_time(until))
                .set_next_token(pages.marker());
            let page = request.send().await.map_err(|error| self.read_failure("DescribeAlarmHistory", &error))?;
            for item in page.alarm_history_items() {
                let Some(at) = item.timestamp().and_then(convert::timestamp) else { continue };
                match item.history_item_type() {
                    Some(HistoryItemType::StateUpdate) => changes.extend(change(name, at, item)),
                    Some(HistoryItemType::Action) => actions.extend(action(at, item)),
                    _ => {}
                }
            }
            if !pages.follow(page.next_token())? {
                return Ok(joined(changes, actions));
            }
        }
    }
}

/// An action that was run: when, for the change of which moment, and whom it told.
struct Action {
    at: Timestamp,
    of: Option<Timestamp>,
    told: Told,
}

/// Each change with its actions.
fn joined(mut changes: Vec<AlarmChange>, mut actions: Vec<Action>) -> Vec<AlarmChange> {
    changes.sort();
    // Rare duplicates are AWS's own.
    changes.dedup();
    actions.sort_by(|a, b| (a.at, &a.told).cmp(&(b.at, &b.told)));
    for Action { at, of, told } in actions {
        let of = of.unwrap_or(at);
        let is_it = |change: &&mut AlarmChange| change.at <= of && of.duration_since(change.at) <= ACTS_WITHIN;
        if let Some(change) = changes.iter_mut().rev().find(is_it)
            && !change.told.contains(&told)
        {
            change.told.push(told);
        }
    }
    changes
}

/// Reads the document of a history item, by the words that CloudWatch documents.
fn change(name: &str, at: Timestamp, item: &AlarmHistoryItem) -> Option<AlarmChange> {
    let data: serde_json::Value = serde_json::from_str(item.history_data()?).ok()?;
    let state = &data["newState"];
    let text = |field: &str| clean(state[field].as_str().unwrap_or_default(), REASON_CHARS);
    let reason = text("stateReason");
    Some(AlarmChange { at, alarm: name.to_owned(), state: text("stateValue"), reason, told: Vec::new() })
}

/// By the summary, whose words AWS shows to people; its data say which change it was for, where they do.
fn action(at: Timestamp, item: &AlarmHistoryItem) -> Option<Action> {
    const DONE: &str = "Successfully executed action ";
    const FAILED: &str = "Failed to execute action ";
    let summary = item.history_summary()?;
    let data: Option<serde_json::Value> = item.history_data().and_then(|data| serde_json::from_str(data).ok());
    let field = |name: &str| data.as_ref().and_then(|data| data[name].as_str()).map(|text| clean(text, ARN_CHARS));
    let (rest, failed) = match (summary.strip_prefix(DONE), summary.strip_prefix(FAILED)) {
        (Some(rest), _) => (rest, None),
        (_, Some(rest)) => {
            let said = rest.split_once(' ').map(|(_, why)| clean(why, REASON_CHARS));
            (rest, Some(field("error").or(said).unwrap_or_else(|| "no reason given".to_owned())))
        }
        (None, None) => return None,
    };
    let named = rest.split(' ').next().unwrap_or_default().trim_end_matches('.');
    let resource = field("notificationResource").unwrap_or_else(|| clean(named, ARN_CHARS));
    let of = data.as_ref().and_then(|data| data["stateUpdateTimestamp"].as_i64());
    let of = of.and_then(|millis| Timestamp::from_millisecond(millis).ok());
    Some(Action { at, of, told: Told { resource, failed } })
}
