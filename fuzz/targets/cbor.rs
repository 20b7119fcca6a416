//! CBOR as CloudWatch's clients send it: read or refused, never large, and written again it says the same.

use upshift::sim::wire::cbor;
use upshift::sim::wire::tree::Value;

/// Deepest nesting that is taken.
const DEPTH: usize = 64;
/// The shortest form of a number, a half float or a small instant, against its longest.
const GROWTH: usize = 5;

/// Takes a body.
pub fn run(bytes: &[u8]) {
    let Ok(value) = cbor::decode(bytes) else { return };
    assert!(depth(&value) <= DEPTH, "{} levels", depth(&value));
    let written = cbor::encode(&value);
    assert!(written.len() <= bytes.len() * GROWTH, "{} bytes became {}", bytes.len(), written.len());
    let again = cbor::decode(&written).expect("what is written can be read");
    // Bytes are compared: NaN equals nothing.
    assert_eq!(cbor::encode(&again), written);
}

fn depth(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Map(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
