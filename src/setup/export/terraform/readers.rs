//! `readers.tf`: what Application Auto Scaling shall do for the readers of Aurora clusters, as `upshift readers` registers it.

use crate::model::readers::{ReadersPolicy, ScalingPolicy};
use crate::model::settings::Settings;
use crate::setup::export::hcl::{Item, Value, number};
use crate::setup::readers::wanted;

/// A target and a policy for each cluster whose readers are scaled; empty where none are.
pub(super) fn items(settings: &Settings) -> Vec<Item> {
    let scaled =
        settings.databases.iter().filter_map(|policy| Some((policy.database.as_str(), policy.readers.as_ref()?)));
    let mut items = Vec::new();
    for (database, readers) in scaled {
        if items.is_empty() {
            items.push(Item::Comment(
                "Readers of Aurora clusters, which Application Auto Scaling adds and takes away. This never answers write load:\n\
                 that is the writer's, and upshift moves it."
                    .to_owned(),
            ));
        }
        let id = super::identifier(database);
        items.extend([Item::Blank, target(&id, database, readers), Item::Blank, policy(&id, &wanted(readers))]);
    }
    items
}

fn target(id: &str, database: &str, readers: &ReadersPolicy) -> Item {
    let text = |name: &str, value: String| Item::attribute(name, Value::text(value));
    Item::block(
        "resource",
        &["aws_appautoscaling_target", id],
        vec![
            text("service_namespace", "rds".to_owned()),
            text("scalable_dimension", "rds:cluster:ReadReplicaCount".to_owned()),
            text("resource_id", format!("cluster:{database}")),
            Item::attribute("min_capacity", number(f64::from(readers.min))),
            Item::attribute("max_capacity", number(f64::from(readers.max))),
            Item::Blank,
            Item::attribute("tags", Value::raw("var.tags")),
        ],
    )
}

fn policy(id: &str, wanted: &ScalingPolicy) -> Item {
    let of = |name: &str| Item::attribute(name, Value::raw(format!("aws_appautoscaling_target.{id}.{name}")));
    let secs = |name: &str, secs: Option<u32>| secs.map(|secs| Item::attribute(name, number(f64::from(secs))));
    let mut tracking = vec![Item::attribute("target_value", number(wanted.target.unwrap_or_default()))];
    tracking.extend(secs("scale_in_cooldown", wanted.scale_in_cooldown_secs));
    tracking.extend(secs("scale_out_cooldown", wanted.scale_out_cooldown_secs));
    tracking.push(Item::attribute("disable_scale_in", Value::raw(wanted.scale_in_disabled.to_string())));
    let metric = Value::text(wanted.metric.clone().unwrap_or_default());
    tracking.extend([
        Item::Blank,
        Item::block("predefined_metric_specification", &[], vec![Item::attribute("predefined_metric_type", metric)]),
    ]);
    Item::block(
        "resource",
        &["aws_appautoscaling_policy", id],
        vec![
            Item::attribute("name", Value::text(wanted.name.clone())),
            Item::attribute("policy_type", Value::text(wanted.kind.clone())),
            of("service_namespace"),
            of("scalable_dimension"),
            of("resource_id"),
            Item::Blank,
            Item::block("target_tracking_scaling_policy_configuration", &[], tracking),
        ],
    )
}
