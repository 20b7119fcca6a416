//! How to reach a PostgreSQL server, as every command that speaks to one asks for it.

use std::path::PathBuf;

use clap::Args;

/// Where the server is and how its password is found.
#[derive(Debug, Args)]
pub struct AccessArgs {
    /// Connection string without a password: postgresql://user@host:5432/db?sslmode=verify-full&sslrootcert=FILE
    #[arg(long, value_name = "DSN")]
    pub dsn: String,
    /// A file whose first line is the password; mode 0600 [default: PGPASSWORD of the environment]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}
