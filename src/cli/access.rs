//! How to reach a PostgreSQL server, as every command that speaks to one asks for it.

use std::path::PathBuf;

use clap::Args;
use secrecy::SecretString;

/// Where the server is and how its password is found.
#[derive(Debug, Args)]
pub struct AccessArgs {
    /// Connection string without a password: postgresql://user@host:5432/db?sslmode=verify-full&sslrootcert=FILE
    // Until it is read there may be a password in it, so nothing can print it.
    #[arg(long, value_name = "DSN")]
    pub dsn: SecretString,
    /// A file whose first line is the password; mode 0600 [default: PGPASSWORD of the environment]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Instead of a password, a token of IAM for each session, by the AWS credentials and region of the standard chain
    #[arg(long, conflicts_with = "password_file")]
    pub iam: bool,
}
