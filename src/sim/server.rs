//! The world on a socket: HTTP/1.1 on loopback, for any AWS client that can be given an endpoint.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Sim;
use super::wire::Request;

/// AWS takes no bigger bodies in any call that is simulated: the limit of `PutMetricData` is 1 MB.
const MAX_BODY_BYTES: usize = 2 << 20;
/// More clients than a test or an operator has; those beyond wait for a place.
const MAX_CONNECTIONS: usize = 128;

/// Why the simulation cannot be served.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The address is reachable from elsewhere.
    #[error("the simulation answers on loopback only, because it lets anybody in; {0} is not: use 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    /// The port is taken, or the system refuses.
    #[error("cannot listen on {address}: {source}; choose another port, or port 0 for any free one")]
    Bind {
        /// What was asked for.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
}

/// A listening simulation. Nobody is answered before [`Server::run`].
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    sim: Sim,
}

impl Server {
    /// Listens on a loopback address; port 0 takes a free port.
    ///
    /// # Errors
    /// When the address is not loopback or cannot be had.
    pub async fn bind(address: SocketAddr, sim: Sim) -> Result<Self, ServeError> {
        if !address.ip().is_loopback() {
            return Err(ServeError::NotLoopback(address));
        }
        let bind = |source| ServeError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        Ok(Self { listener, address, sim })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to give to clients, such as `http://127.0.0.1:40123`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers until `stop` completes; connections that are open then are cut. The same happens when the future is
    /// dropped.
    ///
    /// # Errors
    /// When the listening socket itself breaks.
    pub async fn run(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                biased;
                () = &mut stop => return Ok(()),
                Some(ended) = connections.join_next(), if !connections.is_empty() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "a connection of the simulation broke down");
                    }
                }
                accepted = accept(&self.listener, &places) => {
                    let (stream, place) = accepted?;
                    let sim = self.sim.clone();
                    connections.spawn(async move {
                        serve(stream, sim).await;
                        drop(place);
                    });
                }
            }
        }
    }
}

/// A connection and its place among [`MAX_CONNECTIONS`]; a client that gave up meanwhile is no reason to stop.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return Ok((stream, place)),
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => return Err(error),
        }
    }
}

async fn serve(stream: TcpStream, sim: Sim) {
    let service = service_fn(move |request| respond(sim.clone(), request));
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).auto_date_header(false);
    if let Err(error) = http.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a connection to the simulation ended early");
    }
}

/// The error type makes hyper cut the connection: how an answer gets lost.
#[derive(Debug, Error)]
#[error("the scenario lets this answer get lost")]
struct Lost;

async fn respond(sim: Sim, request: http::Request<Incoming>) -> Result<http::Response<Full<Bytes>>, Lost> {
    let (parts, body) = request.into_parts();
    if body.size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Ok(bare(StatusCode::PAYLOAD_TOO_LARGE));
    }
    let body = match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Ok(bare(StatusCode::PAYLOAD_TOO_LARGE)),
        Err(_) => return Ok(bare(StatusCode::BAD_REQUEST)),
    };
    let request = Request { method: parts.method, uri: parts.uri, headers: parts.headers, body };
    let answer = sim.answer(&request);
    sim.clock().sleep(answer.after).await;
    if answer.lost {
        return Err(Lost);
    }
    let mut message = http::Response::new(Full::new(answer.response.body));
    *message.status_mut() = answer.response.status;
    *message.headers_mut() = answer.response.headers;
    Ok(message)
}

fn bare(status: StatusCode) -> http::Response<Full<Bytes>> {
    let mut message = http::Response::new(Full::default());
    *message.status_mut() = status;
    message
}
