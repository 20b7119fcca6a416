//! Clients from the configuration: the standard credential chain, or a simulation with credentials of no worth.

use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_rds::config::retry::RetryPartition;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use super::Aws;
use super::calls::ApiCalls;
use super::fence::Fence;
use super::kept::keeping;
#[cfg(feature = "lease")]
use super::lease_table::LEASE_REQUEST_LIMIT;
use super::prompt::PromptCalls;
use super::whole::WholeAnswers;
use crate::clock::Clock;
use crate::model::limits::MUTATION_LIMIT;
use crate::model::settings::AwsSettings;
use crate::model::text::clean;

/// Where the clients talk to.
#[derive(Debug, Clone)]
pub enum Target {
    /// AWS, as the standard chain and the configuration say.
    Standard,
    /// A simulation at an endpoint.
    Endpoint {
        /// Such as `http://127.0.0.1:4566`.
        url: String,
        /// The region that it is of.
        region: String,
    },
    /// A simulation in this process, without a socket.
    InProcess(InProcess),
}

/// A simulation without a socket, and what makes a run on it repeatable.
#[derive(Debug, Clone)]
pub struct InProcess {
    /// Ends in the simulation.
    pub http: SharedHttpClient,
    /// What requests are dated by.
    pub clock: Clock,
    /// The SDK keeps retry budgets per partition for the whole process: runs that must not feel each other name
    /// different ones.
    pub retry_partition: String,
    /// Gives the credentials that requests are signed with.
    pub credentials: SharedCredentialsProvider,
    /// How often a mutating call may be sent: 1, but where a test shows that more is noticed.
    pub mutation_attempts: u32,
}

impl InProcess {
    /// On `http` with the time of `clock`, as the product does it.
    pub fn new(http: SharedHttpClient, clock: Clock) -> Self {
        let credentials = SharedCredentialsProvider::new(worthless());
        let retry_partition = "simulation".to_owned();
        Self { http, clock, retry_partition, credentials, mutation_attempts: MUTATION_ATTEMPTS }
    }
}

/// RDS has no idempotency token: a second attempt could act twice.
const MUTATION_ATTEMPTS: u32 = 1;

/// The region that a simulation in this process is asked in.
const SIMULATED_REGION: &str = "us-east-1";

/// Reads: one attempt that takes longer than this is given up and tried again.
const READ_ATTEMPT: Duration = Duration::from_secs(10);
/// Reads: with all attempts.
const READ_LIMIT: Duration = Duration::from_secs(40);

/// Clients for `target`. Nothing is sent yet; wrong credentials show at the first call.
pub async fn connect(settings: &AwsSettings, target: Target) -> Aws {
    let (mutation_attempts, partition) = match &target {
        Target::InProcess(in_process) => {
            (in_process.mutation_attempts, Some(RetryPartition::new(in_process.retry_partition.clone())))
        }
        Target::Standard | Target::Endpoint { .. } => (MUTATION_ATTEMPTS, None),
    };
    let base = match target {
        Target::InProcess(in_process) => without_environment(in_process),
        target => loader(settings, target).load().await,
    };
    let (reads, mutations) = parts(&base, mutation_attempts);
    // Every call passes here, each client's first.
    let calls = ApiCalls::default();
    #[cfg(feature = "lease")]
    let dynamodb = for_lease(&base, partition.clone(), calls.clone());
    let fence = Fence::default();
    let region = base.region().map(ToString::to_string);
    let endpoint = base.endpoint_url().map(|url| clean(url, 100));
    let signing = keeping(&base);
    let rds = |config| {
        let mut config =
            aws_sdk_rds::config::Builder::from(config).interceptor(calls.clone()).interceptor(WholeAnswers);
        config.set_retry_partition(partition.clone());
        config
    };
    let scaling = |config| {
        let mut config = aws_sdk_applicationautoscaling::config::Builder::from(config).interceptor(calls.clone());
        config.set_retry_partition(partition.clone());
        config
    };
    let cloudwatch = |config| {
        let mut config = aws_sdk_cloudwatch::config::Builder::from(config).interceptor(calls.clone());
        config.set_retry_partition(partition.clone());
        config
    };
    let mut sts = aws_sdk_sts::config::Builder::from(&reads).interceptor(calls.clone()).interceptor(WholeAnswers);
    sts.set_retry_partition(partition.clone());
    let mut iam = aws_sdk_iam::config::Builder::from(&reads).interceptor(calls.clone()).interceptor(WholeAnswers);
    iam.set_retry_partition(partition.clone());
    let mut sns = aws_sdk_sns::config::Builder::from(&reads).interceptor(calls.clone()).interceptor(WholeAnswers);
    sns.set_retry_partition(partition.clone());
    Aws {
        rds: aws_sdk_rds::Client::from_conf(rds(&reads).build()),
        rds_mutating: aws_sdk_rds::Client::from_conf(
            rds(&mutations).interceptor(PromptCalls).interceptor(fence.clone()).build(),
        ),
        cloudwatch: aws_sdk_cloudwatch::Client::from_conf(cloudwatch(&reads).build()),
        cloudwatch_mutating: aws_sdk_cloudwatch::Client::from_conf(
            cloudwatch(&mutations).interceptor(fence.clone()).build(),
        ),
        scaling: aws_sdk_applicationautoscaling::Client::from_conf(scaling(&reads).build()),
        scaling_mutating: aws_sdk_applicationautoscaling::Client::from_conf(
            scaling(&mutations).interceptor(PromptCalls).interceptor(fence.clone()).build(),
        ),
        #[cfg(feature = "lease")]
        dynamodb,
        sts: aws_sdk_sts::Client::from_conf(sts.build()),
        iam: aws_sdk_iam::Client::from_conf(iam.build()),
        sns: aws_sdk_sns::Client::from_conf(sns.build()),
        calls,
        signing,
        region,
        endpoint,
        account_pin: settings.account_id.clone(),
        fence,
    }
}

/// One attempt for reads and writes: see [`lease_table`](super::lease_table).
#[cfg(feature = "lease")]
fn for_lease(base: &SdkConfig, partition: Option<RetryPartition>, calls: ApiCalls) -> aws_sdk_dynamodb::Client {
    let once = RetryConfig::standard().with_max_attempts(1);
    let limits = limits(LEASE_REQUEST_LIMIT, LEASE_REQUEST_LIMIT);
    let config = base.clone().into_builder().retry_config(once).timeout_config(limits).build();
    let mut config = aws_sdk_dynamodb::config::Builder::from(&config).interceptor(calls);
    config.set_retry_partition(partition);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// What reads are made with, and what calls that change something.
fn parts(base: &SdkConfig, mutation_attempts: u32) -> (SdkConfig, SdkConfig) {
    let with = |retries: RetryConfig, attempt, all| {
        base.clone().into_builder().retry_config(retries).timeout_config(limits(attempt, all)).build()
    };
    let once = RetryConfig::standard().with_max_attempts(mutation_attempts);
    (with(RetryConfig::standard(), READ_ATTEMPT, READ_LIMIT), with(once, MUTATION_LIMIT, MUTATION_LIMIT))
}

fn loader(settings: &AwsSettings, target: Target) -> ConfigLoader {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &settings.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    match target {
        Target::Endpoint { url, region } => {
            loader.region(Region::new(region)).credentials_provider(worthless()).endpoint_url(url)
        }
        Target::Standard | Target::InProcess(_) => loader,
    }
}

/// Neither the environment nor any file is asked: a run must not depend on the machine that it is on.
fn without_environment(in_process: InProcess) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(SIMULATED_REGION))
        .credentials_provider(in_process.credentials)
        .endpoint_url("http://simulation.invalid")
        .time_source(SharedTimeSource::new(Timed(in_process.clock.clone())))
        .sleep_impl(SharedAsyncSleep::new(Timed(in_process.clock)))
        .http_client(in_process.http)
        .build()
}

/// Credentials that only a simulation takes.
fn worthless() -> Credentials {
    Credentials::new("SIMULATION", "simulation", None, None, "simulation")
}

/// The clock as the SDK wants it.
#[derive(Debug)]
struct Timed(Clock);

impl AsyncSleep for Timed {
    fn sleep(&self, duration: Duration) -> Sleep {
        let clock = self.0.clone();
        Sleep::new(async move { clock.sleep(duration).await })
    }
}

impl TimeSource for Timed {
    fn now(&self) -> SystemTime {
        // Every instant that a clock shows lies between 1970 and 9999, which both types hold.
        SystemTime::try_from(self.0.now()).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

fn limits(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(attempt).operation_timeout(operation).build()
}
