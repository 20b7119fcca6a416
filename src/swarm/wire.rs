//! The wire of a trial: the SDK's signed requests in, the world's bytes out, with what a network, a proxy or AWS on a bad
//! day does to them; and an account of all of it for the witness.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Error as IoError, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use jiff::{SignedDuration, Timestamp};

use super::draw::Switch;
use super::fault::Fault;
use super::served;
use super::witness::Witness;
use crate::clock::Clock;
use crate::sim::Sim;
use crate::sim::connector::{incoming, outgoing};
use crate::sim::rng::Rng;
use crate::sim::wire::tree::Value;
use crate::sim::wire::{ApiError, Request, Response, SKEW_LIMIT_SECS, cbor, query};

/// When a fault of the wire strikes.
#[derive(Debug, Clone, PartialEq)]
pub struct Strike {
    /// What.
    pub fault: Fault,
    /// From then on.
    pub from: Timestamp,
    /// Until then.
    pub until: Timestamp,
    /// The part of the requests, from 0 to 1.
    pub rate: f64,
    /// Class changes alone are struck: of thousands of requests they are a handful.
    pub only_changes: bool,
}

/// Longer than any client waits.
const FOR_EVER: Duration = Duration::from_mins(2);
/// A description this old may still be served.
const STALE: SignedDuration = SignedDuration::from_mins(5);

/// The wire of one trial. Clones are the same wire.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    sim: Sim,
    /// True time: the world's, which nobody can set.
    clock: Clock,
    witness: Arc<Mutex<Witness>>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    strikes: Vec<Strike>,
    seed: u64,
    requests: u64,
    /// The process on this side is gone: nothing that it still does reaches the world.
    dead: bool,
    /// What the names show since somebody else's switchover.
    switch: Switch,
    /// Good descriptions, newest last, to serve again.
    described: BTreeMap<Bytes, VecDeque<(Timestamp, Response)>>,
}

/// What happens to one request.
struct Fate {
    fault: Option<Fault>,
    rng: Rng,
}

impl Wire {
    pub(super) fn new(sim: Sim, witness: Arc<Mutex<Witness>>, strikes: Vec<Strike>, seed: u64) -> Self {
        let clock = sim.clock().clone();
        let state = State { strikes, seed, requests: 0, dead: false, switch: Switch::Back, described: BTreeMap::new() };
        Self { sim, clock, witness, state: Arc::new(Mutex::new(state)) }
    }

    pub(super) fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// The process is gone, or a new one is there.
    pub(super) fn set_dead(&self, dead: bool) {
        self.state().dead = dead;
    }

    /// Nothing strikes any more.
    pub(super) fn heal(&self) {
        let mut state = self.state();
        state.strikes.clear();
        state.switch = Switch::Back;
    }

    /// Somebody else has switched all databases over, or back.
    pub(super) fn switch(&self, to: Switch) {
        self.state().switch = to;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn witness(&self) -> MutexGuard<'_, Witness> {
        self.witness.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which fault strikes a request for `action` now.
    fn fate(&self, action: &str) -> Fate {
        let mut state = self.state();
        state.requests += 1;
        let mut rng = Rng::of(state.seed, "wire", state.requests);
        let now = self.clock.now();
        let active = state.strikes.iter().filter(|strike| strike.from <= now && now < strike.until);
        let mut fault = None;
        let meant =
            |strike: &&Strike| touches(strike.fault, action) && (!strike.only_changes || action == "ModifyDBInstance");
        for strike in active.filter(meant) {
            if rng.unit() < strike.rate && fault.is_none() {
                fault = Some(strike.fault);
            }
        }
        Fate { fault, rng }
    }

    async fn exchange(self, request: HttpRequest) -> Result<Response, ConnectorError> {
        let request = incoming(request).await?;
        let action = action_of(&request);
        if self.state().dead {
            return std::future::pending().await;
        }
        let mut fate = self.fate(&action);
        if request.skew_secs(self.clock.now()).is_some_and(|secs| secs.abs() > SKEW_LIMIT_SECS) {
            fate.fault = Some(Fault::A12ClockSkew);
        }
        self.witness().on_request(&action, &request, fate.fault);
        if let Some(refusal) = before_effect(fate.fault, &action, self.clock.now()) {
            self.clock.sleep(Duration::from_millis(30)).await;
            return refusal;
        }
        let answer = self.sim.answer(&request);
        let took_effect = answer.response.status.is_success();
        self.witness().on_effect(&action, &request, took_effect, &self.sim);
        self.clock.sleep(answer.after).await;
        if self.state().dead {
            return std::future::pending().await;
        }
        let mut response = self.after_effect(&mut fate, &action, &request, answer.response).await?;
        if action == "DescribeDBInstances" {
            show_switched(&mut response, self.state().switch);
        }
        if action == "DescribeDBInstances" {
            let served = served::instances(&response.body, self.clock.now());
            self.witness().on_described(served);
        }
        Ok(response)
    }

    /// What becomes of an answer on its way.
    async fn after_effect(
        &self,
        fate: &mut Fate,
        action: &str,
        request: &Request,
        mut response: Response,
    ) -> Result<Response, ConnectorError> {
        let stale = self.remember_description(fate, action, request, &response);
        match fate.fault {
            Some(Fault::A3FailsAfter) => match fate.rng.draw() % 3 {
                0 => Ok(plain(StatusCode::INTERNAL_SERVER_ERROR, "")),
                1 => Err(ConnectorError::io(IoError::from(ErrorKind::ConnectionReset).into())),
                _ => {
                    self.clock.sleep(FOR_EVER).await;
                    Err(ConnectorError::timeout(IoError::from(ErrorKind::TimedOut).into()))
                }
            },
            Some(Fault::A4Garbage) => Ok(garbage(&mut fate.rng, response)),
            Some(Fault::A5Stale) => Ok(stale.unwrap_or(response)),
            Some(Fault::A8EndlessPages) => {
                edit(&mut response, |text| {
                    let (name, _) = text.split_once("Result>").unwrap_or(("", ""));
                    let close = format!("</{}Result>", name.rsplit('<').next().unwrap_or_default());
                    text.replacen(&close, &format!("<Marker>again</Marker>{close}"), 1)
                });
                Ok(response)
            }
            Some(Fault::A9OddAnswer) => Ok(odd(&mut fate.rng, response)),
            Some(Fault::A15OtherAccount) => {
                edit(&mut response, |text| text.replace("111122223333", "999999999999"));
                Ok(response)
            }
            Some(Fault::R3Broken) => {
                edit(&mut response, |text| replace_field(text, "DBInstanceStatus", "incompatible-parameters"));
                Ok(response)
            }
            Some(Fault::M6OtherMachine) => {
                edit(&mut response, |text| replace_field(text, "DbiResourceId", "db-OTHERMACHINE"));
                Ok(response)
            }
            Some(Fault::I24HostileText) => {
                let hostile = "DB\u{202e}\u{9b}31m instance\u{200b}\u{301}\u{301}\u{301}\u{301}";
                edit(&mut response, |text| text.replace("DB instance", hostile));
                Ok(response)
            }
            Some(Fault::M3Impossible | Fault::M4SilentZero) => Ok(metrics(fate, request, response)),
            _ => Ok(response),
        }
    }

    /// Keeps a good description, and gives back an older one if that is this request's fate.
    fn remember_description(
        &self,
        fate: &mut Fate,
        action: &str,
        request: &Request,
        response: &Response,
    ) -> Option<Response> {
        if action != "DescribeDBInstances" || !response.status.is_success() {
            return None;
        }
        let now = self.clock.now();
        let mut state = self.state();
        let kept = state.described.entry(request.body.clone()).or_default();
        while kept.front().is_some_and(|(at, _)| now.duration_since(*at) > STALE) {
            kept.pop_front();
        }
        let stale = (!kept.is_empty()).then(|| {
            let mut stale = kept[(fate.rng.draw() as usize) % kept.len()].1.clone();
            // What is old is what it says of the database; the clock of whoever says it is right.
            stale.headers.clone_from(&response.headers);
            stale
        });
        kept.push_back((now, response.clone()));
        stale.filter(|_| fate.fault == Some(Fault::A5Stale))
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wire = self.clone();
        HttpConnectorFuture::new(async move { outgoing(wire.exchange(request).await?) })
    }
}

/// The operation that a request is for.
fn action_of(request: &Request) -> String {
    let form = query::Params::read(request);
    form.get("Action").or_else(|| request.uri.path().rsplit('/').next()).unwrap_or_default().to_owned()
}

/// Which operations a fault can strike.
fn touches(fault: Fault, action: &str) -> bool {
    match fault {
        Fault::A5Stale | Fault::A9OddAnswer | Fault::R3Broken | Fault::M6OtherMachine => {
            action == "DescribeDBInstances"
        }
        Fault::A8EndlessPages => matches!(action, "DescribeDBInstances" | "DescribeEvents"),
        Fault::A15OtherAccount => action == "GetCallerIdentity",
        Fault::R1NoCapacity => action == "ModifyDBInstance",
        Fault::I24HostileText => action == "DescribeEvents",
        Fault::M3Impossible | Fault::M4SilentZero => action == "GetMetricData",
        _ => true,
    }
}

/// An answer that comes without anything having happened.
fn before_effect(fault: Option<Fault>, action: &str, now: Timestamp) -> Option<Result<Response, ConnectorError>> {
    let refusal = |code: &str, status: u16, message: &str| {
        let error = ApiError { code: code.to_owned(), status, message: message.to_owned() };
        Some(Ok(refuse(action, &error, now)))
    };
    match fault? {
        Fault::A1Throttled => refusal("Throttling", 400, "Rate exceeded"),
        Fault::A2FailsBefore => refusal("InternalFailure", 500, "An internal error has occurred."),
        Fault::A10AccessDenied => refusal("AccessDenied", 403, "User is not authorized to perform this action"),
        Fault::A11ExpiredToken => refusal("ExpiredToken", 403, "The security token included in the request is expired"),
        Fault::A12ClockSkew => refusal("SignatureDoesNotMatch", 403, "Signature expired or not yet current"),
        Fault::R1NoCapacity => {
            refusal("InsufficientDBInstanceCapacity", 400, "The requested class is not available in this zone.")
        }
        Fault::A13NoHost => Some(Err(ConnectorError::io(IoError::other("dns error: no such host").into()))),
        Fault::A14RegionOut => Some(Err(ConnectorError::io(IoError::from(ErrorKind::ConnectionRefused).into()))),
        _ => None,
    }
}

/// An error in the protocol of the operation.
fn refuse(action: &str, error: &ApiError, now: Timestamp) -> Response {
    let mut response = if action == "GetMetricData" {
        let tree = Value::Map(
            [
                ("__type".to_owned(), Value::Text(format!("com.amazonaws.cloudwatch#{}", error.code))),
                ("message".to_owned(), Value::Text(error.message.clone())),
            ]
            .into(),
        );
        let mut response = plain(StatusCode::BAD_REQUEST, "");
        response.body = cbor::encode(&tree).into();
        response.headers.insert("content-type", HeaderValue::from_static("application/cbor"));
        response.headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
        if let Ok(code) = HeaderValue::from_str(&format!("{};Sender", error.code)) {
            response.headers.insert("x-amzn-query-error", code);
        }
        response.status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
        response
    } else {
        query::refuse("http://rds.amazonaws.com/doc/2014-10-31/", "00000000-0000-4000-8000-000000000000", error)
    };
    let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers.insert(http::header::DATE, date);
    }
    response
}

fn plain(status: StatusCode, body: &'static str) -> Response {
    Response { status, headers: http::HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) }
}

/// What a broken proxy makes of an answer.
fn garbage(rng: &mut Rng, mut response: Response) -> Response {
    const PAGE: &str = "<html><body>502 Bad Gateway</body></html>";
    match rng.draw() % 5 {
        0 => {
            let half = response.body.len() / 2;
            response.body.truncate(half);
            response
        }
        1 => plain(StatusCode::OK, PAGE),
        2 => plain(StatusCode::FORBIDDEN, PAGE),
        3 => plain(StatusCode::OK, ""),
        _ => {
            response.body = vec![b'x'; 64 * 1024].into();
            response
        }
    }
}

/// What no version of the documentation promised.
fn odd(rng: &mut Rng, mut response: Response) -> Response {
    let kind = rng.draw() % 5;
    edit(&mut response, |text| match kind {
        0 => replace_field(text, "DBInstanceClass", ""),
        1 => replace_field(text, "DBInstanceStatus", "refurbishing"),
        2 => replace_field(text, "DbiResourceId", ""),
        3 => replace_field(text, "DBInstanceStatus", ""),
        _ => match text.split_once("<DBInstance>").and_then(|(_, rest)| rest.split_once("</DBInstance>")) {
            Some((one, _)) => {
                text.replacen("</DBInstances>", &format!("<DBInstance>{one}</DBInstance></DBInstances>"), 1)
            }
            None => text.to_owned(),
        },
    });
    response
}

/// What the names show after a switchover.
fn show_switched(response: &mut Response, to: Switch) {
    match to {
        Switch::Back => {}
        Switch::Machine => edit(response, |text| replace_field(text, "DbiResourceId", "db-SWITCHEDOVER")),
        Switch::Class => {
            let tag = |class: &str| format!("<DBInstanceClass>{class}</DBInstanceClass>");
            edit(response, |text| {
                let marked =
                    text.replace(&tag("db.t4g.small"), "\u{1}").replace(&tag("db.m5.large"), &tag("db.t4g.small"));
                marked.replace('\u{1}', &tag("db.m5.large"))
            });
        }
    }
}

/// Values that cannot be, or zeros where there was load.
fn metrics(fate: &mut Fate, request: &Request, mut response: Response) -> Response {
    let asked = cbor::decode(&request.body).unwrap_or(Value::Bool(false));
    let writes = format!("{asked:?}");
    let Ok(mut tree) = cbor::decode(&response.body) else { return response };
    let impossible = [f64::NAN, -1.0, f64::INFINITY, 1e308][(fate.rng.draw() % 4) as usize];
    let zero = fate.fault == Some(Fault::M4SilentZero) && writes.contains("WriteIOPS");
    if let Value::Map(map) = &mut tree
        && let Some(Value::List(results)) = map.get_mut("MetricDataResults")
    {
        for (at, result) in results.iter_mut().enumerate() {
            let Value::Map(result) = result else { continue };
            let Some(Value::List(values)) = result.get_mut("Values") else { continue };
            for value in values {
                // The first query of each database is its writes.
                if zero && at.is_multiple_of(5) {
                    *value = Value::Double(0.0);
                } else if !zero && fate.rng.draw().is_multiple_of(4) {
                    *value = Value::Double(impossible);
                }
            }
        }
    }
    response.body = cbor::encode(&tree).into();
    response
}

fn edit(response: &mut Response, change: impl FnOnce(&str) -> String) {
    response.body = change(&String::from_utf8_lossy(&response.body)).into_bytes().into();
}

/// Sets every field of that name, but for a pending class, which has the same name as the class.
fn replace_field(text: &str, name: &str, value: &str) -> String {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(&start) {
        let Some((old, tail)) = after.split_once(&end) else { break };
        out.push_str(before);
        let pends = before.rsplit_once("PendingModifiedValues").is_some_and(|(head, _)| head.ends_with('<'));
        let value = if pends { old } else { value };
        if !value.is_empty() {
            out.extend([start.as_str(), value, end.as_str()]);
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}
