//! The machine's provider of credentials, such as an instance role: they end every hour and must be asked for again, and
//! whoever gives them can be gone, hang, or give some that are over.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use jiff::SignedDuration;

use super::wire::Wire;
use crate::clock::Clock;

/// Not an operation of AWS: the machine's own provider of credentials is asked.
pub(in crate::swarm) const CREDENTIALS: &str = "credentials";

/// How long credentials last.
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// Gives credentials as the wire's faults let it.
#[derive(Debug)]
pub(in crate::swarm) struct Provider {
    pub(in crate::swarm) wire: Wire,
    pub(in crate::swarm) wall: Clock,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::swarm) enum Provided {
    /// Credentials for an hour.
    Good,
    /// Credentials that ended an hour ago.
    Expired,
    /// An error.
    Nothing,
}

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let lasts = match self.wire.provide().await {
                Provided::Good => LIFETIME,
                Provided::Expired => -LIFETIME,
                Provided::Nothing => return Err(CredentialsError::provider_error("the provider does not answer")),
            };
            let ends = self.wall.now().saturating_add(lasts).ok().and_then(|ends| SystemTime::try_from(ends).ok());
            Ok(Credentials::new("SIMULATION", "simulation", None, ends, "swarm"))
        })
    }
}
