//! The page on a socket: HTTP/1.1 on loopback, one request per connection.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Sources, collect};
use crate::clock::Clock;

/// More than anybody needs; those beyond wait for a place.
const MAX_CONNECTIONS: usize = 16;
/// Within this time of the machine a request must have come whole.
const READ_DEADLINE: Duration = Duration::from_secs(5);
/// And this long a connection may live, whatever its other end does.
const CONNECTION_DEADLINE: Duration = Duration::from_secs(10);
/// The longest request that is read.
const MAX_REQUEST_BYTES: usize = 16 << 10;
/// A socket that takes no connections, for want of descriptors perhaps, is tried again after this time.
const TRY_AGAIN: Duration = Duration::from_secs(1);

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// Why there is no page.
#[derive(Debug, Error)]
pub enum BindError {
    /// The address is reachable from elsewhere.
    #[error(
        "metrics are for this machine alone, because anybody may read them; {0} is not loopback: use 127.0.0.1 or [::1]"
    )]
    NotLoopback(SocketAddr),
    /// The port is taken, or the system refuses.
    #[error("cannot listen on {address} for metrics: {source}; choose another port, or port 0 for any free one")]
    Bind {
        /// What was asked for.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
}

/// A listening socket. Nobody is answered before [`Server::run`].
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Listens on a loopback address; port 0 takes a free port.
    ///
    /// # Errors
    /// When the address is not loopback or cannot be had.
    pub async fn bind(address: SocketAddr) -> Result<Self, BindError> {
        if !address.ip().is_loopback() {
            return Err(BindError::NotLoopback(address));
        }
        let bind = |source| BindError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        Ok(Self { listener, address })
    }

    /// Where the page is.
    pub fn url(&self) -> String {
        format!("http://{}/metrics", self.address)
    }

    /// Answers for ever; open connections are cut when the future is dropped.
    pub async fn run(self, sources: Sources) -> Infallible {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = JoinSet::new();
        let clock = Clock::system();
        loop {
            tokio::select! {
                biased;
                Some(ended) = connections.join_next(), if !connections.is_empty() => {
                    if let Err(error) = ended {
                        tracing::error!("a reader of the metrics was lost: {error}");
                    }
                }
                (accepted, place) = accept(&self.listener, &places) => match accepted {
                    Ok(stream) => {
                        let sources = sources.clone();
                        connections.spawn(async move {
                            serve(stream, sources).await;
                            drop(place);
                        });
                    }
                    Err(error) => {
                        tracing::warn!("the metrics take no connection for the moment: {error}");
                        clock.sleep(TRY_AGAIN).await;
                    }
                }
            }
        }
    }
}

type Place = Option<tokio::sync::OwnedSemaphorePermit>;

/// A connection with its place among the others.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> (io::Result<TcpStream>, Place) {
    // Nothing closes it.
    let place = Arc::clone(places).acquire_owned().await.ok();
    (listener.accept().await.map(|(stream, _)| stream), place)
}

async fn serve(stream: TcpStream, sources: Sources) {
    let service = service_fn(move |request| {
        let answer = answer(&request, &sources);
        async move { Ok::<_, Infallible>(answer) }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(READ_DEADLINE).keep_alive(false).max_buf_size(MAX_REQUEST_BYTES);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    match Clock::system().bounded(CONNECTION_DEADLINE, connection).await {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::debug!(%error, "a reader of the metrics went early"),
        None => tracing::debug!("a reader of the metrics took too long"),
    }
}

fn answer(request: &Request<Incoming>, sources: &Sources) -> Response<Full<Bytes>> {
    if request.uri().path() != "/metrics" || request.method() != Method::GET {
        return text(StatusCode::NOT_FOUND, PLAIN, "there is GET /metrics here and nothing else\n".to_owned());
    }
    match collect::page(sources) {
        Ok(page) => text(StatusCode::OK, OPEN_METRICS, page),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, format!("no page: {error}\n")),
    }
}

fn text(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(text.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}
