//! Real failures of the real SDK, against sockets of this machine: what is said of each.

use std::net::SocketAddr;

use aws_credential_types::Credentials;
use aws_credential_types::credential_fn::provide_credentials_fn;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_rds::config::retry::RetryConfig;
use aws_sdk_rds::config::{BehaviorVersion, Region};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_types::timeout::TimeoutConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;
use crate::aws::connect::{Target, connect};
use crate::model::settings::AwsSettings;

const OPERATIONS: [&str; 5] = [
    "GetCallerIdentity",
    "GetMetricData",
    "DescribeEvents",
    "DescribeDBInstances",
    "DescribeOrderableDBInstanceOptions",
];

/// What a person sees without scrolling.
const VISIBLE: usize = 120;

/// A server that gives every connection the same answer and closes it.
async fn answering(answer: String, servers: &mut JoinSet<()>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    servers.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut seen = vec![0; 65_536];
            let _ = stream.read(&mut seen).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

fn http(status: &str, kind: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn error_document(status: &str, code: &str, message: &str) -> String {
    let body = format!(
        "<ErrorResponse xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>{message}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
    );
    http(status, "text/xml", &body)
}

type RdsConfig = aws_sdk_rds::config::Builder;

fn config(endpoint: &str) -> RdsConfig {
    aws_sdk_rds::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .endpoint_url(endpoint)
}

/// Clients of which only the names of region and endpoint matter.
async fn aws(region: &str, endpoint: Option<&str>) -> Aws {
    let target = Target::Endpoint { url: "http://127.0.0.1:1".to_owned(), region: region.to_owned() };
    let aws = connect(&AwsSettings::default(), target).await;
    Aws { endpoint: endpoint.map(str::to_owned), ..aws }
}

/// The sentence of a read and the outcome of a change that fail in that way.
async fn failing(config: RdsConfig) -> (Failure, CallOutcome) {
    let client = aws_sdk_rds::Client::from_conf(config.build());
    let read = client.describe_events().send().await.unwrap_err();
    let change = client.modify_db_instance().db_instance_identifier("checkpoints").send().await.unwrap_err();
    let failure = aws("us-east-1", None).await.read_failure("DescribeEvents", &read);
    assert_is_for_people(&failure.sentence);
    let outcome = call_outcome("ModifyDBInstance", &change);
    assert_is_for_people(&outcome.words());
    (failure, outcome)
}

async fn answered(answer: String) -> (Failure, CallOutcome) {
    let mut servers = JoinSet::new();
    let address = answering(answer, &mut servers).await;
    failing(config(&format!("http://{address}"))).await
}

#[track_caller]
fn assert_is_for_people(sentence: &str) {
    let before_detail = sentence.split(" (").next().unwrap_or_default();
    assert!(before_detail.chars().count() <= VISIBLE, "too long: {sentence}");
    for dump in
        ["Error {", "Error(", "source:", "kind:", "Some(", "None", "{ ", "smithy", "hyper", "Unhandled", "os error"]
    {
        assert!(!sentence.contains(dump), "`{dump}` is in: {sentence}");
    }
}

#[track_caller]
fn assert_unknown(outcome: &CallOutcome, why: &str) {
    let CallOutcome::Unknown { why: said } = outcome else { panic!("{outcome:?}") };
    assert_eq!(said, why);
}

#[tokio::test]
async fn what_never_left_says_why_and_what_to_do() {
    let none = || {
        SharedCredentialsProvider::new(provide_credentials_fn(|| async {
            Err(CredentialsError::not_loaded("no providers in chain provided credentials"))
        }))
    };
    let (failure, outcome) = failing(config("http://127.0.0.1:1").credentials_provider(none())).await;
    assert_eq!(failure.kind, FailureKind::NoCredentials);
    assert_eq!(failure.sentence, "DescribeEvents: no AWS credentials found; log in, or set `profile` in config.toml");
    assert_eq!(outcome.words(), "not sent: no AWS credentials found");

    let expired = SharedCredentialsProvider::new(provide_credentials_fn(|| async {
        Err(CredentialsError::provider_error("the SSO session has expired"))
    }));
    let (failure, _) = failing(config("http://127.0.0.1:1").credentials_provider(expired)).await;
    assert_eq!(
        failure.sentence,
        "DescribeEvents: the AWS credentials could not be loaded; log in again, or check the profile \
         (the SSO session has expired)"
    );

    let mut no_region = config("http://127.0.0.1:1");
    no_region.set_region(None).set_endpoint_url(None);
    let (failure, outcome) = failing(no_region).await;
    assert_eq!(failure.kind, FailureKind::WrongIdentity);
    assert!(failure.sentence.starts_with("DescribeEvents: no region is known; set `region`"), "{}", failure.sentence);
    assert_eq!(outcome.words(), "not sent: no region is known");
}

#[tokio::test]
async fn a_network_that_fails_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let (failure, outcome) = failing(config(&format!("http://{closed}"))).await;
    assert_eq!(failure.kind, FailureKind::Network);
    assert_eq!(
        failure.sentence,
        "DescribeEvents: cannot reach AWS, connection refused; check network and proxy; trying again"
    );
    assert_unknown(&outcome, "connection refused");

    let (failure, outcome) = failing(config("http://rds.us-esat-1.invalid")).await;
    assert_eq!(
        failure.sentence,
        "DescribeEvents: no such host in region us-east-1; check `region` and the network's DNS"
    );
    assert_unknown(&outcome, "no such host");

    let mut servers = JoinSet::new();
    let plain = answering(http("400 Bad Request", "text/html", "no TLS here"), &mut servers).await;
    let (failure, _) = failing(config(&format!("https://{plain}"))).await;
    assert!(failure.sentence.starts_with("DescribeEvents: no secure connection to AWS; "), "{}", failure.sentence);

    let (failure, _) = answered("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n<Descr".to_owned()).await;
    assert!(failure.sentence.contains("cannot reach AWS, connection"), "{}", failure.sentence);
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_no_network_fault_of_unknown_kind() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let soon = TimeoutConfig::builder().operation_attempt_timeout(std::time::Duration::from_millis(50)).build();
    let config = config(&format!("http://{}", silent.local_addr().unwrap())).timeout_config(soon);
    let (failure, outcome) = failing(config).await;
    assert_eq!(failure.sentence, "DescribeEvents: AWS did not answer in time; check the network; trying again");
    assert_unknown(&outcome, "no answer in time");
}

#[tokio::test]
async fn an_answer_of_a_proxy_is_not_taken_for_one_of_aws() {
    let page = "<html><body><h1>Access blocked</h1></body></html>";
    for (status, shown) in [("502 Bad Gateway", 502), ("403 Forbidden", 403), ("200 OK", 200), ("407 Proxy Login", 407)]
    {
        let (failure, outcome) = answered(http(status, "text/html", page)).await;
        assert_eq!(
            failure.sentence,
            format!(
                "DescribeEvents: the answer is not AWS's, HTTP {shown}; a proxy? check network and proxy; trying again"
            )
        );
        assert_unknown(&outcome, &format!("HTTP {shown} with an answer that is not AWS's, a proxy?"));
    }
}

/// HTTP status, code, message; what becomes of it.
type Said = (u16, &'static str, &'static str, FailureKind, &'static str);

/// The reason stands behind what is shown of it.
const DENIED: &str = "User: arn:aws:sts::111122223333:assumed-role/upshift-of-a-long-name/i-0123456789abcdef0 is not authorized to \
                  perform: rds:DescribeEvents on the resource arn:aws:rds:us-east-1:111122223333:es:* with an explicit deny in an \
                  identity-based policy";

fn what_aws_can_say() -> Vec<Said> {
    let not_authorized = "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: rds:DescribeEvents on r";
    vec![
        (
            403,
            "AccessDenied",
            DENIED,
            FailureKind::AccessDenied,
            "denied by a policy; take rds:DescribeEvents out of its Deny (AWS: User",
        ),
        (
            403,
            "AccessDenied",
            not_authorized,
            FailureKind::AccessDenied,
            "not permitted; add rds:DescribeEvents to the role (AWS: User",
        ),
        (
            403,
            "AccessDenied",
            "No.",
            FailureKind::AccessDenied,
            "not permitted; add rds:DescribeEvents to the role (AWS: No.)",
        ),
        (403, "ExpiredToken", "Expired.", FailureKind::NoCredentials, "the AWS credentials have expired; log in again"),
        (
            403,
            "InvalidClientTokenId",
            "No.",
            FailureKind::NoCredentials,
            "AWS does not accept these credentials; check",
        ),
        (
            403,
            "SignatureDoesNotMatch",
            "Credential should be scoped to a valid region, not 'x'.",
            FailureKind::NoCredentials,
            "AWS is of another region than this request; check `region` (AWS: Credential",
        ),
        (
            403,
            "SignatureDoesNotMatch",
            "Signature expired: now is later",
            FailureKind::NoCredentials,
            "this host's clock is wrong",
        ),
        (400, "Throttling", "Rate exceeded", FailureKind::Throttled, "AWS asks for fewer calls; trying again"),
        (
            404,
            "DBInstanceNotFound",
            "No.",
            FailureKind::NotFound,
            "no such database in this account and region; check `id`",
        ),
        (
            400,
            "InvalidParameterValue",
            "No.",
            FailureKind::Rejected,
            "AWS does not take the question, InvalidParameterValue; correct",
        ),
        (
            503,
            "ServiceUnavailable",
            "No.",
            FailureKind::Service,
            "AWS has an error, HTTP 503 ServiceUnavailable; trying",
        ),
    ]
}

#[tokio::test]
async fn what_aws_says_becomes_a_remedy() {
    for (status, code, message, kind, expected) in what_aws_can_say() {
        let (failure, outcome) = answered(error_document(&format!("{status} Said"), code, message)).await;
        assert_eq!(failure.kind, kind, "{code}");
        assert!(failure.sentence.starts_with(&format!("DescribeEvents: {expected}")), "{}", failure.sentence);
        if status < 500 {
            assert!(matches!(&outcome, CallOutcome::Refused { code: said, .. } if said == code), "{outcome:?}");
        } else {
            assert_unknown(&outcome, "HTTP 503 ServiceUnavailable");
        }
    }
}

#[tokio::test]
async fn no_sentence_hides_its_remedy() {
    let aws = aws("ap-southeast-2", Some("http://proxy.example.internal:8080")).await;
    let plain = self::aws("ap-southeast-2", None).await;
    let detail = || "x".repeat(160);
    let mut causes = vec![
        Cause::NoCredentials,
        Cause::CredentialsNotLoaded { detail: detail() },
        Cause::NoRegion,
        Cause::TimedOut,
        Cause::NoHost,
        Cause::NotSecure { detail: detail() },
        Cause::NoConnection { detail: detail() },
        Cause::NotAws { status: 502 },
        Cause::Other { detail: detail() },
    ];
    for code in [
        "AccessDenied",
        "ExpiredToken",
        "InvalidClientTokenId",
        "Throttling",
        "DBInstanceNotFound",
        "InvalidParameterCombination",
        "InternalFailure",
    ] {
        causes.push(Cause::Said { code: code.to_owned(), message: detail(), status: 400 });
    }
    for operation in OPERATIONS {
        for cause in &causes {
            for aws in [&aws, &plain] {
                let Words { why, remedy, .. } = aws.words(operation, cause.clone());
                let sentence = format!("{operation}: {why}; {remedy}");
                assert!(sentence.len() <= VISIBLE, "{} of {VISIBLE}: {sentence}", sentence.len());
            }
        }
    }
}
