//! Tables: made, described, taken away. One is there as soon as it was made, which at AWS takes some seconds.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::DynamoDb;
use super::errors::{missing, no_table, not_simulated, table_exists, validation};
use super::input::Input;
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::{Map, Value};

/// One table, whose key is one text.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) name: String,
    /// The attribute that is the partition key.
    pub(super) key: String,
    created: Timestamp,
    /// By the text of their key.
    pub(super) items: BTreeMap<String, Map>,
}

impl DynamoDb {
    pub(super) fn create_table(&mut self, input: Input<'_>, now: Timestamp) -> Result<Map, ApiError> {
        input.only(&[
            "TableName",
            "AttributeDefinitions",
            "KeySchema",
            "BillingMode",
            "Tags",
            "DeletionProtectionEnabled",
        ])?;
        let name = input.required("TableName")?;
        let is_right = (3..=255).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !is_right {
            return Err(validation(
                "TableName must be at least 3 characters long and at most 255 characters long, of a-z, A-Z, 0-9, '_', \
                 '-' and '.'",
            ));
        }
        if input.text("BillingMode")? != Some("PAY_PER_REQUEST") {
            return Err(not_simulated("A BillingMode but PAY_PER_REQUEST"));
        }
        if self.tables.contains_key(name) {
            return Err(table_exists(name));
        }
        let key = key_of(input)?;
        let table = Table { name: name.to_owned(), key, created: now, items: BTreeMap::new() };
        let described = self.description(&table, "CREATING");
        self.tables.insert(name.to_owned(), table);
        Ok(Map::from([("TableDescription".to_owned(), described)]))
    }

    pub(super) fn describe_table(&self, input: Input<'_>) -> Result<Map, ApiError> {
        input.only(&["TableName"])?;
        let name = input.required("TableName")?;
        let table = self.tables.get(name).ok_or_else(|| no_table(name))?;
        Ok(Map::from([("Table".to_owned(), self.description(table, "ACTIVE"))]))
    }

    pub(super) fn delete_table(&mut self, input: Input<'_>) -> Result<Map, ApiError> {
        input.only(&["TableName"])?;
        let name = input.required("TableName")?;
        let table = self.tables.remove(name).ok_or_else(|| no_table(name))?;
        Ok(Map::from([("TableDescription".to_owned(), self.description(&table, "DELETING"))]))
    }

    fn description(&self, table: &Table, status: &str) -> Value {
        let (region, account, name) = (&self.region, &self.account, &table.name);
        let schema = [("AttributeName", table.key.as_str()), ("KeyType", "HASH")];
        let attribute = [("AttributeName", table.key.as_str()), ("AttributeType", "S")];
        let list = |pairs: [(&str, &str); 2]| Value::List(vec![Value::Map(texts(pairs))]);
        Value::Map(Map::from([
            ("TableName".to_owned(), name.as_str().into()),
            ("TableStatus".to_owned(), status.into()),
            ("TableArn".to_owned(), format!("arn:aws:dynamodb:{region}:{account}:table/{name}").into()),
            ("CreationDateTime".to_owned(), table.created.into()),
            ("ItemCount".to_owned(), (table.items.len() as i64).into()),
            ("KeySchema".to_owned(), list(schema)),
            ("AttributeDefinitions".to_owned(), list(attribute)),
            ("BillingModeSummary".to_owned(), Value::Map(texts([("BillingMode", "PAY_PER_REQUEST")]))),
        ]))
    }
}

/// The one attribute that the key schema and the definitions name: a text.
fn key_of(input: Input<'_>) -> Result<String, ApiError> {
    let (schema, attributes) = (input.structures("KeySchema")?, input.structures("AttributeDefinitions")?);
    let ([key], [attribute]) = (&schema[..], &attributes[..]) else {
        return Err(if schema.is_empty() { missing("KeySchema") } else { not_simulated("A key of two attributes") });
    };
    if key.required("KeyType")? != "HASH" || attribute.required("AttributeType")? != "S" {
        return Err(not_simulated("A key that is not one text"));
    }
    let name = key.required("AttributeName")?;
    if attribute.required("AttributeName")? != name {
        return Err(validation(
            "One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions",
        ));
    }
    Ok(name.to_owned())
}

fn texts<const N: usize>(pairs: [(&str, &str); N]) -> Map {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect()
}
