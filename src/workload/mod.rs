//! PostgreSQL itself, seen as its clients see it: over the wire, through the endpoint that they use.
//!
//! Nothing here knows AWS, and nothing here decides. `dsn` reads where to connect, `access` connects: everything that
//! speaks to a server goes through it, so that no session is less protected than the others and no secret gets out.
//! `latency` counts how long things took, `load` writes at a rate, `canary` is the witness of availability.

pub mod access;
pub mod canary;
pub mod dsn;
pub mod latency;
pub mod load;
