//! How far behind copies and readers are: CloudWatch's own measure of it, read beside the signals while it matters.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use crate::model::database::{DatabaseName, DatabaseState};
use crate::model::policy::Policy;
use crate::model::series::{Series, SignalName, SignalSource, SignalSpec, Statistic};

/// A datapoint is published within two minutes of the end of its own; one older than this says nothing of now.
const LIMIT: SignedDuration = SignedDuration::from_mins(5);
const PERIOD_SECS: u32 = 60;
const LAG: &str = "lag";
const MILLISECONDS: &str = "ms";

/// The newest lag of one instance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lag {
    behind: SignedDuration,
    /// The end of the minute that it is of.
    at: Timestamp,
    /// When it was last seen not to follow.
    away: Option<Timestamp>,
}

impl Engine {
    /// Instances whose lag is to be read now, and as what: `ReplicaLag` in seconds for a copy, `AuroraReplicaLag` in
    /// milliseconds for a reader of an Aurora cluster.
    pub fn lags_wanted(&self) -> Vec<(DatabaseName, SignalSpec)> {
        let of = |policy: &Policy| {
            let watched = self.watched.get(&policy.database);
            let seen = watched.and_then(|watched| watched.seen.as_ref());
            let aurora = seen.is_some_and(|seen| seen.state.is_aurora());
            let old = self.left(policy).filter_map(|left| left.name.clone()).filter(|_| aurora);
            let made = self.made_by(&policy.database);
            made.into_iter().chain(old).map(|name| (name, spec(aurora))).collect::<Vec<_>>()
        };
        self.settings.databases.iter().flat_map(of).collect()
    }

    /// Takes in what was read of one instance.
    pub(super) fn observe_lag(&mut self, instance: &DatabaseName, signals: &BTreeMap<SignalName, Series>) {
        let Some(series) = signals.get(&SignalName::new(LAG)) else { return };
        let Some((point, at)) = series.newest().zip(series.newest_end()) else { return };
        let aurora = self.lags_wanted().iter().any(|(name, spec)| name == instance && spec.unit == MILLISECONDS);
        let secs = if aurora { point.value / 1_000.0 } else { point.value };
        let Ok(behind) = SignedDuration::try_from_secs_f64(secs) else { return };
        let away = self.lags.get(instance).and_then(|lag| lag.away);
        self.lags.insert(instance.clone(), Lag { behind, at, away });
    }

    /// A look has found the machine that an action has made. One that restarts follows nobody: what was said of it before
    /// says nothing of what it has to catch up with.
    pub(super) fn look_for_absence(&mut self, made: &DatabaseState, asked_at: Timestamp) {
        let follows = ["available", "backing-up", "storage-initialization", "storage-optimization"];
        if let Some(lag) = self.lags.get_mut(&made.name).filter(|_| !follows.contains(&made.status.as_str())) {
            lag.away = Some(asked_at);
        }
    }

    /// How far behind an instance was within the last minutes, and after a restart how far it may be; `None` where nobody says.
    pub(super) fn lag_of(&self, instance: Option<&DatabaseState>, now: Timestamp) -> Option<SignedDuration> {
        let Lag { behind, at, away } = *self.lags.get(&instance?.name)?;
        let age = now.duration_since(at).abs();
        if away.is_some_and(|away| at <= away && now.duration_since(away).abs() <= LIMIT) {
            return Some(behind.saturating_add(age));
        }
        (age <= LIMIT).then_some(behind)
    }
}

fn spec(aurora: bool) -> SignalSpec {
    let (metric, unit, published_in) =
        if aurora { ("AuroraReplicaLag", MILLISECONDS, "Milliseconds") } else { ("ReplicaLag", "s", "Seconds") };
    SignalSpec {
        name: SignalName::new(LAG),
        source: SignalSource::Metric { namespace: "AWS/RDS".to_owned(), metric_name: metric.to_owned() },
        statistic: Statistic::Maximum,
        period_secs: PERIOD_SECS,
        unit: unit.to_owned(),
        published_in: Some(published_in.to_owned()),
        shown_with: None,
    }
}
