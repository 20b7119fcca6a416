//! The world as an HTTP client of the AWS SDK: no socket, the same bytes. Time passes on the clock, so that tests run
//! under paused time.

use std::io::{Error as IoError, ErrorKind};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;

use super::Sim;
use super::wire::{Request, Response};

/// A connector to one simulation. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SimClient {
    sim: Sim,
}

impl SimClient {
    /// An HTTP client for the SDK's configuration. Requests must be signed for the scenario's region; any endpoint
    /// will do, also the SDK's own idea of it: nothing leaves the process.
    pub fn shared(sim: &Sim) -> SharedHttpClient {
        SharedHttpClient::new(Self { sim: sim.clone() })
    }
}

impl HttpClient for SimClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(SimConnector { sim: self.sim.clone(), patience: settings.read_timeout() })
    }
}

#[derive(Debug)]
struct SimConnector {
    sim: Sim,
    /// The SDK's read timeout.
    patience: Option<Duration>,
}

impl HttpConnector for SimConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (sim, patience) = (self.sim.clone(), self.patience);
        HttpConnectorFuture::new(async move {
            let request = incoming(request).await?;
            let answer = sim.answer(&request);
            if let Some(patience) = patience.filter(|patience| *patience < answer.after) {
                sim.clock().sleep(patience).await;
                return Err(ConnectorError::timeout(IoError::from(ErrorKind::TimedOut).into()));
            }
            sim.clock().sleep(answer.after).await;
            if answer.lost {
                return Err(ConnectorError::io(IoError::from(ErrorKind::ConnectionReset).into()));
            }
            outgoing(answer.response)
        })
    }
}

pub(crate) async fn incoming(request: HttpRequest) -> Result<Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
    Ok(Request { method: parts.method, uri: parts.uri, headers: parts.headers, body })
}

pub(crate) fn outgoing(response: Response) -> Result<HttpResponse, ConnectorError> {
    let mut message = http::Response::new(SdkBody::from(response.body));
    *message.status_mut() = response.status;
    *message.headers_mut() = response.headers;
    HttpResponse::try_from(message).map_err(|error| ConnectorError::other(error.into(), None))
}
