//! The calls that change something: one attempt each.

use aws_sdk_rds::operation::RequestId;

use super::{Aws, convert, failure};
use crate::model::call::{CallOutcome, MutatingCall};

impl Aws {
    /// Sends `call` once. When this returns, it was sent at most once, and the outcome says all that is known.
    pub async fn send(&self, call: &MutatingCall) -> CallOutcome {
        match call {
            MutatingCall::ModifyDbInstanceClass { database, class } => {
                let request = self
                    .rds_mutating
                    .modify_db_instance()
                    .db_instance_identifier(database.as_str())
                    .db_instance_class(class.as_str())
                    .apply_immediately(true);
                match request.send().await {
                    Ok(answer) => CallOutcome::Accepted { request_id: convert::optional_text(answer.request_id()) },
                    Err(error) => failure::call_outcome(&error),
                }
            }
        }
    }
}
