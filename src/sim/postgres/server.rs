//! One real server: made, started, stopped, copied, promoted. Nothing of it is left when it is dropped.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::process::Child;
use tokio::task::JoinSet;
use tokio_postgres::{Client, Config, NoTls};

use super::PlaneError;
use super::programs::Programs;
use super::settings;
use crate::clock::Clock;
use crate::sim::world::real::Size;

/// Longer than any server of this size takes to start or to stop.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A server with its own data. At most one process runs on that.
#[derive(Debug)]
pub(super) struct Server {
    programs: Programs,
    process: Option<Child>,
    address: SocketAddr,
    size: Size,
    // Dropped after the process.
    folder: TempDir,
}

/// A session with a server as its superuser; its traffic ends with it.
#[derive(Debug)]
pub(super) struct Superuser {
    pub(super) client: Client,
    _traffic: JoinSet<()>,
}

impl Server {
    /// A new, empty database; not started.
    pub(super) async fn create(programs: &Programs, yard: &Path, size: Size) -> Result<Self, PlaneError> {
        let server = Self::place(programs, yard, size)?;
        let data = server.data();
        let arguments = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"];
        server
            .run("initdb", arguments.map(str::to_owned).into_iter().chain([format!("--pgdata={}", data.display())]))
            .await?;
        server.include_settings()?;
        Ok(server)
    }

    /// A follower of `origin`, under way when this returns: it has all of the other's data and takes on what comes.
    pub(super) async fn follow(origin: &Self, name: &str, yard: &Path, size: Size) -> Result<Self, PlaneError> {
        let mut server = Self::place(&origin.programs, yard, size)?;
        // The copying is a follower too, and has another name: only this one's own following is waited for.
        let arguments = [
            format!("--dbname={}", origin.way()),
            format!("--pgdata={}", server.data().display()),
            "--wal-method=stream".to_owned(),
            "--checkpoint=fast".to_owned(),
            "--no-sync".to_owned(),
        ];
        server.run("pg_basebackup", arguments).await?;
        server.launch_following(origin, name).await?;
        Ok(server)
    }

    /// Restarts a follower with the settings of another class; it follows again when this returns.
    pub(super) async fn resize_following(&mut self, origin: &Self, name: &str, size: Size) -> Result<(), PlaneError> {
        self.stop().await?;
        self.size = size;
        self.launch_following(origin, name).await
    }

    async fn launch_following(&mut self, origin: &Self, name: &str) -> Result<(), PlaneError> {
        self.write_settings(&format!("primary_conninfo = '{} application_name={name}'\n", origin.way()))?;
        self.write_file("standby.signal", "")?;
        self.launch()?;
        self.until_it_follows(origin, name).await
    }

    /// Returns once the origin streams its log to this follower.
    pub(super) async fn until_it_follows(&mut self, origin: &Self, name: &str) -> Result<(), PlaneError> {
        let clock = Clock::system();
        let follows = async {
            let origin = origin.superuser().await?;
            // One that has just come back can be there twice for a moment.
            let query = "select bool_or(state = 'streaming') from pg_stat_replication where application_name = $1";
            loop {
                self.check_alive()?;
                let row = origin.client.query_one(query, &[&name]).await?;
                if row.get::<_, Option<bool>>(0) == Some(true) {
                    return Ok(());
                }
                clock.sleep(LOOK_EVERY).await;
            }
        };
        let followed: Option<Result<(), PlaneError>> = clock.bounded(PATIENCE, follows).await;
        followed.unwrap_or(Err(PlaneError::TooLong("a copy to follow its original")))
    }

    /// Where its own clients reach it; the same for as long as it exists.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The class that it was last started for.
    pub(super) fn size(&self) -> Size {
        self.size
    }

    /// Where its sockets are.
    pub(super) fn socket_folder(&self) -> &Path {
        self.folder.path()
    }

    /// The main process, while it runs.
    pub(super) fn pid(&self) -> Option<u32> {
        self.process.as_ref().and_then(Child::id)
    }

    /// Starts it with the settings of a class; it takes sessions when this returns.
    pub(super) async fn start(&mut self, size: Size) -> Result<(), PlaneError> {
        self.size = size;
        self.write_settings("")?;
        self.launch()?;
        self.until_it_answers().await
    }

    /// Starts it for reading alone: it takes no writes, and no session can change that.
    pub(super) async fn start_read_only(&mut self) -> Result<(), PlaneError> {
        self.write_settings(settings::READ_ONLY)?;
        self.write_file("standby.signal", "")?;
        self.launch()?;
        self.until_it_answers().await
    }

    /// Stops it: sessions are ended, and followers have all that was written before it is gone.
    pub(super) async fn stop(&mut self) -> Result<(), PlaneError> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        signal(&process, Signal::INT);
        let ended = Clock::system().bounded(PATIENCE, process.wait()).await;
        ended.map(drop).ok_or(PlaneError::TooLong("a server to stop"))
    }

    /// A follower becomes a server of its own; it takes writes when this returns.
    pub(super) async fn promote(&mut self) -> Result<(), PlaneError> {
        self.write_file("promote", "")?;
        if let Some(process) = &self.process {
            signal(process, Signal::USR1);
        }
        self.until_it_answers().await
    }

    /// A session with it.
    pub(super) async fn superuser(&self) -> Result<Superuser, PlaneError> {
        superuser(self.socket_folder(), self.address.port()).await
    }

    fn place(programs: &Programs, yard: &Path, size: Size) -> Result<Self, PlaneError> {
        let folder = tempfile::Builder::new().prefix("server-").tempdir_in(yard);
        let folder = folder.map_err(|error| PlaneError::files("make a folder in", yard, &error))?;
        programs.hand_over(folder.path())?;
        Ok(Self { programs: programs.clone(), process: None, address: free_address()?, size, folder })
    }

    /// How a follower reaches it.
    fn way(&self) -> String {
        format!("host={} port={} user=postgres", self.socket_folder().display(), self.address.port())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> Result<Stdio, PlaneError> {
        let path = self.folder.path().join("log");
        let file = fs::File::options().create(true).append(true).open(&path);
        file.map(Stdio::from).map_err(|error| PlaneError::files("open", &path, &error))
    }

    fn include_settings(&self) -> Result<(), PlaneError> {
        let path = self.data().join("postgresql.conf");
        let files = |error: std::io::Error| PlaneError::files("write", &path, &error);
        let main = fs::read_to_string(&path).map_err(files)?;
        fs::write(&path, format!("{main}\ninclude = '{}'\n", settings::FILE)).map_err(files)
    }

    fn write_settings(&self, more: &str) -> Result<(), PlaneError> {
        let text = settings::text(&self.size, self.address, self.folder.path());
        self.write_file(settings::FILE, &format!("{text}{more}"))
    }

    fn write_file(&self, name: &str, text: &str) -> Result<(), PlaneError> {
        let path = self.data().join(name);
        fs::write(&path, text).map_err(|error| PlaneError::files("write", &path, &error))?;
        self.programs.hand_over(&path)
    }

    fn launch(&mut self) -> Result<(), PlaneError> {
        let mut command = self.programs.command("postgres", self.log()?);
        let process = command.arg("-D").arg(self.data()).spawn();
        self.process = Some(process.map_err(|error| PlaneError::program("postgres", &error.to_string()))?);
        Ok(())
    }

    /// It must not end by itself.
    fn check_alive(&mut self) -> Result<(), PlaneError> {
        let ended = self.process.as_mut().map(Child::try_wait);
        match ended {
            Some(Ok(None)) => Ok(()),
            _ => Err(PlaneError::program("postgres", &self.last_words())),
        }
    }

    async fn until_it_answers(&mut self) -> Result<(), PlaneError> {
        let clock = Clock::system();
        let answers = async {
            loop {
                self.check_alive()?;
                if let Ok(session) = self.superuser().await
                    && session.client.simple_query("select 1").await.is_ok()
                {
                    return Ok(());
                }
                clock.sleep(LOOK_EVERY).await;
            }
        };
        clock.bounded(PATIENCE, answers).await.unwrap_or(Err(PlaneError::TooLong("a server to answer")))
    }

    async fn run(&self, program: &str, arguments: impl IntoIterator<Item = String>) -> Result<(), PlaneError> {
        let mut command = self.programs.command(program, self.log()?);
        let status = command.args(arguments).status().await;
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err(PlaneError::program(program, &self.last_words())),
            Err(error) => Err(PlaneError::program(program, &error.to_string())),
        }
    }

    /// The end of its log, for messages.
    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(3).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" / ")
    }
}

/// A session with the server whose socket is there.
pub(super) async fn superuser(folder: &Path, port: u16) -> Result<Superuser, PlaneError> {
    let mut config = Config::new();
    config.host_path(folder).port(port).user("postgres").dbname("postgres").application_name("upshift-sim");
    let (client, connection) = config.connect(NoTls).await?;
    let mut traffic = JoinSet::new();
    traffic.spawn(async move { drop(connection.await) });
    Ok(Superuser { client, _traffic: traffic })
}

/// A process that has ended needs no signal.
fn signal(process: &Child, signal: Signal) {
    let pid = process.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    if let Some(pid) = pid {
        let _ = kill_process(pid, signal);
    }
}

/// A free port of loopback. Another process could take it before the server does; then the server says so.
pub(super) fn free_address() -> Result<SocketAddr, PlaneError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    address.map_err(|error| PlaneError::Port(error.to_string()))
}
