//! A rich snapshot for the tests of the screen: disarmed, load above the threshold, an action verified before.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::action::{ActionId, ActionResult, Intent, Phase, Run};
use crate::model::call::{Failure, FailureKind};
use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseName, DatabaseState, InstanceStatus, ResourceId};
use crate::model::decision::{Decision, RuleResult, Verdict};
use crate::model::event::{Entry, Event};
use crate::model::gate::{Gate, GateResult};
use crate::model::ladder::{Direction, Ladder};
use crate::model::operator::{Actor, Operator};
use crate::model::plan::{OverridePlan, in_place_outage};
use crate::model::policy::{Comparison, Policy, Rule, Strategy};
use crate::model::series::{Datapoint, Series, SignalName, SignalSource, SignalSpec, Statistic};
use crate::model::snapshot::{
    Arming, DatabaseView, HoldView, JournalHealth, Mark, MarkKind, Problem, Snapshot, Wake, WakeReason, World,
};

pub(super) fn now() -> Timestamp {
    "2026-03-02T10:00:40Z".parse().unwrap()
}

fn ago(secs: i64) -> Timestamp {
    now() - jiff::SignedDuration::from_secs(secs)
}

pub(super) fn operator() -> Operator {
    Operator { user: "mara".to_owned(), ssh_client: Some("10.0.0.7".to_owned()) }
}

pub(super) fn snapshot() -> Snapshot {
    Snapshot {
        version: 7,
        at: now(),
        world: World::Simulation {
            scenario: "checkpoints".to_owned(),
            speed: 30.0,
            endpoint: "http://127.0.0.1:1".to_owned(),
        },
        identity: None,
        arming: Arming::Disarmed { why: "never armed".to_owned(), since: None },
        journal: JournalHealth { seq: 41, head: "0".repeat(64), broken: None },
        databases: vec![database()],
        problems: vec![Problem {
            since: ago(95),
            failure: Failure {
                kind: FailureKind::Throttled,
                operation: "DescribeEvents".to_owned(),
                sentence: "DescribeEvents failed: AWS asks for fewer calls; trying again".to_owned(),
                request_id: None,
            },
        }],
        tail: tail(),
        stopping: false,
    }
}

fn database() -> DatabaseView {
    let policy = policy();
    let values: [(&str, f64, f64); 5] = [
        ("writes", 620.0, 40.0),
        ("cpu", 71.0, 9.0),
        ("connections", 88.0, 12.0),
        ("write_latency", 0.0042, 0.001),
        ("free_memory", 640_000_000.0, 50_000_000.0),
    ];
    let series = values.map(|(name, top, swing)| (SignalName::new(name), series(top, swing)));
    DatabaseView {
        state: Some(state()),
        state_at: Some(ago(4)),
        series: BTreeMap::from(series),
        decision: Some(decision(&policy)),
        gates_up: gates(false),
        gates_down: gates(true),
        run: Some(run()),
        holds: vec![HoldView {
            direction: Some(Direction::Down),
            until: Some(ago(-1_500)),
            reason: "release night — no surprises".to_owned(),
        }],
        next_look: Some(Wake { at: ago(-12), why: WakeReason::NextEvaluation }),
        marks: vec![
            Mark { at: ago(2_700), kind: MarkKind::Sent },
            Mark { at: ago(2_300), kind: MarkKind::Verified },
            Mark { at: ago(400), kind: MarkKind::WouldScale },
        ],
        plans: vec![OverridePlan {
            to: class("db.m5.large"),
            strategy: Strategy::InPlace,
            outage: in_place_outage(false),
            price_before_usd_per_hour: Some(0.032),
            price_after_usd_per_hour: Some(0.178),
            passes_over: vec!["armed".to_owned(), "cooldown over".to_owned()],
            blocked_by: vec!["nothing pending: EngineVersion".to_owned()],
        }],
        policy,
    }
}

fn class(name: &str) -> InstanceClass {
    InstanceClass::known(name).unwrap()
}

fn state() -> DatabaseState {
    DatabaseState {
        name: DatabaseName::new("checkpoints"),
        resource_id: ResourceId::new("db-EXAMPLE7"),
        arn: "arn:aws:rds:us-east-1:123456789012:db:checkpoints".to_owned(),
        class: class("db.t4g.small"),
        status: InstanceStatus::new("available"),
        pending: BTreeMap::from([("EngineVersion".to_owned(), "16.5".to_owned())]),
        engine: "postgres".to_owned(),
        engine_version: "16.4".to_owned(),
        multi_az: false,
        availability_zone: Some("us-east-1a".to_owned()),
        storage_type: Some("gp3".to_owned()),
        storage_gib: Some(100),
        endpoint: None,
    }
}

fn policy() -> Policy {
    let units =
        [("writes", "writes/s"), ("cpu", "%"), ("connections", ""), ("write_latency", "s"), ("free_memory", "B")];
    let spec = |(name, unit): (&str, &str)| SignalSpec {
        name: SignalName::new(name),
        source: SignalSource::Metric { namespace: "AWS/RDS".to_owned(), metric_name: name.to_owned() },
        statistic: Statistic::Average,
        period_secs: 60,
        unit: unit.to_owned(),
    };
    let rule = |comparison, threshold, datapoints, periods| Rule {
        signal: SignalName::new("writes"),
        comparison,
        threshold,
        datapoints,
        periods,
    };
    Policy {
        database: DatabaseName::new("checkpoints"),
        ladder: Ladder::new(vec![class("db.t4g.small"), class("db.m5.large")]).unwrap(),
        strategy: Strategy::InPlace,
        signals: units.map(spec).to_vec(),
        up: vec![rule(Comparison::Above, 500.0, 2, 3)],
        down: vec![rule(Comparison::Below, 225.0, 10, 10)],
        cooldown_up: Duration::from_mins(15),
        cooldown_down: Duration::from_hours(1),
        hold_after_manual: Duration::from_hours(1),
        max_actions_per_day: 4,
        stale_after: Duration::from_mins(5),
        publish_delay: Duration::from_mins(2),
        stuck_after: Duration::from_hours(1),
        max_connections_share: 0.7,
    }
}

/// Rises over an hour, with an outage of six minutes and the newest two minutes unpublished.
fn series(top: f64, swing: f64) -> Series {
    let minutes = (2..70).rev().filter(|minute| !(38..44).contains(minute));
    let point = |minute: i64| {
        let rise = 0.35 + 0.65 * (70 - minute) as f64 / 70.0;
        let wave = swing * ((minute * 7 % 11) as f64 / 11.0 - 0.5);
        Datapoint { start: ago(40 + minute * 60), value: top * rise + wave }
    };
    Series { points: minutes.map(point).collect(), ..Series::empty(60, ago(4)) }
}

fn gates(down: bool) -> Vec<GateResult> {
    let closed_for = |gate, secs: i64| GateResult { gate, open: false, opens_at: Some(ago(-secs)) };
    let target = class("db.m5.large");
    vec![
        GateResult::new(Gate::Armed, false),
        GateResult::new(Gate::JournalWritable, true),
        GateResult::new(Gate::Identity, true),
        GateResult::new(Gate::FreshData { age_secs: Some(100), limit_secs: 300 }, true),
        GateResult::new(Gate::StateKnown { age_secs: Some(4) }, true),
        GateResult::new(Gate::NoActionInFlight { action: None }, true),
        GateResult::new(Gate::StatusAvailable { status: Some("available".to_owned()) }, true),
        GateResult::new(Gate::NothingPending { pending: vec!["EngineVersion".to_owned()] }, false),
        GateResult::new(Gate::RungAvailable { target: (!down).then_some(target) }, !down),
        GateResult::new(Gate::TargetOrderable { orderable: Some(true) }, true),
        GateResult::new(Gate::ConnectionsFit { seen: Some(88), limit: Some(630) }, true),
        closed_for(Gate::CooldownOver, 372),
        GateResult::new(Gate::DailyBudget { used: 1, limit: 4 }, true),
        GateResult::new(Gate::NotHeld { reason: None }, true),
    ]
}

fn decision(policy: &Policy) -> Decision {
    let result =
        |direction, rule: &Rule, beyond, holds| RuleResult { direction, rule: rule.clone(), beyond, missing: 1, holds };
    Decision {
        database: policy.database.clone(),
        resource_id: Some(ResourceId::new("db-EXAMPLE7")),
        class: Some(class("db.t4g.small")),
        verdict: Verdict::WouldScale { direction: Direction::Up, to: Some(class("db.m5.large")) },
        rules: vec![result(Direction::Up, &policy.up[0], 2, true), result(Direction::Down, &policy.down[0], 0, false)],
        gates: gates(false),
        datapoints: Vec::new(),
        policy_digest: "0123456789ab".to_owned(),
    }
}

fn intent() -> Intent {
    Intent {
        action: ActionId("a12".to_owned()),
        database: DatabaseName::new("checkpoints"),
        resource_id: ResourceId::new("db-EXAMPLE7"),
        strategy: Strategy::InPlace,
        from: class("db.m5.large"),
        to: class("db.t4g.small"),
        actor: Actor::Engine,
    }
}

fn run() -> Run {
    Run {
        intent: intent(),
        began: ago(2_710),
        phase: Phase::Ended { at: ago(2_300), result: ActionResult::Verified },
        stop_requested: None,
        seen: Vec::new(),
        confirmations: 2,
    }
}

fn tail() -> Vec<Arc<Entry>> {
    let database = DatabaseName::new("checkpoints");
    let events = [
        (2_710, Event::ActionIntended { intent: intent(), passed_over: Vec::new() }),
        (
            2_300,
            Event::ActionEnded {
                action: ActionId("a12".to_owned()),
                database: database.clone(),
                class: Some(class("db.t4g.small")),
                result: ActionResult::Verified,
            },
        ),
        (1_200, Event::Disarmed { by: Some(operator()), why: "déjà vu: the \u{202e}café test".to_owned() }),
        (400, Event::Decision { decision: Box::new(decision(&policy())), repeats: 3 }),
        (95, Event::ForeignChange { database, what: "EngineVersion 16.5 pends".to_owned() }),
    ];
    let entry = |(place, (secs, event)): (usize, (i64, Event))| Entry { seq: 37 + place as u64, at: ago(secs), event };
    events.into_iter().enumerate().map(|pair| Arc::new(entry(pair))).collect()
}
