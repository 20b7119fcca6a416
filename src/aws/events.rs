//! `DescribeEvents`: what RDS itself says about the instances.

use jiff::Timestamp;

use super::{Aws, PAGE_LIMIT, convert, failure};
use crate::model::call::Failure;
use crate::model::database::{DatabaseName, RdsEvent};

impl Aws {
    /// RDS's events about `wanted` since `start`, oldest first.
    ///
    /// # Errors
    /// When any page cannot be read.
    pub async fn events(
        &self,
        wanted: &[DatabaseName],
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Vec<RdsEvent>, Failure> {
        let mut events = Vec::new();
        let mut marker: Option<String> = None;
        for _ in 0..PAGE_LIMIT {
            let request = self
                .rds
                .describe_events()
                .source_type(aws_sdk_rds::types::SourceType::DbInstance)
                .start_time(convert::date_time(start))
                .end_time(convert::date_time(end))
                .max_records(100)
                .set_marker(marker);
            let page = request.send().await.map_err(|error| failure::read_failure("DescribeEvents", &error))?;
            let event = |event: &aws_sdk_rds::types::Event| {
                Some(RdsEvent {
                    date: convert::timestamp(event.date()?)?,
                    database: DatabaseName::new(convert::text(event.source_identifier())),
                    message: convert::text(event.message()),
                    categories: event.event_categories().iter().map(|category| convert::text(Some(category))).collect(),
                })
            };
            events.extend(page.events().iter().filter_map(event).filter(|event| wanted.contains(&event.database)));
            marker = page.marker().map(ToOwned::to_owned);
            if marker.is_none() {
                break;
            }
        }
        events.sort();
        Ok(events)
    }
}
