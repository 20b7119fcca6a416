//! From a command line and the environment to the one way to a server.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::CommandError;
use super::environment::Environment;
use crate::cli::access::AccessArgs;
use crate::clock::Clock;
use crate::model::text::clean;
use crate::workload::access::{Access, Password};
use crate::workload::dsn::Dsn;

/// The access that the arguments describe. Nothing has been connected to when this returns.
///
/// # Errors
/// When the connection string is wrong or unsafe, or the password's file can be read by others.
pub(super) fn access(args: &AccessArgs, environment: &Environment) -> Result<Access, CommandError> {
    access_by("--dsn", &args.dsn, args, environment)
}

/// The same to the server of another option, with the same password.
///
/// # Errors
/// As those of [`access`].
pub(super) fn access_by(
    option: &str,
    dsn: &str,
    args: &AccessArgs,
    environment: &Environment,
) -> Result<Access, CommandError> {
    let dsn: Dsn = dsn.parse().map_err(|error| CommandError::Usage(format!("{option}: {error}")))?;
    let password = match (&args.password_file, &environment.postgres_password) {
        (Some(file), _) => private_file("--password-file", file)?,
        (None, Some(password)) => Password::Given(password.clone()),
        (None, None) => Password::None,
    };
    Access::new(dsn, password, None, Clock::system()).map_err(|error| CommandError::Usage(format!("{option}: {error}")))
}

/// A password's file that nobody else may read; `what` says where it was given.
///
/// # Errors
/// When it is not there, or others can read it.
pub(super) fn private_file(what: &str, file: &Path) -> Result<Password, CommandError> {
    let wrong = |why: &str| CommandError::Usage(format!("{what} {}: {why}", clean(&file.display().to_string(), 200)));
    let metadata = std::fs::metadata(file).map_err(|error| wrong(&error.to_string()))?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(wrong("others can read it; `chmod 600` it"));
    }
    Ok(Password::File(file.to_owned()))
}
