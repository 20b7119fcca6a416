//! `DescribeEvents`: what RDS itself says about the databases, their instances and their deployments.

use aws_sdk_rds::types::{Event, SourceType};
use jiff::Timestamp;

use super::pages::Pages;
use super::{Aws, convert};
use crate::model::database::{DatabaseName, RdsEvent};
use crate::model::event_source::{EventSource, EventSourceKind};
use crate::model::failure::Failure;

impl Aws {
    /// RDS's events about these sources since `start`, oldest first. One call asks for those of all sources, since it
    /// takes one kind or all.
    ///
    /// # Errors
    /// When any page cannot be read, or the pages do not end.
    pub async fn events(
        &self,
        sources: &[EventSource],
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Vec<RdsEvent>, Failure> {
        let mut events = Vec::new();
        let mut pages = Pages::of("DescribeEvents");
        let only_instances = sources.iter().all(|source| source.kind == EventSourceKind::Instance);
        loop {
            let request = self
                .rds
                .describe_events()
                .set_source_type(only_instances.then_some(SourceType::DbInstance))
                .start_time(convert::date_time(start))
                .end_time(convert::date_time(end))
                .max_records(100)
                .set_marker(pages.marker());
            let page = request.send().await.map_err(|error| self.read_failure("DescribeEvents", &error))?;
            events.extend(page.events().iter().filter_map(|event| told_of(event, sources)));
            if !pages.follow(page.marker())? {
                events.sort();
                return Ok(events);
            }
        }
    }
}

/// The event of one of the sources, as one of its database; `None` for one of others.
fn told_of(event: &Event, sources: &[EventSource]) -> Option<RdsEvent> {
    let kind = match event.source_type()? {
        SourceType::DbInstance => EventSourceKind::Instance,
        SourceType::DbCluster => EventSourceKind::Cluster,
        SourceType::BlueGreenDeployment => EventSourceKind::Deployment,
        _ => return None,
    };
    let name = convert::text(event.source_identifier());
    let source = sources.iter().find(|source| source.kind == kind && source.name == name)?;
    Some(RdsEvent {
        date: convert::timestamp(event.date()?)?,
        database: source.database.clone(),
        instance: (kind == EventSourceKind::Instance && name != source.database.as_str())
            .then(|| DatabaseName::new(name.clone())),
        message: convert::text(event.message()),
        categories: event.event_categories().iter().map(|category| convert::text(Some(category))).collect(),
    })
}
