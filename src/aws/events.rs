//! `DescribeEvents`: what RDS itself says about the instances.

use jiff::Timestamp;

use super::pages::Pages;
use super::{Aws, convert};
use crate::model::database::{DatabaseName, RdsEvent};
use crate::model::failure::Failure;

impl Aws {
    /// RDS's events about `wanted` since `start`, oldest first.
    ///
    /// # Errors
    /// When any page cannot be read, or the pages do not end.
    pub async fn events(
        &self,
        wanted: &[DatabaseName],
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Vec<RdsEvent>, Failure> {
        let mut events = Vec::new();
        let mut pages = Pages::of("DescribeEvents");
        loop {
            let request = self
                .rds
                .describe_events()
                .source_type(aws_sdk_rds::types::SourceType::DbInstance)
                .start_time(convert::date_time(start))
                .end_time(convert::date_time(end))
                .max_records(100)
                .set_marker(pages.marker());
            let page = request.send().await.map_err(|error| self.read_failure("DescribeEvents", &error))?;
            let event = |event: &aws_sdk_rds::types::Event| {
                Some(RdsEvent {
                    date: convert::timestamp(event.date()?)?,
                    database: DatabaseName::new(convert::text(event.source_identifier())),
                    message: convert::text(event.message()),
                    categories: event.event_categories().iter().map(|category| convert::text(Some(category))).collect(),
                })
            };
            events.extend(page.events().iter().filter_map(event).filter(|event| wanted.contains(&event.database)));
            if !pages.follow(page.marker())? {
                events.sort();
                return Ok(events);
            }
        }
    }
}
