//! What alarms do when they change their state: a topic of SNS gets a message. There are no subscribers here; what they
//! would have got is kept, and the alarm's history says whether the topic could be told, as at AWS.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::history::History;
use super::{Alarm, Source, State, StateValue, Treatment};

/// Messages kept; beyond it the oldest goes.
const KEPT: usize = 10_000;

/// One message that SNS would have sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    /// When.
    pub at: Timestamp,
    /// The topic's ARN.
    pub topic: String,
    /// The subject of a mail.
    pub subject: String,
    /// What subscribers get, JSON.
    pub message: Json,
}

/// The messages, and the place that alarms are in.
#[derive(Debug)]
pub(super) struct Outbox {
    account: String,
    region: String,
    sent: VecDeque<Notification>,
}

impl Outbox {
    pub(super) fn new(account: &str, region: &str) -> Self {
        Self { account: account.to_owned(), region: region.to_owned(), sent: VecDeque::new() }
    }

    /// The messages, oldest first.
    pub(super) fn sent(&self) -> impl Iterator<Item = &Notification> {
        self.sent.iter()
    }

    /// Runs the actions of the state that an alarm has just come to, unless they are switched off, and records each.
    pub(super) fn run(&mut self, now: Timestamp, alarm: &Alarm, old: &State, history: &mut History) {
        if !alarm.rule.actions_enabled {
            return;
        }
        for action in alarm.rule.actions(alarm.state.value) {
            if let Err(error) = self.takes(action) {
                tracing::info!(alarm = alarm.name, action, "an alarm's action failed: {error}");
                history.acted(now, alarm, action, Err(&error));
                continue;
            }
            let message = self.message(now, alarm, old);
            let (name, state) = (&alarm.name, alarm.state.value.word());
            let subject = format!("{state}: \"{name}\" in {}", region_name(&self.region));
            tracing::info!(alarm = name, action, "SNS would have sent: {subject}");
            history.acted(now, alarm, action, Ok(&message));
            self.sent.push_back(Notification { at: now, topic: action.clone(), subject, message });
            if self.sent.len() > KEPT {
                self.sent.pop_front();
            }
        }
    }

    /// Whether there could be such a topic: CloudWatch itself checks no ARN before it is used.
    fn takes(&self, action: &str) -> Result<(), String> {
        let parts: Vec<&str> = action.split(':').collect();
        match parts[..] {
            ["arn", _, "sns", region, account, name]
                if !name.is_empty() && account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                if region == self.region {
                    Ok(())
                } else {
                    Err(format!("Invalid region {region} specified. Only {} is supported.", self.region))
                }
            }
            ["arn", _, "sns", ..] => Err("Resource could not be found".to_owned()),
            _ => Err("the simulation runs actions of SNS only".to_owned()),
        }
    }

    fn message(&self, now: Timestamp, alarm: &Alarm, old: &State) -> Json {
        let rule = &alarm.rule;
        let instant = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string();
        json!({
            "AlarmName": alarm.name,
            "AlarmDescription": rule.description,
            "AWSAccountId": self.account,
            "AlarmConfigurationUpdatedTimestamp": instant(alarm.configured_at),
            "NewStateValue": alarm.state.value.word(),
            "NewStateReason": alarm.state.reason,
            "StateChangeTime": instant(now),
            "Region": region_name(&self.region),
            "AlarmArn": alarm.arn,
            "OldStateValue": old.value.word(),
            "OKActions": rule.actions(StateValue::Ok),
            "AlarmActions": rule.actions(StateValue::Alarm),
            "InsufficientDataActions": rule.actions(StateValue::InsufficientData),
            "Trigger": trigger(alarm),
        })
    }
}

fn trigger(alarm: &Alarm) -> Json {
    let rule = &alarm.rule;
    let mut trigger = json!({
        "Period": rule.source.period(),
        "EvaluationPeriods": rule.evaluation_periods,
        "DatapointsToAlarm": rule.datapoints_to_alarm,
        "ComparisonOperator": rule.comparison.word(),
        "Threshold": rule.threshold,
        "TreatMissingData": rule.treat_missing_data.map(Treatment::word),
    });
    if let Source::Metric(stat) = &rule.source {
        let pair = |(name, value)| json!({"name": name, "value": value});
        trigger["MetricName"] = stat.key.name.as_str().into();
        trigger["Namespace"] = stat.key.namespace.as_str().into();
        trigger["Dimensions"] = stat.key.dimensions.iter().map(pair).collect();
    }
    trigger
}

/// What people call a region, where it is known here.
fn region_name(region: &str) -> &str {
    match region {
        "us-east-1" => "US East (N. Virginia)",
        "us-west-2" => "US West (Oregon)",
        "eu-west-1" => "EU (Ireland)",
        "eu-central-1" => "EU (Frankfurt)",
        other => other,
    }
}
