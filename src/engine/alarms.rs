//! Alarms of CloudWatch beside the engine: witnesses of its rules, rules themselves, and what follows a verified action.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::input::Effect;
use super::watched::Watched;
use crate::model::action::{ActionResult, Run};
use crate::model::alarm::{AlarmSettings, AlarmState, AlarmView, AlarmsAsked, AlarmsSeen, FoundAlarm, WantedAlarm};
use crate::model::database::{DatabaseName, DatabaseState};
use crate::model::event::Event;
use crate::model::failure::Failure;
use crate::model::ladder::Direction;
use crate::model::policy::{Policy, Rule};
use crate::model::series::{Datapoint, Series, SignalName};
use crate::setup::alarms::{follows, is_as_wanted, of_database};

/// A minute of an alarm that is told again by each look: looks may be seldom, and a state lasts.
const FILLED: i64 = 15;
const MINUTE_SECS: i64 = 60;
/// Actions of an alarm are in its history a moment after its change of state: a change is recorded when it is so old.
const SETTLES: SignedDuration = SignedDuration::from_secs(10);
/// An alarm that does not follow an action is left to a person after so many tries.
const TRIES: u32 = 3;

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
            let found = self.alarms.found.get(&alarm).map(|found| series(found, asked_at));
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

    /// Asks for a change of the alarms that a verified action has made untrue. On record before it is made; what becomes of it
    /// is nothing to the action.
    pub(super) fn follow_alarms(&mut self, now: Timestamp) {
        if self.journal_broken.is_some() || self.ending {
            return;
        }
        for (run, found, wanted) in self.alarms_that_follow() {
            let action = run.intent.action.clone();
            let database = wanted.database.clone();
            let Some(before) = found.definition else { continue };
            self.alarms.following.insert(wanted.name.clone());
            let what = crate::setup::alarms::words(&before, &wanted.definition);
            self.record(
                now,
                Event::AlarmFollows { action: action.clone(), database, alarm: wanted.name.clone(), what },
            );
            self.effects.push(Effect::PutAlarm { action, wanted: Box::new(wanted), before: Box::new(before) });
        }
    }

    fn alarms_that_follow(&self) -> Vec<(Run, FoundAlarm, WantedAlarm)> {
        let Some(settings) = self.settings.alarms.as_ref().filter(|settings| settings.follow) else {
            return Vec::new();
        };
        let found: Vec<FoundAlarm> = self.alarms.found.values().cloned().collect();
        let of = |policy: &Policy| {
            let remembered = self.memory.of(&policy.database);
            let run = remembered.run.as_ref().filter(|run| is_verified(run))?;
            let now = &self.watched.get(&policy.database)?.seen.as_ref()?.state;
            let tries = self.memory.follows_of(&run.intent.action);
            if now.class != run.intent.to || tries >= TRIES {
                return None;
            }
            let due = follows((policy, settings), &before(now, run), now, &found);
            Some(due.into_iter().map(|(found, wanted)| (run.clone(), found, wanted)).collect::<Vec<_>>())
        };
        let all = self.settings.databases.iter().filter_map(of).flatten();
        all.filter(|(_, _, wanted)| !self.alarms.following.contains(&wanted.name)).collect()
    }

    /// What became of such a change.
    pub(super) fn take_followed(&mut self, now: Timestamp, event: Event) {
        if let Event::AlarmFollowed { alarm, .. } = &event {
            self.alarms.following.remove(alarm);
            // As it was read before: the next look tells how it is.
            self.alarms.found.remove(alarm);
        }
        self.record(now, event);
    }
}

fn is_verified(run: &Run) -> bool {
    run.intent.removes.is_none() && matches!(run.ended, Some((_, ActionResult::Verified)))
}

/// The database as it was before an action, as far as alarms look at it.
fn before(now: &DatabaseState, run: &Run) -> DatabaseState {
    let machine = &run.intent.resource_id;
    let mut before = now.clone();
    before.class = run.intent.from.clone();
    before.resource_id = machine.clone();
    if let Some(cluster) = before.cluster.as_mut().filter(|cluster| cluster.member(machine).is_some()) {
        for member in &mut cluster.members {
            member.is_writer = member.resource_id == *machine;
        }
    }
    before
}

/// Whether the engine's own up rule holds, by the newest evaluation.
fn holds(watched: &Watched, rule: &Rule) -> Option<bool> {
    let decision = watched.decision.as_ref()?;
    let own = decision.rules.iter().find(|result| result.direction == Direction::Up && result.rule == *rule);
    own.map(|result| result.holds)
}

/// Its state as a series: of each whole minute since it came to it, and of the newest one in any case. What CloudWatch does
/// not know is missing.
fn series(found: &FoundAlarm, asked_at: Timestamp) -> Series {
    let value = match found.state {
        AlarmState::Ok => Some(0.0),
        AlarmState::Alarm => Some(1.0),
        AlarmState::InsufficientData => None,
    };
    let newest = asked_at.as_second().div_euclid(MINUTE_SECS) - 1;
    let since = found.since.as_second().div_euclid(MINUTE_SECS);
    let minutes = since.max(newest - FILLED).min(newest)..=newest;
    let point = |minute: i64| {
        let start = Timestamp::from_second(minute * MINUTE_SECS).ok()?;
        Some(Datapoint { start, value: value? })
    };
    let points = if found.is_in_doubt { Vec::new() } else { minutes.filter_map(point).collect() };
    Series { points, ..Series::empty(MINUTE_SECS as u32) }
}

fn missing(alarm: &str) -> Failure {
    let sentence = format!("no alarm named {alarm} in this account and region: check `alarm` in config.toml");
    Failure::not_found("DescribeAlarms", sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(state: AlarmState, since_secs: i64) -> FoundAlarm {
        FoundAlarm {
            name: "x".to_owned(),
            arn: String::new(),
            definition: None,
            state,
            since: Timestamp::from_second(since_secs).unwrap(),
            is_in_doubt: false,
            tags: None,
        }
    }

    fn values(found: &FoundAlarm, second: i64) -> Vec<(i64, f64)> {
        let series = series(found, Timestamp::from_second(second).unwrap());
        series.points.iter().map(|point| (point.start.as_second(), point.value)).collect()
    }

    #[test]
    fn a_state_is_of_each_minute_since_it_began_and_doubt_is_of_none() {
        assert_eq!(values(&found(AlarmState::Ok, 130), 305), [(120, 0.0), (180, 0.0), (240, 0.0)]);
        assert_eq!(values(&found(AlarmState::Alarm, 304), 305), [(240, 1.0)], "it is acted on at once");
        assert_eq!(values(&found(AlarmState::Ok, 0), 3_600).len(), FILLED as usize + 1);
        assert!(values(&found(AlarmState::InsufficientData, 0), 3_600).is_empty());
        assert!(values(&FoundAlarm { is_in_doubt: true, ..found(AlarmState::Alarm, 0) }, 3_600).is_empty());
    }
}
