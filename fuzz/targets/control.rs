//! What a client or an engine of the control protocol could send: taken or refused, and sent on it says the same.

use serde::Serialize;
use serde::de::DeserializeOwned;
use upshift::model::command::{Reply, Request};
use upshift::model::event::Entry;
use upshift::model::snapshot::Snapshot;

/// Takes one message, of whatever kind it is.
pub fn run(bytes: &[u8]) {
    comes_back_alike::<Request>(bytes);
    comes_back_alike::<Reply>(bytes);
    comes_back_alike::<Snapshot>(bytes);
    comes_back_alike::<Entry>(bytes);
}

fn comes_back_alike<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    let Ok(message) = serde_json::from_slice::<T>(bytes) else { return };
    let sent = serde_json::to_vec(&message).expect("what was read can be written");
    let again: T = serde_json::from_slice(&sent).expect("what was written can be read");
    assert_eq!(again, message);
}
