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
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use super::Fault;
use super::corrupt_answer::{DESCRIBES, forge, show_other_load, show_switched, touches};
use super::credentials::{CREDENTIALS, Provided, Provider};
use super::refusal::{before_effect, plain};
use crate::clock::Clock;
use crate::sim::Sim;
use crate::sim::connector::{incoming, outgoing};
use crate::sim::rng::Rng;
use crate::sim::wire::{Request, Response, SKEW_LIMIT_SECS, query};
use crate::swarm::oracle::invariants::is_mutating;
use crate::swarm::oracle::witness::Witness;
use crate::swarm::oracle::{served, served_clusters};
use crate::swarm::plan::form::Form;
use crate::swarm::plan::{Strike, Switch};

/// Longer than any client waits.
const FOR_EVER: Duration = Duration::from_mins(2);
/// A description this old may still be served.
const STALE: SignedDuration = SignedDuration::from_mins(5);

/// The wire of one trial. Clones are the same wire.
#[derive(Debug, Clone)]
pub(in crate::swarm) struct Wire {
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
    /// While clients were told of another machine behind the names: from and, once that was over, until. Datapoints of
    /// these minutes stay another machine's for ever.
    others: Vec<(Timestamp, Option<Timestamp>)>,
    /// Good descriptions, newest last, to serve again.
    described: BTreeMap<Bytes, VecDeque<(Timestamp, Response)>>,
}

/// What happens to one request.
struct Fate {
    fault: Option<Fault>,
    rng: Rng,
}

impl Wire {
    pub(in crate::swarm) fn new(sim: Sim, witness: Arc<Mutex<Witness>>, strikes: Vec<Strike>, seed: u64) -> Self {
        let clock = sim.clock().clone();
        let state = State {
            strikes,
            seed,
            requests: 0,
            dead: false,
            switch: Switch::Back,
            others: Vec::new(),
            described: BTreeMap::new(),
        };
        Self { sim, clock, witness, state: Arc::new(Mutex::new(state)) }
    }

    pub(in crate::swarm) fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// The credential provider of a machine that shows the time of `wall`.
    pub(in crate::swarm) fn credentials(&self, wall: Clock) -> Provider {
        Provider { wire: self.clone(), wall }
    }

    /// The process is gone, or a new one is there.
    pub(in crate::swarm) fn set_dead(&self, dead: bool) {
        self.state().dead = dead;
    }

    /// Nothing strikes any more.
    pub(in crate::swarm) fn heal(&self) {
        let mut state = self.state();
        state.strikes.clear();
        state.switch = Switch::Back;
    }

    /// Somebody else has switched all databases over, or back.
    pub(in crate::swarm) fn switch(&self, to: Switch) {
        self.state().switch = to;
    }

    /// A client is being told whose machine the names belong to.
    fn note_machine(&self) {
        let now = self.clock.now();
        let mut state = self.state();
        let is_other = state.switch == Switch::Machine && !Form::of(state.seed).is_cluster();
        match state.others.last_mut() {
            Some((_, until @ None)) if !is_other => *until = Some(now),
            Some((_, None)) => {}
            _ if is_other => state.others.push((now, None)),
            _ => {}
        }
    }

    /// What comes of asking for credentials.
    pub(in crate::swarm) async fn provide(&self) -> Provided {
        let mut fate = self.fate(CREDENTIALS);
        if fate.fault != Some(Fault::A11ExpiredToken) {
            return Provided::Good;
        }
        self.witness().strike(Fault::A11ExpiredToken);
        match fate.rng.draw() % 3 {
            0 => Provided::Nothing,
            1 => Provided::Expired,
            _ => std::future::pending().await,
        }
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
        let meant = |strike: &&Strike| touches(strike.fault, action) && (!strike.only_changes || is_mutating(action));
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
        self.witness().on_effect(&action, &request, took_effect);
        self.clock.sleep(answer.after).await;
        if self.state().dead {
            return std::future::pending().await;
        }
        let mut response = self.after_effect(&mut fate, &action, &request, answer.response).await?;
        if action == "DescribeDBInstances" {
            self.note_machine();
            show_switched(&mut response, self.state().switch);
            let served = served::instances(&response.body, self.clock.now());
            self.witness().on_described(served);
        } else if action == "DescribeDBClusters" {
            self.witness().on_clusters_described(served_clusters::clusters(&response.body));
        } else if response.status.is_success() {
            if action == "GetMetricData" {
                show_other_load(&mut response, &self.state().others);
            }
            self.witness().on_told(&action, &request, &response, fate.fault);
        }
        Ok(response)
    }

    /// What becomes of an answer on its way.
    async fn after_effect(
        &self,
        fate: &mut Fate,
        action: &str,
        request: &Request,
        response: Response,
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
            Some(Fault::A5Stale) => Ok(stale.unwrap_or(response)),
            Some(fault) => Ok(forge(fault, &mut fate.rng, request, response)),
            None => Ok(response),
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
        if !DESCRIBES.contains(&action) || !response.status.is_success() {
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
