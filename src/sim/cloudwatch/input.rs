//! Reading the members of a request by name and type. Each protocol says types in its own way; what it cannot say is
//! taken from the text it sends, what it says wrongly is refused. Owned by the simulated CloudWatch.

use jiff::Timestamp;

use super::errors::{missing, not_in_set, validation};
use super::protocol::Protocol;
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::{Map, Value};

/// One structure of a request, and where it is in it.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    map: &'a Map,
    protocol: Protocol,
    path: String,
}

impl<'a> Fields<'a> {
    /// The whole request.
    pub(super) fn of(protocol: Protocol, map: &'a Map) -> Self {
        Self { map, protocol, path: String::new() }
    }

    /// What it was read from.
    pub(super) fn map(&self) -> &'a Map {
        self.map
    }

    /// Where a member is, as AWS writes it: `MetricDataQueries.member.1.Id`.
    pub(super) fn name(&self, key: &str) -> String {
        format!("{}{key}", self.path)
    }

    /// The first of the named members that was sent.
    pub(super) fn any_of<'k>(&self, keys: &[&'k str]) -> Option<&'k str> {
        keys.iter().copied().find(|key| self.map.contains_key(*key))
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, ApiError> {
        match self.map.get(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(key, "a string")),
        }
    }

    /// A text that must be there, of 1 to `longest` characters.
    pub(super) fn required_text(&self, key: &str, longest: usize) -> Result<&'a str, ApiError> {
        self.bounded_text(key, longest)?.ok_or_else(|| missing(&self.name(key)))
    }

    /// A text of 1 to `longest` characters, if it was sent.
    pub(super) fn bounded_text(&self, key: &str, longest: usize) -> Result<Option<&'a str>, ApiError> {
        let text = self.text(key)?;
        match text.map(|text| text.chars().count()) {
            Some(0) => Err(self.out_of_bounds(key, "length greater than or equal to 1")),
            Some(length) if length > longest => {
                Err(self.out_of_bounds(key, &format!("length less than or equal to {longest}")))
            }
            _ => Ok(text),
        }
    }

    /// One of `words`, if it was sent.
    pub(super) fn word(&self, key: &str, words: &[&'static str]) -> Result<Option<&'static str>, ApiError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let found = words.iter().copied().find(|word| *word == text);
        found.map(Some).ok_or_else(|| not_in_set(text, &self.name(key), words))
    }

    pub(super) fn integer(&self, key: &str) -> Result<Option<i64>, ApiError> {
        match self.map.get(key) {
            None => Ok(None),
            Some(Value::Int(number)) => Ok(Some(*number)),
            Some(Value::Text(text)) if self.protocol == Protocol::Query => {
                text.parse().map(Some).map_err(|_| self.wrong(key, "an integer"))
            }
            Some(_) => Err(self.wrong(key, "an integer")),
        }
    }

    /// A number from `least` to `most`, if it was sent.
    pub(super) fn bounded_integer(&self, key: &str, least: i64, most: i64) -> Result<Option<i64>, ApiError> {
        let number = self.integer(key)?;
        match number {
            Some(number) if number < least => {
                Err(self.out_of_bounds(key, &format!("value greater than or equal to {least}")))
            }
            Some(number) if number > most => {
                Err(self.out_of_bounds(key, &format!("value less than or equal to {most}")))
            }
            _ => Ok(number),
        }
    }

    /// A page size from 1 to `most`; `most` when none was sent.
    pub(super) fn page_size(&self, key: &str, most: usize) -> Result<usize, ApiError> {
        let size = self.bounded_integer(key, 1, i64::try_from(most).unwrap_or(i64::MAX))?;
        Ok(size.and_then(|size| usize::try_from(size).ok()).unwrap_or(most))
    }

    pub(super) fn double(&self, key: &str) -> Result<Option<f64>, ApiError> {
        self.map.get(key).map(|value| self.double_of(key, value)).transpose()
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, ApiError> {
        match self.map.get(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::Text(text)) if self.protocol == Protocol::Query => match text.as_str() {
                "true" => Ok(Some(true)),
                "false" => Ok(Some(false)),
                _ => Err(self.wrong(key, "a boolean")),
            },
            Some(_) => Err(self.wrong(key, "a boolean")),
        }
    }

    /// An instant: tagged in CBOR, seconds in JSON, ISO 8601 in a form.
    pub(super) fn instant(&self, key: &str) -> Result<Option<Timestamp>, ApiError> {
        let read = match (self.map.get(key), self.protocol) {
            (None, _) => return Ok(None),
            (Some(Value::Instant(instant)), _) => Some(*instant),
            (Some(Value::Int(seconds)), Protocol::Json) => Timestamp::from_second(*seconds).ok(),
            (Some(Value::Double(seconds)), Protocol::Json) if seconds.abs() < 1e11 => {
                Timestamp::from_millisecond((seconds * 1e3).round() as i64).ok()
            }
            (Some(Value::Text(text)), Protocol::Query) => instant_of_text(text),
            _ => None,
        };
        read.map(Some).ok_or_else(|| self.wrong(key, "a timestamp"))
    }

    pub(super) fn required_instant(&self, key: &str) -> Result<Timestamp, ApiError> {
        self.instant(key)?.ok_or_else(|| missing(&self.name(key)))
    }

    /// A structure, if it was sent.
    pub(super) fn fields(&self, key: &str) -> Result<Option<Self>, ApiError> {
        match self.map.get(key) {
            None => Ok(None),
            Some(Value::Map(map)) => Ok(Some(self.below(map, format!("{}.", self.name(key))))),
            Some(_) => Err(self.wrong(key, "a structure")),
        }
    }

    /// The structures of a list of at most `most`; an absent one is empty.
    pub(super) fn list(&self, key: &str, most: usize) -> Result<Vec<Self>, ApiError> {
        let item = |(index, value): (usize, &'a Value)| match value {
            Value::Map(map) => Ok(self.below(map, format!("{}.member.{}.", self.name(key), index + 1))),
            _ => Err(self.wrong(key, "a list of structures")),
        };
        self.items(key, most)?.iter().enumerate().map(item).collect()
    }

    /// The texts of a list of at most `most`.
    pub(super) fn texts(&self, key: &str, most: usize) -> Result<Vec<&'a str>, ApiError> {
        let text = |value: &'a Value| match value {
            Value::Text(text) => Ok(text.as_str()),
            _ => Err(self.wrong(key, "a list of strings")),
        };
        self.items(key, most)?.iter().map(text).collect()
    }

    /// The numbers of a list of at most `most`.
    pub(super) fn doubles(&self, key: &str, most: usize) -> Result<Vec<f64>, ApiError> {
        self.items(key, most)?.iter().map(|value| self.double_of(key, value)).collect()
    }

    fn items(&self, key: &str, most: usize) -> Result<&'a [Value], ApiError> {
        let items = match self.map.get(key) {
            None => return Ok(&[]),
            Some(Value::List(items)) => items,
            Some(Value::Map(map)) if self.protocol == Protocol::Query => match map.get("member") {
                Some(Value::List(items)) => items,
                _ => return Err(self.wrong(key, "a list")),
            },
            Some(_) => return Err(self.wrong(key, "a list")),
        };
        if items.len() > most {
            let name = self.name(key);
            return Err(validation(format!("The collection {name} must not have a size greater than {most}.")));
        }
        Ok(items)
    }

    fn double_of(&self, key: &str, value: &Value) -> Result<f64, ApiError> {
        let read = match (value, self.protocol) {
            (Value::Double(number), _) => Some(*number),
            (Value::Int(number), _) => Some(*number as f64),
            (Value::Text(text), Protocol::Query) => text.parse().ok(),
            (Value::Text(text), Protocol::Json) if ["NaN", "Infinity", "-Infinity"].contains(&text.as_str()) => {
                text.parse().ok()
            }
            _ => None,
        };
        read.ok_or_else(|| self.wrong(key, "a number"))
    }

    fn below(&self, map: &'a Map, path: String) -> Self {
        Self { map, protocol: self.protocol, path }
    }

    fn wrong(&self, key: &str, what: &str) -> ApiError {
        self.protocol.malformed(&format!("{} is not {what}", self.name(key)))
    }

    fn out_of_bounds(&self, key: &str, bound: &str) -> ApiError {
        validation(format!(
            "1 validation error detected: Value at '{}' failed to satisfy constraint: Member must have {bound}",
            self.name(key)
        ))
    }
}

/// ISO 8601, with `Z` or an offset; without either it is UTC, as the older clients write it.
fn instant_of_text(text: &str) -> Option<Timestamp> {
    let utc = || jiff::tz::TimeZone::UTC.to_timestamp(text.parse().ok()?).ok();
    text.parse().ok().or_else(utc)
}
