//! From a command line and the environment to the one way to a server.

use std::os::unix::fs::PermissionsExt;

use super::CommandError;
use super::environment::Environment;
use crate::cli::access::AccessArgs;
use crate::clock::Clock;
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
        (Some(file), _) => {
            let wrong = |why: &str| CommandError::Usage(format!("--password-file {}: {why}", file.display()));
            let metadata = std::fs::metadata(file).map_err(|error| wrong(&error.to_string()))?;
            if metadata.permissions().mode() & 0o077 != 0 {
                return Err(wrong("others can read it; `chmod 600` it"));
            }
            Password::File(file.clone())
        }
        (None, Some(password)) => Password::Given(password.clone()),
        (None, None) => Password::None,
    };
    Access::new(dsn, password, None, Clock::system()).map_err(|error| CommandError::Usage(format!("{option}: {error}")))
}
