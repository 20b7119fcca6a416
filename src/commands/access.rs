//! From a command line and the environment to the one way to a server.

use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;

use super::CommandError;
use super::environment::Environment;
use crate::aws::Aws;
use crate::aws::connect::{Target, connect};
use crate::cli::access::AccessArgs;
use crate::clock::Clock;
use crate::model::settings::AwsSettings;
use crate::workload::access::{Access, MakePassword, Password};
use crate::workload::dsn::Dsn;
use crate::workload::private_file::PrivateFile;

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
    dsn: &SecretString,
    args: &AccessArgs,
    environment: &Environment,
) -> Result<Access, CommandError> {
    let dsn: Dsn = dsn.expose_secret().parse().map_err(|error| CommandError::Usage(format!("{option}: {error}")))?;
    let password = match (&args.password_file, &environment.postgres_password) {
        _ if args.iam => Password::Made(Arc::new(Tokens(OnceCell::new()))),
        (Some(file), _) => private_file("--password-file", file)?,
        (None, Some(password)) => Password::Given(password.clone()),
        (None, None) => Password::None,
    };
    Access::new(dsn, password, None, Clock::system()).map_err(|error| CommandError::Usage(format!("{option}: {error}")))
}

/// Tokens by the standard chain, which is asked when the first one is wanted.
struct Tokens(OnceCell<Aws>);

impl MakePassword for Tokens {
    fn make<'a>(&'a self, host: &'a str, port: u16, user: &'a str) -> BoxFuture<'a, Result<SecretString, String>> {
        Box::pin(async move {
            let standard = || async { connect(&AwsSettings::default(), Target::Standard).await };
            self.0.get_or_init(standard).await.session_token(host, port, user).await
        })
    }
}

/// A password's file that nobody else may read; `what` says where it was given.
///
/// # Errors
/// When it cannot be used now; it is looked at again for each session.
pub(super) fn private_file(what: &str, file: &Path) -> Result<Password, CommandError> {
    let private = PrivateFile::new(file);
    private.read().map_err(|why| CommandError::Usage(format!("{what} {why}")))?;
    Ok(Password::File(private))
}
