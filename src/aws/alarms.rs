//! One alarm of CloudWatch, as a witness beside the engine: set, read back, taken away.

use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, HistoryItemType, Statistic};
use jiff::Timestamp;

use super::pages::Pages;
use super::{Aws, convert};
use crate::model::drill::AlarmChange;
use crate::model::failure::Failure;
use crate::model::text::clean;

/// Longest reason that is kept.
const REASON_CHARS: usize = 300;

/// An alarm on one metric of an instance.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteAlarm {
    /// Its name.
    pub name: String,
    /// The instance.
    pub instance: String,
    /// `WriteIOPS` above this is a breach.
    pub threshold_writes_per_sec: f64,
    /// So many breaches of the last minutes make an alarm.
    pub datapoints: u32,
    /// The last minutes that are looked at.
    pub minutes: u32,
}

impl Aws {
    /// Sets the alarm; one of that name is replaced. It has no actions.
    ///
    /// # Errors
    /// When CloudWatch does not take it.
    pub async fn set_alarm(&self, alarm: &WriteAlarm) -> Result<(), Failure> {
        let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        let dimension = Dimension::builder().name("DBInstanceIdentifier").value(&alarm.instance).build();
        let request = self
            .cloudwatch
            .put_metric_alarm()
            .alarm_name(&alarm.name)
            .namespace("AWS/RDS")
            .metric_name("WriteIOPS")
            .dimensions(dimension)
            .statistic(Statistic::Average)
            .period(60)
            .comparison_operator(ComparisonOperator::GreaterThanThreshold)
            .threshold(alarm.threshold_writes_per_sec)
            .evaluation_periods(number(alarm.minutes))
            .datapoints_to_alarm(number(alarm.datapoints))
            .treat_missing_data("missing");
        let answer = request.send().await;
        answer.map(drop).map_err(|error| self.read_failure("PutMetricAlarm", &error))
    }

    /// Its changes of state since `from`, oldest first.
    ///
    /// # Errors
    /// When any page cannot be read, or the pages do not end.
    pub async fn alarm_changes(
        &self,
        name: &str,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<AlarmChange>, Failure> {
        let mut changes = Vec::new();
        let mut pages = Pages::of("DescribeAlarmHistory");
        loop {
            let request = self
                .cloudwatch
                .describe_alarm_history()
                .alarm_name(name)
                .history_item_type(HistoryItemType::StateUpdate)
                .start_date(convert::date_time(from))
                .end_date(convert::date_time(until))
                .set_next_token(pages.marker());
            let page = request.send().await.map_err(|error| self.read_failure("DescribeAlarmHistory", &error))?;
            for item in page.alarm_history_items() {
                let at = item.timestamp().and_then(convert::timestamp);
                let change = at.zip(item.history_data()).and_then(|(at, data)| change(name, at, data));
                changes.extend(change);
            }
            if !pages.follow(page.next_token())? {
                changes.sort_by_key(|change| change.at);
                return Ok(changes);
            }
        }
    }

    /// Takes the alarm away.
    ///
    /// # Errors
    /// When CloudWatch does not.
    pub async fn delete_alarm(&self, name: &str) -> Result<(), Failure> {
        let answer = self.cloudwatch.delete_alarms().alarm_names(name).send().await;
        answer.map(drop).map_err(|error| self.read_failure("DeleteAlarms", &error))
    }
}

/// Reads the document of a history item, by the words that CloudWatch documents.
fn change(name: &str, at: Timestamp, data: &str) -> Option<AlarmChange> {
    let data: serde_json::Value = serde_json::from_str(data).ok()?;
    let state = &data["newState"];
    let text = |field: &str| clean(state[field].as_str().unwrap_or_default(), REASON_CHARS);
    let reason = text("stateReason");
    Some(AlarmChange { at, alarm: name.to_owned(), state: text("stateValue"), reason })
}
