//! From the configuration to the servers that are read: where passwords and authorities come from.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use secrecy::SecretString;

use super::access::private_file;
use super::environment::Environment;
use super::{CommandError, backend};
use crate::aws::Aws;
use crate::clock::Clock;
use crate::controller::pooler::{PooledServer, Poolers};
use crate::model::policy::Policy;
use crate::model::pooler::PoolerPolicy;
use crate::model::series::{SignalSource, SignalSpec};
use crate::model::server::{PasswordSource, ServerAccess};
use crate::model::settings::Settings;
use crate::sim::postgres::Place;
use crate::workload::access::{Access, MakePassword, Password};
use crate::workload::dsn::Dsn;
use crate::workload::pooler::Pooler;
use crate::workload::signals::Source;

/// The servers that the configuration names. Nothing has been connected to when this returns.
///
/// # Errors
/// When a password or the authorities cannot be had, or others can read the password's file.
pub(super) fn sources(
    settings: &Settings,
    environment: &Environment,
    aws: &Aws,
    clock: &Clock,
) -> Result<Vec<Source>, CommandError> {
    let with_server = settings.databases.iter().filter_map(|policy| Some((policy, policy.postgres.as_ref()?)));
    let one = |(policy, access): (&Policy, &ServerAccess)| {
        let way = way(access, environment, aws, clock).map_err(|error| {
            CommandError::Usage(format!("[database.postgres] of {}: {}", policy.database, error.words()))
        })?;
        let signals = policy.signals.iter().filter_map(|spec: &SignalSpec| match spec.source {
            SignalSource::Postgres { metric } => Some((spec.name.clone(), metric, spec.period_secs)),
            SignalSource::Metric { .. } | SignalSource::Expression { .. } | SignalSource::Alarm { .. } => None,
        });
        Ok(Source { database: policy.database.clone(), access: way, signals: signals.collect() })
    };
    with_server.map(one).collect()
}

/// The real servers behind a simulation, which every configuration of it has beside its own words.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(pub(super) BTreeMap<String, Place>);

impl Places {
    /// They are read as servers on AWS would be, unless the configuration says how.
    pub(super) fn add_to(&self, settings: &mut Settings) {
        for policy in &mut settings.databases {
            if let Some(place) = self.0.get(policy.database.as_str()) {
                policy.postgres.get_or_insert_with(|| simulated(*place));
            }
        }
    }
}

/// The way to a simulated server: anybody of this machine is let in.
pub(super) fn simulated(place: Place) -> ServerAccess {
    ServerAccess {
        dsn: backend::dsn(place.endpoint),
        password: PasswordSource::None,
        ca_file: None,
        max_transaction_age: Duration::from_mins(5),
    }
}

/// The poolers that the configuration names. Nothing has been connected to when this returns.
///
/// # Errors
/// As those of [`sources`].
pub(super) fn poolers(
    settings: &Settings,
    environment: &Environment,
    aws: &Aws,
    clock: &Clock,
) -> Result<Poolers, CommandError> {
    let with_pooler = settings
        .databases
        .iter()
        .filter_map(|policy| Some((policy, policy.pooler.as_ref()?, policy.postgres.as_ref()?)));
    let one = |(policy, pooler, server): (&Policy, &PoolerPolicy, &ServerAccess)| {
        let admin = ServerAccess {
            dsn: pooler.admin_dsn.clone(),
            password: pooler.password.clone(),
            ca_file: pooler.ca_file.clone(),
            ..server.clone()
        };
        let wrong = |error: CommandError| {
            CommandError::Usage(format!("[database.pooler] of {}: {}", policy.database, error.words()))
        };
        let admin = way(&admin, environment, aws, clock).map_err(wrong)?;
        let held = PooledServer {
            pooler: Pooler { admin, database: pooler.database.clone(), clock: clock.clone() },
            server: way(server, environment, aws, clock).map_err(wrong)?,
            max_pause: pooler.max_pause,
            pause_within: pooler.pause_within,
        };
        Ok((policy.database.clone(), held))
    };
    with_pooler.map(one).collect()
}

/// The way to one of them.
///
/// # Errors
/// As those of [`sources`].
pub(super) fn way(
    access: &ServerAccess,
    environment: &Environment,
    aws: &Aws,
    clock: &Clock,
) -> Result<Access, CommandError> {
    let dsn: Dsn = access.dsn.parse().map_err(|error| CommandError::Usage(format!("dsn: {error}")))?;
    let password = match &access.password {
        PasswordSource::None => Password::None,
        PasswordSource::File { path } => private_file("password_file", &PathBuf::from(path))?,
        PasswordSource::Iam => Password::Made(Arc::new(Tokens(aws.clone()))),
        PasswordSource::Environment => {
            let given = environment.postgres_password.clone();
            let missing = || CommandError::Usage("password = \"environment\", and PGPASSWORD is not set".to_owned());
            Password::Given(given.ok_or_else(missing)?)
        }
    };
    let ca_file = access.ca_file.as_ref().map(PathBuf::from);
    Access::new(dsn, password, ca_file, clock.clone()).map_err(|error| CommandError::Usage(error.to_string()))
}

/// Tokens of IAM, one for each session: a session outlives its token, a new one needs a new one.
struct Tokens(Aws);

impl MakePassword for Tokens {
    fn make<'a>(&'a self, host: &'a str, port: u16, user: &'a str) -> BoxFuture<'a, Result<SecretString, String>> {
        Box::pin(self.0.session_token(host, port, user))
    }
}
