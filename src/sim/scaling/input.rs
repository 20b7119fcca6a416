//! Reading the members of a request by name and type.

use std::collections::BTreeMap;

use super::errors::{bad_token, constraint, not_simulated, validation};
use super::{DIMENSION, NAMESPACE, RESOURCE};
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::{Map, Value};

/// The most items of one page.
const PAGE: i64 = 50;

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
            Some(_) => Err(wrong_type(key, "a string")),
        }
    }

    /// A text that must be there, of 1 to `longest` characters.
    pub(super) fn required(self, key: &str, longest: usize) -> Result<&'a str, ApiError> {
        let text = self.text(key)?.ok_or_else(|| constraint(key, "null", "not be null"))?;
        match text.chars().count() {
            0 => Err(constraint(key, "''", "have length greater than or equal to 1")),
            length if length > longest => {
                Err(constraint(key, &format!("'{text}'"), &format!("have length less than or equal to {longest}")))
            }
            _ => Ok(text),
        }
    }

    pub(super) fn integer(self, key: &str) -> Result<Option<i64>, ApiError> {
        match self.0.get(key) {
            None => Ok(None),
            Some(Value::Int(number)) => Ok(Some(*number)),
            Some(_) => Err(wrong_type(key, "an integer")),
        }
    }

    pub(super) fn double(self, key: &str) -> Result<Option<f64>, ApiError> {
        match self.0.get(key) {
            None => Ok(None),
            Some(Value::Int(number)) => Ok(Some(*number as f64)),
            Some(Value::Double(number)) => Ok(Some(*number)),
            Some(_) => Err(wrong_type(key, "a number")),
        }
    }

    pub(super) fn flag(self, key: &str) -> Result<Option<bool>, ApiError> {
        match self.0.get(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(wrong_type(key, "a boolean")),
        }
    }

    pub(super) fn structure(self, key: &str) -> Result<Option<Self>, ApiError> {
        match self.0.get(key) {
            None => Ok(None),
            Some(Value::Map(map)) => Ok(Some(Self(map))),
            Some(_) => Err(wrong_type(key, "a structure")),
        }
    }

    /// A list of texts, if it was sent.
    pub(super) fn texts(self, key: &str) -> Result<Option<Vec<&'a str>>, ApiError> {
        let items = match self.0.get(key) {
            None => return Ok(None),
            Some(Value::List(items)) => items,
            Some(_) => return Err(wrong_type(key, "a list")),
        };
        let text = |item: &'a Value| match item {
            Value::Text(text) => Ok(text.as_str()),
            _ => Err(wrong_type(key, "a list of strings")),
        };
        items.iter().map(text).collect::<Result<Vec<_>, _>>().map(Some)
    }

    /// Key and value of each tag.
    pub(super) fn tags(self, key: &str) -> Result<BTreeMap<String, String>, ApiError> {
        let Some(Self(map)) = self.structure(key)? else { return Ok(BTreeMap::new()) };
        let one = |(name, value): (&String, &Value)| match value {
            Value::Text(value) => Ok((name.clone(), value.clone())),
            _ => Err(wrong_type(key, "a map of strings")),
        };
        map.iter().map(one).collect()
    }

    /// The cluster that a call is about: namespace, dimension and resource id must be there and be of readers.
    pub(super) fn cluster(self) -> Result<String, ApiError> {
        self.namespace()?;
        let dimension = self.required("ScalableDimension", 1_600)?;
        if dimension != DIMENSION {
            return Err(not_simulated(&format!("The scalable dimension {dimension}")));
        }
        cluster_of(self.required("ResourceId", 1_600)?)
    }

    /// The cluster that a question is narrowed down to, if it is.
    pub(super) fn asked_cluster(self) -> Result<Option<String>, ApiError> {
        self.namespace()?;
        let resource = self.text("ResourceId")?;
        match (self.text("ScalableDimension")?, resource) {
            (Some(_), None) => {
                Err(validation("When specifying a scalable dimension, the resource ID is also required."))
            }
            (Some(dimension), _) if dimension != DIMENSION => {
                Err(not_simulated(&format!("The scalable dimension {dimension}")))
            }
            (_, resource) => resource.map(cluster_of).transpose(),
        }
    }

    /// That the namespace is the one that there is.
    pub(super) fn namespace(self) -> Result<(), ApiError> {
        let namespace = self.required("ServiceNamespace", 1_600)?;
        if namespace == NAMESPACE { Ok(()) } else { Err(not_simulated(&format!("The namespace {namespace}"))) }
    }

    /// The items of the page that is asked for, as a list of that name, and with it the token of the next page.
    pub(super) fn page(self, name: &str, items: Vec<Value>) -> Result<Map, ApiError> {
        let size = self.integer("MaxResults")?.unwrap_or(PAGE);
        if !(1..=PAGE).contains(&size) {
            let must = format!("have value from 1 to {PAGE}");
            return Err(constraint("MaxResults", &format!("'{size}'"), &must));
        }
        let size = usize::try_from(size).unwrap_or(1);
        let from: usize = match self.text("NextToken")? {
            None => 0,
            Some(token) => token.strip_prefix("from-").and_then(|from| from.parse().ok()).ok_or_else(bad_token)?,
        };
        let more = items.len() > from.saturating_add(size);
        let page: Vec<Value> = items.into_iter().skip(from).take(size).collect();
        let mut output = Map::from([(name.to_owned(), page.into())]);
        if more {
            output.insert("NextToken".to_owned(), format!("from-{}", from + size).into());
        }
        Ok(output)
    }
}

/// The cluster in a resource id.
pub(super) fn cluster_of(resource: &str) -> Result<String, ApiError> {
    let cluster = resource.strip_prefix(RESOURCE).filter(|cluster| !cluster.is_empty());
    cluster.map(str::to_ascii_lowercase).ok_or_else(|| {
        validation(format!("Unsupported service namespace, resource type or scalable dimension: {resource}"))
    })
}

fn wrong_type(key: &str, wanted: &str) -> ApiError {
    ApiError::sender("SerializationException", format!("{key} is not {wanted}"))
}
