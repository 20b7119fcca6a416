//! Who does something: the engine, or a person.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A person at a console, as far as the machine knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// The login name.
    pub user: String,
    /// The address that the SSH session comes from, as the person's own process says; absent at a local terminal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ssh_client: Option<String>,
    /// What the kernel says of who has connected; absent for whoever sits at the engine's own console.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub peer: Option<Peer>,
}

/// A process at the other end of the control socket, as the kernel knows it since it connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// The user that it acts as.
    pub uid: u32,
    /// That user's group.
    pub gid: u32,
    /// The user who logged in, which `sudo` does not change; absent where the system keeps no such number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub login_uid: Option<u32>,
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
