//! The lease's item in DynamoDB: read strongly, and written whole if it still is what it was seen to be. One attempt each:
//! whoever keeps the lease tries again by himself, on clocks of his own.
//!
//! Two operations do for everything: to acquire, to renew and to release are the same write under the same condition, and an
//! item that is written whole has no half-old attributes.

use std::time::Duration;

use super::Aws;
use crate::model::failure::Failure;
use crate::model::lease::{LeaseItem, LeaseStamp};

/// DynamoDB answers within milliseconds; a lease cannot wait for long.
pub const LEASE_REQUEST_LIMIT: Duration = Duration::from_secs(3);

/// What came of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseWritten {
    /// The item is as it was written.
    Done,
    /// It was not any more what it was expected to be, and stays as it is.
    Conflict,
}

#[cfg(feature = "lease")]
mod table {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::types::AttributeValue;

    use super::{Aws, Duration, Failure, LeaseItem, LeaseStamp, LeaseWritten};
    use crate::aws::convert;
    use crate::model::lease::LeasePermission;

    /// The partition key of the table.
    const KEY: &str = "lease";

    impl Aws {
        /// The item of `key`; `None` where there is none. What cannot be read as one is of an epoch 0 and nobody's.
        ///
        /// # Errors
        /// When DynamoDB does not say.
        pub async fn read_lease(&self, table: &str, key: &str) -> Result<Option<LeaseItem>, Failure> {
            let request = self.dynamodb.get_item().table_name(table).consistent_read(true);
            let answer = request.key(KEY, AttributeValue::S(key.to_owned())).send().await;
            let answer = answer.map_err(|error| self.read_failure("GetItem", &error))?;
            Ok(answer.item().map(read))
        }

        /// Writes the item if its stamp is `expected`, or if there is none and nothing is expected.
        ///
        /// # Errors
        /// When DynamoDB does not say what it did: it may have written it, or may do so yet.
        pub async fn write_lease(
            &self,
            (table, key): (&str, &str),
            item: &LeaseItem,
            expected: Option<&LeaseStamp>,
        ) -> Result<LeaseWritten, Failure> {
            let request = self.dynamodb.put_item().table_name(table).set_item(Some(written(key, item)));
            let request = request.expression_attribute_names("#owner", "owner");
            let request = match expected {
                None => request.condition_expression("attribute_not_exists(#owner)"),
                Some(stamp) => request
                    .condition_expression("#owner = :owner AND #epoch = :epoch AND #rvn = :rvn")
                    .expression_attribute_names("#epoch", "epoch")
                    .expression_attribute_names("#rvn", "rvn")
                    .expression_attribute_values(":owner", AttributeValue::S(stamp.owner.clone()))
                    .expression_attribute_values(":epoch", number(stamp.epoch))
                    .expression_attribute_values(":rvn", number(stamp.rvn)),
            };
            match request.send().await {
                Ok(_) => Ok(LeaseWritten::Done),
                Err(error) if error.as_service_error().is_some_and(is_conflict) => Ok(LeaseWritten::Conflict),
                Err(error) => Err(self.read_failure("PutItem", &error)),
            }
        }
    }

    fn is_conflict(error: &aws_sdk_dynamodb::operation::put_item::PutItemError) -> bool {
        error.is_conditional_check_failed_exception()
    }

    fn number(number: u64) -> AttributeValue {
        AttributeValue::N(number.to_string())
    }

    fn written(key: &str, item: &LeaseItem) -> HashMap<String, AttributeValue> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let LeaseItem { stamp, host, ttl, released, permission } = item;
        let mut all = HashMap::from([
            (KEY.to_owned(), text(key)),
            ("owner".to_owned(), text(&stamp.owner)),
            ("epoch".to_owned(), number(stamp.epoch)),
            ("rvn".to_owned(), number(stamp.rvn)),
            ("host".to_owned(), text(host)),
            ("ttl_secs".to_owned(), number(ttl.as_secs())),
            ("released".to_owned(), AttributeValue::Bool(*released)),
            ("armed".to_owned(), AttributeValue::Bool(permission.armed)),
        ]);
        let optional = [("disarm_reason", &permission.why), ("disarmed_by", &permission.by)];
        all.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), text(value.as_deref()?)))));
        all
    }

    fn read(item: &HashMap<String, AttributeValue>) -> LeaseItem {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str);
        let number = |name: &str| item.get(name)?.as_n().ok()?.parse::<u64>().ok();
        let flag = |name: &str| item.get(name).and_then(|value| value.as_bool().ok()).copied();
        LeaseItem {
            stamp: LeaseStamp {
                // Compared with what is there, so taken as it is; people are shown the host.
                owner: text("owner").unwrap_or_default().to_owned(),
                epoch: number("epoch").unwrap_or(0),
                rvn: number("rvn").unwrap_or(0),
            },
            host: convert::text(text("host")),
            ttl: Duration::from_secs(number("ttl_secs").unwrap_or(0)),
            released: flag("released").unwrap_or(false),
            permission: LeasePermission {
                armed: flag("armed").unwrap_or(false),
                why: convert::optional_text(text("disarm_reason")),
                by: convert::optional_text(text("disarmed_by")),
            },
        }
    }
}

#[cfg(not(feature = "lease"))]
mod table {
    use super::{Aws, Failure, LeaseItem, LeaseStamp, LeaseWritten};
    use crate::model::failure::FailureKind;

    impl Aws {
        /// Not in this build.
        ///
        /// # Errors
        /// Always.
        pub async fn read_lease(&self, _: &str, _: &str) -> Result<Option<LeaseItem>, Failure> {
            std::future::ready(Err(not_built("GetItem"))).await
        }

        /// Not in this build.
        ///
        /// # Errors
        /// Always.
        pub async fn write_lease(
            &self,
            _: (&str, &str),
            _: &LeaseItem,
            _: Option<&LeaseStamp>,
        ) -> Result<LeaseWritten, Failure> {
            std::future::ready(Err(not_built("PutItem"))).await
        }
    }

    /// A configuration with a lease is refused before it comes to this.
    fn not_built(operation: &str) -> Failure {
        let sentence = format!("{operation}: this program was built without the cargo feature `lease`");
        Failure { kind: FailureKind::Rejected, operation: operation.to_owned(), sentence, request_id: None }
    }
}
