//! A duration that is drawn anew each time: one value, or from one value to another.

use std::fmt;

use jiff::SignedDuration;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

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

fn duration<E: Error>(text: &str) -> Result<SignedDuration, E> {
    let duration: SignedDuration = text.parse().map_err(E::custom)?;
    if duration.is_negative() || duration > SignedDuration::from_hours(24) {
        return Err(E::custom(format!("{text} is not between 0 and 24 h")));
    }
    Ok(duration)
}
