//! `alarms.tf` and `sns.tf`: the alarms that `upshift alarms` would make, and the topics that they tell.

use std::collections::BTreeSet;

use crate::model::alarm::{AlarmDefinition, AlarmSettings, DATABASE_TAG, WantedAlarm, Watches};
use crate::model::cluster::ClusterKind;
use crate::model::policy::Policy;
use crate::model::settings::Settings;
use crate::setup::alarms::of_database;
use crate::setup::export::hcl::{Item, Value, number};
use crate::setup::export::presumed;

/// What of an alarm follows the class: `upshift` puts it right, and Terraform must not put it back.
const FOLLOWS_CLASS: [&str; 2] = ["threshold", "alarm_description"];

/// Each alarm of the policy; of those that need more than the policy tells, a sentence.
pub(super) fn items(settings: &Settings, alarms: &AlarmSettings) -> Vec<Item> {
    let mut items = vec![Item::Comment(
        "The alarms of the policy's rules, as `upshift alarms plan` wants them: it finds them in sync. Each tells the\n\
         topics of its state."
            .to_owned(),
    )];
    for policy in &settings.databases {
        items.extend(of_policy(policy, alarms));
    }
    items
}

fn of_policy(policy: &Policy, alarms: &AlarmSettings) -> Vec<Item> {
    let name = &policy.database;
    if policy.strategy.cluster() == Some(ClusterKind::MultiAz) {
        let why = format!(
            "{name}: which of its instances writes is not in the policy; `upshift alarms apply` makes its alarms."
        );
        return vec![Item::Blank, Item::Comment(why)];
    }
    let derived = of_database(policy, alarms, &presumed::state(policy));
    let mut items = Vec::new();
    for alarm in &derived.wanted {
        items.push(Item::Blank);
        items.push(match &alarm.definition.watches {
            Watches::Expression { expression } if expression.contains(presumed::MACHINE) => Item::Comment(format!(
                "{}: the machine in its expression is not in the policy; `upshift alarms apply` makes it.",
                alarm.name
            )),
            _ => resource(alarm),
        });
    }
    for without in &derived.without {
        items.extend([Item::Blank, Item::Comment(format!("{name}, {}: no alarm, {}.", without.rule, without.why))]);
    }
    items
}

fn resource(alarm: &WantedAlarm) -> Item {
    let AlarmDefinition { comparison, threshold, datapoints, periods, period_secs, missing_data, topics, .. } =
        &alarm.definition;
    let text = |name: &str, value: &str| Item::attribute(name, Value::text(value));
    let topics_of = |name: &str, arns: &[String]| {
        Item::attribute(name, Value::list(arns.iter().map(|arn| Value::text(arn.clone()))))
    };
    let mut body = vec![
        text("alarm_name", &alarm.name),
        text("alarm_description", &alarm.definition.description),
        text("comparison_operator", comparison),
        Item::attribute("threshold", number(*threshold)),
        Item::attribute("evaluation_periods", number(f64::from(*periods))),
        Item::attribute("datapoints_to_alarm", number(f64::from(*datapoints))),
        text("treat_missing_data", missing_data),
        Item::attribute("actions_enabled", Value::raw(alarm.definition.actions_enabled.to_string())),
        Item::Blank,
    ];
    body.extend(watched(&alarm.definition.watches, *period_secs));
    body.extend([
        Item::Blank,
        topics_of("alarm_actions", &topics.alarm),
        topics_of("ok_actions", &topics.ok),
        topics_of("insufficient_data_actions", &topics.insufficient_data),
        Item::Blank,
    ]);
    let tag = Value::raw(format!("merge(var.tags, {{ \"{DATABASE_TAG}\" = \"{}\" }})", alarm.database));
    body.push(Item::attribute("tags", tag));
    if alarm.of.is_none() {
        let ignored = Value::list(FOLLOWS_CLASS.map(Value::raw));
        body.extend([
            Item::Blank,
            Item::Comment("They follow the class, which upshift changes.".to_owned()),
            Item::block("lifecycle", &[], vec![Item::attribute("ignore_changes", ignored)]),
        ]);
    }
    let id = super::identifier(&format!("{}_{}", alarm.database, alarm.rule));
    Item::block("resource", &["aws_cloudwatch_metric_alarm", &id], body)
}

fn watched(watches: &Watches, period_secs: u32) -> Vec<Item> {
    let text = |name: &str, value: &str| Item::attribute(name, Value::text(value));
    let period = Item::attribute("period", number(f64::from(period_secs)));
    match watches {
        Watches::Metric { namespace, metric, dimensions, statistic, unit } => {
            let dimensions =
                dimensions.iter().map(|(name, value)| (name.clone(), Value::text(value.clone()))).collect();
            let mut items =
                vec![text("namespace", namespace), text("metric_name", metric), text("statistic", statistic)];
            items.extend(unit.as_ref().map(|unit| text("unit", unit)));
            items.extend([period, Item::attribute("dimensions", Value::Object(dimensions))]);
            items
        }
        Watches::Expression { expression } => vec![Item::block(
            "metric_query",
            &[],
            vec![
                text("id", "q0"),
                text("expression", expression),
                period,
                Item::attribute("return_data", Value::raw("true")),
            ],
        )],
        // None is wanted of this kind.
        Watches::Other { .. } => Vec::new(),
    }
}

/// Whether the configuration names a topic at all.
pub(super) fn names_topics(alarms: &AlarmSettings) -> bool {
    let topics = &alarms.topics;
    [&topics.alarm, &topics.ok, &topics.insufficient_data].iter().any(|arns| !arns.is_empty())
}

/// The topics that the configuration names. They are left to others unless `create_topics` says that this module has them.
pub(super) fn topics(alarms: &AlarmSettings) -> Vec<Item> {
    let topics = &alarms.topics;
    let arns: BTreeSet<&String> = topics.alarm.iter().chain(&topics.ok).chain(&topics.insufficient_data).collect();
    if arns.is_empty() {
        return vec![Item::Comment(
            "[alarms.topics] names no topic: the alarms tell nobody. Name one there, and write this anew.".to_owned(),
        )];
    }
    let mut items = vec![Item::Comment(
        "The topics of [alarms.topics]. With create_topics = true this module makes them, and lets CloudWatch publish to\n\
         them; else they are somebody else's, who does so."
            .to_owned(),
    )];
    for arn in arns {
        let name = arn.rsplit(':').next().unwrap_or_default();
        items.extend(topic(arn, name));
    }
    items
}

fn topic(arn: &str, name: &str) -> Vec<Item> {
    let id = super::identifier(name);
    let when = || Item::attribute("count", Value::raw("var.create_topics ? 1 : 0"));
    let block = |kind: &'static str, labels: &[&str], body: Vec<Item>| [Item::Blank, Item::block(kind, labels, body)];
    let principals = vec![
        Item::attribute("type", Value::text("Service")),
        Item::attribute("identifiers", Value::list([Value::text("cloudwatch.amazonaws.com")])),
    ];
    let account = vec![
        Item::attribute("test", Value::text("StringEquals")),
        Item::attribute("variable", Value::text("aws:SourceAccount")),
        Item::attribute("values", Value::list([Value::raw("local.account")])),
    ];
    let statement = vec![
        Item::attribute("actions", Value::list([Value::text("sns:Publish")])),
        Item::attribute("resources", Value::list([Value::text(arn)])),
        Item::Blank,
        Item::block("principals", &[], principals),
        Item::Blank,
        Item::block("condition", &[], account),
    ];
    let made = vec![
        when(),
        Item::Blank,
        Item::attribute("name", Value::text(name)),
        Item::attribute("tags", Value::raw("var.tags")),
    ];
    let policy = vec![
        when(),
        Item::Blank,
        Item::attribute("arn", Value::raw(format!("aws_sns_topic.{id}[0].arn"))),
        Item::attribute("policy", Value::raw(format!("data.aws_iam_policy_document.topic_{id}.json"))),
    ];
    let subscription = vec![
        Item::attribute("for_each", Value::raw("toset(var.create_topics ? var.alarm_emails : [])")),
        Item::Blank,
        Item::attribute("topic_arn", Value::raw(format!("aws_sns_topic.{id}[0].arn"))),
        Item::attribute("protocol", Value::text("email")),
        Item::attribute("endpoint", Value::raw("each.value")),
    ];
    [
        block("resource", &["aws_sns_topic", &id], made),
        block(
            "data",
            &["aws_iam_policy_document", &format!("topic_{id}")],
            vec![Item::block("statement", &[], statement)],
        ),
        block("resource", &["aws_sns_topic_policy", &id], policy),
        block("resource", &["aws_sns_topic_subscription", &id], subscription),
    ]
    .concat()
}
