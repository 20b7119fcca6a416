//! The one shape that every protocol translates to and from, so that each operation is written once.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// The members of a structure by name.
pub type Map = BTreeMap<String, Value>;

/// One value of a request or of an answer.
///
/// A protocol that cannot tell types apart hands over what it has: a form only [`Value::Text`], JSON no instants.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number; stays one on the wire even when it is whole.
    Double(f64),
    /// A text.
    Text(String),
    /// A point in time.
    Instant(Timestamp),
    /// A list in order.
    List(Vec<Value>),
    /// A structure.
    Map(Map),
}

macro_rules! from {
    ($($from:ty => $variant:ident),*) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

from!(bool => Bool, i64 => Int, f64 => Double, &str => Text, String => Text, Timestamp => Instant, Vec<Value> => List, Map => Map);

/// An instant from seconds since the epoch, to the millisecond. `None` when it is not a number or out of range.
pub(super) fn instant_of_seconds(seconds: f64) -> Option<Timestamp> {
    if !seconds.is_finite() || seconds.abs() > 1e11 {
        return None;
    }
    Timestamp::from_millisecond((seconds * 1e3).round() as i64).ok()
}

/// Seconds since the epoch, to the millisecond.
pub(super) fn seconds_of_instant(instant: Timestamp) -> f64 {
    instant.as_millisecond() as f64 / 1e3
}
