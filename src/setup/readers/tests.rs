//! What is planned, by what is found.

use std::time::Duration;

use super::{Change, POLICY_NAME, Plan, plan, removal, wanted};
use crate::model::database::DatabaseName;
use crate::model::readers::{ReaderMetric, ReadersCall, ReadersPolicy, Registered, ScalableTarget, ScalingPolicy};

fn database() -> DatabaseName {
    DatabaseName::new("orders")
}

fn policy() -> ReadersPolicy {
    ReadersPolicy {
        min: 1,
        max: 4,
        metric: ReaderMetric::Connections,
        target: 100.0,
        scale_in_cooldown: Duration::from_mins(5),
        scale_out_cooldown: Duration::from_mins(3),
    }
}

fn registered(policies: Vec<ScalingPolicy>) -> Registered {
    Registered { target: Some(ScalableTarget { min: 1, max: 4, suspended: Vec::new() }), policies }
}

fn foreign(metric: ReaderMetric) -> ScalingPolicy {
    ScalingPolicy { name: "theirs".into(), metric: Some(metric.aws_name().into()), ..wanted(&policy()) }
}

fn operations(plan: &Plan) -> Vec<&'static str> {
    plan.calls.iter().map(ReadersCall::operation).collect()
}

#[test]
fn nothing_there_is_made_and_what_is_made_is_in_sync() {
    let first = plan(&database(), &policy(), &Registered::default());
    assert_eq!(operations(&first), ["RegisterScalableTarget", "PutScalingPolicy"]);
    let [ReadersCall::Register { min, max, .. }, ReadersCall::PutPolicy { policy: put, .. }] = &first.calls[..] else {
        panic!("{first:?}")
    };
    let target = ScalableTarget { min: *min, max: *max, suspended: Vec::new() };
    let then = Registered { target: Some(target), policies: vec![put.clone()] };
    let second = plan(&database(), &policy(), &then);
    assert!(second.is_in_sync(), "{second:?}");
}

#[test]
fn each_value_that_differs_is_a_change_with_its_old_and_new() {
    let mut found = registered(vec![wanted(&policy())]);
    found.target.as_mut().unwrap().max = 9;
    found.policies[0].target = Some(60.0);
    found.policies[0].scale_in_cooldown_secs = None;
    found.policies[0].scale_in_disabled = true;
    let plan = plan(&database(), &policy(), &found);
    let fields: Vec<crate::setup::change::Field> = plan
        .items
        .iter()
        .flat_map(|item| match &item.change {
            Change::Update { fields, .. } => fields.clone(),
            change => panic!("{change:?}"),
        })
        .collect();
    let told: Vec<String> = fields.iter().map(|it| format!("{} {} {}", it.field, it.old, it.new)).collect();
    let expected =
        ["MaxCapacity 9 4", "TargetValue 60 100", "ScaleInCooldown AWS's own 300 s", "DisableScaleIn true false"];
    assert_eq!(told, expected);
    assert_eq!(operations(&plan), ["RegisterScalableTarget", "PutScalingPolicy"]);
}

#[test]
fn a_policy_of_another_name_on_the_same_metric_is_not_touched_and_blocks() {
    for ours in [vec![], vec![ScalingPolicy { metric: None, ..wanted(&policy()) }]] {
        let policies = [ours, vec![foreign(ReaderMetric::Connections)]].concat();
        let plan = plan(&database(), &policy(), &registered(policies));
        assert!(plan.calls.is_empty(), "{plan:?}");
        assert!(plan.blocked.as_ref().unwrap().why.contains("theirs") && !plan.is_in_sync());
    }
}

#[test]
fn bounds_that_others_go_by_are_theirs() {
    let found = registered(vec![foreign(ReaderMetric::Cpu)]);
    let same = plan(&database(), &policy(), &found);
    assert_eq!(operations(&same), ["PutScalingPolicy"], "the same bounds can be shared");
    let more = plan(&database(), &ReadersPolicy { max: 5, ..policy() }, &found);
    assert!(more.calls.is_empty() && more.blocked.is_some(), "{more:?}");
    // Where our policy stands beside theirs the bounds are by the configuration.
    let both = registered(vec![wanted(&policy()), foreign(ReaderMetric::Cpu)]);
    let more = plan(&database(), &ReadersPolicy { max: 5, ..policy() }, &both);
    assert_eq!(operations(&more), ["RegisterScalableTarget"]);
}

#[test]
fn only_what_is_ours_is_taken_away() {
    let ours = wanted(&policy());
    let of = |found: &Registered| operations(&removal(&database(), found));
    assert_eq!(of(&registered(vec![ours.clone()])), ["DeleteScalingPolicy", "DeregisterScalableTarget"]);
    assert_eq!(of(&registered(vec![ours, foreign(ReaderMetric::Cpu)])), ["DeleteScalingPolicy"]);
    assert!(of(&registered(vec![foreign(ReaderMetric::Cpu)])).is_empty());
    assert_eq!(of(&registered(vec![])), ["DeregisterScalableTarget"], "left by an apply that broke off");
    let nothing = removal(&database(), &Registered::default());
    assert!(nothing.is_in_sync() && nothing.items.is_empty());
    assert_eq!(POLICY_NAME, "upshift-readers");
}
