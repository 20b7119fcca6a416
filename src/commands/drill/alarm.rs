//! The alarm of CloudWatch that stands beside the engine for as long as a drill lasts: the engine's own rule, told by AWS.

use std::cell::Cell;

use jiff::Timestamp;

use crate::aws::Aws;
use crate::aws::alarms::WriteAlarm;
use crate::commands::last_words;
use crate::model::database::DatabaseName;
use crate::model::drill::{AlarmChange, Drill};
use crate::model::policy::Policy;

/// An alarm, and where it stands.
pub(super) struct Beside<'a> {
    aws: &'a Aws,
    alarm: WriteAlarm,
    /// Whether AWS was asked to have it.
    is_asked_for: Cell<bool>,
}

impl<'a> Beside<'a> {
    /// By the first rule that moves the database up; not set yet.
    pub(super) fn new(aws: &'a Aws, database: &DatabaseName, policy: &Policy) -> Self {
        let rule = policy.up.first();
        let alarm = WriteAlarm {
            name: format!("upshift-drill-{database}-writes"),
            instance: database.to_string(),
            threshold_writes_per_sec: rule.map_or(500.0, |rule| rule.threshold),
            datapoints: rule.map_or(2, |rule| rule.datapoints),
            minutes: rule.map_or(3, |rule| rule.periods),
        };
        Self { aws, alarm, is_asked_for: Cell::new(false) }
    }

    /// Sets it. Without it the drill goes on.
    pub(super) async fn set(&self) {
        self.is_asked_for.set(true);
        if let Err(failure) = self.aws.set_alarm(&self.alarm).await {
            last_words::say(&format!("no alarm beside the engine: {}", failure.sentence));
        }
    }

    /// When it went into the state of alarm first, if it has.
    pub(super) async fn fired(&self, since: Timestamp, until: Timestamp) -> Option<AlarmChange> {
        let changes = self.aws.alarm_changes(&self.alarm.name, since, until).await.unwrap_or_default();
        changes.into_iter().find(|change| change.state == "ALARM")
    }

    /// Keeps what it did meanwhile, and takes it away.
    pub(super) async fn take_away(&self, drill: &mut Drill) {
        match self.aws.alarm_changes(&self.alarm.name, drill.from, drill.until).await {
            Ok(changes) => drill.alarms = changes,
            Err(failure) => last_words::say(&failure.sentence),
        }
        if let Err(failure) = self.aws.delete_alarm(&self.alarm.name).await {
            last_words::say(&format!("{}: {}", self.stays_words(), failure.sentence));
        }
    }

    /// Whether there may be one to take away.
    pub(super) fn is_asked_for(&self) -> bool {
        self.is_asked_for.get()
    }

    /// What is to be said when it could not be taken away.
    pub(super) fn stays_words(&self) -> String {
        format!("the alarm {} may still be there", self.alarm.name)
    }
}
