//! Who does something: the engine, or a person.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A person at a console, as far as the machine knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// The login name.
    pub user: String,
    /// The address that the SSH session comes from; absent at a local terminal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ssh_client: Option<String>,
}

/// Who ordered an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Actor {
    /// The engine, by its policy.
    Engine,
    /// A person, with the reason given.
    Person {
        /// Who.
        #[serde(flatten)]
        operator: Operator,
        /// Why, in that person's words.
        reason: String,
    },
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.ssh_client {
            Some(client) => write!(f, "{} from {client}", self.user),
            None => f.write_str(&self.user),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine => f.write_str("the engine"),
            Self::Person { operator, .. } => operator.fmt(f),
        }
    }
}
