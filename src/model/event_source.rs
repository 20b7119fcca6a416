//! What RDS writes events about, as far as a database is concerned.

use super::database::DatabaseName;

/// Something that RDS writes events about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSource {
    /// What it is.
    pub kind: EventSourceKind,
    /// What RDS calls it.
    pub name: String,
    /// The database that its events are told of.
    pub database: DatabaseName,
}

/// The kinds of source that matter to a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventSourceKind {
    /// `db-instance`.
    Instance,
    /// `db-cluster`.
    Cluster,
    /// `blue-green-deployment`.
    Deployment,
}
