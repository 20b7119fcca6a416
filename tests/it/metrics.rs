//! The figures of a running daemon, read over TCP as Prometheus does.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use tempfile::TempDir;

use crate::process::{Process, code_and_words, upshift};

const README: &str = include_str!("../../README.md");

/// A page: type of each family, value of each sample by its name with labels.
#[derive(Debug)]
struct Page {
    types: BTreeMap<String, String>,
    samples: BTreeMap<String, f64>,
}

fn raw(port: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // One that is cut says no more.
    drop(stream.read_to_end(&mut answer));
    String::from_utf8(answer).unwrap()
}

fn get(port: &str, path: &str) -> String {
    raw(port, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
}

fn page(port: &str) -> Page {
    let answer = get(port, "/metrics");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    let kind = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert!(head.to_ascii_lowercase().contains(kind), "{head}");
    read(body)
}

/// Reads a page line by line; anything that is not as OpenMetrics wants it fails.
fn read(text: &str) -> Page {
    let mut page = Page { types: BTreeMap::new(), samples: BTreeMap::new() };
    let (mut family, mut helped) = (String::new(), BTreeSet::new());
    let body = text.strip_suffix("# EOF\n").unwrap_or_else(|| panic!("no end: {text}"));
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(!help.is_empty() && helped.insert(name.to_owned()), "{line}");
            name.clone_into(&mut family);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, family, "{line}");
            page.types.insert(name.to_owned(), kind.to_owned());
        } else if let Some(rest) = line.strip_prefix("# UNIT ") {
            let (name, unit) = rest.split_once(' ').unwrap();
            assert!(name == family && name.ends_with(&format!("_{unit}")), "{line}");
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let bare = name.split('{').next().unwrap();
            assert_eq!(bare, sample_name(&family, &page.types[&family]), "{line}");
            assert!(name.bytes().all(|byte| byte != b'{') || name.ends_with("\"}"), "{line}");
            let value: f64 = value.parse().unwrap();
            assert!(value.is_finite() && page.samples.insert(name.to_owned(), value).is_none(), "{line}");
        }
    }
    page
}

/// What a family's samples are called.
fn sample_name(family: &str, kind: &str) -> String {
    match kind {
        "counter" => format!("{family}_total"),
        "info" => format!("{family}_info"),
        _ => family.to_owned(),
    }
}

impl Page {
    #[track_caller]
    fn value(&self, name: &str) -> f64 {
        *self.samples.get(name).unwrap_or_else(|| panic!("{name} is not there: {:#?}", self.samples))
    }

    /// The same of what is a whole number.
    #[track_caller]
    fn whole(&self, name: &str) -> i64 {
        self.value(name).round() as i64
    }

    fn counters(&self) -> BTreeMap<&str, f64> {
        self.samples
            .iter()
            .filter(|(name, _)| name.contains("_total"))
            .map(|(name, value)| (name.as_str(), *value))
            .collect()
    }
}

/// A daemon on the simulation, and the port of its figures.
fn daemon(state: &TempDir, speed: &str) -> (Process, String) {
    let words = ["--auto", "--sim", "--speed", speed, "--state-dir", ".", "--metrics", "127.0.0.1:0"];
    let mut engine = Process::talking(state.path(), &words);
    engine.until("metrics: http://127.0.0.1:");
    let line = engine.said.last().unwrap().clone();
    let port = line.split("127.0.0.1:").nth(1).unwrap().trim_end_matches("/metrics").to_owned();
    (engine, port)
}

#[test]
fn a_daemon_shows_what_it_sees_what_it_did_and_what_keeps_it_from_more() {
    let state = TempDir::new().unwrap();
    let (mut engine, port) = daemon(&state, "300");
    engine.until("ARMED from the start by --auto");
    let before = page(&port);
    assert_eq!(before.whole("upshift_armed"), 1);
    assert_eq!(before.whole(&format!("upshift_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))), 1);
    assert_eq!(before.whole("upshift_journal_broken"), 0);
    assert!(before.value("upshift_start_time_seconds") > 1.7e9);
    assert_eq!(before.whole("upshift_actions_total{database=\"checkpoints\",result=\"verified\"}"), 0);
    assert!(before.value("upshift_aws_calls_total{service=\"STS\",operation=\"GetCallerIdentity\"}") >= 1.0);

    engine.until("a1: verified, class db.m5.large");
    let after = page(&port);
    assert_eq!(after.whole("upshift_actions_total{database=\"checkpoints\",result=\"verified\"}"), 1);
    assert!(after.value("upshift_decisions_total{database=\"checkpoints\",verdict=\"scale\"}") >= 1.0);
    assert!(after.value("upshift_journal_sequence") > before.value("upshift_journal_sequence"));
    assert!(after.value("upshift_signal_value{database=\"checkpoints\",signal=\"writes\"}") > 0.0);
    assert!(after.value("upshift_signal_age_seconds{database=\"checkpoints\",signal=\"writes\"}") < 600.0);
    assert!(after.value("upshift_look_age_seconds{database=\"checkpoints\"}") < 600.0);
    let gate = |direction: &str, gate: &str| {
        format!("upshift_gate_closed{{database=\"checkpoints\",direction=\"{direction}\",gate=\"{gate}\"}}")
    };
    assert_eq!(after.whole(&gate("up", "rung_available")), 1, "it is at the top of its ladder");
    assert_eq!((after.whole(&gate("up", "armed")), after.whole(&gate("down", "rung_available"))), (0, 0));
    let errors = "upshift_aws_errors_total{service=\"RDS\",operation=\"DescribeDBInstances\"}";
    assert_eq!(after.whole(errors), 0);
    assert_eq!(after.whole("upshift_aws_calls_total{service=\"RDS\",operation=\"ModifyDBInstance\"}"), 1);
    let now = after.counters();
    for (name, value) in before.counters() {
        assert!(now[name] >= value, "{name} fell from {value} to {}", now[name]);
    }

    let (code, said) = code_and_words(&upshift(state.path(), &["ctl", "hold", "--reason", "a sale"]));
    assert_eq!(code, 0, "{said}");
    assert_eq!(code_and_words(&upshift(state.path(), &["ctl", "disarm"])).0, 0);
    let held = page(&port);
    assert_eq!((held.whole("upshift_armed"), held.whole(&gate("down", "armed"))), (0, 1));
    assert!(held.value("upshift_holds{database=\"checkpoints\"}") >= 1.0);
    assert_eq!(held.whole(&gate("down", "not_held")), 1);
}

#[test]
fn names_are_as_prometheus_wants_them_and_as_the_readme_has_them() {
    let state = TempDir::new().unwrap();
    let (mut engine, port) = daemon(&state, "60");
    engine.until("ARMED from the start by --auto");
    let page = page(&port);
    for name in page.types.keys() {
        let is_right = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(name.starts_with("upshift_") && name.bytes().all(is_right), "{name}");
        assert!(!name.ends_with("_total") && !name.contains("__"), "{name}");
        // Of time only seconds.
        assert!(!["_ms", "_millis", "_minutes"].iter().any(|unit| name.ends_with(unit)), "{name}");
    }
    let (_, table) = README.split_once("| figure |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let in_readme: BTreeSet<String> = rows.map(|row| row.split('`').nth(1).unwrap().to_owned()).collect();
    let shown: BTreeSet<String> = page.types.iter().map(|(name, kind)| sample_name(name, kind)).collect();
    assert_eq!(in_readme, shown);
}

#[test]
fn there_is_one_page_for_whoever_asks_for_it_as_it_should_be() {
    let state = TempDir::new().unwrap();
    let (engine, port) = daemon(&state, "60");
    for path in ["/", "/metrics/", "/metrics/../etc/passwd", "/favicon.ico"] {
        assert!(get(&port, path).starts_with("HTTP/1.1 404"), "{path}");
    }
    for request in [
        "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "DELETE /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        assert!(raw(&port, request).starts_with("HTTP/1.1 404"), "{request}");
    }
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(1 << 20));
    assert!(!raw(&port, &long).contains("upshift_"));
    // More half requests than there are places: they are cut in time, and the next one is answered.
    let hanging: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
            stream.write_all(b"GET /metrics HT").unwrap();
            stream
        })
        .collect();
    assert_eq!(page(&port).whole("upshift_journal_broken"), 0);
    drop(hanging);
    let (_, said) = engine.terminate();
    assert!(!said.contains("was lost"), "{said}");
}

#[test]
fn it_is_for_this_machine_and_for_daemons_and_a_port_that_is_taken_stops_the_start() {
    let state = TempDir::new().unwrap();
    let (code, said) = code_and_words(&upshift(state.path(), &["--auto", "--sim", "--metrics", "0.0.0.0:9187"]));
    assert!(code == 2 && said.contains("metrics are for this machine alone"), "{code} {said}");
    let (code, said) = code_and_words(&upshift(state.path(), &["--sim", "--metrics", "127.0.0.1:0"]));
    assert!(code == 2 && said.contains("--auto"), "{code} {said}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = code_and_words(&upshift(state.path(), &["--auto", "--sim", "--metrics", &address]));
    assert!(code == 1 && said.contains(&format!("cannot listen on {address} for metrics")), "{code} {said}");
    assert!(!said.contains("ARMED"), "{said}");
}
