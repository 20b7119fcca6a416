//! The alarm of CloudWatch that stands beside the engine for as long as a drill lasts: the engine's own rule, told by AWS.

use std::cell::Cell;
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::aws::Aws;
use crate::commands::last_words;
use crate::model::alarm::{AlarmDefinition, AlarmState, FoundAlarm, Topics, WantedAlarm};
use crate::model::database::{DatabaseName, DatabaseState};
use crate::model::drill::{AlarmChange, Drill};
use crate::model::policy::Policy;
use crate::setup::alarms;

/// An alarm, and where it stands.
pub(super) struct Beside<'a> {
    aws: &'a Aws,
    policy: &'a Policy,
    name: String,
    /// Whether AWS was asked to have it.
    is_asked_for: Cell<bool>,
}

impl<'a> Beside<'a> {
    /// Not set yet.
    pub(super) fn new(aws: &'a Aws, database: &DatabaseName, policy: &'a Policy) -> Self {
        Self { aws, policy, name: format!("upshift-drill-{database}-writes"), is_asked_for: Cell::new(false) }
    }

    /// Sets it, by the first up rule that CloudWatch can know of, after a look: one of that name that is no drill's is somebody
    /// else's, and stays. It tells nobody, and without it the drill goes on.
    pub(super) async fn set(&self, state: Option<&DatabaseState>) {
        if let Err(why) = self.try_to_set(state).await {
            last_words::say(&format!("no alarm beside the engine: {why}"));
        }
    }

    async fn try_to_set(&self, state: Option<&DatabaseState>) -> Result<(), String> {
        let first =
            state.and_then(|state| alarms::of_rules(self.policy, &Topics::default(), state).wanted.into_iter().next());
        let Some(WantedAlarm { definition, .. }) = first else {
            return Err("no rule of this database has one in CloudWatch".to_owned());
        };
        let definition = AlarmDefinition { description: description(&self.policy.database), ..definition };
        let found = self.aws.alarms_named(std::slice::from_ref(&self.name)).await;
        let found = found.map_err(|failure| failure.sentence)?;
        if let Some(found) = found.first().filter(|found| !is_of_drill(found, &definition)) {
            return Err(format!(
                "{} is there and is no drill's: it is left alone; rename it, or delete it",
                found.name
            ));
        }
        self.is_asked_for.set(true);
        self.aws.put_alarm(&self.name, &definition, &BTreeMap::new()).await.map_err(|failure| failure.sentence)
    }

    /// When it went into the state of alarm first, if it has.
    pub(super) async fn fired(&self, since: Timestamp, until: Timestamp) -> Option<AlarmChange> {
        let changes = self.aws.alarm_changes(&self.name, since, until).await.unwrap_or_default();
        changes.into_iter().find(|change| change.state == AlarmState::Alarm.as_str())
    }

    /// Keeps what it did meanwhile, and takes it away.
    pub(super) async fn take_away(&self, drill: &mut Drill) {
        match self.aws.alarm_changes(&self.name, drill.from, drill.until).await {
            Ok(changes) => drill.alarms = changes,
            Err(failure) => last_words::say(&failure.sentence),
        }
        if let Err(failure) = self.aws.delete_alarms(std::slice::from_ref(&self.name)).await {
            last_words::say(&format!("{}: {}", self.stays_words(), failure.sentence));
        }
    }

    /// Whether there may be one to take away.
    pub(super) fn is_asked_for(&self) -> bool {
        self.is_asked_for.get()
    }

    /// What is to be said when it could not be taken away.
    pub(super) fn stays_words(&self) -> String {
        format!("the alarm {} may still be there", self.name)
    }
}

/// By these words a drill knows an alarm that another one has left behind.
fn description(database: &DatabaseName) -> String {
    format!("Set by upshift drill beside a drill on {database}, and deleted after it.")
}

fn is_of_drill(found: &FoundAlarm, wanted: &AlarmDefinition) -> bool {
    found.definition.as_ref().is_some_and(|definition| definition.description == wanted.description)
}
