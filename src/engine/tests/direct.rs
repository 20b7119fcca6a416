//! What the server itself says: acted on within seconds, and no reason for anything where it says nothing.

use std::time::Duration;

use super::*;
use crate::model::gate::{Gate, GateResult};
use crate::model::policy::{Comparison, Strategy};
use crate::model::series::{Datapoint, Series, SignalName, SignalSource};
use crate::model::server::{
    ClientsReach, PasswordSource, ServerAccess, ServerId, ServerMetric, ServerReading, ServerSeen,
};

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

/// The gates of the server, in words, for going up or down by a strategy.
fn gates(reading: ServerReading, class: &str, strategy: Strategy) -> Vec<(bool, String)> {
    let mut settings = settings();
    settings.databases[0].strategy = strategy;
    let to = if class == "db.m5.large" { "db.t4g.small" } else { "db.m5.large" };
    let mut engine = Engine::new(settings, |_| "digest".into(), &[], Guards::all());
    engine.step(at(61), look_with(at(61), class, reading));
    let gates = engine.gates_to(&DatabaseName::new("checkpoints"), &InstanceClass::observed(to), at(61));
    let of_server = |gate: &GateResult| {
        matches!(gate.gate, Gate::NoLongTransaction { .. } | Gate::NoExternalSlots { .. })
            .then(|| (gate.open, gate.to_string()))
    };
    gates.iter().filter_map(of_server).collect()
}

#[test]
fn what_is_open_at_the_server_is_a_gate() {
    let with = |change: fn(&mut ServerSeen)| {
        let mut reading = reading(at(61), 10, 100.0, &[]);
        change(reading.seen.as_mut().unwrap());
        reading
    };
    let small = |change| gates(with(change), "db.t4g.small", Strategy::InPlace);
    let said = |open: bool, words: &str| vec![(open, format!("no long transaction: {words}"))];
    assert_eq!(small(|_| ()), said(true, "the oldest is 0 s old, limit 300 s"));
    let long = small(|seen| seen.oldest_transaction_secs = Some(301));
    assert_eq!(long, said(false, "the oldest is 301 s old, limit 300 s"));
    let prepared = small(|seen| seen.oldest_prepared_secs = Some(4_000));
    assert_eq!(prepared, said(false, "the oldest is 0 s old, limit 300 s; one is prepared for 4000 s"));
    let blind = small(|seen| seen.oldest_transaction_secs = None);
    assert_eq!(blind, said(true, "not seen: the role has no pg_monitor"));
    // Only where another machine takes over that would not have them.
    let slots: fn(&mut ServerSeen) = |seen| seen.external_slots = vec!["debezium".into()];
    assert_eq!(small(slots).len(), 1);
    let copied = gates(with(slots), "db.t4g.small", Strategy::BlueGreen);
    assert_eq!(copied[1], (false, "no external slots: debezium".to_owned()));
    // One that does not answer may have too much to do: that keeps nobody from going up.
    let silent = failing(at(60), ServerReading::default());
    for (class, open) in [("db.t4g.small", true), ("db.m5.large", false)] {
        let gates = gates(silent.clone(), class, Strategy::BlueGreen);
        assert_eq!(gates.iter().map(|(open, _)| *open).collect::<Vec<_>>(), [open, open], "{class}: {gates:?}");
    }
}

/// An engine whose call was sent at minute 61 under load, with the records of that step.
fn sent_under_load() -> (Engine, Step) {
    let mut engine = armed("db.t4g.small");
    let step = engine.step(at(61), look_with(at(61), "db.t4g.small", reading(at(61), 5, 900.0, &[])));
    assert_eq!(sends(&step), 1);
    engine.step(at(61), Input::Outcome { id: first_call(), outcome: CallOutcome::Accepted { request_id: None } });
    (engine, step)
}

/// Looks that find the class changed, each a minute after the other, with that server.
fn looks(engine: &mut Engine, minutes: std::ops::Range<i64>, change: impl Fn(&mut ServerSeen)) -> Vec<Event> {
    let mut events = Vec::new();
    for minute in minutes {
        let mut reading = reading(at(minute), 1, 900.0, &[]);
        change(reading.seen.as_mut().unwrap());
        let step = engine.step(at(minute), look_with(at(minute), "db.m5.large", reading));
        events.extend(step.effects.into_iter().filter_map(|effect| match effect {
            Effect::Record(event) => Some(event),
            Effect::Send { .. } | Effect::PutAlarm { .. } | Effect::ResumePooler { .. } => None,
        }));
    }
    events
}

fn end(events: &[Event]) -> Option<(&ActionResult, Option<ClientsReach>)> {
    events.iter().find_map(|event| match event {
        Event::ActionEnded { result, clients, .. } => Some((result, *clients)),
        _ => None,
    })
}

fn waits_for(engine: &Engine) -> String {
    let wake = Wake { at: at(61), why: WakeReason::NextEvaluation };
    engine.databases(at(61), &wake)[0].waits_for.clone().unwrap_or_default()
}

#[test]
fn it_is_verified_when_clients_come_to_another_server_that_takes_writes() {
    let (mut engine, step) = sent_under_load();
    let place = |is_it: fn(&Event) -> bool| {
        step.effects.iter().position(|effect| matches!(effect, Effect::Record(event) if is_it(event)))
    };
    let before = place(|event| matches!(event, Event::ServerReached { before_cut: true, .. }));
    let sent = place(|event| matches!(event, Event::CallSent { .. }));
    assert!(before.is_some() && before < sent, "{:?}", step.effects);

    assert_eq!(end(&looks(&mut engine, 62..70, |_| ())), None, "AWS says done, and clients come to the old server");
    assert!(waits_for(&engine).contains("the server of before, 10.0.0.1"), "{}", waits_for(&engine));
    let moved = |seen: &mut ServerSeen| seen.id.address = Some("10.0.0.2".into());
    let read_only = |seen: &mut ServerSeen| {
        moved(seen);
        seen.is_writable = false;
    };
    assert_eq!(end(&looks(&mut engine, 70..72, read_only)), None);
    assert!(waits_for(&engine).contains("takes no writes, 10.0.0.2"), "{}", waits_for(&engine));
    // Silent: nothing is known.
    let silent = failing(at(60), ServerReading::default());
    engine.step(at(72), look_with(at(72), "db.m5.large", silent));
    assert!(waits_for(&engine).contains("no session"), "{}", waits_for(&engine));
    let events = looks(&mut engine, 73..74, moved);
    assert_eq!(end(&events), Some((&ActionResult::Verified, Some(ClientsReach::AnotherServer))));
    let after = |event: &Event| matches!(event, Event::ServerReached { before_cut: false, .. });
    assert!(events.iter().any(after), "{events:?}");
    assert!(events.iter().any(|event| event.words().ends_with("clients reach the new server")));
}

#[test]
fn clients_that_never_come_to_the_new_server_are_a_persons_matter_also_over_a_restart() {
    let (_, step) = sent_under_load();
    let records = step.effects.into_iter().filter_map(|effect| match effect {
        Effect::Record(event) => Some(event),
        Effect::Send { .. } | Effect::PutAlarm { .. } | Effect::ResumePooler { .. } => None,
    });
    let armed = Event::Armed {
        by: Operator { user: "ada".into(), ssh_client: None, peer: None },
        reason: "test".into(),
        until: None,
    };
    let records = [started(), armed].into_iter().chain(records).enumerate();
    let entries: Vec<Entry> = records.map(|(seq, event)| Entry { seq: seq as u64 + 1, at: at(61), event }).collect();
    let mut engine = Engine::new(settings(), |_| "digest".into(), &entries, Guards::all());
    engine.step(at(61), Input::Started(started()));
    let events = looks(&mut engine, 62..130, |_| ());
    let Some((ActionResult::Held { why, .. }, None)) = end(&events) else { panic!("{:?}", end(&events)) };
    assert!(why.contains("the server of before") && why.contains("60 min"), "{why}");
}

#[test]
fn without_a_connection_it_is_as_ever_and_the_record_says_so() {
    let (mut engine, _) = sent();
    engine.step(at(5), Input::Outcome { id: first_call(), outcome: CallOutcome::Accepted { request_id: None } });
    let steps: Vec<Step> = (6..12)
        .map(|minute| engine.step(at(minute), look(at(minute), state("db.m5.large", "available"), &HIGH)))
        .collect();
    let events: Vec<Event> = steps
        .into_iter()
        .flat_map(|step| step.effects)
        .filter_map(|effect| match effect {
            Effect::Record(event) => Some(event),
            Effect::Send { .. } | Effect::PutAlarm { .. } | Effect::ResumePooler { .. } => None,
        })
        .collect();
    assert_eq!(end(&events), Some((&ActionResult::Verified, Some(ClientsReach::NotChecked))));
}
