//! A rich snapshot for the tests of the screen.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::config;
use crate::model::class::InstanceClass;
use crate::model::database::{ResourceId, sample_state};
use crate::model::decision::{Decision, RuleResult, Verdict};
use crate::model::event::{Entry, Event};
use crate::model::gate::{Gate, GateResult};
use crate::model::ladder::Direction;
use crate::model::operator::Operator;
use crate::model::plan::{OverridePlan, in_place_outage};
use crate::model::policy::Strategy;
use crate::model::series::{Datapoint, Series, SignalName};
use crate::model::snapshot::{
    Arming, DatabaseView, Identity, JournalHealth, Mark, MarkKind, Snapshot, Wake, WakeReason, World,
};

pub(super) fn now() -> Timestamp {
    "2026-01-05T09:06:30Z".parse().unwrap()
}

/// `checkpoints` over its threshold, disarmed, a hole in the data, one hostile journal line.
pub(super) fn snapshot() -> Snapshot {
    let operator = Operator { user: "ada".into(), ssh_client: Some("192.0.2.7".into()) };
    let disarmed = Event::Disarmed { by: Some(operator), why: "by ada\u{1b}[2J from 192.0.2.7".into() };
    let entry = |seq, event| Arc::new(Entry { seq, at: now(), event });
    let decision = Event::Decision { decision: Box::new(decision()), repeats: 3 };
    Snapshot {
        version: 7,
        revision: 7,
        at: now(),
        world: World::Simulation {
            scenario: "checkpoints".into(),
            speed: 30.0,
            endpoint: "http://127.0.0.1:4566".into(),
        },
        identity: Some(Identity { account: "111122223333".into(), arn: "arn".into(), region: "us-east-1".into() }),
        arming: Arming::Disarmed { why: "never armed".into(), since: None },
        journal: JournalHealth { seq: 2, head: "ab".into(), broken: None },
        databases: vec![database()],
        problems: vec![],
        tail: vec![entry(1, disarmed), entry(2, decision)],
        stopping: false,
    }
}

fn series(value: impl Fn(i64) -> Option<f64>) -> Series {
    let minute = |back: i64| now().checked_sub(SignedDuration::from_mins(back)).unwrap();
    let start = |back: i64| Timestamp::from_second(minute(back).as_second().div_euclid(60) * 60).unwrap();
    let points = (2..60).rev().filter_map(|back| Some(Datapoint { start: start(back), value: value(back)? }));
    Series { points: points.collect(), ..Series::empty(60, now()) }
}

fn gates() -> Vec<GateResult> {
    let opens_at = now().checked_add(SignedDuration::from_secs(42)).ok();
    vec![
        GateResult::new(Gate::Armed, false),
        GateResult::new(Gate::JournalWritable, true),
        GateResult::new(Gate::FreshData { age_secs: Some(80), limit_secs: 300 }, true),
        GateResult::new(Gate::StatusAvailable { status: Some("available".into()) }, true),
        GateResult { gate: Gate::CooldownOver, open: false, opens_at },
    ]
}

fn decision() -> Decision {
    let policy = &config::checkpoints().databases[0];
    let rule = RuleResult { direction: Direction::Up, rule: policy.up[0].clone(), beyond: 2, missing: 1, holds: true };
    let to = Some(InstanceClass::observed("db.m5.large"));
    Decision {
        database: policy.database.clone(),
        resource_id: Some(ResourceId::new("db-1")),
        class: Some(InstanceClass::observed("db.t4g.small")),
        verdict: Verdict::WouldScale { direction: Direction::Up, to },
        rules: vec![rule],
        gates: gates(),
        datapoints: vec![],
        policy_digest: "digest".into(),
    }
}

fn database() -> DatabaseView {
    let policy = config::checkpoints().databases.remove(0);
    let writes = series(|back| (back != 20).then_some(if back < 8 { 640.0 } else { 200.0 + back as f64 }));
    let mut state = sample_state("db.t4g.small", "available");
    state.pending.insert("DBInstanceClass".to_owned(), "db.m5.large".to_owned());
    let plan = OverridePlan {
        to: InstanceClass::observed("db.m5.large"),
        strategy: Strategy::InPlace,
        outage: in_place_outage(false),
        price_before_usd_per_hour: Some(0.032),
        price_after_usd_per_hour: Some(0.178),
        passes_over: vec!["armed".into(), "cooldown over".into()],
        blocked_by: vec!["nothing pending: DBInstanceClass".into()],
    };
    DatabaseView {
        policy,
        state: Some(state),
        state_at: Some(now()),
        series: BTreeMap::from([
            (SignalName::new("writes"), writes),
            (SignalName::new("cpu"), series(|_| Some(62.0))),
            (SignalName::new("write_latency"), series(|_| Some(0.0042))),
        ]),
        decision: Some(decision()),
        gates_up: gates(),
        gates_down: gates(),
        run: None,
        holds: vec![],
        next_look: Some(Wake { at: now(), why: WakeReason::NextEvaluation }),
        marks: vec![Mark { at: now(), kind: MarkKind::WouldScale }],
        plans: vec![plan],
    }
}
