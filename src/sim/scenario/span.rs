//! A duration that is drawn anew each time: one value, or from one value to another.

use std::fmt;

use jiff::SignedDuration;
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::model::duration::{EXAMPLES, parse};
use crate::sim::rng::Rng;

/// From one duration to another, written `"90s"` or `["60s", "120s"]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The least.
    pub from: SignedDuration,
    /// The most.
    pub to: SignedDuration,
}

impl Range {
    /// Between two counts of seconds.
    pub const fn seconds(from: i64, to: i64) -> Self {
        Self { from: SignedDuration::from_secs(from), to: SignedDuration::from_secs(to) }
    }

    /// Between two counts of milliseconds.
    pub const fn millis(from: i64, to: i64) -> Self {
        Self { from: SignedDuration::from_millis(from), to: SignedDuration::from_millis(to) }
    }

    /// One value of the range.
    pub fn draw(&self, rng: &mut Rng) -> SignedDuration {
        rng.between(self.from, self.to)
    }
}

impl<'de> Deserialize<'de> for Range {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RangeVisitor)
    }
}

struct RangeVisitor;

impl<'de> Visitor<'de> for RangeVisitor {
    type Value = Range;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as \"90s\", or two of them such as [\"60s\", \"120s\"]")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Range, E> {
        let only = duration(text)?;
        Ok(Range { from: only, to: only })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Range, A::Error> {
        let from: String = items.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let to: String = items.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
        if items.next_element::<String>()?.is_some() {
            return Err(A::Error::invalid_length(3, &self));
        }
        let (from, to) = (duration(&from)?, duration(&to)?);
        if to < from {
            return Err(A::Error::custom("the second duration is shorter than the first"));
        }
        Ok(Range { from, to })
    }
}

/// A length of time, written as in a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Time(pub(super) SignedDuration);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TimeVisitor)
    }
}

/// The same for a field that is a duration already.
pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SignedDuration, D::Error> {
    Time::deserialize(deserializer).map(|time| time.0)
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a duration such as {EXAMPLES}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
        parse(text).map(Time).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

fn duration<E: Error>(text: &str) -> Result<SignedDuration, E> {
    let duration = parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &RangeVisitor))?;
    if duration.is_negative() || duration > SignedDuration::from_hours(24) {
        return Err(E::custom(format!("{text} is not between 0 and 24 h")));
    }
    Ok(duration)
}
