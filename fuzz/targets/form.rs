//! A form of the awsQuery protocol: read or refused, and written again it says the same.

use upshift::sim::wire::form;
use upshift::sim::wire::tree::{Map, Value};

/// Takes a body.
pub fn run(bytes: &[u8]) {
    let Ok(tree) = form::decode(bytes) else { return };
    let mut written = form_urlencoded::Serializer::new(String::new());
    flatten(&mut written, "", &tree);
    assert_eq!(form::decode(written.finish().as_bytes()).expect("what is written can be read"), tree);
}

fn flatten(out: &mut form_urlencoded::Serializer<'_, String>, path: &str, map: &Map) {
    for (name, value) in map {
        put(out, &format!("{path}{name}"), value);
    }
}

fn put(out: &mut form_urlencoded::Serializer<'_, String>, path: &str, value: &Value) {
    match value {
        Value::Text(text) => drop(out.append_pair(path, text)),
        Value::Map(map) => flatten(out, &format!("{path}."), map),
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                put(out, &format!("{path}.{}", index + 1), item);
            }
        }
        other => panic!("a form knows no types: {other:?}"),
    }
}
