//! Condition expressions, as far as a lease needs them: `attribute_exists(path)`, `attribute_not_exists(path)` and
//! `path = :value`, all of them with AND between. Every other form is refused.

use super::errors::{bad_expression, not_simulated};
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::{Map, Value};

/// What stands for names and values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) names: Option<&'a Map>,
    pub(super) values: Option<&'a Map>,
}

/// Whether an expression holds for an item; one that is not there has no attributes.
pub(super) fn holds(expression: &str, names: Names<'_>, item: &Map) -> Result<bool, ApiError> {
    let mut all = true;
    for term in expression.split(" AND ") {
        all &= term_holds(term.trim(), names, item)?;
    }
    Ok(all)
}

fn term_holds(term: &str, names: Names<'_>, item: &Map) -> Result<bool, ApiError> {
    let inside = |function: &str| Some(term.strip_prefix(function)?.strip_prefix('(')?.strip_suffix(')')?.trim());
    if let Some(path) = inside("attribute_not_exists") {
        return Ok(!item.contains_key(names.name(path)?));
    }
    if let Some(path) = inside("attribute_exists") {
        return Ok(item.contains_key(names.name(path)?));
    }
    let Some((path, value)) = term.split_once('=') else {
        return Err(not_simulated(&format!("The condition {term}")));
    };
    let (name, value) = (names.name(path.trim())?, names.value(value.trim())?);
    Ok(item.get(name).is_some_and(|has| is_equal(has, value)))
}

/// Numbers are texts on the wire and equal by what they are worth.
fn is_equal(one: &Value, other: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Map(typed) => match typed.get("N") {
            Some(Value::Text(text)) => text.parse::<f64>().ok(),
            _ => None,
        },
        _ => None,
    };
    match (number(one), number(other)) {
        (Some(one), Some(other)) => one.to_bits() == other.to_bits(),
        _ => one == other,
    }
}

impl<'a> Names<'a> {
    fn name(self, path: &'a str) -> Result<&'a str, ApiError> {
        let is_plain = |path: &str| {
            !path.is_empty() && path.chars().all(|char| char.is_ascii_alphanumeric() || char == '_' || char == '#')
        };
        if !is_plain(path) {
            return Err(bad_expression(&format!("Syntax error; token: \"{path}\"")));
        }
        if !path.starts_with('#') {
            return Ok(path);
        }
        let undefined = || {
            let why = "An expression attribute name used in the document path is not defined";
            bad_expression(&format!("{why}; attribute name: {path}"))
        };
        match self.names.and_then(|names| names.get(path)) {
            Some(Value::Text(name)) => Ok(name),
            _ => Err(undefined()),
        }
    }

    fn value(self, name: &str) -> Result<&'a Value, ApiError> {
        let undefined = || {
            let why = "An expression attribute value used in expression is not defined";
            bad_expression(&format!("{why}; attribute value: {name}"))
        };
        if !name.starts_with(':') {
            return Err(bad_expression(&format!("Syntax error; token: \"{name}\"")));
        }
        self.values.and_then(|values| values.get(name)).ok_or_else(undefined)
    }
}
