//! JSON as the awsJson protocols use it: instants are numbers of seconds, and so they are read as numbers.

use serde_json::{Number, Value as Json};

use super::tree::{Value, seconds_of_instant};

/// Reads one value. Nulls within structures and lists count as absent.
///
/// # Errors
/// What is wrong with the text.
pub fn decode(bytes: &[u8]) -> Result<Value, String> {
    let value: Json = serde_json::from_slice(bytes).map_err(|error| format!("not JSON: {error}"))?;
    tree(value).ok_or_else(|| "null instead of a value".to_owned())
}

/// Writes one value; numbers that JSON does not know are the texts `NaN`, `Infinity` and `-Infinity`.
pub fn encode(value: &Value) -> Vec<u8> {
    json(value).to_string().into_bytes()
}

fn tree(value: Json) -> Option<Value> {
    Some(match value {
        Json::Null => return None,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(value) => Value::Text(value),
        Json::Array(items) => Value::List(items.into_iter().filter_map(tree).collect()),
        Json::Object(entries) => {
            Value::Map(entries.into_iter().filter_map(|(key, value)| Some((key, tree(value)?))).collect())
        }
    })
}

fn json(value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => Json::Number((*value).into()),
        Value::Double(value) => number(*value),
        Value::Text(value) => Json::String(value.clone()),
        Value::Instant(value) => number(seconds_of_instant(*value)),
        Value::List(items) => Json::Array(items.iter().map(json).collect()),
        Value::Map(map) => Json::Object(map.iter().map(|(key, value)| (key.clone(), json(value))).collect()),
    }
}

fn number(value: f64) -> Json {
    let word = match value {
        value if value.is_nan() => "NaN",
        value if value > 0.0 => "Infinity",
        _ => "-Infinity",
    };
    Number::from_f64(value).map_or_else(|| Json::String(word.to_owned()), Json::Number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sim::wire::tree::Map;

    proptest! {
        #[test]
        fn numbers_and_texts_read_back(double in proptest::num::f64::NORMAL, whole in any::<i64>(), text in ".{0,20}") {
            let map = Map::from([
                ("d".to_owned(), double.into()),
                ("i".to_owned(), Value::List(vec![whole.into()])),
                ("t".to_owned(), text.into()),
            ]);
            prop_assert_eq!(decode(&encode(&Value::Map(map.clone()))).unwrap(), Value::Map(map));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn nulls_are_absent_and_odd_numbers_are_words() {
        let expected = Map::from([("b".into(), vec![1.into()].into())]);
        assert_eq!(decode(br#"{"a":null,"b":[1,null]}"#).unwrap(), Value::Map(expected));
        assert_eq!(encode(&f64::NAN.into()), b"\"NaN\"");
        assert_eq!(encode(&f64::NEG_INFINITY.into()), b"\"-Infinity\"");
        assert!(decode(b"null").is_err() && decode(b"{").is_err());
    }
}
