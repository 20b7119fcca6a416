//! Who the credentials belong to, and whether that is whom the configuration wants.

use super::{Aws, convert};
use crate::model::failure::{Failure, FailureKind};
use crate::model::identity::Identity;

impl Aws {
    /// The caller's account, ARN and region.
    ///
    /// # Errors
    /// When AWS does not say, when no region is known, and when the account is not the pinned one.
    pub async fn identity(&self) -> Result<Identity, Failure> {
        const OPERATION: &str = "GetCallerIdentity";
        let wrong = |sentence: String| Failure {
            kind: FailureKind::WrongIdentity,
            operation: OPERATION.to_owned(),
            sentence,
            request_id: None,
        };
        let region = self.region.clone().ok_or_else(|| Self::without_region(OPERATION))?;
        let answer = self.sts.get_caller_identity().send().await;
        let answer = answer.map_err(|error| self.read_failure(OPERATION, &error))?;
        let account = convert::text(answer.account());
        match &self.account_pin {
            Some(pin) if *pin != account => Err(wrong(format!(
                "the credentials belong to account {account}, the configuration wants {pin}: \
                 use other credentials or correct `account_id`"
            ))),
            _ => Ok(Identity { account, arn: convert::text(answer.arn()), region }),
        }
    }
}
