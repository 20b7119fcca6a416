//! DynamoDB of the simulated account, as far as a lease goes: tables with a text for a key, items read strongly and written
//! whole under a condition. What AWS knows and this has not is refused.
//!
//! Tables can be taken away and made again, and one can be put back to what it was, as a person does who restores a backup:
//! [`DynamoDb::restore`].

mod condition;
mod errors;
mod input;
mod items;
mod protocol;
mod tables;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::wire::tree::Map;
use super::wire::{ApiError, Request, Response};
use input::Input;
use tables::Table;

/// DynamoDB of one account and region.
#[derive(Debug)]
pub struct DynamoDb {
    account: String,
    region: String,
    /// By name.
    tables: BTreeMap<String, Table>,
}

impl DynamoDb {
    /// Without a table. `account` is 12 digits, `region` such as `us-east-1`; both appear in ARNs.
    pub(in crate::sim) fn new(account: &str, region: &str) -> Self {
        Self { account: account.to_owned(), region: region.to_owned(), tables: BTreeMap::new() }
    }

    /// A table as it is now, to be put back later; `None` where there is none of that name.
    pub fn backup(&self, table: &str) -> Option<Backup> {
        self.tables.get(table).cloned().map(Backup)
    }

    /// Puts a table back, whatever is there by its name.
    pub fn restore(&mut self, backup: &Backup) {
        self.tables.insert(backup.0.name.clone(), backup.0.clone());
    }

    /// Whether a request is for this service.
    pub(in crate::sim) fn serves(request: &Request) -> bool {
        protocol::operation(request).is_some()
    }

    /// Answers one request. `request_id` goes into the answer.
    pub(in crate::sim) fn handle(&mut self, now: Timestamp, request_id: &str, request: &Request) -> Response {
        let operation = protocol::operation(request).unwrap_or_default();
        let answer = protocol::body(request).and_then(|map| self.operation(operation, Input::of(&map), now));
        match answer {
            Ok(output) => protocol::answer(request_id, &output),
            Err(error) => protocol::refuse(request_id, &error),
        }
    }

    /// States an error that struck a request for this service before it was looked at.
    pub(in crate::sim) fn refuse(request_id: &str, error: &ApiError) -> Response {
        protocol::refuse(request_id, error)
    }

    fn operation(&mut self, name: &str, input: Input<'_>, now: Timestamp) -> Result<Map, ApiError> {
        match name {
            "CreateTable" => self.create_table(input, now),
            "DescribeTable" => self.describe_table(input),
            "DeleteTable" => self.delete_table(input),
            "GetItem" => self.get_item(input),
            "PutItem" => self.put_item(input),
            "DeleteItem" => self.delete_item(input),
            other => Err(errors::unknown(other)),
        }
    }
}

/// A table as it was once.
#[derive(Debug, Clone)]
pub struct Backup(Table);
