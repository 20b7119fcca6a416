//! A real PgBouncer for a test, in front of a server of loopback; gone with the test. It does not run as root either.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use upshift::clock::Clock;
use upshift::workload::access::{Access, Password, Session};
use upshift::workload::pooler::Pooler;

use crate::postgres::other_user;

/// A machine that is busy with other tests takes its time.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// In transaction mode, with the database `app` and the fallback `*`. Everybody on this machine may be its admin.
pub(crate) struct PgBouncer {
    directory: TempDir,
    port: u16,
    process: Option<Child>,
}

impl PgBouncer {
    /// Starts one in front of the server at a port.
    pub(crate) async fn before(server: u16) -> Self {
        Self::with(server, "").await
    }

    /// The same with these lines after its settings.
    pub(crate) async fn with(server: u16, more: &str) -> Self {
        let directory = TempDir::with_prefix("upshift-pgbouncer-").unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let place = directory.path().display();
        let database = format!("host=127.0.0.1 port={server} dbname=postgres user=postgres");
        let settings = format!(
            "[databases]\napp = {database}\n* = {database}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\nadmin_users = postgres\npool_mode = transaction\n\
             server_login_retry = 0.1\nlogfile = {place}/log\n{more}\n"
        );
        fs::write(directory.path().join("ini"), settings).unwrap();
        if let Some((user, group)) = other_user() {
            for path in [directory.path().to_owned(), directory.path().join("ini")] {
                chown(path, Some(user), Some(group)).unwrap();
            }
        }
        let mut pooler = Self { directory, port, process: None };
        pooler.start().await;
        pooler
    }

    /// Starts it again; one that runs is killed first.
    pub(crate) async fn start(&mut self) {
        self.kill();
        let program = program();
        let mut command = Command::new(if other_user().is_some() { Path::new("setpriv") } else { &program });
        if other_user().is_some() {
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(&program);
        }
        command.arg("-q").arg(self.directory.path().join("ini")).stdin(Stdio::null()).stderr(Stdio::null());
        self.process = Some(command.spawn().expect("pgbouncer (tests/tools.sh installs it)"));
        let up = async { while self.pooler("app").look().await.is_err() {} };
        Clock::system().bounded(PATIENCE, up).await.expect("PgBouncer never answered");
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            process.wait().unwrap();
        }
    }

    /// Stops it where it stands, or lets it go on.
    pub(crate) fn freeze(&self, frozen: bool) {
        let signal = if frozen { Signal::STOP } else { Signal::CONT };
        kill_process(Pid::from_child(self.process.as_ref().unwrap()), signal).unwrap();
    }

    /// Its console, for a database of it.
    pub(crate) fn pooler(&self, database: &str) -> Pooler {
        Pooler { admin: self.access("pgbouncer"), database: database.to_owned(), clock: Clock::system() }
    }

    /// Where clients and its console are, by the name of a database.
    pub(crate) fn access(&self, database: &str) -> Access {
        let dsn = format!("postgresql://postgres@127.0.0.1:{}/{database}", self.port).parse().unwrap();
        Access::new(dsn, Password::None, None, Clock::system()).unwrap()
    }

    /// A client's session.
    pub(crate) async fn client(&self) -> Session {
        self.access("app").connect("client", PATIENCE).await.unwrap()
    }

    /// What the console says to an order.
    pub(crate) async fn console(&self, order: &str) -> Result<(), String> {
        let session = self.access("pgbouncer").connect("by hand", PATIENCE).await.unwrap();
        session.simple_query(order).await.map(drop).map_err(|error| format!("{error:?}"))
    }

    /// Whether the database `app` is paused.
    pub(crate) async fn is_paused(&self) -> bool {
        self.pooler("app").door().await.is_err()
    }

    /// Waits until it is paused, or is not.
    pub(crate) async fn until_paused(&self, paused: bool) {
        let waited = async { while self.is_paused().await != paused {} };
        Clock::system().bounded(PATIENCE, waited).await.unwrap_or_else(|| panic!("paused never was {paused}"));
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Debian keeps it out of the path of users.
fn program() -> PathBuf {
    let debian = PathBuf::from("/usr/sbin/pgbouncer");
    if debian.exists() { debian } else { PathBuf::from("pgbouncer") }
}
