//! A topic of SNS.

use super::message::Message;
use crate::aws::Aws;

/// A topic, and who reaches it.
#[derive(Debug)]
pub(super) struct Topic {
    arn: String,
    aws: Aws,
}

impl Topic {
    pub(super) fn new(arn: String, aws: Aws) -> Self {
        Self { arn, aws }
    }

    pub(super) fn arn(&self) -> &str {
        &self.arn
    }

    /// Lets SNS have it. When the answer is lost the SDK tries again: subscribers may get it twice.
    pub(super) async fn publish(&self, message: &Message) -> Result<(), String> {
        let published = self.aws.publish(&self.arn, &message.subject, &message.body).await;
        published.map_err(|failure| failure.sentence)
    }
}
