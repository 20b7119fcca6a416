//! The one way to a server: the connection string, the password's source and the authorities that are trusted.
//!
//! A password is read anew for every connection, so that one that was changed is in use at the next; it is in no text
//! that can be printed.

use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::dsn::{Dsn, Protection};
use super::private_file::PrivateFile;
pub use super::refusal::words;
use crate::clock::Clock;
use crate::model::text::clean;

/// Longest path that is shown.
const SHOWN_CHARS: usize = 200;

/// Where a session's password comes from, each time that one begins.
#[derive(Clone, Default)]
pub enum Password {
    /// The server wants none.
    #[default]
    None,
    /// The first line of a file that nobody else may read.
    File(PrivateFile),
    /// From the environment.
    Given(SecretString),
    /// Made for each session, such as an IAM token.
    Made(Arc<dyn MakePassword>),
}

/// Makes a password for one session.
pub trait MakePassword: Send + Sync {
    /// One for `user` at `host:port`, or why there is none.
    fn make<'a>(&'a self, host: &'a str, port: u16, user: &'a str) -> BoxFuture<'a, Result<SecretString, String>>;
}

/// Everything that a session needs.
#[derive(Debug, Clone)]
pub struct Access {
    dsn: Dsn,
    password: Password,
    tls: Option<Arc<ClientConfig>>,
    clock: Clock,
}

/// A session with a server. Its traffic is carried as long as this lives; dropping it ends the session at once.
#[derive(Debug)]
pub struct Session {
    client: Client,
    // Watched by the client: its requests fail when the traffic ends.
    _traffic: JoinSet<()>,
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The settings cannot work.
    #[error("{0}")]
    Settings(String),
    /// The password could not be had.
    #[error("no password: {0}")]
    Password(String),
    /// Nobody answered in time.
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The server, or the way to it, says no.
    #[error("{}", words(.0))]
    Refused(#[from] tokio_postgres::Error),
}

impl Access {
    /// Reads the authorities. `ca_file` is used where the connection string names none.
    ///
    /// # Errors
    /// When TLS is wanted and there is no file of authorities, or it cannot be read; when a password that is made for each
    /// session, and is as good as a key until it ends, would go over the network in plain text.
    pub fn new(dsn: Dsn, password: Password, ca_file: Option<PathBuf>, clock: Clock) -> Result<Self, AccessError> {
        let tls = match &dsn.protection {
            Protection::None if matches!(password, Password::Made(_)) => {
                return Err(AccessError::Settings(format!(
                    "a token of IAM goes over TLS only, and the way to {} is in plain text: add sslmode=verify-full",
                    dsn.words()
                )));
            }
            Protection::None => None,
            Protection::VerifyFull { ca_file: own } => {
                let file = own.clone().or(ca_file).ok_or_else(|| {
                    let why = if dsn.is_local() { "is to be verified" } else { "is on another machine" };
                    AccessError::Settings(format!(
                        "{} {why}, and no file of certificate authorities is given to verify it with: \
                         add sslrootcert=FILE (of RDS: the regional bundle that AWS publishes)",
                        dsn.words()
                    ))
                })?;
                Some(Arc::new(tls(&file)?))
            }
        };
        Ok(Self { dsn, password, tls, clock })
    }

    /// Where it leads to.
    pub fn dsn(&self) -> &Dsn {
        &self.dsn
    }

    /// The same access to a server at another address.
    ///
    /// # Errors
    /// When that is on another machine, and the way is in plain text.
    pub fn at(&self, host: &str, port: u16) -> Result<Self, AccessError> {
        self.to(self.dsn.at(host, port), host)
    }

    /// The same access to the address that the server's name had once, at another port if need be.
    ///
    /// # Errors
    /// As those of [`at`](Self::at).
    pub fn pinned(&self, address: IpAddr, port: u16) -> Result<Self, AccessError> {
        let host = self.dsn.host().map_or_else(|| address.to_string(), str::to_owned);
        self.to(self.dsn.at(&host, port).pinned(address), &address.to_string())
    }

    fn to(&self, dsn: Dsn, place: &str) -> Result<Self, AccessError> {
        if self.tls.is_none() && !dsn.is_local() {
            return Err(AccessError::Settings(format!(
                "{} is on another machine, and the way there would be in plain text: use sslmode=verify-full",
                clean(place, SHOWN_CHARS)
            )));
        }
        Ok(Self { dsn, ..self.clone() })
    }

    /// Opens a session within `limit`. `application` is what the server shows of it.
    ///
    /// # Errors
    /// When there is no session; nothing is left of the attempt.
    pub async fn connect(&self, application: &str, limit: Duration) -> Result<Session, AccessError> {
        // A handshake of TLS is tens of kilobytes, and stands within the future of everybody who connects.
        let attempt = Box::pin(self.attempt(application));
        self.clock.bounded(limit, attempt).await.unwrap_or(Err(AccessError::TimedOut(limit)))
    }

    /// What a session answers within `limit`.
    ///
    /// # Errors
    /// When it does not, or refuses.
    pub async fn within<T>(
        &self,
        limit: Duration,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, AccessError> {
        let answer = self.clock.bounded(limit, answer).await.ok_or(AccessError::TimedOut(limit))?;
        Ok(answer?)
    }

    async fn attempt(&self, application: &str) -> Result<Session, AccessError> {
        let mut config = self.dsn.config.clone();
        config.application_name(application);
        if let Some(password) = self.password().await? {
            config.password(password.expose_secret());
        }
        let mut traffic = JoinSet::new();
        let client = match &self.tls {
            None => {
                let (client, connection) = config.connect(NoTls).await?;
                traffic.spawn(async move { drop(connection.await) });
                client
            }
            Some(tls) => {
                config.ssl_mode(tokio_postgres::config::SslMode::Require);
                let (client, connection) = config.connect(MakeRustlsConnect::new((**tls).clone())).await?;
                traffic.spawn(async move { drop(connection.await) });
                client
            }
        };
        Ok(Session { client, _traffic: traffic })
    }

    async fn password(&self) -> Result<Option<SecretString>, AccessError> {
        match &self.password {
            Password::None => Ok(None),
            Password::Given(password) => Ok(Some(password.clone())),
            Password::File(file) => file.read().map(Some).map_err(AccessError::Password),
            Password::Made(maker) => {
                let user = self.dsn.config.get_user().unwrap_or_default();
                let port = self.dsn.config.get_ports().first().copied().unwrap_or(5432);
                let made = maker.make(self.dsn.host().unwrap_or_default(), port, user).await;
                made.map(Some).map_err(AccessError::Password)
            }
        }
    }
}

impl std::ops::Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::File(_) => "File",
            Self::Given(_) => "Given",
            Self::Made(_) => "Made",
        })
    }
}

fn tls(file: &std::path::Path) -> Result<ClientConfig, AccessError> {
    let wrong = |why: &str| {
        let file = clean(&file.display().to_string(), SHOWN_CHARS);
        AccessError::Settings(format!("the certificate authorities of {file} cannot be used: {why}"))
    };
    let text = fs::read(file).map_err(|error| wrong(&error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| wrong(&format!("it is no PEM file ({error})")))?;
        roots.add(certificate).map_err(|error| wrong(&format!("one is no certificate of an authority ({error})")))?;
    }
    if roots.is_empty() {
        return Err(wrong("there is no certificate in PEM in it (-----BEGIN CERTIFICATE-----)"));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| wrong(&error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
