//! What the server itself says: acted on within seconds, and no reason for anything where it says nothing.

use std::time::Duration;

use super::*;
use crate::model::policy::Comparison;
use crate::model::series::{Datapoint, Series, SignalName, SignalSource};
use crate::model::server::{PasswordSource, ServerAccess, ServerId, ServerMetric, ServerReading, ServerSeen};

const PERIOD: i64 = 10;

/// The policy of the fixtures, by the rows that the server counts every ten seconds.
pub(super) fn settings() -> Settings {
    let mut settings = engine().settings().clone();
    let policy = &mut settings.databases[0];
    policy.postgres = Some(ServerAccess {
        dsn: "host=127.0.0.1 user=upshift".into(),
        password: PasswordSource::None,
        ca_file: None,
        max_transaction_age: Duration::from_mins(5),
    });
    policy.signals[0].source = SignalSource::Postgres { metric: ServerMetric::RowsWrittenPerSec };
    policy.signals[0].period_secs = PERIOD as u32;
    for rule in policy.up.iter_mut().chain(&mut policy.down) {
        let (count, all) = if rule.comparison == Comparison::Above { (2, 3) } else { (30, 30) };
        (rule.datapoints, rule.periods) = (count, all);
    }
    settings
}

pub(super) fn seen(now: Timestamp) -> ServerSeen {
    ServerSeen {
        at: now,
        id: ServerId { started_at: at(-600), address: Some("10.0.0.1".into()) },
        is_writable: true,
        connections: 40,
        max_connections: 200,
        oldest_transaction_secs: Some(0),
        oldest_prepared_secs: None,
        external_slots: vec![],
    }
}

/// Rows of the last minutes up to `now`; the periods that `lost` names, counted back from the newest, are not there.
fn reading(now: Timestamp, minutes: i64, value: f64, lost: &[i64]) -> ServerReading {
    let newest = now.as_second().div_euclid(PERIOD) * PERIOD - PERIOD;
    let start = |back: i64| Timestamp::from_second(newest - back * PERIOD).unwrap();
    let backs = (0..minutes * 60 / PERIOD).rev().filter(|back| !lost.contains(back));
    let points = backs.map(|back| Datapoint { start: start(back), value });
    let series = Series { points: points.collect(), ..Series::empty(PERIOD as u32) };
    ServerReading { series: [(SignalName::new("writes"), series)].into(), seen: Some(seen(now)), failure: None }
}

fn failing(seen_at: Timestamp, reading: ServerReading) -> ServerReading {
    let failure = Failure {
        kind: FailureKind::Network,
        operation: "PostgreSQL checkpoints".into(),
        sentence: "PostgreSQL checkpoints: no answer within 3 s".into(),
        request_id: None,
    };
    ServerReading { seen: Some(seen(seen_at)), failure: Some(failure), ..reading }
}

/// A look at a database with ten calm minutes of everything that CloudWatch knows.
pub(super) fn look_with(now: Timestamp, class: &str, reading: ServerReading) -> Input {
    let minutes = (now.as_second() / 60) as usize;
    let Input::Observed(mut seen) = look(now, state(class, "available"), &minutes_of(100.0, minutes)) else {
        panic!("a look is an observation")
    };
    for series in seen.series.iter_mut().flatten().flat_map(|signals| signals.values_mut()).flatten() {
        series.remove(&SignalName::new("writes"));
    }
    seen.servers = vec![(DatabaseName::new("checkpoints"), reading)];
    Input::Observed(seen)
}

fn verdict(step: &Step) -> &Verdict {
    &decision(step).expect("a decision").verdict
}

fn armed(class: &str) -> Engine {
    let mut engine = Engine::new(settings(), |_| "digest".into(), &[], Guards::all());
    engine.step(at(60), look_with(at(60), class, ServerReading::default()));
    arm(&mut engine, at(60));
    engine
}

#[test]
fn twenty_seconds_of_load_are_enough_and_cloudwatch_need_not_have_heard_of_it() {
    let mut engine = armed("db.t4g.small");
    let now = at(60) + SignedDuration::from_secs(21);
    let mut load = reading(now, 1, 100.0, &[]);
    for series in load.series.values_mut() {
        series.points.iter_mut().rev().take(2).for_each(|point| point.value = 900.0);
    }
    let step = engine.step(now, look_with(now, "db.t4g.small", load));
    assert!(matches!(verdict(&step), Verdict::Scale { direction: Direction::Up, .. }), "{:?}", decision(&step));
    assert_eq!(sends(&step), 1);
}

#[test]
fn it_goes_down_on_calm_that_was_seen_and_on_none_that_was_not() {
    let mut calm = armed("db.m5.large");
    let step = calm.step(at(61), look_with(at(61), "db.m5.large", reading(at(61), 10, 100.0, &[])));
    let verdict = verdict(&step);
    assert!(matches!(verdict, Verdict::Scale { direction: Direction::Down, .. }), "{:?}", decision(&step));
    // A period in the middle, the newest one that is due, and every one since a minute ago.
    for lost in [vec![17], vec![1], (0..6).collect()] {
        let mut engine = armed("db.m5.large");
        let step = engine.step(at(61), look_with(at(61), "db.m5.large", reading(at(61), 10, 100.0, &lost)));
        assert_eq!(decision(&step).map(|decision| decision.verdict.wanted()), Some(None), "{lost:?}");
        assert_eq!(sends(&step), 0);
    }
}

#[test]
fn a_server_that_does_not_answer_is_shown_with_its_age_and_never_makes_a_step_down() {
    let mut engine = armed("db.m5.large");
    // What was read is calm; then it is silent.
    let before = reading(at(61), 10, 100.0, &[0]);
    let since = at(61) - SignedDuration::from_secs(11);
    let step = engine.step(at(61), look_with(at(61), "db.m5.large", failing(since, before.clone())));
    let failed = |effect: &Effect| matches!(effect, Effect::Record(Event::ReadFailed(failure)) if failure.operation == "PostgreSQL checkpoints");
    assert!(step.effects.iter().any(failed), "{:?}", step.effects);
    assert_eq!(engine.problems()[0].since, at(61));
    for minute in 62..70 {
        let silent = failing(since, before.clone());
        let step = engine.step(at(minute), look_with(at(minute), "db.m5.large", silent));
        assert_eq!(sends(&step), 0, "minute {minute}");
    }
    let step = engine.step(at(70), look_with(at(70), "db.m5.large", reading(at(70), 1, 100.0, &[])));
    let works = |effect: &Effect| matches!(effect, Effect::Record(Event::ReadRecovered { .. }));
    assert!(step.effects.iter().any(works) && engine.problems().is_empty());
    assert_eq!(sends(&step), 0, "the minutes that nobody saw are still missing");
}
