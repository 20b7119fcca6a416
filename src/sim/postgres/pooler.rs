//! A real PgBouncer in front of a simulated database, in transaction mode, as many applications have one.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::Child;

use super::PlaneError;
use super::programs::Programs;
use super::server::free_address;
use crate::clock::Clock;

const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// What PgBouncer calls the database; the admin console is the database `pgbouncer`.
pub const DATABASE: &str = "postgres";

/// A running PgBouncer. It ends when this is dropped.
#[derive(Debug)]
pub struct PgBouncer {
    address: SocketAddr,
    _process: Child,
    // Dropped after the process.
    _folder: TempDir,
}

impl PgBouncer {
    /// Starts one in front of an endpoint; it takes sessions when this returns. Everybody on this machine may be its admin.
    pub(super) async fn start(programs: &Programs, yard: &Path, endpoint: SocketAddr) -> Result<Self, PlaneError> {
        let folder = tempfile::Builder::new().prefix("pgbouncer-").tempdir_in(yard);
        let folder = folder.map_err(|error| PlaneError::files("make a folder in", yard, &error))?;
        programs.hand_over(folder.path())?;
        let address = free_address()?;
        let file = folder.path().join("pgbouncer.ini");
        let files = |error: std::io::Error| PlaneError::files("write", &file, &error);
        fs::write(&file, settings(folder.path(), address, endpoint)).map_err(files)?;
        programs.hand_over(&file)?;
        let log = fs::File::create(folder.path().join("log")).map_err(files)?;
        let mut process = programs
            .companion("pgbouncer", Stdio::from(log))
            .ok_or(PlaneError::NoPooler)?
            .arg("--quiet")
            .arg(&file)
            .spawn()
            .map_err(|error| PlaneError::program("pgbouncer", &error.to_string()))?;
        let clock = Clock::system();
        let answers = async {
            while TcpStream::connect(address).await.is_err() {
                if !matches!(process.try_wait(), Ok(None)) {
                    let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
                    return Err(PlaneError::program("pgbouncer", log.trim()));
                }
                clock.sleep(LOOK_EVERY).await;
            }
            Ok(())
        };
        clock.bounded(PATIENCE, answers).await.unwrap_or(Err(PlaneError::TooLong("pgbouncer to answer")))?;
        Ok(Self { address, _process: process, _folder: folder })
    }

    /// Where its clients and its admin console are.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A server that was not there is tried again at once: the usual 15 s are longer than any takeover.
fn settings(folder: &Path, address: SocketAddr, endpoint: SocketAddr) -> String {
    format!(
        "[databases]\n{DATABASE} = host={} port={} dbname=postgres user=postgres\n\n[pgbouncer]\nlisten_addr = {}\nlisten_port = {}\n\
         unix_socket_dir =\nauth_type = any\nadmin_users = postgres\npool_mode = transaction\nmax_client_conn = 2000\n\
         default_pool_size = 32\nserver_login_retry = 0.1\nserver_round_robin = 0\nlogfile = {}\npidfile =\n\
         ignore_startup_parameters = extra_float_digits,options\n",
        endpoint.ip(),
        endpoint.port(),
        address.ip(),
        address.port(),
        folder.join("pgbouncer.log").display(),
    )
}
