//! What an instance of a cluster has of its own: read of one, asked for at the creation of another.

use std::collections::BTreeMap;

use aws_sdk_rds::operation::create_db_instance::builders::CreateDBInstanceFluentBuilder;
use aws_sdk_rds::types::{DbInstance, Tag};

use super::convert;
use crate::model::member_settings::{MemberSettings, Monitoring, PerformanceInsights};

/// The settings of an instance.
pub(super) fn of(instance: &DbInstance) -> MemberSettings {
    let number = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
    let insights = PerformanceInsights {
        retention_days: number(instance.performance_insights_retention_period()),
        kms_key: convert::optional_text(instance.performance_insights_kms_key_id()),
    };
    let interval_secs = number(instance.monitoring_interval()).filter(|secs| *secs > 0);
    let role = convert::optional_text(instance.monitoring_role_arn());
    let groups = instance.db_parameter_groups().first();
    MemberSettings {
        parameter_group: groups.and_then(|group| convert::optional_text(group.db_parameter_group_name())),
        performance_insights: instance.performance_insights_enabled().unwrap_or_default().then_some(insights),
        monitoring: interval_secs.zip(role).map(|(interval_secs, role)| Monitoring { interval_secs, role }),
        ca_certificate: convert::optional_text(instance.ca_certificate_identifier()),
        minor_upgrades: instance.auto_minor_version_upgrade(),
        public: instance.publicly_accessible(),
        copy_tags: instance.copy_tags_to_snapshot(),
        tags: self::tags(instance.tag_list()),
    }
}

/// Those that anybody may set.
pub(super) fn tags(list: &[Tag]) -> BTreeMap<String, String> {
    let tag = |tag: &Tag| {
        let key = convert::optional_text(tag.key()).filter(|key| !key.starts_with("aws:"))?;
        Some((key, convert::text(tag.value())))
    };
    list.iter().filter_map(tag).collect()
}

/// Asks for an instance with these settings.
pub(super) fn ask_for(
    request: CreateDBInstanceFluentBuilder,
    settings: &MemberSettings,
) -> CreateDBInstanceFluentBuilder {
    let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    let MemberSettings { parameter_group, performance_insights, monitoring, ca_certificate, tags, .. } = settings;
    let request = request
        .set_db_parameter_group_name(parameter_group.clone())
        .set_ca_certificate_identifier(ca_certificate.clone())
        .set_auto_minor_version_upgrade(settings.minor_upgrades)
        .set_publicly_accessible(settings.public)
        .set_copy_tags_to_snapshot(settings.copy_tags);
    let request = match performance_insights {
        Some(PerformanceInsights { retention_days, kms_key }) => request
            .enable_performance_insights(true)
            .set_performance_insights_retention_period(retention_days.map(number))
            .set_performance_insights_kms_key_id(kms_key.clone()),
        None => request,
    };
    let request = match monitoring {
        Some(Monitoring { interval_secs, role }) => {
            request.monitoring_interval(number(*interval_secs)).monitoring_role_arn(role)
        }
        None => request,
    };
    tags.iter().fold(request, |request, (key, value)| request.tags(Tag::builder().key(key).value(value).build()))
}
