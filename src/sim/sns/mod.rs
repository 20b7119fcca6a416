//! SNS of the simulated account: topics, and what was published to them. There are no subscribers; what they would have
//! got is kept.

use std::collections::{BTreeSet, VecDeque};

use jiff::Timestamp;

use super::wire::query::{self, Params};
use super::wire::xml::Xml;
use super::wire::{ApiError, Response};

/// The API version that clients name.
pub(super) const VERSION: &str = "2010-03-31";
/// The XML namespace of the answers.
pub(super) const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

/// AWS's limits: of a message in bytes, of a subject and of a topic's name in characters.
const MESSAGE_BYTES: usize = 262_144;
const SUBJECT_CHARS: usize = 100;
const NAME_CHARS: usize = 256;
/// Messages kept; beyond it the oldest goes.
const KEPT: usize = 10_000;

/// A message that subscribers would have got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// When.
    pub at: Timestamp,
    /// What SNS calls it.
    pub id: String,
    /// The topic's ARN.
    pub topic: String,
    /// The subject of a mail, where one was given.
    pub subject: Option<String>,
    /// The text.
    pub message: String,
}

/// The topics of one account and region.
#[derive(Debug)]
pub(super) struct Sns {
    account: String,
    region: String,
    topics: BTreeSet<String>,
    published: VecDeque<Published>,
}

impl Sns {
    pub(super) fn new(account: &str, region: &str) -> Self {
        let (account, region) = (account.to_owned(), region.to_owned());
        Self { account, region, topics: BTreeSet::new(), published: VecDeque::new() }
    }

    /// The messages, oldest first.
    pub(super) fn published(&self) -> impl Iterator<Item = &Published> {
        self.published.iter()
    }

    /// Answers one call: `CreateTopic`, `DeleteTopic`, `ListTopics`, `Publish`. The request's identifier names a message.
    pub(super) fn handle(&mut self, now: Timestamp, request_id: &str, params: &Params) -> Response {
        let action = params.get("Action").unwrap_or_default();
        query::respond(NAMESPACE, action, request_id, |xml| match action {
            "CreateTopic" => self.create(params, xml),
            "DeleteTopic" => {
                // One that is not there is gone already.
                self.topics.remove(params.required("TopicArn")?);
                Ok(())
            }
            "ListTopics" => {
                xml.nest("Topics", |xml| {
                    for arn in &self.topics {
                        xml.nest("member", |xml| xml.text("TopicArn", arn));
                    }
                });
                Ok(())
            }
            "Publish" => self.publish(now, request_id, params, xml),
            _ => Err(query::unknown_action(params, VERSION)),
        })
    }

    /// One of that name is found again.
    fn create(&mut self, params: &Params, xml: &mut Xml) -> Result<(), ApiError> {
        let name = params.required("Name")?;
        let is_right = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if name.len() > NAME_CHARS || !name.bytes().all(is_right) {
            return Err(invalid("Topic Name"));
        }
        let arn = format!("arn:aws:sns:{}:{}:{name}", self.region, self.account);
        xml.text("TopicArn", &arn);
        self.topics.insert(arn);
        Ok(())
    }

    fn publish(&mut self, now: Timestamp, id: &str, params: &Params, xml: &mut Xml) -> Result<(), ApiError> {
        let topic = params.get("TopicArn").or_else(|| params.get("TargetArn")).ok_or_else(|| invalid("TopicArn"))?;
        if !topic.starts_with("arn:") || topic.split(':').count() != 6 {
            return Err(invalid("TopicArn"));
        }
        let message = params.get("Message").ok_or_else(|| invalid("Empty message"))?;
        if message.len() > MESSAGE_BYTES {
            return Err(invalid("Message too long"));
        }
        let subject = params.get("Subject");
        if subject.is_some_and(|subject| !takes_subject(subject)) {
            return Err(invalid("Subject"));
        }
        if !self.topics.contains(topic) {
            let message = "Topic does not exist".to_owned();
            return Err(ApiError { code: "NotFound".to_owned(), status: 404, message });
        }
        tracing::info!(topic, "SNS would have sent: {}", subject.unwrap_or("(no subject)"));
        self.published.push_back(Published {
            at: now,
            id: id.to_owned(),
            topic: topic.to_owned(),
            subject: subject.map(str::to_owned),
            message: message.to_owned(),
        });
        if self.published.len() > KEPT {
            self.published.pop_front();
        }
        xml.text("MessageId", id);
        Ok(())
    }
}

/// ASCII that begins with a letter, a digit or a punctuation mark, without control characters, shorter than 100.
fn takes_subject(subject: &str) -> bool {
    subject.len() <= SUBJECT_CHARS
        && subject.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && subject.bytes().next().is_some_and(|first| first != b' ')
}

fn invalid(what: &str) -> ApiError {
    let text = match what {
        "Empty message" | "Message too long" => format!("Invalid parameter: {what}"),
        _ => format!("Invalid parameter: {what} Reason: it is not of the right form"),
    };
    ApiError::sender("InvalidParameter", text)
}
