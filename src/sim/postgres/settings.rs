//! A class as settings of a real server. Memory is scaled down, since many classes have more than the machine that this
//! runs on; the number of sessions is that of the class.

use std::net::SocketAddr;
use std::path::Path;

use crate::sim::world::real::Size;

/// The name of the file with what is set here; the server's main file includes it last.
pub(super) const FILE: &str = "upshift.conf";
/// Of RDS's `shared_buffers`, a quarter of the memory, a server here has this part.
const MEMORY_SCALE: f64 = 64.0;
const LEAST_BUFFERS_MIB: f64 = 16.0;
const MOST_BUFFERS_MIB: f64 = 256.0;
/// Beyond this many slots the memory for them is noticed on a small machine.
const MOST_CONNECTIONS: u32 = 2_000;

/// The file's text. `fsync` is off: a machine that loses power is not simulated, and a killed server loses nothing by it.
/// A follower answers no queries, so that it may have fewer sessions than what it follows. It looks for log again within
/// 20 ms: a promotion that arrives while it turns from a source that has ended is only seen at its next look.
pub(super) fn text(size: &Size, address: SocketAddr, folder: &Path) -> String {
    let buffers_mib = size.memory_bytes / 4.0 / MEMORY_SCALE / f64::from(1_u32 << 20);
    let buffers_mib = buffers_mib.clamp(LEAST_BUFFERS_MIB, MOST_BUFFERS_MIB).round();
    let connections = size.max_connections.clamp(20, MOST_CONNECTIONS);
    format!(
        "listen_addresses = '{}'\nport = {}\nunix_socket_directories = '{}'\nmax_connections = {connections}\n\
         shared_buffers = '{buffers_mib}MB'\nfsync = off\nwal_level = replica\nmax_wal_senders = 10\n\
         wal_keep_size = '1GB'\nhot_standby = off\ntrack_wal_io_timing = on\nwal_receiver_status_interval = '1s'\n\
         wal_retrieve_retry_interval = '20ms'\n\
         log_line_prefix = '%m [%p] '\nlogging_collector = off\ntimezone = 'UTC'\ncluster_name = 'upshift-sim'\n",
        address.ip(),
        address.port(),
        folder.display(),
    )
}

/// What makes a server that only reads of one that wrote: it waits for log that never comes, and answers queries.
pub(super) const READ_ONLY: &str =
    "hot_standby = on\nprimary_conninfo = ''\nrestore_command = ''\nwal_retrieve_retry_interval = '1min'\n";
