//! Alarms of CloudWatch beside the engine: witnesses of its rules, rules themselves, and what follows a verified action.

mod follow;
mod series;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::watched::Watched;
use crate::model::alarm::{AlarmSettings, AlarmState, AlarmView, AlarmsAsked, AlarmsSeen, FoundAlarm, WantedAlarm};
use crate::model::database::DatabaseName;
use crate::model::event::Event;
use crate::model::failure::Failure;
use crate::model::ladder::Direction;
use crate::model::policy::{Policy, Rule};
use crate::model::series::SignalName;
use crate::setup::alarms::{is_as_wanted, of_database};

/// Actions of an alarm are in its history a moment after its change of state: a change is recorded when it is so old.
const SETTLES: SignedDuration = SignedDuration::from_secs(10);

/// The alarms as the newest read has them.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    found: BTreeMap<String, FoundAlarm>,
    read_at: Option<Timestamp>,
    /// Since when an alarm says another thing than the engine's rule.
    disagrees: BTreeMap<String, Timestamp>,
    /// Those that a change is under way of.
    following: BTreeSet<String>,
}

impl Engine {
    /// Which alarms a look must read; `None` where nobody looks at any.
    pub fn alarms_asked(&self) -> Option<AlarmsAsked> {
        let prefix = self.settings.alarms.as_ref().map(|alarms| alarms.prefix.clone());
        let names: BTreeSet<String> =
            self.settings.databases.iter().flat_map(Policy::alarms).map(str::to_owned).collect();
        if prefix.is_none() && names.is_empty() {
            return None;
        }
        let databases = self.settings.databases.iter().map(|policy| policy.database.to_string()).collect();
        let known = self.memory.alarm_changes.clone();
        Some(AlarmsAsked { prefix, names: names.into_iter().collect(), databases, known })
    }

    /// Takes in what was read of them.
    pub(super) fn observe_alarms(&mut self, now: Timestamp, asked_at: Timestamp, read: Result<AlarmsSeen, Failure>) {
        let Some(AlarmsSeen { found, changes }) = self.note(now, "DescribeAlarms", read) else { return };
        self.alarms.found = found.into_iter().map(|alarm| (alarm.name.clone(), alarm)).collect();
        self.alarms.read_at = Some(asked_at);
        let settled = asked_at.checked_sub(SETTLES).unwrap_or(asked_at);
        let mut changes = self.note(now, "DescribeAlarmHistory", changes).unwrap_or_default();
        changes.sort();
        for change in changes {
            let known = self.memory.alarm_changes.get(&change.alarm);
            let is_new = known.is_none_or(|known| *known < change.at) && change.at <= settled;
            if let Some(database) = self.database_of(&change.alarm).filter(|_| is_new) {
                self.record(now, Event::AlarmChanged { database, change });
            }
        }
        let rules: Vec<(DatabaseName, String)> = self
            .settings
            .databases
            .iter()
            .flat_map(|policy| policy.alarms().map(|alarm| (policy.database.clone(), alarm.to_owned())))
            .collect();
        for (database, alarm) in rules {
            let found = self.alarms.found.get(&alarm).map(|found| series::of(found, asked_at));
            let found = self.note(now, &format!("DescribeAlarms {alarm}"), found.ok_or_else(|| missing(&alarm)));
            let Some(series) = found else { continue };
            self.observe_series(now, &database, BTreeMap::from([(SignalName::of_alarm(&alarm), series)]));
        }
    }

    /// The database that an alarm belongs to: by its name, or because a rule looks at it.
    fn database_of(&self, alarm: &str) -> Option<DatabaseName> {
        let prefix = self.settings.alarms.as_ref().map(|alarms| alarms.prefix.as_str());
        let own = prefix.and_then(|prefix| alarm.strip_prefix(prefix)?.rsplit_once('-')).map(|(database, _)| database);
        let is_it =
            |policy: &&Policy| own == Some(policy.database.as_str()) || policy.alarms().any(|rule| rule == alarm);
        self.settings.databases.iter().find(is_it).map(|policy| policy.database.clone())
    }

    /// Notes where an alarm and the engine's rule of the same meaning say different things, after an evaluation.
    pub(super) fn compare_alarms(&mut self, now: Timestamp) {
        let mut disagreeing = BTreeSet::new();
        for policy in &self.settings.databases {
            let Some(watched) = self.watched.get(&policy.database) else { continue };
            for wanted in self.wanted_alarms(policy, watched) {
                let state = self.alarms.found.get(&wanted.name).map(|found| found.state);
                let holds = wanted.of.as_ref().and_then(|rule| holds(watched, rule));
                if state.zip(holds).is_some_and(|(state, holds)| (state == AlarmState::Alarm) != holds) {
                    disagreeing.insert(wanted.name);
                }
            }
        }
        self.alarms.disagrees.retain(|name, _| disagreeing.contains(name));
        for name in disagreeing {
            self.alarms.disagrees.entry(name).or_insert(now);
        }
    }

    fn wanted_alarms(&self, policy: &Policy, watched: &Watched) -> Vec<WantedAlarm> {
        let settings = self.settings.alarms.as_ref();
        let wanted =
            |settings: &AlarmSettings| Some(of_database(policy, settings, &watched.seen.as_ref()?.state).wanted);
        settings.and_then(wanted).unwrap_or_default()
    }

    /// The alarms of a database as everybody sees them: ours in the order of the rules, then those that are rules.
    pub(super) fn alarm_views(&self, policy: &Policy, watched: &Watched) -> Vec<AlarmView> {
        let state = |found: Option<&FoundAlarm>| found.map(|found| (found.state, found.since));
        let own = |wanted: WantedAlarm| {
            let found = self.alarms.found.get(&wanted.name);
            let definition = found.and_then(|found| found.definition.as_ref());
            AlarmView {
                rule: wanted.of,
                state: state(found),
                read_at: self.alarms.read_at,
                disagrees_since: self.alarms.disagrees.get(&wanted.name).copied(),
                has_drifted: definition.is_some_and(|definition| !is_as_wanted(definition, &wanted.definition)),
                name: wanted.name,
            }
        };
        let of_rule = |name: &str| AlarmView {
            name: name.to_owned(),
            rule: Some(Rule::of_alarm(name)),
            state: state(self.alarms.found.get(name)),
            read_at: self.alarms.read_at,
            disagrees_since: None,
            has_drifted: false,
        };
        self.wanted_alarms(policy, watched).into_iter().map(own).chain(policy.alarms().map(of_rule)).collect()
    }
}

/// Whether the engine's own up rule holds, by the newest evaluation.
fn holds(watched: &Watched, rule: &Rule) -> Option<bool> {
    let decision = watched.decision.as_ref()?;
    let own = decision.rules.iter().find(|result| result.direction == Direction::Up && result.rule == *rule);
    own.map(|result| result.holds)
}

fn missing(alarm: &str) -> Failure {
    let sentence = format!("no alarm named {alarm} in this account and region: check `alarm` in config.toml");
    Failure::not_found("DescribeAlarms", sentence)
}
