//! CBOR as Smithy's RPC v2 protocol uses it, on `ciborium`: not the SDK's codec, so that it may disagree with it.

use ciborium::Value as Cbor;

use super::tree::{Map, Value, instant_of_seconds, seconds_of_instant};

/// CBOR's tag for seconds since the epoch.
const EPOCH_TAG: u64 = 1;
/// Nesting beyond this is refused; no operation needs more than a handful.
const DEPTH: usize = 64;

/// Reads one value that fills `bytes`. Nulls within structures and lists count as absent.
///
/// # Errors
/// What is wrong with the bytes: not CBOR, more than one value, keys that are no text, or a type that no operation
/// takes (byte strings, unknown tags, integers beyond 64 bits).
pub fn decode(bytes: &[u8]) -> Result<Value, String> {
    let mut rest = bytes;
    let value: Cbor = ciborium::de::from_reader_with_recursion_limit(&mut rest, DEPTH)
        .map_err(|error| format!("not CBOR: {error}"))?;
    if !rest.is_empty() {
        return Err(format!("{} bytes follow the end of the value", rest.len()));
    }
    tree(value)?.ok_or_else(|| "null instead of a value".to_owned())
}

/// Writes one value: doubles always as floats, instants as tag 1.
pub fn encode(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail, and every value here is plain.
    drop(ciborium::into_writer(&cbor(value), &mut bytes));
    bytes
}

fn tree(value: Cbor) -> Result<Option<Value>, String> {
    Ok(Some(match value {
        Cbor::Null => return Ok(None),
        Cbor::Bool(value) => Value::Bool(value),
        Cbor::Float(value) => Value::Double(value),
        Cbor::Text(value) => Value::Text(value),
        Cbor::Integer(value) => Value::Int(i64::try_from(value).map_err(|_| "an integer beyond 64 bits")?),
        Cbor::Tag(EPOCH_TAG, value) => Value::Instant(instant(&value)?),
        Cbor::Array(items) => {
            let items: Result<Vec<Option<Value>>, String> = items.into_iter().map(tree).collect();
            Value::List(items?.into_iter().flatten().collect())
        }
        Cbor::Map(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let Cbor::Text(key) = key else { return Err("a key that is not a text".to_owned()) };
                if let Some(value) = tree(value)? {
                    map.insert(key, value);
                }
            }
            Value::Map(map)
        }
        _ => return Err("a type that no operation takes".to_owned()),
    }))
}

fn instant(value: &Cbor) -> Result<jiff::Timestamp, String> {
    let seconds = match value {
        Cbor::Float(seconds) => Some(*seconds),
        Cbor::Integer(seconds) => i64::try_from(*seconds).ok().map(|seconds| seconds as f64),
        _ => None,
    };
    seconds.and_then(instant_of_seconds).ok_or_else(|| "a timestamp that is not a number of seconds".to_owned())
}

fn cbor(value: &Value) -> Cbor {
    match value {
        Value::Bool(value) => Cbor::Bool(*value),
        Value::Int(value) => Cbor::Integer((*value).into()),
        Value::Double(value) => Cbor::Float(*value),
        Value::Text(value) => Cbor::Text(value.clone()),
        Value::Instant(value) => Cbor::Tag(EPOCH_TAG, Box::new(Cbor::Float(seconds_of_instant(*value)))),
        Value::List(items) => Cbor::Array(items.iter().map(cbor).collect()),
        Value::Map(map) => Cbor::Map(map.iter().map(|(key, value)| (Cbor::Text(key.clone()), cbor(value))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            proptest::num::f64::ANY.prop_filter("NaN equals nothing", |n| !n.is_nan()).prop_map(Value::Double),
            ".{0,12}".prop_map(Value::Text),
            (-60_000_000_000_000_i64..4_000_000_000_000)
                .prop_map(|ms| Value::Instant(Timestamp::from_millisecond(ms).unwrap())),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
                prop::collection::btree_map("[A-Za-z]{1,8}", inner, 0..6).prop_map(Value::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in any_value()) {
            prop_assert_eq!(decode(&encode(&value)).unwrap(), value);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn indefinite_maps_and_absent_members_are_read_as_the_sdk_writes_them() {
        // {_ "a": 1, "n": null, "t": 1(0.5)}
        let bytes = b"\xbf\x61a\x01\x61n\xf6\x61t\xc1\xfb\x3f\xe0\0\0\0\0\0\0\xff";
        let expected =
            Map::from([("a".into(), 1.into()), ("t".into(), Timestamp::from_millisecond(500).unwrap().into())]);
        assert_eq!(decode(bytes).unwrap(), Value::Map(expected));
    }

    #[test]
    fn a_whole_double_stays_a_float_and_an_instant_is_tagged() {
        assert_eq!(encode(&Value::Double(3.0))[0] & 0xe0, 0xe0, "major type 7");
        assert_eq!(encode(&Value::Instant(Timestamp::UNIX_EPOCH))[0], 0xc1);
        assert_eq!(encode(&Value::Int(3)), [3]);
    }

    #[test]
    fn deep_nesting_huge_lengths_and_trailing_bytes_are_refused() {
        assert!(decode(&[0x81; 4000]).is_err(), "4000 lists in each other");
        assert!(decode(b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff").is_err(), "a list of 2^64 items");
        assert!(decode(b"\x7b\x7f\xff\xff\xff\xff\xff\xff\xff").is_err(), "a text of 2^63 bytes");
        assert!(decode(b"\x01\x02").is_err() && decode(b"").is_err() && decode(b"\xf6").is_err());
        assert!(decode(b"\xc1\x61a").is_err() && decode(b"\xc1\xfb\x7f\xf0\0\0\0\0\0\0").is_err());
        assert!(decode(b"\xa1\x01\x02").is_err() && decode(b"\x41\x00").is_err());
    }
}
