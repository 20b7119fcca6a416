//! Whole HTTP requests into the simulated account: always an answer, and every error as AWS states errors.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use upshift::sim::scenario::Scenario;
use upshift::sim::wire::{Request, Response, cbor};
use upshift::sim::world::World;

use super::xml;

const SCENARIO: &str = "name = \"fuzz\"\nhistory = \"3m\"\n[[instance]]\nid = \"checkpoints\"\nclass = \"db.t4g.small\"\n\
                        [[demand]]\nat = \"0s\"\nwrites = 620\n";

/// Takes a request as it is on the wire, `POST / HTTP/1.1` and so on. It is sent twice, so that it meets what it did.
pub fn run(bytes: &[u8]) {
    let Some(request) = read(bytes) else { return };
    let scenario = Scenario::parse("fuzz", SCENARIO).expect("the scenario is right");
    let mut world = World::new(&scenario, None);
    for minute in [0, 2] {
        let now = scenario.start + jiff::SignedDuration::from_mins(minute);
        let answer = world.answer(now, &request);
        assert!(!answer.lost && answer.after.as_secs() < 10, "no fault is in the scenario");
        must_be_well_formed(&answer.response);
    }
}

fn must_be_well_formed(response: &Response) {
    let status = response.status.as_u16();
    assert!(status == 200 || (400..500).contains(&status), "the simulation broke: {response:?}");
    let kind = response.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let code = if kind == "application/cbor" {
        let body = cbor::decode(&response.body).expect("a body of CBOR");
        format!("{body:?}").contains("__type")
    } else if kind.starts_with("application/x-amz-json") {
        let body: serde_json::Value = serde_json::from_slice(&response.body).expect("a body of JSON");
        body.get("__type").is_some()
    } else {
        assert_eq!(kind, "text/xml");
        let body = std::str::from_utf8(&response.body).expect("a body of text");
        xml::text_of(body);
        body.contains("<Code>")
    };
    assert!(code || status == 200, "an error without a code: {response:?}");
}

/// A request out of its bytes; `None` for what hyper would not let in.
fn read(bytes: &[u8]) -> Option<Request> {
    let end = bytes.windows(2).position(|two| two == b"\n\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let body = Bytes::copy_from_slice(&bytes[end + 2..]);
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    let (method, uri) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let mut headers = HeaderMap::new();
    for line in lines.take(64) {
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    Some(Request { method, uri, headers, body })
}
