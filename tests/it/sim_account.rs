//! A simulated account and the real SDK's clients to it, without a socket, for tests under paused time.

use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use jiff::{SignedDuration, Timestamp};
use upshift::aws::Aws;
use upshift::aws::connect::{InProcess, Target, connect};
use upshift::clock::Clock;
use upshift::model::settings::AwsSettings;
use upshift::sim::Sim;
use upshift::sim::scenario::Scenario;

/// An account and its clients. All of its time is virtual.
pub(crate) struct Account {
    pub(crate) sim: Sim,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(crate) rds: aws_sdk_rds::Client,
    pub(crate) scaling: aws_sdk_applicationautoscaling::Client,
    pub(crate) sns: aws_sdk_sns::Client,
    pub(crate) sts: aws_sdk_sts::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
}

impl Account {
    /// The account of a scenario's text.
    pub(crate) fn of(scenario: &str) -> Self {
        Self::seeded(scenario, None)
    }

    /// The same with another seed.
    pub(crate) fn seeded(scenario: &str, seed: Option<u64>) -> Self {
        let scenario = Scenario::parse("test", scenario).unwrap_or_else(|error| panic!("{error}"));
        Self::from_scenario(&scenario, seed)
    }

    /// The account of a scenario.
    pub(crate) fn from_scenario(scenario: &Scenario, seed: Option<u64>) -> Self {
        let clock = Clock::scaled(scenario.start, 1.0);
        Self::on(&Sim::new(scenario, seed, clock))
    }

    /// Clients to a simulation that others use too.
    pub(crate) fn on(sim: &Sim) -> Self {
        let (sim, clock) = (sim.clone(), sim.clock().clone());
        let credentials = Credentials::new("AKIDSIMULATED", "secret", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(sim.http_client())
            .time_source(SharedTimeSource::new(Virtual(clock.clone())))
            .sleep_impl(SharedAsyncSleep::new(Virtual(clock)))
            .build();
        Self {
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
            rds: aws_sdk_rds::Client::new(&config),
            scaling: aws_sdk_applicationautoscaling::Client::new(&config),
            sns: aws_sdk_sns::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            sim,
        }
    }

    /// The product's own clients to it.
    pub(crate) async fn adapter(&self) -> Aws {
        let in_process = InProcess::new(self.sim.http_client(), self.sim.clock().clone());
        connect(&AwsSettings::default(), Target::InProcess(in_process)).await
    }

    /// Lets virtual time pass.
    pub(crate) async fn pass(&self, span: SignedDuration) {
        self.sim.clock().sleep(span.unsigned_abs()).await;
    }

    /// The virtual time.
    pub(crate) fn now(&self) -> Timestamp {
        self.sim.clock().now()
    }
}

/// The SDK's view of the virtual clock.
#[derive(Debug, Clone)]
struct Virtual(Clock);

impl TimeSource for Virtual {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.0.now().duration_since(Timestamp::UNIX_EPOCH).unsigned_abs()
    }
}

impl AsyncSleep for Virtual {
    fn sleep(&self, duration: Duration) -> Sleep {
        let clock = self.0.clone();
        Sleep::new(async move { clock.sleep(duration).await })
    }
}
