//! A policy and a world of one database for the tests of this room.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::Engine;
use super::input::{Input, Observation};
use crate::model::class::InstanceClass;
pub(super) use crate::model::database::sample_state as state;
use crate::model::database::{DatabaseName, DatabaseState};
use crate::model::guard::Guards;
use crate::model::identity::Identity;
use crate::model::ladder::Ladder;
use crate::model::notify::NotifySettings;
use crate::model::policy::{Comparison, CopyPolicy, OldMachinePolicy, Policy, Rule, Strategy};
use crate::model::series::{Datapoint, Series, SignalName, SignalSource, SignalSpec, Statistic};
use crate::model::settings::{AwsSettings, ControlSettings, EngineSettings, Settings};

/// `writes > 500` 2 of 3 up, `writes < 225` 5 of 5 down.
pub(super) fn policy() -> Policy {
    let rule = |comparison, threshold, datapoints, periods| Rule {
        signal: SignalName::new("writes"),
        comparison,
        threshold,
        datapoints,
        periods,
    };
    let signal = |name: &str, metric: &str| SignalSpec {
        name: SignalName::new(name),
        source: SignalSource::Metric { namespace: "AWS/RDS".into(), metric_name: metric.into() },
        statistic: Statistic::Average,
        period_secs: 60,
        unit: String::new(),
        published_in: None,
        shown_with: None,
    };
    Policy {
        database: DatabaseName::new("checkpoints"),
        ladder: Ladder::new(vec![InstanceClass::observed("db.t4g.small"), InstanceClass::observed("db.m5.large")])
            .unwrap(),
        strategy: Strategy::InPlace,
        proxy: None,
        postgres: None,
        pooler: None,
        readers: None,
        copy: CopyPolicy::default(),
        old_machine: OldMachinePolicy::default(),
        signals: vec![
            signal("writes", "WriteIOPS"),
            signal("connections", "DatabaseConnections"),
            signal("cpu", "CPUUtilization"),
        ],
        up: vec![rule(Comparison::Above, 500.0, 2, 3)],
        down: vec![rule(Comparison::Below, 225.0, 5, 5)],
        cooldown_up: Duration::from_mins(15),
        cooldown_down: Duration::from_hours(1),
        hold_after_manual: Duration::from_hours(1),
        max_actions_per_day: 4,
        stale_after: Duration::from_mins(5),
        publish_delay: Duration::from_mins(2),
        stuck_after: Duration::from_hours(1),
        clear_of_windows: Duration::from_mins(10),
        max_connections_share: 0.8,
        prices: BTreeMap::new(),
    }
}

/// One value a minute from the epoch on; `None` is a missing datapoint.
pub(super) fn series(values: &[Option<f64>]) -> Series {
    let point = |(minute, value): (usize, &Option<f64>)| {
        Some(Datapoint { start: Timestamp::from_second(minute as i64 * 60).ok()?, value: (*value)? })
    };
    let points = values.iter().enumerate().filter_map(point).collect();
    Series { points, ..Series::empty(60) }
}

/// An engine for [`policy`] that remembers nothing.
pub(super) fn engine() -> Engine {
    let settings = Settings {
        aws: AwsSettings::default(),
        engine: EngineSettings {
            evaluate_every: Duration::from_secs(15),
            watch_every: Duration::from_secs(15),
            max_actions_in_flight: 1,
        },
        control: ControlSettings::default(),
        notify: NotifySettings::default(),
        alarms: None,
        lease: None,
        databases: vec![policy()],
    };
    Engine::new(settings, |_| "digest".into(), &[], Guards::all())
}

/// A look that saw this state and these writes, everything else in order: as many minutes of 40 connections and 10 %
/// CPU as there are of writes.
pub(super) fn look(at: Timestamp, state: DatabaseState, writes: &[Option<f64>]) -> Input {
    let name = state.name.clone();
    let calm = |value: f64| writes.iter().map(|_| Some(value)).collect::<Vec<_>>();
    let signals = BTreeMap::from([
        (SignalName::new("writes"), series(writes)),
        (SignalName::new("connections"), series(&calm(40.0))),
        (SignalName::new("cpu"), series(&calm(10.0))),
        (SignalName::new(SignalName::FREE_MEMORY), series(&calm(6.0 * 1024.0 * 1024.0 * 1024.0))),
    ]);
    let orderable = policy().ladder.rungs().iter().map(|class| (name.clone(), class.clone(), Ok(true))).collect();
    let identity = Identity { account: "123456789012".into(), arn: "arn".into(), region: "us-east-1".into() };
    Input::Observed(Box::new(Observation {
        asked_at: at,
        age_is_known: true,
        under_epoch: None,
        identity: Some(Ok(identity)),
        databases: Ok(BTreeMap::from([(name.clone(), Ok(state))])),
        series: Some(Ok(BTreeMap::from([(name, Ok(signals))]))),
        events: Ok(vec![]),
        deployments: Ok(vec![]),
        orderable,
        proxies: Vec::new(),
        activities: Vec::new(),
        alarms: None,
        servers: Vec::new(),
    }))
}
