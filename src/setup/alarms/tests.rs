//! Which alarms follow from a policy, and what is to be done about those that are there.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::model::alarm::{AlarmSettings, AlarmState, DATABASE_TAG, FoundAlarm, Topics, WantedAlarm, Watches};
use crate::model::class::InstanceClass;
use crate::model::cluster::{Cluster, ClusterKind, Member};
use crate::model::database::{DatabaseName, ResourceId, sample_state};
use crate::model::ladder::Ladder;
use crate::model::policy::{Comparison, CopyPolicy, OldMachinePolicy, Policy, Rule, Strategy};
use crate::model::series::{SignalName, SignalSource, SignalSpec, Statistic};
use crate::model::server::ServerMetric;

const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:pager";

fn settings() -> AlarmSettings {
    let topics = Topics { alarm: vec![TOPIC.to_owned()], ..Topics::default() };
    AlarmSettings { prefix: "upshift-".to_owned(), topics, connections_percent: 80, follow: true }
}

fn signal(name: &str, source: SignalSource) -> SignalSpec {
    SignalSpec {
        name: SignalName::new(name),
        source,
        statistic: Statistic::Average,
        period_secs: 60,
        unit: String::new(),
        published_in: None,
        shown_with: None,
    }
}

fn rule(signal: &str, threshold: f64) -> Rule {
    Rule { signal: SignalName::new(signal), comparison: Comparison::Above, threshold, datapoints: 2, periods: 3 }
}

fn policy() -> Policy {
    let iops = SignalSource::Metric { namespace: "AWS/RDS".into(), metric_name: "WriteIOPS".into() };
    let rows = "DB_PERF_INSIGHTS('RDS', '{resource_id}', 'db.SQL.tup_inserted.avg') + 0 * {database}";
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
            signal("writes", iops),
            signal("rows", SignalSource::Expression { expression: rows.to_owned() }),
            signal("own", SignalSource::Postgres { metric: ServerMetric::RowsWrittenPerSec }),
        ],
        up: vec![
            rule("writes", 500.0),
            rule("writes", 750.0),
            rule("rows", 9.0),
            rule("own", 1.0),
            Rule::of_alarm("x"),
        ],
        down: vec![],
        cooldown_up: Duration::ZERO,
        cooldown_down: Duration::ZERO,
        hold_after_manual: Duration::ZERO,
        max_actions_per_day: 4,
        stale_after: Duration::from_mins(5),
        publish_delay: Duration::from_mins(2),
        stuck_after: Duration::from_hours(1),
        clear_of_windows: Duration::ZERO,
        max_connections_share: 0.8,
        prices: BTreeMap::new(),
    }
}

fn found(wanted: &WantedAlarm, owner: Option<&str>) -> FoundAlarm {
    let tags = owner.map(|owner| (DATABASE_TAG.to_owned(), owner.to_owned()));
    FoundAlarm {
        name: wanted.name.clone(),
        arn: String::new(),
        definition: Some(wanted.definition.clone()),
        state: AlarmState::Ok,
        since: Timestamp::UNIX_EPOCH,
        is_in_doubt: false,
        tags: Some(tags.into_iter().collect()),
    }
}

fn derived() -> Derived {
    of_database(&policy(), &settings(), &sample_state("db.t4g.small", "available"))
}

#[test]
fn each_up_rule_that_cloudwatch_can_see_has_an_alarm_like_it() {
    let Derived { wanted, without } = derived();
    let names: Vec<&str> = wanted.iter().map(|alarm| alarm.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "upshift-checkpoints-writes",
            "upshift-checkpoints-writes_2",
            "upshift-checkpoints-rows",
            "upshift-checkpoints-connections"
        ]
    );
    let writes = &wanted[0].definition;
    assert_eq!((writes.comparison.as_str(), writes.threshold), ("GreaterThanThreshold", 500.0));
    assert_eq!((writes.datapoints, writes.periods, writes.period_secs), (2, 3, 60));
    assert_eq!(writes.watches.to_string(), "Average of AWS/RDS WriteIOPS {DBInstanceIdentifier=checkpoints}");
    assert_eq!(
        wanted[2].definition.watches.to_string(),
        "DB_PERF_INSIGHTS('RDS', 'db-1', 'db.SQL.tup_inserted.avg') + 0 * checkpoints"
    );
    let connections = &wanted[3].definition;
    // Four fifths of the nominal 225 are to be expected, and 80 % of those are too many.
    assert_eq!((connections.threshold, connections.datapoints, connections.periods), (144.0, 2, 2));
    assert_eq!(connections.period_secs, 300);
    let why: Vec<&str> = without.iter().map(|without| without.why.as_str()).collect();
    assert!(why[0].contains("the server itself") && why[1].contains("an alarm already"), "{why:?}");
}

#[test]
fn of_an_aurora_cluster_whichever_instance_writes_is_watched() {
    let mut state = sample_state("db.r6g.large", "available");
    let member = Member {
        name: DatabaseName::new("checkpoints-1"),
        resource_id: ResourceId::new("db-9"),
        class: state.class.clone(),
        status: state.status.clone(),
        is_writer: true,
        is_scaled: false,
    };
    let resource_id = ResourceId::new("cluster-1");
    state.cluster =
        Some(Cluster { kind: ClusterKind::Aurora, resource_id, members: vec![member], tags: BTreeMap::new() });
    let wanted = of_database(&policy(), &settings(), &state).wanted;
    let dimensions = |alarm: &WantedAlarm| match &alarm.definition.watches {
        Watches::Metric { dimensions, .. } => dimensions.clone(),
        other => panic!("{other}"),
    };
    let role = BTreeMap::from([("DBClusterIdentifier".into(), "checkpoints".into()), ("Role".into(), "WRITER".into())]);
    assert_eq!(dimensions(&wanted[0]), role);
    assert!(wanted[2].definition.watches.to_string().contains("'db-9'"));
}

#[test]
fn what_is_ours_is_made_like_the_policy_and_nothing_else_is_touched() {
    let all = derived();
    let mut moved = found(&all.wanted[0], Some("checkpoints"));
    if let Some(definition) = &mut moved.definition {
        definition.threshold = 600.0;
        definition.topics.alarm.clear();
    }
    let mut gone = found(&all.wanted[2], Some("checkpoints"));
    gone.name = "upshift-checkpoints-latency".to_owned();
    let mut of_others = gone.clone();
    of_others.name = "upshift-orders-writes".to_owned();
    of_others.tags = Some(BTreeMap::from([(DATABASE_TAG.to_owned(), "orders".to_owned())]));
    let there = [moved, found(&all.wanted[1], None), found(&all.wanted[3], Some("checkpoints")), gone, of_others];
    let plan = difference(vec![(DatabaseName::new("checkpoints"), all.clone())], &there);
    let words: Vec<String> = plan
        .items
        .iter()
        .map(|item| match &item.change {
            Change::Create { .. } => format!("create {}", item.name),
            Change::Update { fields, .. } => {
                let fields: Vec<String> =
                    fields.iter().map(|of| format!("{} {} -> {}", of.field, of.old, of.new)).collect();
                format!("change {}: {}", item.name, fields.join("; "))
            }
            Change::Delete { .. } => format!("delete {}", item.name),
            Change::InSync => format!("in sync {}", item.name),
            Change::NotOurs { why } => format!("not ours {}: {why}", item.name),
        })
        .collect();
    assert_eq!(
        words,
        [
            format!("change upshift-checkpoints-writes: threshold 600 -> 500; told at ALARM nobody -> {TOPIC}"),
            "not ours upshift-checkpoints-writes_2: it has no tag upshift:database; it is left alone, and the rule has no alarm".to_owned(),
            "create upshift-checkpoints-rows".to_owned(),
            "in sync upshift-checkpoints-connections".to_owned(),
            "delete upshift-checkpoints-latency".to_owned(),
        ]
    );
    assert_eq!(plan.due().count(), 3);
}

#[test]
fn an_alarm_follows_what_an_action_did_and_no_hand_is_overruled() {
    let (small, large) = (sample_state("db.t4g.small", "available"), sample_state("db.m5.large", "available"));
    let (policy, settings) = (policy(), settings());
    let there: Vec<FoundAlarm> = derived().wanted.iter().map(|wanted| found(wanted, Some("checkpoints"))).collect();
    let due = follows((&policy, &settings), &small, &large, &there);
    let [(_, wanted)] = &due[..] else { panic!("{due:?}") };
    assert_eq!((wanted.rule.as_str(), wanted.definition.threshold), ("connections", 576.0));
    assert!(follows((&policy, &settings), &large, &small, &there).is_empty(), "it is right already");
    let mut by_hand = there;
    if let Some(definition) = by_hand.last_mut().and_then(|alarm| alarm.definition.as_mut()) {
        definition.threshold = 200.0;
    }
    assert!(follows((&policy, &settings), &small, &large, &by_hand).is_empty());
}
