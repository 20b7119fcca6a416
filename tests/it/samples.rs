//! One event of every kind, with every form that its parts can have: what a journal can contain. A new kind or form
//! does not compile here until it is added.

use std::time::Duration;

use upshift::model::action::{ActionId, ActionResult, CallId, Intent, Removal};
use upshift::model::alarm::{AlarmChange, Told};
use upshift::model::call::{CallOutcome, Keeps, MutatingCall};
use upshift::model::choice::{Basis, Choice};
use upshift::model::class::InstanceClass;
use upshift::model::cluster::ClusterKind;
use upshift::model::command::Command;
use upshift::model::database::{DatabaseName, InstanceStatus, RdsEvent, ResourceId};
use upshift::model::decision::{Decision, RuleResult, UsedDatapoint, Verdict};
use upshift::model::deployment::{Deployment, DeploymentId, DeploymentStatus};
use upshift::model::event::Event;
use upshift::model::failure::{Failure, FailureKind};
use upshift::model::gate::{Gate, GateResult};
use upshift::model::hold::{Hold, HoldCause};
use upshift::model::ladder::Direction;
use upshift::model::member_settings::{MemberSettings, Monitoring, PerformanceInsights};
use upshift::model::operator::{Actor, Operator};
use upshift::model::outage::OutageSource;
use upshift::model::override_plan::ExpectedTime;
use upshift::model::policy::{Comparison, Rule, Strategy};
use upshift::model::pooler::PoolerStep;
use upshift::model::readers::NotScaledReason;
use upshift::model::series::SignalName;
use upshift::model::server::{ClientsReach, ServerId};

fn text() -> String {
    "text".to_owned()
}

fn after_pooler(step: Option<&PoolerStep>) -> Option<Event> {
    use PoolerStep::{NotResumed, Paused, Pausing, Resumed};
    let step = match step {
        None => Pausing { max_pause_secs: 60 },
        Some(Pausing { .. }) => Paused { after_millis: 3 },
        Some(Paused { .. }) => Resumed { held_millis: Some(400), why: text() },
        Some(Resumed { .. }) => NotResumed { why: text() },
        Some(NotResumed { .. }) => return None,
    };
    Some(Event::Pooler { action: action(), database: database(), step })
}

fn stop_requested() -> Event {
    Event::StopRequested { action: action(), database: database(), by: by() }
}

fn settings() -> MemberSettings {
    MemberSettings {
        parameter_group: Some(text()),
        performance_insights: Some(PerformanceInsights { retention_days: Some(7), kms_key: Some(text()) }),
        monitoring: Some(Monitoring { interval_secs: 60, role: text() }),
        ca_certificate: Some(text()),
        minor_upgrades: Some(true),
        public: Some(false),
        copy_tags: Some(true),
        tags: [(text(), text())].into(),
    }
}

fn database() -> DatabaseName {
    DatabaseName::new("checkpoints")
}

fn signal() -> SignalName {
    SignalName::new("writes")
}

fn class() -> InstanceClass {
    InstanceClass::observed("db.m5.large")
}

fn by() -> Operator {
    Operator { user: "ada".into(), ssh_client: Some("192.0.2.1".into()), peer: None }
}

fn action() -> ActionId {
    ActionId("a1".into())
}

fn id() -> CallId {
    CallId { action: action(), step: 1 }
}

fn deployment() -> Deployment {
    Deployment {
        id: DeploymentId::new("bgd-1"),
        name: text(),
        source: text(),
        target: Some(DatabaseName::new("checkpoints-green-abc")),
        status: DeploymentStatus::new("AVAILABLE"),
        status_details: Some(text()),
        open_tasks: vec![text()],
    }
}

fn calls() -> Vec<MutatingCall> {
    let after = |call: Option<&MutatingCall>| {
        use MutatingCall::*;
        Some(match call {
            None => ModifyDbInstanceClass { database: database(), class: class(), capacity_reservation: Some(text()) },
            Some(ModifyDbInstanceClass { .. }) => {
                CreateBlueGreenDeployment { database: database(), source: text(), name: text(), class: Some(class()) }
            }
            Some(CreateBlueGreenDeployment { .. }) => SwitchoverBlueGreenDeployment {
                database: database(),
                deployment: DeploymentId::new("bgd-1"),
                timeout_secs: 300,
            },
            Some(SwitchoverBlueGreenDeployment { .. }) => {
                DeleteBlueGreenDeployment { database: database(), deployment: DeploymentId::new("bgd-1") }
            }
            Some(DeleteBlueGreenDeployment { .. }) => CreateDbInstance {
                database: database(),
                name: database(),
                class: class(),
                engine: text(),
                settings: Box::new(settings()),
            },
            Some(CreateDbInstance { .. }) => {
                FailoverDbCluster { database: database(), target: database(), machine: ResourceId::new("db-2") }
            }
            Some(FailoverDbCluster { .. }) => ModifyDbClusterClass { database: database(), class: class() },
            Some(ModifyDbClusterClass { .. }) => {
                DeleteDbInstance { database: database(), machine: database(), keeps: Keeps::Nothing }
            }
            Some(DeleteDbInstance { keeps: Keeps::Nothing, .. }) => DeleteDbInstance {
                database: database(),
                machine: database(),
                keeps: Keeps::FinalSnapshot { name: text() },
            },
            Some(DeleteDbInstance { keeps: Keeps::FinalSnapshot { .. }, .. }) => {
                DeleteDbInstance { database: database(), machine: database(), keeps: Keeps::ClusterVolume }
            }
            Some(DeleteDbInstance { keeps: Keeps::ClusterVolume, .. }) => return None,
        })
    };
    std::iter::successors(after(None), |call| after(Some(call))).collect()
}

fn now() -> jiff::Timestamp {
    jiff::Timestamp::UNIX_EPOCH
}

/// The variant after `event`, beginning with the first; `None` after the last.
fn after(event: Option<&Event>) -> Option<Event> {
    use Event::*;
    Some(match event {
        None => EngineStarted { version: text(), pid: 1, mode: text(), config_digest: text() },
        Some(EngineStarted { .. }) => EngineStopped { why: text() },
        Some(EngineStopped { .. }) => ConfigReloaded { digest: text(), what: text() },
        Some(ConfigReloaded { .. }) => ConfigRefused { why: text() },
        Some(ConfigRefused { .. }) => JournalRepaired { bytes_cut: 1, kept_in: Some("journal-1.cut-2".into()) },
        Some(JournalRepaired { .. }) => IdentityConfirmed { account: text(), arn: text(), region: text() },
        Some(IdentityConfirmed { .. }) => Armed { by: by(), reason: text(), until: Some(now()) },
        Some(Armed { .. }) => Disarmed { by: Some(by()), why: text() },
        Some(Disarmed { .. }) => CommandRefused { by: by(), command: Command::Disarm, why: text() },
        Some(CommandRefused { .. }) => {
            HoldSet { database: database(), hold: hold(causes().remove(0)), supersedes: vec![hold(causes().remove(0))] }
        }
        Some(HoldSet { .. }) => HoldReleased { database: database(), by: by() },
        Some(HoldReleased { .. }) => decision(Verdict::Hold),
        Some(Decision { .. }) => intended(Actor::Engine),
        Some(ActionIntended { .. }) => call_sent(),
        Some(CallSent { .. }) => answered(CallOutcome::Accepted { request_id: Some(text()) }),
        Some(CallAnswered { .. }) => CallAdopted { id: id(), database: database(), evidence: text() },
        Some(CallAdopted { .. }) => ActionObserved {
            action: action(),
            database: database(),
            status: InstanceStatus::new("available"),
            class: class(),
            pending: false,
        },
        Some(ActionObserved { .. }) => DeploymentObserved {
            action: action(),
            database: database(),
            deployment: Some(deployment()),
            copy: Some(ResourceId::new("db-2")),
        },
        Some(DeploymentObserved { .. }) => ReaderObserved {
            action: action(),
            database: database(),
            name: database(),
            resource_id: ResourceId::new("db-2"),
            class: class(),
            status: InstanceStatus::new("creating"),
        },
        Some(ReaderObserved { .. }) => SwitchedOver {
            old_name: Some(database()),
            action: action(),
            database: database(),
            from: ResourceId::new("db-1"),
            to: ResourceId::new("db-2"),
        },
        Some(SwitchedOver { .. }) => server_reached(),
        Some(ServerReached { .. }) => CutApproved { action: action(), database: database(), by: by() },
        Some(CutApproved { .. }) => after_pooler(None)?,
        Some(Pooler { step, .. }) => after_pooler(Some(step)).unwrap_or_else(stop_requested),
        Some(StopRequested { .. }) => ActionResumed { action: action(), database: database(), phase: text() },
        Some(ActionResumed { .. }) => ended(ActionResult::Verified),
        Some(ActionEnded { .. }) => RdsEvent(rds_event()),
        Some(RdsEvent(_)) => ScalingActivity { database: database(), activity: activity() },
        Some(ScalingActivity { .. } | AlarmChanged { .. } | AlarmFollows { .. } | AlarmFollowed { .. }) => {
            alarm_event(event)
        }
        Some(ForeignChange { .. }) => LeaseAcquired { epoch: 7, after: Some(text()) },
        Some(LeaseAcquired { .. }) => LeaseLost { epoch: 7, why: text() },
        Some(LeaseLost { .. }) => LeaseHeldElsewhere { holder: text(), epoch: 8 },
        Some(LeaseHeldElsewhere { .. }) => ReadFailed(failure(FailureKind::Network)),
        Some(ReadFailed(_)) => ReadRecovered { operation: text() },
        Some(ReadRecovered { .. }) => return None,
    })
}

fn call_sent() -> Event {
    let call = MutatingCall::ModifyDbInstanceClass { database: database(), class: class(), capacity_reservation: None };
    Event::CallSent { id: id(), database: database(), call }
}

/// Every kind once, then every form of their parts.
pub(crate) fn all() -> Vec<Event> {
    let mut events: Vec<Event> = std::iter::successors(after(None), |event| after(Some(event))).collect();
    let refused = |command| Event::CommandRefused { by: by(), command, why: text() };
    events.extend(commands().into_iter().map(refused));
    events.extend(causes().into_iter().map(|cause| Event::HoldSet {
        database: database(),
        hold: hold(cause),
        supersedes: vec![],
    }));
    events.extend([
        decision(Verdict::Scale { direction: Direction::Down, to: class() }),
        decision(Verdict::WouldScale { direction: Direction::Up, to: Some(class()) }),
        intended(Actor::Person { operator: by(), reason: text() }),
        intended_by(Strategy::BlueGreen),
        intended_by(Strategy::ReaderFailover),
        intended_by(Strategy::ClusterModify),
        answered(CallOutcome::Refused { code: text(), message: text(), request_id: Some(text()) }),
        answered(CallOutcome::Unknown { why: text() }),
        ended(ActionResult::FailedSafe { why: text() }),
        ended(ActionResult::RolledBack { why: text() }),
        ended(ActionResult::Stopped { by: by() }),
        ended(ActionResult::Superseded { by: by(), superseded_by: action() }),
        ended(ActionResult::Held { why: text(), seen: text(), remedy: text() }),
    ]);
    events.extend(calls().into_iter().map(|call| Event::CallSent { id: id(), database: database(), call }));
    events.extend(kinds_of_failure().map(|kind| Event::ReadFailed(failure(kind))));
    events
}

fn activity() -> upshift::model::readers::ScalingActivity {
    let reason = NotScaledReason { code: text(), max: Some(4), min: Some(1), current: Some(4) };
    upshift::model::readers::ScalingActivity {
        id: text(),
        began: now(),
        status: text(),
        description: text(),
        because: text(),
        message: Some(text()),
        not_scaled: vec![reason],
    }
}

fn rds_event() -> RdsEvent {
    RdsEvent {
        date: now(),
        database: database(),
        instance: Some(database()),
        message: text(),
        categories: vec![text()],
    }
}

/// The first of those of alarms, and what comes behind each.
fn alarm_event(event: Option<&Event>) -> Event {
    match event {
        Some(Event::AlarmChanged { .. }) => {
            Event::AlarmFollows { action: action(), database: database(), alarm: text(), what: text() }
        }
        Some(Event::AlarmFollows { .. }) => {
            Event::AlarmFollowed { action: action(), database: database(), alarm: text(), why: Some(text()) }
        }
        Some(Event::AlarmFollowed { .. }) => foreign_change(),
        _ => {
            let told = vec![Told { resource: text(), failed: Some(text()) }];
            let change = AlarmChange { at: now(), alarm: text(), state: "ALARM".into(), reason: text(), told };
            Event::AlarmChanged { database: database(), change }
        }
    }
}

fn foreign_change() -> Event {
    Event::ForeignChange { database: database(), resource_id: ResourceId::new("db-1"), class: class(), what: text() }
}

fn server_reached() -> Event {
    let server = ServerId { started_at: now(), address: Some(text()) };
    Event::ServerReached { action: action(), database: database(), server, before_cut: true }
}

fn intended_by(strategy: Strategy) -> Event {
    let Event::ActionIntended { intent, passed_over } = intended(Actor::Engine) else { unreachable!() };
    Event::ActionIntended { intent: Intent { strategy, ..intent }, passed_over }
}

fn decision(verdict: Verdict) -> Event {
    let rule = |comparison| Rule { signal: signal(), comparison, threshold: 500.0, datapoints: 2, periods: 3 };
    let result = |direction, comparison| RuleResult {
        direction,
        rule: rule(comparison),
        beyond: 0,
        missing: 0,
        holds: false,
        period_secs: 10,
    };
    let gates = std::iter::successors(gate_after(None), |gate| gate_after(Some(gate)));
    let datapoint = UsedDatapoint { signal: signal(), start: now(), value: 1.0, age_secs: 60 };
    let decision = Decision {
        database: database(),
        resource_id: Some(ResourceId::new("db-1")),
        class: Some(class()),
        verdict,
        rules: vec![result(Direction::Up, Comparison::Above), result(Direction::Down, Comparison::Below)],
        gates: gates.map(|gate| GateResult { opens_at: Some(now()), ..GateResult::new(gate, true) }).collect(),
        choices: vec![choice(Basis::Published), choice(Basis::OwnActions(2))],
        datapoints: vec![datapoint],
        policy_digest: text(),
    };
    Event::Decision { decision: Box::new(decision), repeats: 0 }
}

fn choice(basis: Basis) -> Choice {
    let time = ExpectedTime { least_secs: 1, most_secs: 2 };
    Choice {
        strategy: Strategy::BlueGreen,
        fits: true,
        is_chosen: true,
        why_not: vec![text()],
        ready: time,
        outage: time,
        basis,
        extra_usd: Some(1.0),
    }
}

fn gate_after(gate: Option<&Gate>) -> Option<Gate> {
    Some(match gate {
        None => Gate::Armed,
        Some(Gate::Armed) => Gate::JournalWritable,
        Some(Gate::JournalWritable) => Gate::Identity,
        Some(Gate::Identity) => Gate::Lease { epoch: Some(7), holder: Some(text()), why: Some(text()) },
        Some(Gate::Lease { .. }) => {
            Gate::FreshData { age_secs: Some(1), limit_secs: 1, signal: Some(signal()), partial: true }
        }
        Some(Gate::FreshData { .. }) => Gate::StateKnown { age_secs: Some(1) },
        Some(Gate::StateKnown { .. }) => Gate::NoActionInFlight { action: Some(text()) },
        Some(Gate::NoActionInFlight { .. }) => Gate::StatusAvailable { status: Some(text()) },
        Some(Gate::StatusAvailable { .. }) => Gate::NothingPending { pending: vec![text()] },
        Some(Gate::NothingPending { .. }) => Gate::RungAvailable { target: Some(class()) },
        Some(Gate::RungAvailable { .. }) => Gate::TargetOrderable { orderable: Some(true) },
        Some(Gate::TargetOrderable { .. }) => Gate::ConnectionsFit { seen: Some(1), limit: Some(2) },
        Some(Gate::ConnectionsFit { .. }) => Gate::CpuFits { seen_percent: Some(1), limit_percent: 60 },
        Some(Gate::CpuFits { .. }) => Gate::UpRulesComplete { missing: 0 },
        Some(Gate::UpRulesComplete { .. }) => Gate::EventsReadable { age_secs: Some(1) },
        Some(Gate::EventsReadable { .. }) => Gate::FleetSlot { in_flight: 0, limit: 1 },
        Some(Gate::FleetSlot { .. }) => Gate::CooldownOver,
        Some(Gate::CooldownOver) => Gate::DailyBudget { used: 0, limit: 4 },
        Some(Gate::DailyBudget { .. }) => Gate::NotHeld { reason: Some(text()) },
        Some(Gate::NotHeld { .. }) => Gate::NoOtherDeployment { deployment: Some(text()), age_secs: Some(1) },
        Some(Gate::NoOtherDeployment { .. }) => Gate::ParametersInSync { waiting: vec![text()] },
        Some(Gate::ParametersInSync { .. }) => Gate::NoWindowNear { window: Some(text()) },
        Some(Gate::NoWindowNear { .. }) => Gate::StandsAlone { of: Some(text()) },
        Some(Gate::StandsAlone { .. }) => {
            Gate::RightCluster { is: Some(ClusterKind::Aurora), wanted: ClusterKind::MultiAz }
        }
        Some(Gate::RightCluster { .. }) => Gate::ProxyRegistered { proxy: text(), registered: Some(true) },
        Some(Gate::ProxyRegistered { .. }) => Gate::BackupsOn { retention_days: Some(7) },
        Some(Gate::BackupsOn { .. }) => Gate::PasswordNotManaged,
        Some(Gate::PasswordNotManaged) => Gate::ReservationKept { reservation: Some(text()), passed: true },
        Some(Gate::ReservationKept { .. }) => Gate::MemoryFits { seen_mib: Some(1), limit_mib: Some(2) },
        Some(Gate::MemoryFits { .. }) => Gate::EbsFits { seen_iops: Some(1), limit_iops: Some(2) },
        Some(Gate::EbsFits { .. }) => Gate::WorthTheWait { ready_secs: 1, burst_left_secs: Some(1) },
        Some(Gate::WorthTheWait { .. }) => {
            Gate::NoLongTransaction { oldest_secs: Some(1), prepared_secs: Some(1), limit_secs: 1, reached: true }
        }
        Some(Gate::NoLongTransaction { .. }) => Gate::NoExternalSlots { slots: Some(vec![text()]) },
        Some(Gate::NoExternalSlots { .. }) => return None,
    })
}

fn hold(cause: HoldCause) -> Hold {
    Hold { direction: Some(Direction::Up), until: Some(now()), cause }
}

fn causes() -> Vec<HoldCause> {
    let after = |cause: Option<&HoldCause>| {
        Some(match cause {
            None => HoldCause::Person { by: by(), reason: text() },
            Some(HoldCause::Person { .. }) => HoldCause::AfterManual { action: action(), by: by() },
            Some(HoldCause::AfterManual { .. }) => HoldCause::ForeignChange { what: text() },
            Some(HoldCause::ForeignChange { .. }) => {
                HoldCause::Unclear { action: action(), why: text(), seen: text(), remedy: text() }
            }
            Some(HoldCause::Unclear { .. }) => return None,
        })
    };
    std::iter::successors(after(None), |cause| after(Some(cause))).collect()
}

fn commands() -> Vec<Command> {
    let after = |command: Option<&Command>| {
        Some(match command {
            None => Command::Arm { reason: text(), duration: Some(Duration::from_hours(8)) },
            Some(Command::Arm { .. }) => Command::Disarm,
            Some(Command::Disarm) => Command::Scale {
                database: database(),
                to: class(),
                reason: text(),
                hold_for: Some(Duration::from_hours(2)),
            },
            Some(Command::Scale { .. }) => Command::Hold {
                database: database(),
                direction: Some(Direction::Down),
                duration: Duration::from_hours(1),
                reason: text(),
            },
            Some(Command::Hold { .. }) => Command::Release { database: database() },
            Some(Command::Release { .. }) => Command::Approve { database: database() },
            Some(Command::Approve { .. }) => Command::RemoveOld {
                database: database(),
                machine: database(),
                resource_id: ResourceId::new("db-2"),
                reason: text(),
            },
            Some(Command::RemoveOld { .. }) => Command::Stop { database: database() },
            Some(Command::Stop { .. }) => return None,
        })
    };
    std::iter::successors(after(None), |command| after(Some(command))).collect()
}

fn kinds_of_failure() -> impl Iterator<Item = FailureKind> {
    let after = |kind: Option<FailureKind>| {
        Some(match kind {
            None => FailureKind::WrongIdentity,
            Some(FailureKind::WrongIdentity) => FailureKind::NoCredentials,
            Some(FailureKind::NoCredentials) => FailureKind::AccessDenied,
            Some(FailureKind::AccessDenied) => FailureKind::NotFound,
            Some(FailureKind::NotFound) => FailureKind::Throttled,
            Some(FailureKind::Throttled) => FailureKind::Network,
            Some(FailureKind::Network) => FailureKind::Rejected,
            Some(FailureKind::Rejected) => FailureKind::Service,
            Some(FailureKind::Service) => return None,
        })
    };
    std::iter::successors(after(None), move |kind| after(Some(*kind)))
}

fn failure(kind: FailureKind) -> Failure {
    Failure { kind, operation: text(), sentence: text(), request_id: Some(text()) }
}

fn intended(actor: Actor) -> Event {
    let intent = Intent {
        action: action(),
        database: database(),
        resource_id: ResourceId::new("db-1"),
        strategy: Strategy::InPlace,
        from: class(),
        to: class(),
        actor,
        removes: Some(Removal {
            name: database(),
            resource_id: ResourceId::new("db-2"),
            keeps: Keeps::Nothing,
            deployment: Some(DeploymentId::new("bgd-1")),
        }),
        hold_for: Some(Duration::from_hours(2)),
    };
    Event::ActionIntended { intent, passed_over: vec![text()] }
}

fn answered(outcome: CallOutcome) -> Event {
    Event::CallAnswered { id: id(), database: database(), outcome }
}

fn ended(result: ActionResult) -> Event {
    let (outage_secs, outage_by) = (Some(26), Some(OutageSource::Rds));
    let clients = Some(ClientsReach::AnotherServer);
    Event::ActionEnded {
        action: action(),
        database: database(),
        class: Some(class()),
        outage_secs,
        outage_by,
        clients,
        result,
    }
}

#[test]
fn every_gate_has_words_for_being_closed_that_are_not_its_name() {
    for gate in std::iter::successors(gate_after(None), |gate| gate_after(Some(gate))) {
        assert_ne!(gate.closed_words(), gate.name());
    }
    assert_eq!(Gate::Armed.closed_words(), "disarmed");
}
