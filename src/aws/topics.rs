//! Topics of SNS: a message is published.

use aws_sdk_sns::config::{Builder, Region};

use super::Aws;
use crate::model::failure::Failure;
use crate::model::notify::NotifySettings;

impl Aws {
    /// Publishes a message to a topic, in the region that its ARN names. What gets no answer is tried again, as reads are:
    /// subscribers get a message at least once.
    ///
    /// # Errors
    /// When SNS does not say that it took it: it may have.
    pub async fn publish(&self, topic: &str, subject: &str, message: &str) -> Result<(), Failure> {
        let region = NotifySettings::region_of(topic).map(|region| Region::new(region.to_owned()));
        let request = self.sns.publish().topic_arn(topic).subject(subject).message(message);
        let answer = request.customize().config_override(Builder::new().region(region)).send().await;
        answer.map(drop).map_err(|error| self.publish_failure(&error))
    }
}
