//! The simulation on a socket: what it lets in, and how it ends.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, Ordering};

use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use upshift::clock::Clock;
use upshift::sim::Sim;
use upshift::sim::scenario::Scenario;
use upshift::sim::server::{ServeError, Server};

fn sim() -> Sim {
    let scenario = Scenario::builtin("quiet").unwrap().unwrap();
    Sim::new(&scenario, None, Clock::scaled(scenario.start, 1000.0))
}

async fn bind(address: &str) -> Result<Server, ServeError> {
    Server::bind(address.parse().unwrap(), sim()).await
}

/// Sends bytes as they are and reads until the server closes.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Whether anybody serves there. That a connection is taken says little: a process that another test is just starting has
/// the socket, too, until it becomes the program that it shall be.
async fn is_served(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address).await else { return false };
    let mut answer = Vec::new();
    let asked = stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    asked.is_ok() && stream.read_to_end(&mut answer).await.is_ok() && !answer.is_empty()
}

/// Serves while `work` runs, at an address where no other test does; ends by the stop signal.
async fn while_serving<F: Future<Output = ()>>(work: impl FnOnce(SocketAddr) -> F) {
    static LAST_HOST: AtomicU8 = AtomicU8::new(0);
    let host = 1 + LAST_HOST.fetch_add(1, Ordering::Relaxed);
    let server = bind(&format!("127.0.7.{host}:0")).await.unwrap();
    let address = server.address();
    assert_eq!(server.endpoint(), format!("http://{address}"));
    let (stop, stopped) = oneshot::channel::<()>();
    let mut tasks = JoinSet::new();
    tasks.spawn(server.run(async move { drop(stopped.await) }));
    assert!(is_served(address).await);
    work(address).await;
    drop(stop);
    tasks.join_next().await.unwrap().unwrap().unwrap();
    assert!(!is_served(address).await, "it still serves");
}

#[tokio::test]
async fn only_loopback_is_served() {
    for outside in ["0.0.0.0:0", "192.0.2.1:80", "[::]:0"] {
        let error = bind(outside).await.unwrap_err();
        assert!(matches!(error, ServeError::NotLoopback(_)), "{error}");
        assert!(error.to_string().contains("use 127.0.0.1"), "{error}");
    }
}

#[tokio::test]
async fn a_taken_port_is_said_to_be_taken() {
    let first = bind("127.0.0.1:0").await.unwrap();
    let error = bind(&first.address().to_string()).await.unwrap_err();
    assert!(error.to_string().contains("choose another port"), "{error}");
}

#[tokio::test]
async fn an_unsigned_call_is_refused_in_xml_with_date_and_request_id() {
    while_serving(|address| async move {
        let form = "Action=DescribeDBInstances&Version=2014-10-31";
        let call = format!(
            "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-amz-date: 20260203T040506Z\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        );
        let answer = exchange(address, call.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        assert!(answer.contains("<Code>MissingAuthenticationToken</Code>"), "{answer}");
        assert!(answer.contains("x-amzn-requestid: "), "{answer}");
        assert!(answer.contains("date: Tue, 03 Feb 2026 04:05:06 GMT"), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn an_unsigned_call_of_cloudwatch_is_refused_in_its_protocol() {
    while_serving(|address| async move {
        let form = "Action=ListMetrics&Version=2010-08-01";
        let target = "x-amz-target: GraniteServiceVersion20100801.ListMetrics";
        let exception = "com.amazon.coral.service#MissingAuthenticationTokenException";
        let path = "/service/GraniteServiceVersion20100801/operation/ListMetrics";
        for (path, header, body, status, expected) in [
            (
                "/",
                "content-type: application/x-www-form-urlencoded",
                form,
                403,
                "<Code>MissingAuthenticationToken</Code>",
            ),
            ("/", target, "{}", 400, exception),
            (path, "smithy-protocol: rpc-v2-cbor", "\u{0}", 400, exception),
        ] {
            let call = format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{header}\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let answer = exchange(address, call.as_bytes()).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(expected), "{answer}");
            assert!(answer.contains("Request is missing Authentication Token"), "{answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_no_service_knows_is_an_unknown_action() {
    while_serving(|address| async move {
        let calls = [
            "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            "GET /?Action=Fly&Version=1999-01-01 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-amz-target: Kinesis_20131202.PutRecord\r\ncontent-length: 2\r\n\r\n{}",
        ];
        for (call, expected) in calls.iter().zip(["InvalidAction", "operation Fly", "UnknownOperationException"]) {
            let answer = exchange(address, call.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 40") && answer.contains(expected), "{answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_body_without_end_is_not_read_to_the_end() {
    while_serving(|address| async move {
        let head = "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 9000000000\r\n\r\n";
        let answer = exchange(address, head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn a_world_never_goes_back() {
    let sim = sim();
    let later = sim.world().now() + jiff::SignedDuration::from_hours(1);
    let mut world = sim.world();
    world.advance(later);
    world.advance(Timestamp::UNIX_EPOCH);
    assert_eq!(world.now(), later);
}
