//! Looking at AWS: what to ask this time, and asking it.

use jiff::{SignedDuration, Timestamp};

use crate::aws::Aws;
use crate::aws::metrics::Wanted;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::engine::input::Observation;
use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseName, DatabaseState};

/// The first look fetches this much, so that the graphs and the longest rules have their past.
const BACKFILL: SignedDuration = SignedDuration::from_hours(3);
/// Every look fetches this much again: datapoints can come late and be corrected.
const OVERLAP: SignedDuration = SignedDuration::from_mins(15);
/// The first look asks for this much of RDS's events.
const EVENTS_BACKFILL: SignedDuration = SignedDuration::from_hours(3);
/// Asked anew after this time, because credentials can be exchanged under a running process.
const IDENTITY_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// Remembers what was read, so that the next look asks for no more than it needs.
#[derive(Debug, Default)]
pub(super) struct Looker {
    metrics_until: Option<Timestamp>,
    events_until: Option<Timestamp>,
    identity_at: Option<Timestamp>,
}

/// What one look asks.
#[derive(Debug)]
pub(super) struct Plan {
    identity: bool,
    databases: Vec<DatabaseName>,
    signals: Vec<Wanted>,
    metrics_from: Timestamp,
    events_from: Timestamp,
    orderable: Vec<(DatabaseState, InstanceClass)>,
    now: Timestamp,
}

impl Looker {
    /// What to ask at `now`.
    pub(super) fn plan(&self, engine: &Engine, now: Timestamp) -> Plan {
        let since = |known: Option<Timestamp>, backfill: SignedDuration| {
            let from = known.and_then(|known| known.checked_sub(OVERLAP).ok());
            from.or_else(|| now.checked_sub(backfill).ok()).unwrap_or(now)
        };
        let states = engine.states();
        let wanted = |(policy, resource_id): (&crate::model::policy::Policy, Option<_>)| {
            let one = |spec: &crate::model::series::SignalSpec| Wanted {
                database: policy.database.clone(),
                resource_id: Option::clone(&resource_id),
                spec: spec.clone(),
            };
            policy.signals.iter().map(one).collect::<Vec<_>>()
        };
        let policies = engine.settings().databases.iter();
        Plan {
            identity: self.identity_at.is_none_or(|at| now.duration_since(at) > IDENTITY_EVERY),
            databases: policies.clone().map(|policy| policy.database.clone()).collect(),
            signals: policies
                .map(|policy| (policy, states.get(&policy.database).map(|state| state.resource_id.clone())))
                .flat_map(wanted)
                .collect(),
            metrics_from: since(self.metrics_until, BACKFILL),
            events_from: since(self.events_until, EVENTS_BACKFILL),
            orderable: engine.unasked_classes(),
            now,
        }
    }

    /// Notes what a look brought.
    pub(super) fn learn(&mut self, look: &Observation) {
        if look.series.is_ok() {
            self.metrics_until = Some(look.at);
        }
        if look.events.is_ok() {
            self.events_until = Some(look.at);
        }
        if matches!(look.identity, Some(Ok(_))) {
            self.identity_at = Some(look.at);
        }
    }
}

impl Plan {
    /// Asks AWS; reads that do not depend on each other run side by side.
    pub(super) async fn carry_out(self, aws: &Aws, clock: &Clock) -> Observation {
        let identity = async { if self.identity { Some(aws.identity().await) } else { None } };
        // The end is exclusive and the newest minute never complete: asking up to now is enough.
        let (identity, databases, series, events, orderable) = tokio::join!(
            identity,
            aws.instances(&self.databases),
            aws.signals(&self.signals, self.metrics_from, self.now, self.now),
            aws.events(&self.databases, self.events_from, self.now),
            self.ask_orderable(aws),
        );
        Observation { at: clock.now(), identity, databases, series, events, orderable }
    }

    async fn ask_orderable(
        &self,
        aws: &Aws,
    ) -> Result<Vec<(DatabaseName, InstanceClass, bool)>, crate::model::call::Failure> {
        let mut answers = Vec::new();
        for (state, class) in &self.orderable {
            answers.push((state.name.clone(), class.clone(), aws.orderable(state, class).await?));
        }
        Ok(answers)
    }
}
