//! The protocols of the simulated CloudWatch byte by byte: older clients, wrong bodies, unknown operations.

use std::io::Write;

use aws_sdk_cloudwatch::operation::put_metric_data::PutMetricDataOutput;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};
use upshift::sim::cloudwatch::CloudWatch;
use upshift::sim::wire::{Request, Response, cbor};

use crate::cloudwatch_desk::Desk;

const CBOR: &str = "/service/GraniteServiceVersion20100801/operation/";

fn request(path: &str, headers: &[(&'static str, &str)], body: impl Into<Vec<u8>>) -> Request {
    let headers: HeaderMap =
        headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect();
    Request { method: Method::POST, uri: path.parse().unwrap(), headers, body: body.into().into() }
}

fn form(body: &str) -> Request {
    request("/", &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")], body)
}

fn json_call(operation: &str, body: &str) -> Request {
    let target = format!("GraniteServiceVersion20100801.{operation}");
    request("/", &[("x-amz-target", &target), ("content-type", "application/x-amz-json-1.0")], body)
}

fn text(response: &Response) -> String {
    String::from_utf8(response.body.to_vec()).unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

fn read_json(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}

#[test]
fn a_form_is_answered_in_xml() {
    let desk = Desk::new();
    desk.history(&[1.5, 2.0]);
    let query = "Version=2010-08-01&Action=GetMetricData&StartTime=2026-01-05T09:50:00Z&EndTime=2026-01-05T10:00:00Z\
                 &MetricDataQueries.member.1.Id=w&MetricDataQueries.member.1.MetricStat.Period=60\
                 &MetricDataQueries.member.1.MetricStat.Stat=Sum\
                 &MetricDataQueries.member.1.MetricStat.Metric.Namespace=AWS%2FRDS\
                 &MetricDataQueries.member.1.MetricStat.Metric.MetricName=WriteIOPS\
                 &MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name=DBInstanceIdentifier\
                 &MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Value=checkpoints";
    let answer = desk.answer(&form(query));
    assert_eq!((answer.status, header(&answer, "content-type")), (StatusCode::OK, "text/xml"));
    let xml = text(&answer);
    assert!(
        xml.starts_with("<GetMetricDataResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">"),
        "{xml}"
    );
    assert!(xml.contains("<Values><member>2.0</member><member>1.5</member></Values>"), "{xml}");
    assert!(xml.contains("<member>2026-01-05T09:59:00.000Z</member>"), "{xml}");
    assert!(xml.contains("<RequestId>req-0001</RequestId>"), "{xml}");
    let empty = desk.answer(&form("Version=2010-08-01&Action=DeleteAlarms&AlarmNames.member.1=nobody"));
    assert_eq!(empty.status, StatusCode::NOT_FOUND);
    assert!(text(&empty).contains("<Code>ResourceNotFound</Code>"), "{}", text(&empty));
}

#[test]
fn json_is_answered_in_json() {
    let desk = Desk::new();
    desk.history(&[1.5]);
    let at = |minutes: i64| desk.now().as_second() + minutes * 60;
    let dimensions = json!([{"Name": "DBInstanceIdentifier", "Value": "checkpoints"}]);
    let metric = json!({"Namespace": "AWS/RDS", "MetricName": "WriteIOPS", "Dimensions": dimensions});
    let query = json!({"Id": "w", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}});
    let body = json!({"StartTime": at(-9), "EndTime": at(0) as f64, "MetricDataQueries": [query]});
    let answer = desk.answer(&json_call("GetMetricData", &body.to_string()));
    assert_eq!(header(&answer, "content-type"), "application/x-amz-json-1.0");
    assert_eq!(header(&answer, "x-amzn-requestid"), "req-0001");
    let result = &read_json(&answer)["MetricDataResults"][0];
    assert_eq!(result["Values"], json!([1.5]));
    assert_eq!(result["Timestamps"], json!([at(-1) as f64]));
    let refused = desk.answer(&json_call("SetAlarmState", r#"{"AlarmName":"a"}"#));
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(header(&refused, "x-amzn-query-error"), "MissingParameter;Sender");
    let kind = &read_json(&refused)["__type"];
    assert_eq!(kind, "com.amazonaws.cloudwatch#MissingRequiredParameterException");
}

#[test]
fn an_unknown_operation_is_refused_in_every_protocol() {
    let desk = Desk::new();
    let answer = desk.answer(&form("Version=2010-08-01&Action=PutDashboard"));
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(text(&answer).contains("<Code>InvalidAction</Code>"), "{}", text(&answer));
    let answer = desk.answer(&json_call("PutDashboard", "{}"));
    assert_eq!(read_json(&answer)["__type"], "com.amazon.coral.service#UnknownOperationException");
    let answer = desk.answer(&request(&format!("{CBOR}PutDashboard"), &[], cbor::encode(&"x".into())));
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "a body that is no structure comes first");
    let answer = desk.answer(&request(&format!("{CBOR}PutDashboard"), &[], Vec::new()));
    assert_eq!((answer.status, header(&answer, "smithy-protocol")), (StatusCode::NOT_FOUND, "rpc-v2-cbor"));
}

#[tokio::test]
async fn the_sdk_understands_that_an_operation_is_unknown() {
    use aws_sdk_cloudwatch::error::ProvideErrorMetadata;
    let desk = Desk::new();
    let put = desk.client().put_dashboard().dashboard_name("d").dashboard_body("{}");
    assert_eq!(put.send().await.unwrap_err().code(), Some("UnknownOperationException"));
    let datum = aws_sdk_cloudwatch::types::MetricDatum::builder().metric_name("m").value(1.0).build();
    let put = desk.client().put_metric_data().namespace("N").metric_data(datum).send().await;
    let _: PutMetricDataOutput = put.unwrap();
}

#[test]
fn only_its_own_requests_are_served() {
    assert!(CloudWatch::serves(&form("Action=ListMetrics&Version=2010-08-01")));
    assert!(!CloudWatch::serves(&form("Action=DescribeDBInstances&Version=2014-10-31")));
    assert!(!CloudWatch::serves(&request("/", &[("x-amz-target", "DynamoDB_20120810.GetItem")], "{}")));
    assert!(!CloudWatch::serves(&request("/service/Other/operation/GetMetricData", &[], "")));
    let scope = "AWS4-HMAC-SHA256 Credential=AK/20260105/us-east-1/monitoring/aws4_request, SignedHeaders=host";
    assert!(CloudWatch::serves(&request("/", &[("authorization", scope)], "")));
    assert!(!CloudWatch::serves(&request("/", &[("authorization", &scope.replace("monitoring", "rds"))], "")));
}

#[test]
fn wrong_types_and_wrong_bodies_are_refused_by_name() {
    let desk = Desk::new();
    for (body, what) in [
        (r#"{"MetricDataQueries": 7}"#, "MetricDataQueries is not a list"),
        (r#"{"MetricDataQueries": ["x"]}"#, "not a list of structures"),
        (r#"{"MetricDataQueries": [{"Id": 1}]}"#, "MetricDataQueries.member.1.Id is not a string"),
        ("[]", "not a structure"),
        ("{", "not JSON"),
    ] {
        let answer = desk.answer(&json_call("GetMetricData", body));
        let answer = read_json(&answer);
        assert_eq!(answer["__type"], "com.amazon.coral.service#SerializationException");
        assert!(answer["message"].as_str().unwrap().contains(what), "{body}: {answer}");
    }
    let gzip = [("content-encoding", "gzip")];
    let answer = desk.answer(&request(&format!("{CBOR}PutMetricData"), &gzip, "no gzip"));
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[test]
fn a_body_that_swells_is_refused() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0_u8; 64 << 20]).unwrap();
    let body = encoder.finish().unwrap();
    let gzip = [("content-encoding", "gzip")];
    let answer = Desk::new().answer(&request(&format!("{CBOR}PutMetricData"), &gzip, body));
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(
        body in prop::collection::vec(any::<u8>(), 0..300),
        operation in "GetMetricData|PutMetricData|PutMetricAlarm|DescribeAlarms|SetAlarmState|X",
        protocol in 0..3,
        gzip in any::<bool>(),
    ) {
        let target = format!("GraniteServiceVersion20100801.{operation}");
        let mut headers = vec![("content-encoding", if gzip { "gzip" } else { "identity" })];
        let path = if protocol == 0 { format!("{CBOR}{operation}") } else { "/?Version=2010-08-01".to_owned() };
        if protocol == 1 {
            headers.push(("x-amz-target", &target));
        }
        let answer = Desk::new().answer(&request(&path, &headers, body));
        prop_assert!(answer.headers.contains_key("x-amzn-requestid"));
    }
}
