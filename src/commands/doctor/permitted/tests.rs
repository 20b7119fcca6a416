//! What is asked of IAM for each strategy, and how its answers are told.

use super::*;
use crate::model::alarm::AlarmSettings;
use crate::model::cluster::{Cluster, ClusterKind, Member};
use crate::model::database::{DatabaseName, ResourceId, sample_state};
use crate::model::policy::Strategy;
use crate::model::settings::Settings;

const HERE: &str = "arn:aws:rds:us-east-1:111122223333";

/// Each action and what it would be done to; those about nothing with why.
fn asked(strategy: Strategy, change: impl Fn(&mut Settings, &mut DatabaseState)) -> Vec<String> {
    let mut settings = crate::config::checkpoints();
    settings.databases[0].strategy = strategy;
    let mut state = sample_state("db.t4g.small", "available");
    state.arn = format!("{HERE}:db:checkpoints");
    let member = Member {
        name: DatabaseName::new("orders-1"),
        resource_id: ResourceId::new("db-9"),
        class: state.class.clone(),
        status: state.status.clone(),
        is_writer: true,
        is_scaled: false,
    };
    let cluster = |kind| Cluster {
        kind,
        resource_id: ResourceId::new("cluster-1"),
        members: vec![member.clone()],
        tags: BTreeMap::from([("team".to_owned(), "shop".to_owned())]),
    };
    state.cluster = strategy.cluster().map(cluster);
    change(&mut settings, &mut state);
    let all = questions(&settings, &settings.databases[0].clone(), &state, Vec::new());
    let words = |question: Question| match question.about {
        About::Thing { resource, .. } => format!("{} {resource}", question.action),
        About::Nothing(why) => format!("{}: {why}", question.action),
    };
    all.into_iter().map(words).collect()
}

#[test]
fn each_strategy_asks_for_what_it_sends() {
    let none = |_: &mut Settings, _: &mut DatabaseState| {};
    assert!(asked(Strategy::InPlace, none).contains(&format!("rds:ModifyDBInstance {HERE}:db:checkpoints")));
    let copies = asked(Strategy::BlueGreen, none);
    for one in [
        format!("rds:SwitchoverBlueGreenDeployment {HERE}:deployment:bgd-0000000000000000"),
        format!("rds:DeleteDBInstance {HERE}:db:checkpoints-green-aaaaaa"),
        format!("rds:DeleteDBInstance {HERE}:db:checkpoints-old1"),
        format!("rds:ModifyDBInstance {HERE}:db:checkpoints"),
        format!("rds:CreateDBSnapshot {HERE}:snapshot:upshift-snapshot"),
    ] {
        assert!(copies.contains(&one), "{one}: {copies:#?}");
    }
    let own = format!("rds:DeleteDBInstance {HERE}:db:checkpoints");
    assert!(!copies.contains(&own), "the database itself is never deleted: {copies:#?}");
    let readers = asked(Strategy::ReaderFailover, none);
    assert!(readers.contains(&format!("rds:CreateDBInstance {HERE}:db:upshift-reader")), "{readers:#?}");
    assert!(
        readers.iter().any(|one| one.starts_with("iam:PassRole: not needed: enhanced monitoring is off")),
        "{readers:#?}"
    );
    let cluster = asked(Strategy::ClusterModify, none);
    assert!(cluster.contains(&format!("rds:ModifyDBInstance {HERE}:db:orders-1")), "{cluster:#?}");
}

#[test]
fn what_is_beside_the_engine_is_asked_for_where_it_is_used() {
    let all = asked(Strategy::InPlace, |settings, _| settings.alarms = Some(AlarmSettings::default()));
    let alarm = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:upshift-checkpoints-connections";
    for action in ["PutMetricAlarm", "TagResource", "DeleteAlarms", "SetAlarmState", "ListTagsForResource"] {
        assert!(all.contains(&format!("cloudwatch:{action} {alarm}")), "{action}: {all:#?}");
    }
}

#[test]
fn the_tags_of_a_cluster_are_its_own_and_not_those_of_its_writer() {
    let mut settings = crate::config::checkpoints();
    settings.databases[0].strategy = Strategy::ReaderFailover;
    let mut state = sample_state("db.t4g.small", "available");
    state.arn = format!("{HERE}:cluster:checkpoints");
    state.facts.settings.tags = BTreeMap::from([("of".to_owned(), "writer".to_owned())]);
    let tags = BTreeMap::from([("of".to_owned(), "cluster".to_owned())]);
    let (kind, resource_id) = (ClusterKind::Aurora, ResourceId::new("cluster-1"));
    state.cluster = Some(Cluster { kind, resource_id, members: Vec::new(), tags });
    let all = questions(&settings, &settings.databases[0].clone(), &state, Vec::new());
    let context = |kind: &str| {
        all.iter().find_map(|question| match &question.about {
            About::Thing { resource, context } if resource.contains(kind) => Some(context.clone()),
            _ => None,
        })
    };
    let (cluster, reader) = (context(":cluster:").unwrap(), context(":db:upshift-reader").unwrap());
    assert_eq!(cluster.get("rds:cluster-tag/of").map(String::as_str), Some("cluster"));
    assert_eq!(cluster.get("aws:RequestTag/of").map(String::as_str), Some("writer"));
    assert_eq!(reader.get("rds:db-tag/of").map(String::as_str), Some("writer"));
}

#[test]
fn what_is_refused_is_told_with_what_would_let_it() {
    let caller = Identity {
        account: String::new(),
        arn: "arn:aws:sts::1:assumed-role/upshift/i".to_owned(),
        region: String::new(),
    };
    let mut state = sample_state("db.t4g.small", "available");
    let finding = |state: &DatabaseState, action: &str, on: &str, missing: &[&str]| {
        let missing = missing.iter().map(|key| (*key).to_owned()).collect();
        let permitted = Permitted { action: action.to_owned(), is_allowed: false, missing };
        told(&permitted, Role::Act, &format!("arn:aws:rds:r:1:{on}"), (&caller, state))
    };
    let remedy = |finding: Finding| finding.remedy.unwrap();
    let plain = finding(&state, "rds:ModifyDBInstance", "db:checkpoints", &[]);
    assert_eq!(plain.seen, "rds:ModifyDBInstance on db:checkpoints is not permitted");
    let words =
        "add rds:ModifyDBInstance to what upshift may do; where that goes by a tag, see the database checkpoints's";
    assert_eq!(remedy(plain), words);
    let db = &["rds:db-tag/upshift"];
    assert_eq!(
        remedy(finding(&state, "rds:ModifyDBInstance", "db:checkpoints", db)),
        "give the database checkpoints the tag upshift"
    );
    // The tag of another kind of thing says nothing.
    let alarm = finding(&state, "cloudwatch:PutMetricAlarm", "alarm:upshift-x", db);
    assert_eq!(remedy(alarm), "add cloudwatch:PutMetricAlarm to what upshift may do");
    let (kind, resource_id) = (ClusterKind::Aurora, ResourceId::new("cluster-1"));
    state.cluster = Some(Cluster { kind, resource_id, members: Vec::new(), tags: BTreeMap::new() });
    let cluster = &["rds:cluster-tag/upshift"];
    assert_eq!(
        remedy(finding(&state, "rds:FailoverDBCluster", "cluster:checkpoints", cluster)),
        "give the cluster checkpoints the tag upshift"
    );
}
