//! Taking in a look at AWS: what was seen, what failed, and what other hands did.

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::input::Observation;
use crate::model::call::Failure;
use crate::model::database::{DatabaseName, DatabaseState};
use crate::model::decision::{Decision, Verdict};
use crate::model::event::Event;
use crate::model::series::Series;
use crate::model::snapshot::{Arming, Problem};

/// How much of each series is kept: the widest range a screen can show, and more than any rule looks back.
const KEEP: SignedDuration = SignedDuration::from_hours(8);
/// Evaluations alike are recorded again after this time, so that silence in the journal never means "not running".
const RECORD_ALIKE_EVERY: SignedDuration = SignedDuration::from_mins(15);

impl Engine {
    pub(super) fn observe(&mut self, look: Observation) {
        let now = look.at;
        if let Some(identity) = self.note(now, "GetCallerIdentity", look.identity.transpose()).flatten() {
            let event = Event::IdentityConfirmed {
                account: identity.account.clone(),
                arn: identity.arn.clone(),
                region: identity.region.clone(),
            };
            if self.identity.as_ref() != Some(&identity) {
                self.record(now, event);
            }
            self.identity = Some(identity);
        }
        if let Some(found) = self.note(now, "DescribeDBInstances", look.databases) {
            for database in self.watched.keys().cloned().collect::<Vec<_>>() {
                self.observe_state(now, &database, found.get(&database).cloned());
            }
        }
        if let Some(series) = self.note(now, "GetMetricData", look.series) {
            for (database, signals) in series {
                let Some(watched) = self.watched.get_mut(&database) else { continue };
                let keep_from = now.checked_sub(KEEP).unwrap_or(Timestamp::MIN);
                for (name, newer) in signals {
                    let empty = Series::empty(newer.period_secs, now);
                    watched.series.entry(name).or_insert(empty).merge(&newer, keep_from);
                }
            }
        }
        for event in self.note(now, "DescribeEvents", look.events).unwrap_or_default() {
            if !self.memory.of(&event.database).knows(&event) {
                self.record(now, Event::RdsEvent(event));
            }
        }
        for (database, class, offered) in
            self.note(now, "DescribeOrderableDBInstanceOptions", look.orderable).unwrap_or_default()
        {
            if let Some(watched) = self.watched.get_mut(&database) {
                watched.orderable.insert(class, offered);
            }
        }
    }

    /// Keeps the list of what fails, with a record of each beginning and end.
    fn note<T>(&mut self, now: Timestamp, operation: &str, result: Result<T, Failure>) -> Option<T> {
        match result {
            Ok(value) => {
                if self.problems.remove(operation).is_some() {
                    self.record(now, Event::ReadRecovered { operation: operation.to_owned() });
                }
                Some(value)
            }
            Err(failure) => {
                let known = self.problems.get(operation);
                if known.is_none_or(|known| known.failure.kind != failure.kind) {
                    self.record(now, Event::ReadFailed(failure.clone()));
                }
                let since = self.problems.get(operation).map_or(now, |problem| problem.since);
                self.problems.insert(operation.to_owned(), Problem { since, failure });
                None
            }
        }
    }

    fn observe_state(&mut self, now: Timestamp, database: &DatabaseName, state: Option<DatabaseState>) {
        let operation = format!("DescribeDBInstances {database}");
        let failure = |sentence| Failure {
            kind: crate::model::call::FailureKind::NotFound,
            operation: "DescribeDBInstances".to_owned(),
            sentence,
            request_id: None,
        };
        let missing = format!("no database named {database} in this account and region: check `id` and `region`");
        let Some(state) = self.note(now, &operation, state.ok_or_else(|| failure(missing))) else { return };
        let known = self.memory.of(database).known.clone();
        let acting = self.memory.of(database).active().is_some();
        let seen_before = self.watched.get(database).and_then(|watched| watched.state.clone());
        if let Some(watched) = self.watched.get_mut(database) {
            if seen_before.as_ref().is_some_and(|(old, _)| old.engine_version != state.engine_version) {
                watched.orderable.clear();
            }
            watched.state = Some((state.clone(), now));
        }
        if !acting {
            self.notice_foreign_hands(now, database, known, &state);
        }
    }

    fn notice_foreign_hands(
        &mut self,
        now: Timestamp,
        database: &DatabaseName,
        known: Option<(crate::model::database::ResourceId, crate::model::class::InstanceClass)>,
        state: &DatabaseState,
    ) {
        let what = match known {
            Some((id, _)) if id != state.resource_id => {
                format!("the name now belongs to another machine: {} and not {id}", state.resource_id)
            }
            Some((_, class)) if class != state.class => format!("the class is {} and not {class}", state.class),
            _ => {
                self.memory.of_mut(database).known = Some((state.resource_id.clone(), state.class.clone()));
                return;
            }
        };
        self.memory.of_mut(database).known = Some((state.resource_id.clone(), state.class.clone()));
        let policy = self.settings.databases.iter().find(|policy| policy.database == *database);
        let wait = policy.and_then(|policy| SignedDuration::try_from(policy.hold_after_manual).ok());
        let until = wait.and_then(|wait| now.checked_add(wait).ok());
        self.record(now, Event::ForeignChange { database: database.clone(), what: what.clone() });
        let reason = format!("changed by other hands: {what}");
        self.record(now, Event::HoldSet { database: database.clone(), direction: None, until, by: None, reason });
    }

    /// Records an evaluation when it says something new, or when like ones have gone unrecorded for a while.
    pub(super) fn record_decision(&mut self, now: Timestamp, database: &DatabaseName, decision: &Decision) {
        let Some(watched) = self.watched.get_mut(database) else { return };
        watched.decision = Some(decision.clone());
        let alike = watched
            .recorded
            .as_ref()
            .is_some_and(|(last, at, _)| same_meaning(last, decision) && now.duration_since(*at) < RECORD_ALIKE_EVERY);
        if let (true, Some((_, _, repeats))) = (alike, &mut watched.recorded) {
            *repeats += 1;
            return;
        }
        let repeats = watched.recorded.as_ref().map_or(0, |(_, _, repeats)| *repeats);
        watched.recorded = Some((decision.clone(), now, 0));
        self.record(now, Event::Decision { decision: Box::new(decision.clone()), repeats });
    }

    /// Whether the engine itself may start actions.
    pub(super) fn is_armed(&self) -> bool {
        matches!(self.memory.arming, Arming::Armed { .. }) && self.journal_broken.is_none()
    }
}

/// Two evaluations tell the same story: verdict, class, rules that hold, gates that are closed.
fn same_meaning(a: &Decision, b: &Decision) -> bool {
    fn story(decision: &Decision) -> (&Verdict, Vec<bool>, Vec<&'static str>) {
        let rules = decision.rules.iter().map(|rule| rule.holds).collect();
        (&decision.verdict, rules, decision.closed_gates().map(|gate| gate.gate.name()).collect())
    }
    story(a) == story(b) && a.class == b.class && a.resource_id == b.resource_id
}
