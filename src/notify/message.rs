//! What is told: one JSON object for programs, and a subject for people who get mail of a topic.

use serde_json::{Value, json};

use crate::model::backend::Backend;
use crate::model::event::Event;
use crate::model::notify::Happened;
use crate::model::text::escape_json;

/// SNS's own limit for a message, in bytes.
const BODY_BYTES: usize = 256 * 1024;
/// SNS's own limit for a subject.
const SUBJECT_CHARS: usize = 100;
/// Of a sentence that makes a message too long, so many characters are kept: four bytes each, all of them escaped, fit.
const SENTENCE_CHARS: usize = 4_000;

/// Where a message comes from.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) host: String,
    pub(super) backend: Backend,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// ASCII, at most 100 characters, not empty, the first one no space.
    pub(super) subject: String,
    /// One JSON object on one line.
    pub(super) body: String,
}

/// The message about an event; `lost` is how many before it were told by nobody.
pub(super) fn of(happened: &Happened<'_>, origin: &Origin, lost: u64) -> Message {
    let Happened { seq, at, event, identity } = happened;
    let sentence = event.words();
    // The kind and the data of a record: plain data with string keys, which always serialises.
    let record = serde_json::to_value(event).unwrap_or_default();
    let mut body = json!({
        "seq": seq,
        "at": at,
        "kind": record["kind"],
        "database": event.database(),
        "sentence": sentence,
        "data": record["data"],
        "account": identity.map(|identity| &identity.account),
        "region": identity.map(|identity| &identity.region),
        "host": origin.host,
        "simulation": match &origin.backend {
            Backend::Aws => Value::Null,
            Backend::Simulation { scenario, .. } => scenario.as_str().into(),
        },
    });
    if lost > 0 {
        body["not_told"] = lost.into();
    }
    // What shows it need not know that words of others are in it.
    let written = |body: &Value| escape_json(&body.to_string()).into_owned();
    let mut text = written(&body);
    if text.len() > BODY_BYTES {
        // The record is in the journal; what is said here is that there is one.
        body["data"] = Value::Null;
        body["sentence"] = sentence.chars().take(SENTENCE_CHARS).collect::<String>().into();
        text = written(&body);
    }
    Message { subject: subject(event, origin), body: text }
}

/// `upshift checkpoints: verified`, in ASCII.
fn subject(event: &Event, origin: &Origin) -> String {
    let what = match event {
        Event::ActionIntended { intent, .. } if intent.removes.is_some() => "a replaced machine goes".to_owned(),
        Event::ActionIntended { intent, .. } => format!("from {} to {}", intent.from, intent.to),
        Event::ActionEnded { action, result, .. } => format!("{} {}", action.0, result.words()),
        Event::HoldSet { .. } => "HELD".to_owned(),
        Event::Disarmed { why, .. } => format!("DISARMED by itself: {why}"),
        other => other.words(),
    };
    let whose = event.database().map_or_else(|| format!("on {}", origin.host), ToString::to_string);
    let simulated = if origin.backend == Backend::Aws { "" } else { " (simulation)" };
    let text = format!("upshift{simulated} {whose}: {what}");
    let ascii = text.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' });
    ascii.take(SUBJECT_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::database::DatabaseName;
    use crate::model::hold::{Hold, HoldCause};
    use crate::model::identity::Identity;
    use crate::model::operator::Operator;

    fn hold(reason: &str) -> Event {
        let by = Operator { user: "ada".to_owned(), ssh_client: None, peer: None };
        let cause = HoldCause::Person { by, reason: reason.to_owned() };
        Event::HoldSet {
            database: DatabaseName::new("checkpoints"),
            hold: Hold { direction: None, until: None, cause },
            supersedes: Vec::new(),
        }
    }

    fn message(event: &Event, lost: u64) -> (Message, Value) {
        let identity = Identity { account: "111122223333".into(), arn: "arn".into(), region: "eu-west-1".into() };
        let origin = Origin { host: "bastion".to_owned(), backend: Backend::Aws };
        let happened = Happened { seq: Some(7), at: Timestamp::UNIX_EPOCH, event, identity: Some(&identity) };
        let message = of(&happened, &origin, lost);
        let body = serde_json::from_str(&message.body).unwrap();
        (message, body)
    }

    #[test]
    fn it_says_what_where_and_whose() {
        let (message, body) = message(&hold("a sale"), 0);
        assert_eq!(message.subject, "upshift checkpoints: HELD");
        assert_eq!((&body["seq"], &body["kind"]), (&7.into(), &"hold_set".into()));
        assert_eq!((&body["account"], &body["region"]), (&"111122223333".into(), &"eu-west-1".into()));
        assert_eq!((&body["host"], &body["database"]), (&"bastion".into(), &"checkpoints".into()));
        assert_eq!(body["data"]["reason"], "a sale");
        assert!(body["sentence"].as_str().unwrap().contains("HELD"), "{body}");
        assert!(body.get("not_told").is_none() && body["simulation"].is_null() && !message.body.contains('\n'));
    }

    #[test]
    fn what_was_lost_before_it_is_said_and_no_message_is_longer_than_sns_takes() {
        let (message, body) = message(&hold(&"\u{1}é".repeat(200_000)), 3);
        assert!(message.body.len() <= BODY_BYTES, "{}", message.body.len());
        assert_eq!((&body["not_told"], &body["data"]), (&3.into(), &Value::Null));
        assert!(body["sentence"].as_str().unwrap().starts_with("checkpoints HELD"));
    }

    #[test]
    fn a_subject_is_short_and_ascii() {
        let event = Event::Disarmed { by: None, why: format!("é\n{}", "long ".repeat(100)) };
        let (message, _) = message(&event, 0);
        assert_eq!(message.subject.len(), SUBJECT_CHARS);
        assert!(message.subject.starts_with("upshift on bastion: DISARMED by itself: ??long"), "{}", message.subject);
    }
}
