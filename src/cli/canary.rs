//! The command line of `upshift canary`.

use std::time::Duration;

use clap::Args;
use secrecy::SecretString;

use super::access::AccessArgs;
use super::duration;

/// What to watch, or what to prepare.
#[derive(Debug, Args)]
pub struct CanaryArgs {
    /// The writer's endpoint, as clients use it.
    #[command(flatten)]
    pub access: AccessArgs,
    /// The rhythm of attempts, from 1 ms to 10 s
    #[arg(long, value_name = "DURATION", default_value = "20ms", value_parser = rhythm)]
    pub every: Duration,
    /// The rhythm of new sessions while all is well: each costs the server some milliseconds; as --every once anything fails
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = duration)]
    pub quiet_every: Duration,
    /// End by itself after this time, such as 90s or 10m [default: at Ctrl-C]
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub duration: Option<Duration>,
    /// Also ask a reader; same password
    #[arg(long, value_name = "DSN")]
    pub reader_dsn: Option<SecretString>,
    /// Where the present writer stays reachable after a move [default: the address that the endpoint has at the beginning]
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub old_writer: Option<(String, u16)>,
    /// The result as one JSON object
    #[arg(long)]
    pub json: bool,
    /// What it needs of the database.
    #[command(flatten)]
    pub prepare: PrepareArgs,
}

/// Instead of watching: to prepare a database, or to clear it of everything.
#[derive(Debug, Args)]
pub struct PrepareArgs {
    /// Instead: as an administrator, makes the schema, its table and the role
    #[arg(long, conflicts_with_all = ["remove", "duration", "reader_dsn", "old_writer", "json"])]
    pub setup: bool,
    /// Instead: as an administrator, removes them and the rows of all runs
    #[arg(long, conflicts_with_all = ["duration", "reader_dsn", "old_writer", "json"])]
    pub remove: bool,
    /// The role that writes, with --setup or --remove; one that is not there is made [default: upshift_canary]
    #[arg(long, value_name = "NAME")]
    pub role: Option<String>,
    /// Only prints the SQL, with --setup or --remove
    #[arg(long)]
    pub print: bool,
}

fn rhythm(text: &str) -> Result<Duration, String> {
    let every = duration(text).ok().filter(|every| (MIN..=MAX).contains(every));
    every.ok_or_else(|| "must be a time from 1ms to 10s, such as 20ms".to_owned())
}

const MIN: Duration = Duration::from_millis(1);
const MAX: Duration = Duration::from_secs(10);

fn address(text: &str) -> Result<(String, u16), String> {
    let wrong = || "must be HOST:PORT, such as 10.0.0.5:5432 or [::1]:5432".to_owned();
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let port: u16 = port.parse().map_err(|_| wrong())?;
    if host.is_empty() || port == 0 { Err(wrong()) } else { Ok((host.to_owned(), port)) }
}
