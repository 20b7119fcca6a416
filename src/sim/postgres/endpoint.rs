//! The address of a database's name: it stays, and what it leads to moves, as with the DNS names of RDS.
//!
//! It speaks the protocol's first words only, to refuse encryption: sessions are plain text within this machine. A
//! session stays with the server that it began with. New sessions go to where the name led a moment ago for as long as
//! clients are said to remember the old address.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::PlaneError;
use super::answers::Answers;
use super::throttle::Throttle;
use crate::clock::Stopwatch;

/// More than any class lets in.
const MOST_SESSIONS: usize = 4_096;
const CHUNK_BYTES: usize = 16 << 10;
/// The first message of a session is a length and a code; these codes ask for encryption.
const FIRST_BYTES: usize = 8;
const ENCRYPTION_CODES: [u32; 2] = [80_877_103, 80_877_104];

/// Where a name leads now.
#[derive(Debug, Clone)]
pub(super) enum Route {
    /// Nobody is let in, and who was in is out.
    Closed,
    /// To a server, within its limit.
    To(Arc<Machine>),
}

/// A server as an endpoint sees it.
#[derive(Debug)]
pub(super) struct Machine {
    /// Its own address.
    pub(super) address: SocketAddr,
    /// What its class sustains.
    pub(super) throttle: Throttle,
}

/// A listening endpoint. Its sessions end when it is dropped.
#[derive(Debug)]
pub(super) struct Endpoint {
    address: SocketAddr,
    route: watch::Sender<Route>,
    _listening: JoinSet<()>,
}

impl Endpoint {
    /// Listens on a free port of loopback; nobody is let in yet. `stale` is how long new sessions still go to where the
    /// name led before.
    pub(super) async fn open(stale: Duration) -> Result<Self, PlaneError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(|error| PlaneError::Port(error.to_string()))?;
        let address = listener.local_addr().map_err(|error| PlaneError::Port(error.to_string()))?;
        let (route, routes) = watch::channel(Route::Closed);
        let mut listening = JoinSet::new();
        listening.spawn(listen(listener, routes, stale));
        Ok(Self { address, route, _listening: listening })
    }

    /// The address, the same for as long as it exists.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Leads there from now on.
    pub(super) fn lead(&self, to: &Route) {
        self.route.send_if_modified(|route| {
            let is_other = !route.is(to);
            if is_other {
                *route = to.clone();
            }
            is_other
        });
    }
}

impl Route {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Closed, Self::Closed) => true,
            (Self::To(a), Self::To(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// What clients believe: the newest server, and the one before it with the time since when that is old.
struct Belief {
    newest: Option<Arc<Machine>>,
    before: Option<Arc<Machine>>,
    since: Stopwatch,
}

impl Belief {
    fn learn(&mut self, route: &Route) {
        let Route::To(machine) = route else { return };
        if self.newest.as_ref().is_none_or(|newest| !Arc::ptr_eq(newest, machine)) {
            self.before = self.newest.replace(machine.clone());
            self.since = Stopwatch::start();
        }
    }

    fn machine(&self, stale: Duration) -> Option<&Arc<Machine>> {
        self.before.as_ref().filter(|_| self.since.elapsed() < stale).or(self.newest.as_ref())
    }
}

async fn listen(listener: TcpListener, mut routes: watch::Receiver<Route>, stale: Duration) {
    let mut sessions = JoinSet::new();
    let mut belief = Belief { newest: None, before: None, since: Stopwatch::start() };
    loop {
        tokio::select! {
            biased;
            changed = routes.changed() => {
                if changed.is_err() {
                    return;
                }
                belief.learn(&routes.borrow_and_update());
            }
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                let is_open = matches!(*routes.borrow(), Route::To(_));
                if let Some(machine) = belief.machine(stale).filter(|_| is_open && sessions.len() < MOST_SESSIONS) {
                    sessions.spawn(session(client, machine.clone(), routes.clone()));
                }
            }
            Some(_) = sessions.join_next(), if !sessions.is_empty() => {}
        }
    }
}

/// Carries a session until an end of it closes, or the name leads nowhere.
async fn session(client: TcpStream, machine: Arc<Machine>, mut routes: watch::Receiver<Route>) {
    drop(client.set_nodelay(true));
    let closed = async {
        while !matches!(*routes.borrow_and_update(), Route::Closed) {
            if routes.changed().await.is_err() {
                return;
            }
        }
    };
    let carried = async {
        let (mut from_client, mut to_client) = client.into_split();
        let Some(first) = first_words(&mut from_client, &mut to_client).await else { return };
        let Ok(server) = TcpStream::connect(machine.address).await else { return };
        drop(server.set_nodelay(true));
        let (from_server, mut to_server) = server.into_split();
        if to_server.write_all(&first).await.is_err() {
            return;
        }
        let questions = async { drop(tokio::io::copy(&mut from_client, &mut to_server).await) };
        tokio::select! {
            () = questions => {}
            () = answers(from_server, to_client, &machine.throttle) => {}
        }
    };
    tokio::select! {
        () = closed => {}
        () = carried => {}
    }
}

/// Refuses encryption until the client begins a session in plain text; the bytes that it begins with.
async fn first_words(from_client: &mut OwnedReadHalf, to_client: &mut OwnedWriteHalf) -> Option<[u8; FIRST_BYTES]> {
    loop {
        let mut first = [0; FIRST_BYTES];
        from_client.read_exact(&mut first).await.ok()?;
        let code = u32::from_be_bytes([first[4], first[5], first[6], first[7]]);
        if !ENCRYPTION_CODES.contains(&code) {
            return Some(first);
        }
        to_client.write_all(b"N").await.ok()?;
    }
}

async fn answers(mut from_server: OwnedReadHalf, mut to_client: OwnedWriteHalf, throttle: &Throttle) {
    let (mut answers, mut chunk) = (Answers::default(), vec![0; CHUNK_BYTES]);
    while let Ok(length @ 1..) = from_server.read(&mut chunk).await {
        let rows = answers.rows_written(&chunk[..length]);
        if rows > 0 {
            throttle.pass(rows as f64).await;
        }
        if to_client.write_all(&chunk[..length]).await.is_err() {
            return;
        }
    }
}
