//! What RDS and STS could answer: read through the real SDK or a failure in words, and nothing hostile comes in with it.

use jiff::Timestamp;
use upshift::model::call::{CallOutcome, MutatingCall};
use upshift::model::class::InstanceClass;
use upshift::model::database::DatabaseName;
use upshift::model::event_source::{EventSource, EventSourceKind};

use super::{hygiene, sdk};

/// The operations, by the word that their answers begin with.
const ASKED: [(&str, super::Target); 4] = [
    ("DescribeDBInstances", instances),
    ("DescribeEvents", events),
    ("GetCallerIdentity", identity),
    ("ModifyDBInstance", modify),
];

/// Takes an answer: XML, or status and headers before it. One that names no operation is tried as the answer to each.
pub fn run(bytes: &[u8]) {
    let names = |word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    match ASKED.iter().find(|(word, _)| names(word)) {
        Some((_, ask)) => ask(bytes),
        None => ASKED.iter().for_each(|(_, ask)| ask(bytes)),
    }
}

fn instances(bytes: &[u8]) {
    let states = sdk::ask(sdk::answer(bytes, XML), async |aws| aws.instances(&wanted()).await);
    must_be_clean(&states.map(|states| states.into_values().collect::<Vec<_>>()));
}

fn events(bytes: &[u8]) {
    let (start, end) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
    must_be_clean(&sdk::ask(sdk::answer(bytes, XML), async |aws| aws.events(&sources(), start, end).await));
}

fn identity(bytes: &[u8]) {
    must_be_clean(&sdk::ask(sdk::answer(bytes, XML), async |aws| aws.identity().await));
}

fn modify(bytes: &[u8]) {
    let call = MutatingCall::ModifyDbInstanceClass {
        database: DatabaseName::new("checkpoints"),
        class: InstanceClass::observed("db.m5.large"),
        capacity_reservation: Some("cr-1".to_owned()),
    };
    let outcome: CallOutcome = sdk::ask(sdk::answer(bytes, XML), async |aws| aws.send(&call).await);
    must_be_clean(&outcome);
}

const XML: &str = "text/xml";

fn wanted() -> [DatabaseName; 2] {
    [DatabaseName::new("checkpoints"), DatabaseName::new("orders")]
}

/// Every string of a value, by the one form that shows them all.
pub fn must_be_clean<T: serde::Serialize>(value: &T) {
    strings_must_be_clean(&serde_json::to_value(value).expect("plain data"));
}

fn strings_must_be_clean(value: &serde_json::Value) {
    match value {
        serde_json::Value::String(text) => hygiene::must_be_clean("what AWS said", text),
        serde_json::Value::Array(items) => items.iter().for_each(strings_must_be_clean),
        serde_json::Value::Object(fields) => fields.values().for_each(strings_must_be_clean),
        _ => {}
    }
}

/// The databases, and one more of the kinds of source that RDS's events can be of.
fn sources() -> Vec<EventSource> {
    let of = |kind, database: DatabaseName| EventSource { kind, name: database.to_string(), database };
    let instances = wanted().into_iter().map(|database| of(EventSourceKind::Instance, database));
    instances.chain([of(EventSourceKind::Cluster, DatabaseName::new("orders"))]).collect()
}
