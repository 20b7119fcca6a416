//! `DescribeEvents`.

use jiff::{SignedDuration, Timestamp};

use super::fleet::Fleet;
use super::log::{Event, RETENTION};
use super::page::page;
use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;
use crate::sim::wire::xml::Xml;

const SOURCE_TYPES: [&str; 11] = [
    "db-instance",
    "db-parameter-group",
    "db-security-group",
    "db-snapshot",
    "db-cluster",
    "db-cluster-snapshot",
    "custom-engine-version",
    "db-proxy",
    "blue-green-deployment",
    "db-shard-group",
    "zero-etl",
];

/// Events of a source or of all, of the last 14 days at the most, oldest first, in pages of 20 to 100.
pub(super) fn describe(fleet: &Fleet, now: Timestamp, params: &Params, xml: &mut Xml) -> Result<(), ApiError> {
    let source = source(params)?;
    let kind = params.get("SourceType");
    let (from, to) = span(params, now)?;
    let categories = params.list("EventCategories.EventCategory");
    let wanted = |event: &&Event| {
        source.is_none_or(|id| event.source.id.eq_ignore_ascii_case(id))
            && kind.is_none_or(|kind| event.source.kind == kind)
            && (categories.is_empty() || categories.contains(&event.category))
    };
    let events = fleet.log.between(from, to).filter(wanted);
    let page = page(params, 20..=100, events.map(|event| (format!("{:020}", event.number), event)))?;
    xml.nest("Events", |xml| {
        for event in page.items {
            xml.nest("Event", |xml| {
                xml.text("SourceIdentifier", &event.source.id);
                xml.text("SourceType", event.source.kind);
                xml.text("Message", &event.message);
                xml.nest("EventCategories", |xml| xml.text("EventCategory", event.category));
                xml.instant("Date", event.date);
                xml.text("SourceArn", &event.source.arn);
            });
        }
    });
    xml.optional("Marker", page.marker);
    Ok(())
}

fn source(params: &Params) -> Result<Option<&str>, ApiError> {
    let kind = params.get("SourceType");
    if let Some(unknown) = kind.filter(|kind| !SOURCE_TYPES.contains(kind)) {
        let message = format!("The parameter SourceType must be one of {}; not {unknown}", SOURCE_TYPES.join(", "));
        return Err(ApiError::sender("InvalidParameterValue", message));
    }
    let source = params.get("SourceIdentifier");
    if source.is_some() && kind.is_none() {
        let message = "Cannot specify source identifier without source type";
        return Err(ApiError::sender("InvalidParameterCombination", message));
    }
    Ok(source)
}

/// `[from, to)`. Without any of the three parameters: the last hour.
fn span(params: &Params, now: Timestamp) -> Result<(Timestamp, Timestamp), ApiError> {
    let start: Option<Timestamp> = params.parsed("StartTime", "a timestamp")?;
    let end: Option<Timestamp> = params.parsed("EndTime", "a timestamp")?;
    let minutes: Option<i64> = params.parsed("Duration", "a number of minutes")?;
    if minutes.is_some() && start.is_some() {
        let message = "Cannot specify both StartTime and Duration";
        return Err(ApiError::sender("InvalidParameterCombination", message));
    }
    let oldest = now.saturating_sub(RETENTION).unwrap_or(Timestamp::MIN);
    let longest = RETENTION.as_mins();
    if minutes.is_some_and(|minutes| !(1..=longest).contains(&minutes)) {
        let message = format!("Duration must be between 1 and {longest} minutes");
        return Err(ApiError::sender("InvalidParameterValue", message));
    }
    if start.zip(end).is_some_and(|(start, end)| end < start) {
        return Err(ApiError::sender("InvalidParameterCombination", "EndTime must not be before StartTime"));
    }
    // What happens at this very moment is included when no end is asked for.
    let just_after = now.saturating_add(SignedDuration::from_millis(1)).unwrap_or(now);
    let to = end.unwrap_or(just_after);
    let back = SignedDuration::from_mins(minutes.unwrap_or(60));
    let from = start.unwrap_or(to.saturating_sub(back).unwrap_or(oldest));
    Ok((from.max(oldest), to))
}
