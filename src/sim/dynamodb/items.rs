//! Items: read, written whole, and deleted, the latter two under a condition.

use super::DynamoDb;
use super::condition::{Names, holds};
use super::errors::{condition_failed, missing, no_table_for_item, not_simulated, validation};
use super::input::Input;
use super::tables::Table;
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::{Map, Value};

/// The types that an attribute can have here.
const TYPES: [&str; 4] = ["S", "N", "BOOL", "NULL"];
const WRITE: [&str; 4] = ["TableName", "ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"];

impl DynamoDb {
    /// Every read is one after the last write: an item that is asked for with less is served with more.
    pub(super) fn get_item(&self, input: Input<'_>) -> Result<Map, ApiError> {
        input.only(&["TableName", "Key", "ConsistentRead"])?;
        let table = self.tables.get(input.required("TableName")?).ok_or_else(no_table_for_item)?;
        let key = table.key_in(input.map("Key")?.ok_or_else(|| missing("Key"))?, true)?;
        let item = table.items.get(&key).cloned();
        Ok(item.map_or_else(Map::new, |item| Map::from([("Item".to_owned(), Value::Map(item))])))
    }

    pub(super) fn put_item(&mut self, input: Input<'_>) -> Result<Map, ApiError> {
        let item = input.map("Item")?;
        input.only(&[&WRITE[..], &["Item"]].concat())?;
        let table = self.table_for_write(input)?;
        let item = item.ok_or_else(|| missing("Item"))?;
        for value in item.values() {
            check(value)?;
        }
        let key = table.key_in(item, false)?;
        table.must_hold(input, &key)?;
        table.items.insert(key, item.clone());
        Ok(Map::new())
    }

    pub(super) fn delete_item(&mut self, input: Input<'_>) -> Result<Map, ApiError> {
        input.only(&[&WRITE[..], &["Key"]].concat())?;
        let table = self.table_for_write(input)?;
        let key = table.key_in(input.map("Key")?.ok_or_else(|| missing("Key"))?, true)?;
        table.must_hold(input, &key)?;
        table.items.remove(&key);
        Ok(Map::new())
    }

    fn table_for_write(&mut self, input: Input<'_>) -> Result<&mut Table, ApiError> {
        let name = input.required("TableName")?;
        self.tables.get_mut(name).ok_or_else(no_table_for_item)
    }
}

impl Table {
    /// The text of the key; nothing may stand beside it where that is all that is asked for.
    fn key_in(&self, attributes: &Map, alone: bool) -> Result<String, ApiError> {
        let text = match attributes.get(&self.key) {
            Some(Value::Map(typed)) => match typed.get("S") {
                Some(Value::Text(text)) => Some(text),
                _ => None,
            },
            _ => None,
        };
        let text = text.filter(|_| !alone || attributes.len() == 1);
        let text = text.ok_or_else(|| validation("The provided key element does not match the schema"))?;
        if text.is_empty() {
            return Err(validation(
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty \
                 string value.",
            ));
        }
        Ok(text.clone())
    }

    /// The condition of a write.
    fn must_hold(&self, input: Input<'_>, key: &str) -> Result<(), ApiError> {
        let names =
            Names { names: input.map("ExpressionAttributeNames")?, values: input.map("ExpressionAttributeValues")? };
        let nothing = Map::new();
        let item = self.items.get(key).unwrap_or(&nothing);
        match input.text("ConditionExpression")? {
            None => Ok(()),
            Some(expression) if holds(expression, names, item)? => Ok(()),
            Some(_) => Err(condition_failed()),
        }
    }
}

/// An attribute value is a map of one type to one value; a number is a text.
fn check(value: &Value) -> Result<(), ApiError> {
    let Value::Map(typed) = value else { return Err(validation("an attribute value is not a map")) };
    let mut types = typed.iter();
    let (Some((name, inner)), None) = (types.next(), types.next()) else {
        return Err(validation("Supplied AttributeValue has more than one datatypes set, or none"));
    };
    if !TYPES.contains(&name.as_str()) {
        return Err(not_simulated(&format!("The type {name}")));
    }
    match (name.as_str(), inner) {
        ("S", Value::Text(_)) | ("BOOL" | "NULL", Value::Bool(_)) => Ok(()),
        ("N", Value::Text(number)) if number.parse::<f64>().is_ok() => Ok(()),
        ("N", Value::Text(_)) => Err(validation("The parameter cannot be converted to a numeric value")),
        _ => Err(validation(format!("a value is not of its type {name}"))),
    }
}
