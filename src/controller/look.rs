//! Looking at AWS: what to ask this time, and asking it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::aws::Aws;
use crate::aws::metrics::Wanted;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::engine::input::Observation;
use crate::model::alarm::AlarmsAsked;
use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseName, DatabaseState};
use crate::model::event_source::EventSource;
use crate::model::failure::{Failure, FailureKind};
use crate::model::limits::LOOK_READ_LIMIT;
use crate::model::policy::Policy;
use crate::model::readers::ScalingActivity;
use crate::model::series::SignalSpec;

/// The first look at a database fetches at least this much, so that the graphs have their past.
const BACKFILL: SignedDuration = SignedDuration::from_hours(3);
/// Datapoints are asked for until so long after now.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// Every look fetches this much again: datapoints can come late and be corrected.
const OVERLAP: SignedDuration = SignedDuration::from_mins(15);
/// The first look asks for this much of RDS's events.
const EVENTS_BACKFILL: SignedDuration = SignedDuration::from_hours(3);
/// Asked anew after this time, because credentials can be exchanged under a running process.
const IDENTITY_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// Who is registered with a proxy changes seldom.
const PROXIES_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// Application Auto Scaling acts no more often.
const ACTIVITIES_EVERY: SignedDuration = SignedDuration::from_secs(55);
/// Each time so much is read: an activity that began long ago may have ended since.
const ACTIVITIES_BACK: SignedDuration = SignedDuration::from_hours(3);

/// Remembers what was read, so that the next look asks for no more than it needs.
#[derive(Debug, Default)]
pub(super) struct Looker {
    /// Until when each database's signals were read; one whose machine was not known then is read from the start.
    metrics_until: BTreeMap<DatabaseName, Timestamp>,
    /// When datapoints were last asked for.
    metrics_asked_at: Option<Timestamp>,
    events_until: Option<Timestamp>,
    identity_at: Option<Timestamp>,
    proxies_at: Option<Timestamp>,
    /// When the activities of each database's readers were read.
    activities_at: BTreeMap<DatabaseName, Timestamp>,
}

/// What one look asks.
#[derive(Debug)]
pub(super) struct ReadPlan {
    identity: bool,
    databases: Vec<DatabaseName>,
    /// Absent when it is too soon to ask again.
    signals: Option<Vec<Wanted>>,
    metrics_from: Timestamp,
    events_from: Timestamp,
    /// Those of the databases that are DB clusters.
    clusters: Vec<DatabaseName>,
    event_sources: Vec<EventSource>,
    /// Copies that are being made, and machines that they have replaced.
    companions: Vec<DatabaseName>,
    /// Proxies, where they were not asked for a while.
    proxies: Vec<(DatabaseName, String)>,
    orderable: Vec<(DatabaseState, InstanceClass)>,
    /// Clusters whose readers are scaled, and from when on their activities are asked for; where they were not for a while.
    activities: Vec<(DatabaseName, Timestamp)>,
    /// Absent where nobody looks at any, or it is too soon to ask again.
    alarms: Option<AlarmsAsked>,
    /// The epoch of the lease that is held.
    under_epoch: Option<u64>,
    now: Timestamp,
}

impl Looker {
    /// What to ask at `now`.
    pub(super) fn plan(&self, engine: &Engine, now: Timestamp) -> ReadPlan {
        let states = engine.states();
        let clusters = engine.clusters();
        let wanted = |policy: &Policy| {
            let (instance, resource_id) = states.get(&policy.database).map(|state| state.instance()).unzip();
            // An instance has the name of the database; which one of a cluster writes must be seen first.
            let named = || Some(policy.database.clone()).filter(|_| !clusters.contains(&policy.database));
            let instance = instance.cloned().or_else(named);
            let one = |spec: &SignalSpec| Wanted {
                database: policy.database.clone(),
                instance: instance.clone(),
                resource_id: resource_id.cloned(),
                spec: spec.clone(),
            };
            policy.signals.iter().map(one).collect::<Vec<_>>()
        };
        let lags = |(name, spec): (DatabaseName, SignalSpec)| Wanted {
            database: name.clone(),
            instance: Some(name),
            resource_id: None,
            spec,
        };
        let policies = engine.settings().databases.iter();
        ReadPlan {
            identity: is_due(self.identity_at, IDENTITY_EVERY, now),
            databases: policies.clone().map(|policy| policy.database.clone()).collect(),
            signals: self
                .metrics_are_due(engine, now)
                .then(|| policies.flat_map(wanted).chain(engine.lags_wanted().into_iter().map(lags)).collect()),
            metrics_from: self.metrics_from(engine, now),
            events_from: since(self.events_until, EVENTS_BACKFILL, now),
            clusters: clusters.clone(),
            event_sources: engine.event_sources(),
            companions: engine.companions(),
            proxies: if is_due(self.proxies_at, PROXIES_EVERY, now) { engine.proxies() } else { Vec::new() },
            orderable: engine.unasked_classes(now),
            activities: self.activities(engine, now),
            alarms: engine.alarms_asked().filter(|_| self.metrics_are_due(engine, now)),
            under_epoch: engine.lease_epoch(),
            now,
        }
    }

    /// An action is watched more often than there are new datapoints, and each one that is asked for costs money. A
    /// clock that was set back does not put it off.
    fn metrics_are_due(&self, engine: &Engine, now: Timestamp) -> bool {
        let every = SignedDuration::try_from(engine.settings().engine.evaluate_every).unwrap_or_default();
        // A look may begin a moment early.
        let every = every * 9 / 10;
        // Which instance of a cluster writes is known since the last look.
        let is_new = |database: &DatabaseName| !self.metrics_until.contains_key(database);
        if engine.clusters().iter().any(|cluster| is_new(cluster) && engine.states().contains_key(cluster)) {
            return true;
        }
        self.metrics_asked_at.is_none_or(|asked_at| asked_at > now || now.duration_since(asked_at) >= every)
    }

    /// From when on datapoints are needed: of each database so far back as its rules look, or as is new since the last
    /// time; one call asks for all of them from the earliest of these.
    fn metrics_from(&self, engine: &Engine, now: Timestamp) -> Timestamp {
        let from = |policy: &Policy| {
            let known = self.metrics_until.get(&policy.database).copied();
            let backfill = BACKFILL.max(policy.longest_window());
            since(known, backfill, now)
        };
        engine.settings().databases.iter().map(from).min().unwrap_or(now)
    }

    /// Once a minute: it does not act more often.
    fn activities(&self, engine: &Engine, now: Timestamp) -> Vec<(DatabaseName, Timestamp)> {
        let one = |database: DatabaseName| {
            let from = now.checked_sub(ACTIVITIES_BACK).unwrap_or(now);
            is_due(self.activities_at.get(&database).copied(), ACTIVITIES_EVERY, now).then_some((database, from))
        };
        engine.scaled().into_iter().filter_map(one).collect()
    }

    /// Notes what a look brought.
    pub(super) fn learn(&mut self, look: &Observation) {
        // What another account says is not taken in: all of it is asked anew in the right one.
        if matches!(&look.identity, Some(Err(failure)) if failure.kind == FailureKind::WrongIdentity) {
            return;
        }
        if look.series.is_some() {
            self.metrics_asked_at = Some(look.asked_at);
        }
        for (database, signals) in look.series.iter().flatten().flatten() {
            // A database that was not described has no resource id yet: signals that need it were not asked for.
            let described = look.databases.as_ref().is_ok_and(|found| found.contains_key(database));
            if signals.is_ok() && (described || self.metrics_until.contains_key(database)) {
                self.metrics_until.insert(database.clone(), look.asked_at);
            }
        }
        if look.events.is_ok() {
            self.events_until = Some(look.asked_at);
        }
        if look.proxies.iter().any(|(_, registered)| registered.is_ok()) {
            self.proxies_at = Some(look.asked_at);
        }
        for (database, _) in look.activities.iter().filter(|(_, read)| read.is_ok()) {
            self.activities_at.insert(database.clone(), look.asked_at);
        }
        if matches!(look.identity, Some(Ok(_))) {
            self.identity_at = Some(look.asked_at);
        }
    }
}

/// A clock that was set back makes the last answer one of the future, which is none.
fn is_due(last: Option<Timestamp>, every: SignedDuration, now: Timestamp) -> bool {
    last.is_none_or(|at| at > now || now.duration_since(at) > every)
}

/// Back to what is known, with an overlap, or to the very beginning. A clock that was set back asks for all of it.
fn since(known: Option<Timestamp>, backfill: SignedDuration, now: Timestamp) -> Timestamp {
    let from = known.filter(|known| *known <= now).and_then(|known| known.checked_sub(OVERLAP).ok());
    from.or_else(|| now.checked_sub(backfill).ok()).unwrap_or(now)
}

impl ReadPlan {
    /// Asks AWS; reads that do not depend on each other run side by side. The databases come last: decisions rest on
    /// their state as it is when all else is known.
    pub(super) async fn carry_out(self, aws: &Aws, clock: &Clock) -> Observation {
        let identity = async { if self.identity { Some(aws.identity().await) } else { None } };
        // Asked into the future: on a clock that is behind, what is really the newest then shows as such, and closes the
        // gate `fresh data`; asked up to now, an hour-old load would look like the present one.
        let metrics_to = self.now.saturating_add(AHEAD).unwrap_or(self.now);
        let series = async {
            let signals = self.signals.as_ref()?;
            Some(aws.signals(signals, self.metrics_from, metrics_to).await)
        };
        let alarms = async {
            let asked = self.alarms.as_ref()?;
            Some(aws.alarms_seen(asked, self.now).await)
        };
        let (identity, series, events, orderable, deployments, proxies, activities, alarms) = tokio::join!(
            bounded(clock, "GetCallerIdentity", async { identity.await.transpose() }),
            bounded(clock, "GetMetricData", async { series.await.transpose() }),
            bounded(clock, "DescribeEvents", aws.events(&self.event_sources, self.events_from, self.now)),
            self.ask_orderable(aws, clock),
            bounded(clock, "DescribeBlueGreenDeployments", aws.deployments()),
            self.ask_proxies(aws, clock),
            self.ask_activities(aws, clock),
            bounded(clock, "DescribeAlarms", async { alarms.await.transpose() }),
        );
        let instances = self.databases.iter().filter(|name| !self.clusters.contains(name));
        let instances: Vec<DatabaseName> = instances.chain(&self.companions).cloned().collect();
        let asked_at = clock.now();
        let databases = bounded(clock, "DescribeDBInstances", aws.databases(&instances, &self.clusters)).await;
        Observation {
            asked_at,
            // Whoever holds the clock against the machine's time meanwhile may know better.
            age_is_known: true,
            under_epoch: self.under_epoch,
            identity: identity.transpose(),
            databases,
            series: series.transpose(),
            events,
            deployments,
            proxies,
            orderable,
            activities,
            alarms: alarms.transpose(),
            servers: Vec::new(),
        }
    }

    async fn ask_proxies(&self, aws: &Aws, clock: &Clock) -> Vec<(DatabaseName, Result<bool, Failure>)> {
        let mut answers = Vec::new();
        for (database, proxy) in &self.proxies {
            let answer = bounded(clock, "DescribeDBProxyTargets", aws.is_registered(database, proxy)).await;
            answers.push((database.clone(), answer));
        }
        answers
    }

    async fn ask_activities(
        &self,
        aws: &Aws,
        clock: &Clock,
    ) -> Vec<(DatabaseName, Result<Vec<ScalingActivity>, Failure>)> {
        let mut answers = Vec::new();
        for (database, from) in &self.activities {
            let read = aws.scaling_activities(database, Some(*from));
            answers.push((database.clone(), Box::pin(bounded(clock, "DescribeScalingActivities", read)).await));
        }
        answers
    }

    /// One after the other until one fails or [`LOOK_READ_LIMIT`] is over; the others are asked at the next look.
    async fn ask_orderable(
        &self,
        aws: &Aws,
        clock: &Clock,
    ) -> Vec<(DatabaseName, InstanceClass, Result<bool, Failure>)> {
        const OPERATION: &str = "DescribeOrderableDBInstanceOptions";
        let mut answers = Vec::new();
        let all = async {
            for (state, class) in &self.orderable {
                let answer = Box::pin(bounded(clock, OPERATION, aws.orderable(state, class))).await;
                let goes_on = answer.is_ok();
                answers.push((state.name.clone(), class.clone(), answer));
                if !goes_on {
                    break;
                }
            }
        };
        // What is not asked within the limit is no failure: it is asked next time.
        clock.bounded(LOOK_READ_LIMIT.mul_f64(clock.speed()), all).await;
        answers
    }
}

/// A read within [`LOOK_READ_LIMIT`].
async fn bounded<T>(
    clock: &Clock,
    operation: &str,
    read: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let limit = LOOK_READ_LIMIT.mul_f64(clock.speed());
    clock.bounded(limit, read).await.unwrap_or_else(|| Err(Failure::late(operation, LOOK_READ_LIMIT)))
}
