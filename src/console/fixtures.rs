//! A rich snapshot for the tests of the screen.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::config;
use crate::model::action::{ActionId, CallId, CallRecord, CallState, Intent, Run};
use crate::model::alarm::{AlarmState, AlarmView};
use crate::model::arming::Arming;
use crate::model::backend::Backend;
use crate::model::call::MutatingCall;
use crate::model::choice::{Basis, Choice};
use crate::model::class::InstanceClass;
use crate::model::configuration::ConfigurationView;
use crate::model::database::{DatabaseName, ResourceId, sample_state};
use crate::model::decision::{Decision, RuleResult, Verdict};
use crate::model::event::{Entry, Event};
use crate::model::failure::FailingRead;
use crate::model::failure::{Failure, FailureKind};
use crate::model::gate::{Gate, GateResult};
use crate::model::hold::{Hold, HoldCause};
use crate::model::identity::Identity;
use crate::model::ladder::Direction;
use crate::model::mark::{Mark, MarkKind};
use crate::model::old_machine::{Fate, Kept, OldMachine, Origin};
use crate::model::operator::{Actor, Operator};
use crate::model::override_plan::{ExpectedTime, OverridePlan};
use crate::model::policy::{Rule, Strategy};
use crate::model::price::{Price, PriceSource};
use crate::model::series::{Datapoint, Series, SignalName, SignalSource, SignalSpec, Statistic};
use crate::model::server::ServerMetric;
use crate::model::snapshot::{DatabaseView, JournalHealth, Snapshot};
use crate::model::wake::{Wake, WakeReason};

pub(super) fn now() -> Timestamp {
    "2026-01-05T09:06:30Z".parse().unwrap()
}

/// What may go wrong at once: an action whose answer is lost, holds with and without an end, a failing read, a second
/// and a third database, and a journal that goes back to another day.
pub(super) fn trouble() -> Snapshot {
    let mut snapshot = snapshot();
    let hold = |until: Option<i64>, cause: HoldCause| Hold {
        direction: None,
        until: until.and_then(|secs| now().checked_add(SignedDuration::from_secs(secs)).ok()),
        cause,
    };
    let by = Operator { user: "ada".into(), ssh_client: None, peer: None };
    let reason = "black friday, the shop must not move until the last order is paid".into();
    let unclear = HoldCause::Unclear {
        action: ActionId("a1".into()),
        why: "the class is db.t4g.medium, neither the old nor the new one: other hands are at work".into(),
        seen: "class db.t4g.medium, status available".into(),
        remedy: "look at orders and its events in the RDS console; when it is as it shall be, release the hold".into(),
    };
    let first = &mut snapshot.databases[0];
    first.run = Some(run_with_lost_answer());
    first.holds = vec![hold(Some(2_580), HoldCause::Person { by, reason })];
    first.gates_up = closed_gates();
    let mut orders = database();
    orders.policy.database = DatabaseName::new("orders");
    orders.holds = vec![hold(None, unclear)];
    let mut ledger = database();
    ledger.policy.database = DatabaseName::new("ledger");
    ledger.decision = None;
    snapshot.databases.extend([orders, ledger]);
    let failure = Failure {
        kind: FailureKind::Network,
        operation: "GetMetricData".into(),
        sentence: "GetMetricData failed: AWS cannot be reached; the engine tries again".into(),
        request_id: None,
    };
    snapshot.problems = vec![FailingRead { since: now().checked_sub(SignedDuration::from_secs(75)).unwrap(), failure }];
    let id = CallId { action: ActionId("a2".into()), step: 1 };
    let sent = Event::CallSent { id, database: DatabaseName::new("checkpoints"), call: call() };
    let yesterday = now().checked_sub(SignedDuration::from_hours(20)).unwrap();
    snapshot.tail.insert(0, Arc::new(Entry { seq: 0, at: yesterday, event: sent }));
    snapshot
}

/// The same picture, armed by ada.
pub(super) fn armed() -> Snapshot {
    let by = Operator { user: "ada".into(), ssh_client: None, peer: None };
    Snapshot { arming: Arming::Armed { by, since: now(), until: None }, ..snapshot() }
}

fn call() -> MutatingCall {
    let class = InstanceClass::observed("db.m5.large");
    MutatingCall::ModifyDbInstanceClass {
        database: DatabaseName::new("checkpoints"),
        class,
        capacity_reservation: None,
    }
}

fn run_with_lost_answer() -> Run {
    let intent = Intent {
        action: ActionId("a2".into()),
        database: DatabaseName::new("checkpoints"),
        resource_id: ResourceId::new("db-1"),
        strategy: Strategy::InPlace,
        from: InstanceClass::observed("db.t4g.small"),
        to: InstanceClass::observed("db.m5.large"),
        actor: Actor::Engine,
        removes: None,
        hold_for: None,
    };
    let began = now().checked_sub(SignedDuration::from_secs(95)).unwrap();
    let state = CallState::Looking { why: "the connection was reset".into() };
    Run { calls: vec![CallRecord { call: call(), sent_at: now(), state }], ..Run::new(intent, began) }
}

fn price(usd_per_hour: f64) -> Price {
    Price { usd_per_hour, source: PriceSource::Bundled }
}

fn fresh_data(age_secs: i64) -> Gate {
    let signal = Some(SignalName::new("writes"));
    Gate::FreshData { age_secs: Some(age_secs), limit_secs: 300, signal, partial: false }
}

/// Everything that can be closed during an action under a hold, with the longest of values.
pub(super) fn closed_gates() -> Vec<GateResult> {
    let opens_at = now().checked_add(SignedDuration::from_secs(2_580)).ok();
    let open = [Gate::JournalWritable, Gate::Identity, Gate::StateKnown { age_secs: Some(4) }];
    let reason = Some("black friday, the shop must not move until the last order is paid".into());
    let closed = [
        Gate::Armed,
        fresh_data(900),
        Gate::StatusAvailable { status: Some("storage-optimization".into()) },
        Gate::NothingPending { pending: vec!["DBInstanceClass".into(), "AllocatedStorage".into()] },
        Gate::NoActionInFlight { action: Some("a2 sent, answer lost; looking".into()) },
        Gate::DailyBudget { used: 4, limit: 4 },
    ];
    let mut gates: Vec<GateResult> = open.into_iter().map(|gate| GateResult::new(gate, true)).collect();
    gates.extend(closed.into_iter().map(|gate| GateResult::new(gate, false)));
    gates.push(GateResult { gate: Gate::CooldownOver, open: false, opens_at });
    gates.push(GateResult { gate: Gate::NotHeld { reason }, open: false, opens_at });
    gates
}

/// `checkpoints` over its threshold, disarmed, a hole in the data, one hostile journal line.
pub(super) fn snapshot() -> Snapshot {
    let operator = Operator { user: "ada".into(), ssh_client: Some("192.0.2.7".into()), peer: None };
    let disarmed = Event::Disarmed { by: Some(operator), why: "by ada\u{1b}[2J from 192.0.2.7".into() };
    let entry = |seq, event| Arc::new(Entry { seq, at: now(), event });
    let decision = Event::Decision { decision: Box::new(decision()), repeats: 3 };
    Snapshot {
        revision: 7,
        at: now(),
        backend: Backend::Simulation {
            scenario: "checkpoints".into(),
            speed: 30.0,
            endpoint: "http://127.0.0.1:4566".into(),
        },
        identity: Some(Identity { account: "111122223333".into(), arn: "arn".into(), region: "us-east-1".into() }),
        arming: Arming::Disarmed { why: "never armed".into(), since: None },
        lease: None,
        journal: JournalHealth { seq: 2, head: "ab".into(), broken: None },
        databases: vec![database()],
        problems: vec![],
        tail: vec![entry(1, disarmed), entry(2, decision)],
        stopping: false,
        configuration: ConfigurationView { digest: "0123456789ab".into(), since: Some(now()), refused: None },
        looking_since: None,
        notify: vec![],
    }
}

fn series(value: impl Fn(i64) -> Option<f64>) -> Series {
    let minute = |back: i64| now().checked_sub(SignedDuration::from_mins(back)).unwrap();
    let start = |back: i64| Timestamp::from_second(minute(back).as_second().div_euclid(60) * 60).unwrap();
    let points = (2..60).rev().filter_map(|back| Some(Datapoint { start: start(back), value: value(back)? }));
    Series { points: points.collect(), ..Series::empty(60) }
}

fn gates() -> Vec<GateResult> {
    let opens_at = now().checked_add(SignedDuration::from_secs(42)).ok();
    vec![
        GateResult::new(Gate::Armed, false),
        GateResult::new(Gate::JournalWritable, true),
        GateResult::new(fresh_data(80), true),
        GateResult::new(Gate::StatusAvailable { status: Some("available".into()) }, true),
        GateResult { gate: Gate::CooldownOver, open: false, opens_at },
    ]
}

fn decision() -> Decision {
    let policy = &config::checkpoints().databases[0];
    let rule = RuleResult {
        direction: Direction::Up,
        rule: policy.up[0].clone(),
        beyond: 2,
        missing: 1,
        holds: true,
        period_secs: 60,
    };
    let to = Some(InstanceClass::observed("db.m5.large"));
    Decision {
        database: policy.database.clone(),
        resource_id: Some(ResourceId::new("db-1")),
        class: Some(InstanceClass::observed("db.t4g.small")),
        verdict: Verdict::WouldScale { direction: Direction::Up, to },
        rules: vec![rule],
        gates: gates(),
        choices: vec![],
        datapoints: vec![],
        policy_digest: "digest".into(),
    }
}

fn choices() -> Vec<Choice> {
    let times = |least_secs, most_secs| ExpectedTime { least_secs, most_secs };
    let in_place = Choice {
        strategy: Strategy::InPlace,
        fits: true,
        is_chosen: true,
        why_not: vec![],
        ready: times(360, 1_500),
        outage: times(240, 900),
        basis: Basis::Published,
        extra_usd: Some(0.0),
    };
    let blue_green = Choice {
        strategy: Strategy::BlueGreen,
        fits: true,
        is_chosen: false,
        why_not: vec!["backups on: kept for no day".into(), "the policy names in_place".into()],
        ready: times(905, 1_210),
        outage: times(15, 31),
        basis: Basis::OwnActions(3),
        extra_usd: Some(0.06),
    };
    vec![in_place, blue_green]
}

fn database() -> DatabaseView {
    let policy = config::checkpoints().databases.remove(0);
    let writes = series(|back| (back != 20).then_some(if back < 8 { 640.0 } else { 200.0 + back as f64 }));
    let mut state = sample_state("db.t4g.small", "available");
    state.pending.insert("DBInstanceClass".to_owned(), "db.m5.large".to_owned());
    let plan = OverridePlan {
        to: InstanceClass::observed("db.m5.large"),
        strategy: Strategy::InPlace,
        outage: ExpectedTime { least_secs: 240, most_secs: 900 },
        choices: choices(),
        price_before: Some(price(0.032)),
        price_after: Some(price(0.178)),
        passes_over: vec![Gate::Armed, Gate::CooldownOver],
        blocked_by: vec!["nothing pending: DBInstanceClass".into()],
    };
    DatabaseView {
        policy,
        state: Some(state),
        state_at: Some(now()),
        series: BTreeMap::from([
            (SignalName::new("writes"), Arc::new(writes)),
            (SignalName::new("cpu"), Arc::new(series(|_| Some(62.0)))),
            (SignalName::new("write_latency"), Arc::new(series(|_| Some(0.0042)))),
        ]),
        decision: Some(decision()),
        gates_up: gates(),
        gates_down: gates(),
        run: None,
        old_machines: Vec::new(),
        approve_until: None,
        copy_lag_secs: None,
        alarms: Vec::new(),
        held_clients: None,
        server: None,
        waits_for: None,
        newest_scaling: None,
        steps: Vec::new(),
        before: None,
        holds: vec![],
        next_look: Some(Wake { at: now(), why: WakeReason::NextEvaluation }),
        at_expiry: None,
        marks: vec![Mark { at: now(), kind: MarkKind::WouldScale }],
        plans: vec![plan],
    }
}

/// The writes, and beside them the rows that the server itself counts, each ten seconds and up to a moment ago.
pub(super) fn two_sources() -> Snapshot {
    let mut snapshot = snapshot();
    let view = &mut snapshot.databases[0];
    let name = SignalName::new("rows_written");
    view.policy.signals.push(SignalSpec {
        name: name.clone(),
        source: SignalSource::Postgres { metric: ServerMetric::RowsWrittenPerSec },
        statistic: Statistic::Average,
        period_secs: 10,
        unit: "rows/s".into(),
        published_in: None,
        shown_with: Some(SignalName::new(SignalName::WRITES)),
    });
    let start = |back: i64| {
        let second = now().as_second().div_euclid(10) * 10 - back * 10;
        Timestamp::from_second(second).unwrap()
    };
    let value = |back: i64| if back < 55 { 720.0 } else { 260.0 + back as f64 / 6.0 };
    let points = (1..300).rev().map(|back| Datapoint { start: start(back), value: value(back) });
    let rows = Series { points: points.collect(), ..Series::empty(10) };
    view.series.insert(name, Arc::new(rows));
    snapshot
}

/// Alarms beside the rules: one that disagrees, one of the connections, one that was changed by hand, one that is a rule and
/// is not there.
pub(super) fn with_alarms() -> Snapshot {
    let mut snapshot = snapshot();
    let ago = |mins: i64| now().checked_sub(SignedDuration::from_mins(mins)).unwrap();
    let view = &mut snapshot.databases[0];
    let alarm = |name: &str, rule: Option<Rule>, state| AlarmView {
        name: name.to_owned(),
        rule,
        state,
        read_at: Some(now()),
        disagrees_since: None,
        has_drifted: false,
    };
    let up = view.policy.up.clone();
    view.alarms = vec![
        AlarmView {
            disagrees_since: Some(ago(4)),
            ..alarm("upshift-checkpoints-writes", up.first().cloned(), Some((AlarmState::Ok, ago(50))))
        },
        AlarmView {
            has_drifted: true,
            ..alarm("upshift-checkpoints-writes_2", up.get(1).cloned(), Some((AlarmState::InsufficientData, ago(9))))
        },
        alarm("upshift-checkpoints-connections", None, Some((AlarmState::Alarm, ago(2)))),
        alarm("commit-latency", Some(Rule::of_alarm("commit-latency")), None),
    ];
    snapshot
}

/// One that was replaced an hour ago, is kept for a day, and goes without a snapshot.
pub(super) fn old_machine() -> OldMachine {
    let since = now().checked_sub(SignedDuration::from_hours(1)).unwrap();
    OldMachine {
        name: DatabaseName::new("checkpoints-old1"),
        resource_id: ResourceId::new("db-0"),
        class: InstanceClass::observed("db.t4g.small"),
        since,
        action: ActionId("a1".into()),
        origin: Origin::Found,
        price: Some(price(0.032)),
        keeps: Kept::Nothing,
        fate: Fate::ByPerson { kept_until: since.checked_add(SignedDuration::from_hours(24)).unwrap(), why: None },
    }
}
