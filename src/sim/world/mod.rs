//! The world: one AWS account in virtual time. It has no task and no clock; whoever calls says what time it is, and
//! everything that was due until then happens first, in order. Equal scenario, seed and calls give equal answers.

mod aurora;
mod capacity;
mod database;
mod demand;
mod faults;
mod lag;
mod load;
mod metrics;
pub(in crate::sim) mod real;
mod route;
mod series;

use std::collections::BTreeMap;
use std::time::Duration;

use http::HeaderValue;
use http::header::DATE;
use jiff::{SignedDuration, Timestamp};

pub(crate) use aurora::RECORDS_PER_ROW;
use database::Database;
use demand::Script;
use faults::Faults;
use real::Reading;
use series::Volumes;

use super::cloudwatch::{CloudWatch, Notification};
use super::dynamodb::DynamoDb;
use super::iam::{self, Asked, Document};
use super::rds::{self, Fleet};
use super::rng::Rng;
use super::scaling::{Scaling, Surroundings};
use super::scenario::{CapacitySpec, Range, Scenario};
use super::sns::{Published, Sns};
use super::sts;
use super::wire::{ApiError, Request, Response, SKEW_LIMIT_SECS, query};
use crate::model::cluster::ClusterKind;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// The simulated account.
#[derive(Debug)]
pub struct World {
    account: String,
    region: String,
    seed: u64,
    now: Timestamp,
    next_minute: Timestamp,
    fleet: Fleet,
    cloudwatch: CloudWatch,
    scaling: Scaling,
    dynamodb: DynamoDb,
    sns: Sns,
    /// What clients ask of each name.
    scripts: BTreeMap<String, Script>,
    noise: f64,
    /// By `DbiResourceId`: a name can pass from one machine to another.
    databases: BTreeMap<String, Database>,
    volumes: Volumes,
    capacity: BTreeMap<String, CapacitySpec>,
    publish_delay: Range,
    latency: Range,
    faults: Faults,
    /// What was measured of real servers since the last minute, by `DbiResourceId`; absent where there are none.
    readings: Option<BTreeMap<String, Vec<Reading>>>,
    /// What the caller may do; absent: everything.
    permissions: Option<Document>,
    /// Application Auto Scaling has been let make the role that it works by.
    has_linked_role: bool,
    requests: u64,
}

/// What comes of a request, and when.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What AWS says.
    pub response: Response,
    /// How long it takes, on the clock that the request was dated by.
    pub after: Duration,
    /// The connection breaks instead, after that time; the request has had its effect.
    pub lost: bool,
}

impl World {
    /// The account as it is at the scenario's start, its history lived through. `seed` replaces the scenario's own.
    pub fn new(scenario: &Scenario, seed: Option<u64>) -> Self {
        let seed = seed.unwrap_or(scenario.seed);
        let begin = scenario.start.saturating_sub(scenario.history).unwrap_or(scenario.start);
        let fleet = Fleet::new(scenario, seed, begin);
        let script = |id: &String| (id.clone(), Script::of(scenario, id));
        let alone = fleet.instances().filter(|instance| instance.membership.is_none()).map(|instance| &instance.id);
        let scripts = alone.chain(fleet.clusters().map(|cluster| &cluster.id)).map(script).collect();
        let mut cloudwatch = CloudWatch::new(&scenario.account, &scenario.region)
            .with_alarm_quota(scenario.alarm_quota)
            .with_alarms_that_show_after(scenario.alarms_show_after);
        let mut world = Self {
            account: scenario.account.clone(),
            region: scenario.region.clone(),
            seed,
            now: begin,
            next_minute: next_minute(begin),
            scripts,
            noise: scenario.noise,
            databases: BTreeMap::new(),
            volumes: Volumes::default(),
            fleet,
            scaling: Scaling::of_scenario(scenario, seed, begin, &mut cloudwatch),
            cloudwatch,
            dynamodb: DynamoDb::new(&scenario.account, &scenario.region),
            sns: Sns::new(&scenario.account, &scenario.region),
            capacity: scenario.capacity.clone(),
            publish_delay: scenario.timing.publish_delay,
            latency: scenario.timing.latency,
            faults: Faults::of(scenario),
            readings: None,
            permissions: scenario.permissions.clone(),
            has_linked_role: false,
            requests: 0,
        };
        world.advance(scenario.start);
        world
    }

    /// Lets everything happen that is due until `now`. A time before the world's own changes nothing: the world never
    /// goes back.
    pub fn advance(&mut self, now: Timestamp) {
        loop {
            let step = self.fleet.due().filter(|due| *due < self.next_minute);
            let next = step.unwrap_or(self.next_minute);
            if next > now {
                break;
            }
            if step.is_some() {
                self.fleet.step();
            } else {
                self.minute_ends(next);
            }
            self.now = self.now.max(next);
        }
        self.now = self.now.max(now);
    }

    /// Answers a request that arrives at `now`; with the time that it takes, and whether the answer gets lost.
    pub fn answer(&mut self, now: Timestamp, request: &Request) -> Answer {
        self.advance(now);
        self.requests += 1;
        let mut rng = Rng::of(self.seed, "request", self.requests);
        let request_id = rng.uuid();
        let latency = self.latency.draw(&mut rng).unsigned_abs();
        let call = route::Call::read(request);
        let struck = self.faults.on_request(self.now, &call.action, &mut rng);
        let refusal = struck.error.or_else(|| call.check(request, &self.region));
        let refusal = refusal.or_else(|| self.denied(&call, request));
        let mut response = match refusal {
            Some(error) => call.refuse(&request_id, request, &error),
            None => self.dispatch(&call, &request_id, request),
        };
        date(&mut response, request, self.now);
        Answer { response, after: latency + struck.delay, lost: struck.lost }
    }

    /// The world's time: that of the newest call.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What the caller may do from now on; `None`: everything. Gives back what it could do until now.
    pub fn permit(&mut self, permissions: Option<Document>) -> Option<Document> {
        std::mem::replace(&mut self.permissions, permissions)
    }

    /// RDS as it really is, past every API: for tests and for showing what the API does not tell.
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// DynamoDB, past every API: to put a table back to what it was.
    pub fn dynamodb_mut(&mut self) -> &mut DynamoDb {
        &mut self.dynamodb
    }

    /// What IAM says to a call that may not be made.
    fn denied(&mut self, call: &route::Call, request: &Request) -> Option<ApiError> {
        let document = self.permissions.as_ref()?;
        let service = call.service.prefix()?;
        let input = call.input(request);
        let checks = iam::checks(&Asked {
            service,
            operation: &call.action,
            input: &input,
            account: &self.account,
            region: &self.region,
            fleet: &self.fleet,
            has_linked_role: self.has_linked_role,
        });
        let refusal = iam::refusal(document, &self.account, service, &checks);
        self.has_linked_role |= refusal.is_none() && call.action == "RegisterScalableTarget";
        refusal
    }

    /// What SNS would have sent for the alarms, oldest first.
    pub fn notifications(&self) -> impl Iterator<Item = &Notification> {
        self.cloudwatch.notifications()
    }

    /// When each alarm was last given its configuration, in the order of their names.
    pub fn alarms_configured_at(&self) -> impl Iterator<Item = Timestamp> {
        self.cloudwatch.alarms_configured_at()
    }

    /// What was published to topics by callers, oldest first.
    pub fn published(&self) -> impl Iterator<Item = &Published> {
        self.sns.published()
    }

    fn dispatch(&mut self, call: &route::Call, request_id: &str, request: &Request) -> Response {
        match call.service {
            route::Service::CloudWatch => self.cloudwatch.handle(self.now, request_id, request),
            route::Service::Rds => rds::handle(&mut self.fleet, self.now, request_id, &call.params),
            route::Service::Scaling => {
                let Self { now, fleet, cloudwatch, scaling, .. } = self;
                scaling.handle(Surroundings { now: *now, fleet, cloudwatch }, request_id, request)
            }
            route::Service::DynamoDb => self.dynamodb.handle(self.now, request_id, request),
            route::Service::Sns => self.sns.handle(self.now, request_id, &call.params),
            route::Service::Sts => sts::handle(&self.account, request_id, &call.params),
            route::Service::Iam => iam::handle(self.permissions.as_ref(), &self.account, request_id, &call.params),
            route::Service::Unknown => {
                let error = query::unknown_action(&call.params, "unknown");
                call.refuse(request_id, request, &error)
            }
        }
    }

    fn minute_ends(&mut self, end: Timestamp) {
        let readers = self.fleet.readers();
        for instance in self.fleet.instances_mut() {
            let of_aurora = instance.membership.as_ref().filter(|it| it.kind == ClusterKind::Aurora);
            let capacity = capacity::of(&instance.class, &self.capacity);
            let capacity = if of_aurora.is_some() { capacity.on_shared_volume() } else { capacity };
            let new = || Database::new(self.noise, instance, &capacity);
            let database = self.databases.entry(instance.resource_id.clone()).or_insert_with(new);
            let load = database::Load::on(instance, &self.scripts, &readers);
            let source = match &mut self.readings {
                None => database::Source::Model,
                Some(readings) => {
                    let taken = readings.remove(&instance.resource_id).unwrap_or_default();
                    database::Source::Server(Reading::average(&taken))
                }
            };
            let (seed, delay, faults) = (self.seed, self.publish_delay, &self.faults);
            let minute = database::Minute { end, seed, delay, faults, load, source };
            let rows = database.live_through(&minute, instance, &capacity, &mut self.cloudwatch);
            // A real server's catching up takes the time that it takes.
            if self.readings.is_none() {
                instance.behind = database.behind();
            }
            if let Some(membership) = of_aurora {
                self.volumes.add(&membership.cluster, rows);
            }
            instance.forget_outages(end.saturating_sub(MINUTE * 2).unwrap_or(Timestamp::MIN));
        }
        let start = end.saturating_sub(MINUTE).unwrap_or(Timestamp::MIN);
        self.volumes.publish(end, self.seed, self.publish_delay, &mut self.cloudwatch);
        self.cloudwatch.advance(start, end);
        let Self { fleet, cloudwatch, scaling, .. } = self;
        scaling.minute(Surroundings { now: end, fleet, cloudwatch });
        self.next_minute = next_minute(end);
    }
}

/// The first whole minute after `at`.
fn next_minute(at: Timestamp) -> Timestamp {
    let second = at.as_second().div_euclid(60).saturating_add(1).saturating_mul(60);
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// Dates an answer by the world's time, as AWS does. SDKs sign by their own clock plus what the last `Date` was off, so a
/// `Date` that echoed the request's would let that error grow with every call. But to a client of another clock, such as
/// the wall clock beside a scenario in its January, its own time is given back: SDKs take a `Date` far from their own as a
/// clock gone wrong and send again with another, and the simulation has no quarrel with anybody's clock.
fn date(response: &mut Response, request: &Request, now: Timestamp) {
    let is_other = request.skew_secs(now).is_some_and(|secs| secs.abs() > SKEW_LIMIT_SECS);
    let dated = request.signed_at().filter(|_| is_other).unwrap_or(now);
    let text = dated.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers.insert(DATE, value);
    }
}
