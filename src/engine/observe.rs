//! Taking in a look at AWS: what was seen, what failed, and what other hands did.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::input::Observation;
use super::watched::{Seen, SeenDeployments};
use crate::model::database::{DatabaseName, DatabaseState};
use crate::model::deployment::Deployment;
use crate::model::event::Event;
use crate::model::failure::FailingRead;
use crate::model::failure::{Failure, FailureKind};
use crate::model::guard::Guard;
use crate::model::identity::Identity;
use crate::model::series::{Series, SignalName};

/// Of each series at least this much is kept: the widest range that a screen can show.
const KEEP: SignedDuration = SignedDuration::from_hours(8);

/// What the read of one database is called among what fails.
pub(super) fn read_of(database: &DatabaseName) -> String {
    format!("DescribeDBInstances {database}")
}

/// The failure of a look that has not found a database.
fn not_found(database: &DatabaseName, by_cluster: bool) -> Failure {
    let (operation, what) =
        if by_cluster { ("DescribeDBClusters", "DB cluster") } else { ("DescribeDBInstances", "database") };
    let sentence = format!(
        "no {what} named {database} in this account and region: check `id`, `region`, and `strategy`, which is another one for a \
         DB cluster than for an instance"
    );
    Failure::not_found(operation, sentence)
}

/// What the same look says besides a database's state.
struct AlsoRead {
    asked_at: Timestamp,
    events_read: bool,
    deployments: SeenDeployments,
    /// The machine that the action under way has made.
    copy: Option<DatabaseState>,
}

impl Engine {
    pub(super) fn observe(&mut self, now: Timestamp, look: Observation) {
        self.looked_at = Some(look.asked_at);
        if let Some(identity) = look.identity {
            self.observe_identity(now, identity);
        }
        // What another account shows under a name is another database.
        if self.guards.stand(Guard::SameAccount) && self.is_elsewhere() {
            return;
        }
        let events = self.note(now, "DescribeEvents", look.events);
        let events_read = events.is_some();
        if events_read {
            self.events_at = Some(look.asked_at);
        }
        // Before the states: what RDS says of a failure must be known when a state is judged.
        for event in events.unwrap_or_default() {
            if self.watched.contains_key(&event.database) && !self.memory.of(&event.database).knows(&event) {
                self.record(now, Event::RdsEvent(event));
            }
        }
        let deployments = self.note(now, "DescribeBlueGreenDeployments", look.deployments);
        if let Some(mut found) = self.note(now, "DescribeDBInstances", look.databases) {
            self.look_for_left(&found);
            for database in self.watched.keys().cloned().collect::<Vec<_>>() {
                let state = found.remove(&database);
                let deployments = self.deployments_of(&database, state.as_ref(), deployments.as_deref());
                let copy = self.copy_of(&database, &deployments, &found);
                let read = AlsoRead { asked_at: look.asked_at, events_read, deployments, copy };
                self.observe_state(now, &database, state, read);
            }
        }
        if !look.age_is_known {
            self.looks_are_of_unknown_age();
        }
        if let Some(series) = look.series.and_then(|series| self.note(now, "GetMetricData", series)) {
            for (database, signals) in series {
                if !self.watched.contains_key(&database) {
                    // A copy or a reader. That it cannot be read is no trouble of a database: its lag is unknown then.
                    self.observe_lag(&database, &signals.unwrap_or_default());
                    continue;
                }
                let signals = self.note(now, &format!("GetMetricData {database}"), signals);
                self.observe_series(now, &database, signals.unwrap_or_default());
            }
        }
        self.observe_servers(now, look.servers);
        self.observe_scaling(now, look.activities);
        if let Some(alarms) = look.alarms {
            self.observe_alarms(now, look.asked_at, alarms);
        }
        for (database, registered) in look.proxies {
            let operation = format!("DescribeDBProxyTargets {database}");
            let Some(registered) = self.note(now, &operation, registered) else { continue };
            if let Some(watched) = self.watched.get_mut(&database) {
                watched.proxy = Some((registered, look.asked_at));
            }
        }
        for (database, class, offered) in look.orderable {
            let operation = format!("DescribeOrderableDBInstanceOptions {database} {class}");
            let Some(offered) = self.note(now, &operation, offered) else { continue };
            if let Some(watched) = self.watched.get_mut(&database) {
                watched.orderable.insert(class, (offered, now));
            }
        }
    }

    /// Another account than the one the engine was armed in is another world: it disarms.
    fn observe_identity(&mut self, now: Timestamp, answer: Result<Identity, Failure>) {
        let guarded = self.guards.stand(Guard::SameAccount);
        if guarded && answer.as_ref().is_err_and(|failure| failure.kind == FailureKind::WrongIdentity) {
            self.identity = None;
            self.disarm_for(now, "the credentials belong to another account than the configured one, or to no region");
        }
        let Some(identity) = self.note(now, "GetCallerIdentity", answer) else { return };
        let Identity { account, arn, region } = identity.clone();
        let before = self.identity.replace((identity.clone(), now)).map(|(before, _)| before);
        if before.as_ref() == Some(&identity) {
            return;
        }
        if guarded && self.memory.account.as_ref().is_some_and(|before| *before != account) {
            self.disarm_for(now, "the credentials now belong to another account");
        }
        self.record(now, Event::IdentityConfirmed { account, arn, region });
    }

    /// The credentials are known not to be those of the configured account or region.
    fn is_elsewhere(&self) -> bool {
        let failing = self.problems.get("GetCallerIdentity");
        failing.is_some_and(|failing| failing.failure.kind == FailureKind::WrongIdentity)
    }

    fn disarm_for(&mut self, now: Timestamp, why: &str) {
        if self.memory.arming.is_armed() {
            self.record(now, Event::Disarmed { by: None, why: why.to_owned() });
        }
    }

    pub(super) fn observe_series(
        &mut self,
        now: Timestamp,
        database: &DatabaseName,
        signals: BTreeMap<SignalName, Series>,
    ) {
        let policy = self.settings.policy(database);
        let keep = policy.map_or(KEEP, |policy| KEEP.max(policy.longest_window()));
        let since = self.memory.of(database).machine_since;
        let Some(watched) = self.watched.get_mut(database) else { return };
        let keep_from = now.checked_sub(keep).unwrap_or(Timestamp::MIN);
        // A restart knows of a switch by its record alone.
        if watched.before.is_none()
            && let Some(since) = since
        {
            watched.before = Some((since, BTreeMap::new()));
        }
        watched.before.take_if(|(until, _)| *until < keep_from);
        for (name, newer) in signals {
            let period_secs = newer.period_secs;
            let empty = || Arc::new(Series::empty(period_secs));
            // A copy is made only where a snapshot still shows the old one.
            let (cut, newer) = match &mut watched.before {
                Some((until, before)) => {
                    let (old, new) = newer.split_at(*until);
                    Arc::make_mut(before.entry(name.clone()).or_insert_with(empty)).merge(&old, keep_from);
                    (*until, new)
                }
                None => (Timestamp::MIN, newer),
            };
            Arc::make_mut(watched.series.entry(name).or_insert_with(empty)).merge(&newer, keep_from.max(cut));
        }
    }

    /// Keeps the list of what fails, with a record of each beginning and end.
    pub(super) fn note<T>(&mut self, now: Timestamp, operation: &str, result: Result<T, Failure>) -> Option<T> {
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
                self.problems.insert(operation.to_owned(), FailingRead { since, failure });
                None
            }
        }
    }

    fn observe_state(
        &mut self,
        now: Timestamp,
        database: &DatabaseName,
        state: Option<Result<DatabaseState, Failure>>,
        read: AlsoRead,
    ) {
        let operation = read_of(database);
        let by_cluster = self.settings.policy(database).is_some_and(|policy| policy.strategy.cluster().is_some());
        let missing = || not_found(database, by_cluster);
        if state.is_none() {
            self.count_gone(now, database);
        }
        let Some(state) = self.note(now, &operation, state.unwrap_or_else(|| Err(missing()))) else { return };
        let remembered = self.memory.of(database);
        let (known, acting) = (remembered.known.clone(), remembered.moving().is_some());
        let here = (state.resource_id.clone(), state.class.clone());
        let Some(watched) = self.watched.get_mut(database) else { return };
        watched.gone_looks = 0;
        let pending = state.pending_words().filter(|_| !acting);
        let odd_before = watched.odd.take();
        let AlsoRead { asked_at, events_read, deployments, copy } = read;
        let other = deployments.foreign.as_ref().map(Deployment::words);
        let other_before = watched.other_deployment.take();
        let read = deployments.is_read.then(|| (other.clone(), asked_at));
        watched.other_deployment = read.or_else(|| other_before.clone());
        if let Some(made) = &copy {
            self.look_for_absence(made, asked_at);
        }
        let Some(watched) = self.watched.get_mut(database) else { return };
        watched.see(Seen { state, at: asked_at, age_is_known: true, events_read, deployments, copy });
        match known {
            // The action itself changes the class, and its playbook knows foreign hands.
            _ if acting => {}
            Some(known) if known != here && odd_before.as_ref() == Some(&here) => {
                self.record_foreign_change(now, database, &known, here.clone());
            }
            Some(known) if known != here => {
                // Also at the first look after a start, when no earlier one tells of the other machine.
                if known.0 != here.0 && watched.before.is_none() {
                    watched.cut_at(asked_at);
                }
                watched.odd = Some(here.clone());
            }
            _ => self.memory.first_seen(database, here.clone()),
        }
        self.hold_for_pending(now, database, pending);
        if let (Some(deployment), Some((Some(before), _))) = (other, other_before)
            && before == deployment
            && !acting
        {
            self.hold_for_deployment(now, database, &deployment, here);
        }
    }
}
