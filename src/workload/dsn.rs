//! Where a server is: a connection string as libpq writes it, either as `postgresql://user@host:5432/db?sslmode=…` or as
//! `host=… port=… user=… dbname=…`.
//!
//! Two keys are read here, since the driver knows another set of their values: `sslmode` and `sslrootcert`. There is no
//! mode that might or might not be protected: it is `verify-full` or `disable`, and the former unless the server is on
//! this machine. A password has no place in it: what is on a command line or in a configuration is read by others.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// A connection string that was understood, without any secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dsn {
    /// What the driver is told.
    pub(super) config: Config,
    /// How the session is protected.
    pub protection: Protection,
}

/// How a session is protected on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protection {
    /// In plain text: for this machine alone.
    None,
    /// TLS; the server's certificate is signed by one of the file's authorities and names the host that was asked for.
    VerifyFull {
        /// A PEM file of certificates; `None` where the string names none: one must come from elsewhere.
        ca_file: Option<PathBuf>,
    },
}

/// Why a connection string cannot be used: one sentence that does not repeat the string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DsnError(String);

impl Dsn {
    /// `user@host:port/database`, for people; a host that is a directory is a Unix socket.
    pub fn words(&self) -> String {
        let host = match self.config.get_hosts().first() {
            Some(Host::Tcp(host)) => host.clone(),
            Some(Host::Unix(path)) => path.display().to_string(),
            None => "nowhere".to_owned(),
        };
        let port = self.config.get_ports().first().copied().unwrap_or(DEFAULT_PORT);
        let user = self.config.get_user().unwrap_or_default();
        format!("{user}@{host}:{port}/{}", self.config.get_dbname().unwrap_or(user))
    }

    /// The same server at another port of another host; the certificate must then name that one.
    pub fn at(&self, host: &str, port: u16) -> Self {
        let mut config = Config::new();
        config.host(host).port(port);
        if let Some(user) = self.config.get_user() {
            config.user(user);
        }
        if let Some(database) = self.config.get_dbname() {
            config.dbname(database);
        }
        if let Some(options) = self.config.get_options() {
            config.options(options);
        }
        Self { config, protection: self.protection.clone() }
    }

    /// The same server by an address that its name had once: the name is still what the certificate must show.
    pub fn pinned(&self, address: IpAddr) -> Self {
        let mut pinned = self.clone();
        pinned.config.hostaddr(address);
        pinned
    }

    /// The port that is asked for.
    pub fn port(&self) -> u16 {
        self.config.get_ports().first().copied().unwrap_or(DEFAULT_PORT)
    }

    /// Whom the session belongs to.
    pub fn user(&self) -> &str {
        self.config.get_user().unwrap_or_default()
    }

    /// The database: the one that is named, else that of the user's name, as everywhere in PostgreSQL.
    pub fn database(&self) -> &str {
        self.config.get_dbname().unwrap_or_else(|| self.user())
    }

    /// Whether a session with it stays on this machine.
    pub fn is_local(&self) -> bool {
        is_local(&self.config)
    }

    /// The host that is asked for, where it is one of a network.
    pub fn host(&self) -> Option<&str> {
        match self.config.get_hosts().first() {
            Some(Host::Tcp(host)) => Some(host),
            _ => None,
        }
    }
}

/// PostgreSQL's own.
const DEFAULT_PORT: u16 = 5432;

impl FromStr for Dsn {
    type Err = DsnError;

    fn from_str(text: &str) -> Result<Self, DsnError> {
        let (rest, ours) = if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            split_url(text)
        } else {
            split_pairs(text)?
        };
        // The driver's error can quote the string, and with it a password.
        let config = Config::from_str(&rest).map_err(|_| {
            DsnError(
                "not a connection string: write postgresql://user@host:5432/database or \
                 host=… port=5432 user=… dbname=…, and of libpq's other keys only hostaddr, options, sslmode, \
                 sslrootcert, connect_timeout, keepalives and channel_binding"
                    .to_owned(),
            )
        })?;
        check(&config)?;
        let protection = protection(&config, &ours)?;
        Ok(Self { config, protection })
    }
}

/// The keys that are read here.
#[derive(Debug, Default)]
struct Ours {
    mode: Option<String>,
    ca_file: Option<PathBuf>,
}

impl Ours {
    /// Takes a key if it is one of them.
    fn take(&mut self, key: &str, value: &str) -> bool {
        match key {
            "sslmode" => self.mode = Some(value.to_owned()),
            "sslrootcert" => self.ca_file = Some(PathBuf::from(value)),
            _ => return false,
        }
        true
    }
}

fn check(config: &Config) -> Result<(), DsnError> {
    let error = |text: &str| Err(DsnError(text.to_owned()));
    if config.get_password().is_some() {
        return error(
            "there is a password in the connection string, where others can read it: put it into a file of mode 0600 or \
             into the environment as PGPASSWORD, and take it out",
        );
    }
    if config.get_hosts().len() != 1 {
        return error("the connection string must name one host: which of several serves is for the endpoint to say");
    }
    if config.get_user().is_none() {
        return error("the connection string names no user");
    }
    Ok(())
}

/// An address beside a name is where the session goes, whatever the name says.
fn is_local(config: &Config) -> bool {
    let addresses = config.get_hostaddrs();
    match config.get_hosts().first() {
        _ if !addresses.is_empty() => addresses.iter().all(IpAddr::is_loopback),
        Some(Host::Tcp(host)) => {
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Unix(_)) => true,
        None => false,
    }
}

fn protection(config: &Config, ours: &Ours) -> Result<Protection, DsnError> {
    let is_local = is_local(config);
    let full = || Protection::VerifyFull { ca_file: ours.ca_file.clone() };
    match ours.mode.as_deref() {
        Some("verify-full") if matches!(config.get_hosts().first(), Some(Host::Unix(_))) => {
            Err(DsnError("there is no TLS over a Unix socket: leave sslmode out, or name the host".to_owned()))
        }
        Some("verify-full") => Ok(full()),
        Some("disable") if is_local => Ok(Protection::None),
        Some("disable") => Err(DsnError(
            "sslmode=disable is for this machine alone: to any other host use verify-full, with sslrootcert".to_owned(),
        )),
        None if is_local && ours.ca_file.is_none() => Ok(Protection::None),
        None => Ok(full()),
        Some(_) => Err(DsnError(
            "sslmode must be verify-full, or disable for a server on this machine: the other modes do not check whom \
             they talk to"
                .to_owned(),
        )),
    }
}

/// The URL without our keys, and those.
fn split_url(text: &str) -> (String, Ours) {
    let mut ours = Ours::default();
    let Some((head, query)) = text.split_once('?') else { return (text.to_owned(), ours) };
    let mut rest = form_urlencoded::Serializer::new(String::new());
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        if !ours.take(&key, &value) {
            rest.append_pair(&key, &value);
        }
    }
    // The driver decodes percent signs only, as libpq does.
    let rest = rest.finish().replace('+', "%20");
    (if rest.is_empty() { head.to_owned() } else { format!("{head}?{rest}") }, ours)
}

/// The pairs without our keys, and those. A value may be quoted: `'it''s'` is not known to libpq, `'it\'s'` is.
fn split_pairs(text: &str) -> Result<(String, Ours), DsnError> {
    let (mut rest, mut ours) = (String::new(), Ours::default());
    let mut chars = text.trim().chars().peekable();
    while chars.peek().is_some() {
        let key: String = std::iter::from_fn(|| chars.next_if(|char| *char != '=')).collect();
        if chars.next().is_none() {
            return Err(DsnError("not a connection string: a word without `=`".to_owned()));
        }
        while chars.next_if(|char| char.is_whitespace()).is_some() {}
        let is_quoted = chars.next_if_eq(&'\'').is_some();
        let (mut value, mut raw) = (String::new(), String::new());
        while let Some(char) = chars.next_if(|char| is_quoted || !char.is_whitespace()) {
            if is_quoted && char == '\'' {
                break;
            }
            raw.push(char);
            if char != '\\' {
                value.push(char);
            } else if let Some(escaped) = chars.next() {
                raw.push(escaped);
                value.push(escaped);
            }
        }
        while chars.next_if(|char| char.is_whitespace()).is_some() {}
        if !ours.take(key.trim(), &value) {
            rest.extend([key.trim(), "='", &raw, "' "]);
        }
    }
    Ok((rest, ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dsn(text: &str) -> Dsn {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn both_forms_of_libpq_are_read() {
        for text in [
            "postgresql://canary@db.example.com:5433/app?sslmode=verify-full&sslrootcert=%2Fetc%2Frds%20ca.pem&options=-c%20a%3Db",
            "host=db.example.com port=5433 user = canary dbname='app' sslmode=verify-full sslrootcert='/etc/rds ca.pem' options='-c a=b'",
        ] {
            let dsn = dsn(text);
            assert_eq!(dsn.words(), "canary@db.example.com:5433/app", "{text}");
            assert_eq!(dsn.config.get_options(), Some("-c a=b"), "{text}");
            assert_eq!(dsn.protection, Protection::VerifyFull { ca_file: Some("/etc/rds ca.pem".into()) }, "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_spoken_to_in_plain_text() {
        for local in
            ["host=127.0.0.1 user=a", "host=/run/postgresql user=a", "postgres://a@localhost/b?sslmode=disable"]
        {
            assert_eq!(dsn(local).protection, Protection::None, "{local}");
        }
        assert_eq!(dsn("host=db.example.com user=a").protection, Protection::VerifyFull { ca_file: None });
        let address = dsn("host=localhost hostaddr=192.0.2.1 user=a");
        assert_eq!(address.protection, Protection::VerifyFull { ca_file: None }, "where it goes counts");
        for wrong in [
            "host=db.example.com user=a sslmode=disable",
            "host=127.0.0.1 user=a sslmode=prefer",
            "host=127.0.0.1 user=a sslmode=require",
            "host=127.0.0.1 user=a sslmode=allow",
            "host=127.0.0.1 user=a sslmode=verify-ca",
            "host=127.0.0.1 user=a sslmode=",
            "host=localhost hostaddr=192.0.2.1 user=a sslmode=disable",
            "host=/run/postgresql user=a sslmode=verify-full",
        ] {
            assert!(Dsn::from_str(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_and_a_secret_never_repeated() {
        for wrong in [
            "host=h user=a password=s3cret",
            "postgres://a:s3cret@h/b",
            "postgres://a@h/b?nonsense=s3cret",
            "host=h user=a s3cret",
            "user=a dbname=s3cret",
            "host=h,i user=a",
            "host=h",
            "",
        ] {
            let error = Dsn::from_str(wrong).unwrap_err().to_string();
            assert!(!error.contains("s3cret") && !error.is_empty(), "{wrong}: {error}");
        }
    }
}
