//! PostgreSQL itself, seen as its clients see it: over the wire, through the endpoint that they use.
//!
//! Nothing here knows AWS, and nothing here decides. `dsn` reads where to connect, `access` connects: everything that
//! speaks to a server goes through it, so that no session is less protected than the others and no secret gets out.
//! `private_file` holds a password, `refusal` says why there is no session and what to do.
//! `latency` counts how long things took, `load` writes at a rate, `canary` is the witness of availability.
//! `pooler` holds the clients of a PgBouncer, `current_writer` tells which server takes writes.
//! `signals` reads a server each second, puts the question of `answer` to it and makes rates of its counters in `rates`.

pub mod access;
mod answer;
pub mod canary;
pub mod current_writer;
pub mod dsn;
pub mod latency;
pub mod load;
pub mod pooler;
pub mod private_file;
pub mod rates;
mod refusal;
pub mod signals;
