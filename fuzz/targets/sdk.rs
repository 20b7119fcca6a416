//! AWS as one answer: whatever is asked through the real SDK, these bytes come back.

use std::cell::{Cell, RefCell};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use jiff::Timestamp;
use upshift::aws::Aws;
use upshift::aws::connect::{InProcess, Target, connect};
use upshift::clock::Clock;
use upshift::model::settings::AwsSettings;

thread_local! {
    /// Clients are made once per thread: making them takes longer than all that is tried with them.
    static READY: Ready = Ready::new();
    static ANSWER: RefCell<http::Response<Vec<u8>>> = RefCell::default();
    /// How often it was given.
    static GIVEN: Cell<u32> = const { Cell::new(0) };
}

struct Ready {
    runtime: tokio::runtime::Runtime,
    aws: Aws,
}

/// Pages that are handed out of an answer that names a next one: the hundred that the reader takes show no more.
const PAGES: u32 = 4;

/// Asks with `ask` and answers with `answer`, again if the SDK tries again, and then not at all. Waits take no time.
pub fn ask<T>(answer: http::Response<Vec<u8>>, ask: impl AsyncFnOnce(&Aws) -> T) -> T {
    ANSWER.set(answer);
    GIVEN.set(0);
    READY.with(|ready| ready.runtime.block_on(ask(&ready.aws)))
}

/// An answer out of bytes: a line such as `200`, lines of headers, an empty line, the body. Bytes without an empty
/// line are the body of a good answer of this type.
pub fn answer(bytes: &[u8], content_type: &str) -> http::Response<Vec<u8>> {
    let end = bytes.windows(2).position(|two| two == b"\n\n");
    let (head, body) = end.map_or((&b""[..], bytes), |end| (&bytes[..end], &bytes[end + 2..]));
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let status = lines.next().and_then(|status| status.parse::<u16>().ok()).unwrap_or(200);
    let mut response = http::Response::builder().status(status).header("content-type", content_type);
    for (name, value) in lines.take(20).filter_map(|line| line.split_once(':')) {
        let name = http::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, http::HeaderValue::from_str(value.trim())) {
            response = response.header(name, value);
        }
    }
    response.body(body.to_vec()).unwrap_or_default()
}

impl Ready {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime");
        let aws = runtime.block_on(async {
            let clock = Clock::scaled(Timestamp::UNIX_EPOCH, 1.0);
            let in_process = InProcess::new(SharedHttpClient::new(Canned), clock);
            let settings = AwsSettings::default();
            connect(&settings, Target::InProcess(in_process)).await
        });
        Self { runtime, aws }
    }
}

#[derive(Debug)]
struct Canned;

impl HttpClient for Canned {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Canned)
    }
}

impl HttpConnector for Canned {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        if GIVEN.replace(GIVEN.get() + 1) >= PAGES {
            return HttpConnectorFuture::ready(Err(ConnectorError::user("enough".into())));
        }
        let message = ANSWER.with_borrow(Clone::clone).map(SdkBody::from);
        let answer = HttpResponse::try_from(message).map_err(|error| ConnectorError::other(error.into(), None));
        HttpConnectorFuture::ready(answer)
    }
}
