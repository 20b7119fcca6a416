//! A real PostgreSQL for a test: its own directory, a free port of loopback, gone with the test.
//!
//! The server does not run as root; a test that does runs it as Debian's user `postgres`.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::certificates::Certificate;

/// A server that runs until this is dropped. Everybody on this machine may be its superuser `postgres`.
pub(crate) struct Server {
    // Dropped after the process has ended.
    directory: TempDir,
    programs: PathBuf,
    port: u16,
    settings: Vec<String>,
    process: Option<Child>,
}

/// A machine that is busy with other tests takes its time.
const PATIENCE: Duration = Duration::from_mins(1);

impl Server {
    /// Starts one with an empty database `postgres`, which does not care to be durable.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with settings such as `max_connections=10`.
    pub(crate) fn start_with(settings: &[&str]) -> Self {
        let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let mut server = Self::nowhere(&settings);
        let data = server.data();
        let initdb = server.run("initdb", &["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]);
        assert!(
            initdb.status.success(),
            "initdb (tests/tools.sh installs PostgreSQL): {}",
            String::from_utf8_lossy(&initdb.stderr)
        );
        server.begin();
        server
    }

    /// A place for one, empty.
    fn nowhere(settings: &[String]) -> Self {
        let directory = TempDir::with_prefix("upshift-pg-").unwrap();
        if let Some((user, group)) = other_user() {
            chown(directory.path(), Some(user), Some(group)).unwrap();
        }
        Self { directory, programs: programs(), port: 0, settings: settings.to_vec(), process: None }
    }

    /// How clients reach it, as the superuser.
    pub(crate) fn dsn(&self) -> String {
        self.dsn_of("postgres")
    }

    /// How clients reach it as another role.
    pub(crate) fn dsn_of(&self, role: &str) -> String {
        format!("postgresql://{role}@127.0.0.1:{}/postgres", self.port())
    }

    /// Where it listens, also after a restart.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Runs SQL as the superuser; the values of what it returns, columns divided by `|`, rows by line feeds.
    pub(crate) fn psql(&self, sql: &str) -> String {
        let output = self.try_psql(sql);
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// `kill -9` of the whole server, as a machine that loses its power; nothing serves until [`restart`](Self::restart).
    pub(crate) fn kill_9(&mut self) {
        self.end(Signal::KILL);
    }

    /// Starts it again at the same port; one that runs is told to end its sessions and stop first.
    pub(crate) fn restart(&mut self) {
        self.end(Signal::INT);
        self.begin();
    }

    /// Another server at another port with a copy of this one's data, which follows it until it is promoted.
    pub(crate) fn standby(&self) -> Self {
        let mut standby = Self::nowhere(&self.settings);
        let (data, port) = (standby.data(), self.port.to_string());
        let words = ["-D", &data, "-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-R", "-c", "fast", "--no-sync"];
        let copied = standby.run("pg_basebackup", &words);
        assert!(copied.status.success(), "pg_basebackup: {}", String::from_utf8_lossy(&copied.stderr));
        standby.begin();
        standby.until("select count(*) from pg_stat_wal_receiver where status = 'streaming'", "1");
        standby
    }

    /// Comes back with TLS by this certificate and more settings. Everybody but the superuser comes by TLS and a password.
    pub(crate) fn with_tls(&mut self, certificate: &Certificate, settings: &[&str]) {
        let place = |what: &str| self.directory.path().join(what);
        for (from, to) in [(&certificate.file, place("server.pem")), (&certificate.key, place("server.key"))] {
            fs::copy(from, &to).unwrap();
            fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
            if let Some((user, group)) = other_user() {
                chown(&to, Some(user), Some(group)).unwrap();
            }
        }
        let (file, key) = (place("server.pem"), place("server.key"));
        let own = [
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", file.display()),
            format!("ssl_key_file={}", key.display()),
        ];
        self.settings = own.into_iter().chain(settings.iter().map(|setting| (*setting).to_owned())).collect();
        let rules = "host all postgres 127.0.0.1/32 trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
        fs::write(place("data/pg_hba.conf"), rules).unwrap();
        self.restart();
    }

    /// Lets a standby take over.
    pub(crate) fn promote(&self) {
        assert_eq!(self.psql("select pg_promote()"), "t");
    }

    /// Waits until a query has this answer.
    pub(crate) fn until(&self, sql: &str, answer: &str) {
        let is_over = deadline();
        while self.psql(sql) != answer {
            assert!(!is_over(), "`{sql}` never was {answer}");
        }
    }

    /// Stops every process of the server where it stands, as a machine does that hangs.
    pub(crate) fn freeze(&self) {
        self.signal_all(Signal::STOP);
    }

    /// Lets them go on.
    pub(crate) fn thaw(&self) {
        self.signal_all(Signal::CONT);
    }

    /// What it wrote into its log.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.log()).unwrap()
    }

    /// The first process and then its children, so that none is made meanwhile.
    fn signal_all(&self, signal: Signal) {
        let first = Pid::from_child(self.process.as_ref().unwrap());
        kill_process(first, signal).unwrap();
        let children = format!("/proc/{0}/task/{0}/children", first.as_raw_nonzero());
        for child in fs::read_to_string(children).unwrap().split_whitespace() {
            // One may have ended.
            let _ = kill_process(Pid::from_raw(child.parse().unwrap()).unwrap(), signal);
        }
    }

    /// Any of its programs, run to its end as the server's user.
    pub(crate) fn run(&self, program: &str, words: &[&str]) -> Output {
        self.command(program).args(words).output().unwrap_or_else(|error| panic!("{program}: {error}"))
    }

    fn try_psql(&self, sql: &str) -> Output {
        let port = self.port.to_string();
        self.run(
            "psql",
            &[
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                "127.0.0.1",
                "-p",
                &port,
                "-U",
                "postgres",
                "-c",
                sql,
            ],
        )
    }

    /// A free port is free only until somebody else takes it, so one that was never served may be another.
    fn begin(&mut self) {
        let is_over = deadline();
        loop {
            if self.port == 0 || !self.has_served() {
                self.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            }
            let mut process = self.spawn();
            // The children of one that was killed hold its memory for a moment; a new one then refuses to start.
            while process.try_wait().unwrap().is_none() && !is_over() {
                // Somebody else may have been given the port meanwhile.
                if self.try_psql("show data_directory").stdout.starts_with(self.data().as_bytes()) {
                    self.process = Some(process);
                    return;
                }
            }
            if is_over() {
                drop(process.kill());
                drop(process.wait());
                let mut said = String::new();
                drop(fs::File::open(self.log()).and_then(|mut log| log.read_to_string(&mut said)));
                panic!("the server never served:\n{said}");
            }
        }
    }

    fn spawn(&self) -> Child {
        let log = fs::File::options().append(true).create(true).open(self.log()).unwrap();
        let mut command = self.command("postgres");
        command.args(["-D", &self.data(), "-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        command.args(["-c", "fsync=off", "-k", &self.directory.path().to_string_lossy()]);
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
    }

    fn end(&mut self, signal: Signal) {
        if let Some(mut process) = self.process.take() {
            // One that has ended already is as good.
            let _ = kill_process(Pid::from_child(&process), signal);
            process.wait().unwrap();
        }
    }

    /// A server that has once accepted its port has left a file that says so.
    fn has_served(&self) -> bool {
        fs::read_to_string(self.log()).is_ok_and(|log| log.contains("ready to accept connections"))
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = Command::new(if other_user().is_some() { Path::new("setpriv") } else { &program });
        if other_user().is_some() {
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(&program);
        }
        // A directory that the server's user may enter.
        command.current_dir(self.directory.path()).env_clear().env("LC_ALL", "C.UTF-8").env("PATH", "/usr/bin:/bin");
        command
    }

    fn data(&self) -> String {
        self.directory.path().join("data").to_string_lossy().into_owned()
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ends its children too, and waits for nothing.
        self.end(Signal::QUIT);
    }
}

/// The newest of Debian's, or what the path leads to.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let installed = versions.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        let programs = entry.path().join("bin");
        programs.join("postgres").exists().then_some((version, programs))
    });
    installed.max().map(|(_, programs)| programs).unwrap_or_default()
}

/// Whether our patience is over by now.
#[expect(
    clippy::disallowed_methods,
    reason = "a real server takes real time, also beside a runtime whose time is paused"
)]
pub(crate) fn deadline() -> impl Fn() -> bool {
    let begun = std::time::Instant::now();
    move || begun.elapsed() > PATIENCE
}

/// The user and group that the server runs as, when we are root.
pub(crate) fn other_user() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let accounts = fs::read_to_string(Path::new("/etc/passwd")).unwrap();
    let account = accounts.lines().find(|line| line.starts_with("postgres:")).expect("a user `postgres`");
    let number = |field: usize| account.split(':').nth(field).unwrap().parse().unwrap();
    Some((number(2), number(3)))
}

#[test]
fn a_server_comes_back_with_its_data_after_a_restart_and_after_a_death() {
    let mut server = Server::start_with(&["max_connections=23"]);
    server.psql("create table t (v int)");
    server.psql("insert into t values (1)");
    let port = server.port();
    server.restart();
    server.psql("insert into t values (2)");
    server.kill_9();
    assert!(!server.try_psql("select 1").status.success());
    server.restart();
    assert_eq!(server.psql("select sum(v), current_setting('max_connections') from t"), "3|23");
    assert_eq!(server.port(), port);
}
