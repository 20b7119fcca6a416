//! An endpoint in front of PostgreSQL for a test: a stable address of loopback whose target moves, as a name in DNS does.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Forwards until it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    target: Arc<watch::Sender<u16>>,
    /// Counts up: a connection of an older number is swallowed.
    age: Arc<watch::Sender<u64>>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// A new endpoint of a server at a port of loopback.
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (target, age) = (Arc::new(watch::Sender::new(port)), Arc::new(watch::Sender::new(0)));
        let mut tasks = JoinSet::new();
        let (targets, ages) = (Arc::clone(&target), Arc::clone(&age));
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let port = *targets.borrow();
                connections.spawn(forward(client, port, ages.subscribe()));
            }
        });
        Self { address, target, age, _tasks: tasks }
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// New connections go there; those that are open stay where they are.
    pub(crate) fn move_to(&self, port: u16) {
        self.target.send_replace(port);
    }

    /// Whatever comes in by a connection that is open now goes nowhere, and nothing comes back: neither side is told.
    pub(crate) fn swallow_what_is_open(&self) {
        self.age.send_modify(|age| *age += 1);
    }
}

async fn forward(mut client: TcpStream, port: u16, mut age: watch::Receiver<u64>) {
    let born = *age.borrow_and_update();
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    // Each write of a client is one packet: a proxy that waits for more would be measured too.
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let is_swallowed = tokio::select! {
        biased;
        _ = age.wait_for(|age| *age > born) => true,
        _ = copy_bidirectional(&mut client, &mut server) => false,
    };
    // Held open on the server's side too.
    let mut nowhere = [0; 1024];
    while is_swallowed && client.read(&mut nowhere).await.is_ok_and(|read| read > 0) {}
}
