//! Reading the members of a request by name and type.

use super::errors::{missing, not_simulated, validation};
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::{Map, Value};

/// One structure of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a>(&'a Map);

impl<'a> Input<'a> {
    pub(super) fn of(map: &'a Map) -> Self {
        Self(map)
    }

    /// Refuses a member that means something at AWS and nothing here.
    pub(super) fn only(self, known: &[&str]) -> Result<(), ApiError> {
        match self.0.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some(other) => Err(not_simulated(other)),
        }
    }

    pub(super) fn text(self, key: &str) -> Result<Option<&'a str>, ApiError> {
        match self.0.get(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(validation(format!("{key} is not a string"))),
        }
    }

    pub(super) fn required(self, key: &str) -> Result<&'a str, ApiError> {
        self.text(key)?.ok_or_else(|| missing(key))
    }

    pub(super) fn map(self, key: &str) -> Result<Option<&'a Map>, ApiError> {
        match self.0.get(key) {
            None => Ok(None),
            Some(Value::Map(map)) => Ok(Some(map)),
            Some(_) => Err(validation(format!("{key} is not a map"))),
        }
    }

    /// The structures of a list; none where it was not sent.
    pub(super) fn structures(self, key: &str) -> Result<Vec<Self>, ApiError> {
        let wrong = || validation(format!("{key} is not a list of structures"));
        match self.0.get(key) {
            None => Ok(Vec::new()),
            Some(Value::List(items)) => {
                items.iter().map(|item| if let Value::Map(map) = item { Ok(Self(map)) } else { Err(wrong()) }).collect()
            }
            Some(_) => Err(wrong()),
        }
    }
}
