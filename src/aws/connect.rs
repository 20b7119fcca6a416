//! Clients from the configuration: the standard credential chain, or a simulation with credentials of no worth.

use std::time::Duration;

use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use super::Aws;
use crate::model::settings::AwsSettings;

/// Where the clients talk to.
#[derive(Debug, Clone)]
pub enum Target {
    /// AWS, as the standard chain and the configuration say.
    Standard,
    /// A simulation at an endpoint.
    Endpoint {
        /// Such as `http://127.0.0.1:4566`.
        url: String,
    },
    /// A simulation in this process, without a socket.
    InProcess(SharedHttpClient),
}

/// The region that a simulation is asked in.
const SIMULATED_REGION: &str = "us-east-1";

/// Reads: one attempt that takes longer than this is given up and tried again.
const READ_ATTEMPT: Duration = Duration::from_secs(10);
/// Reads: with all attempts.
const READ_LIMIT: Duration = Duration::from_secs(40);
/// Mutations: the only attempt. Long, because giving up leaves an unknown outcome; below the 15 s in which an ending
/// process must be gone.
const MUTATION_LIMIT: Duration = Duration::from_secs(12);

/// Clients for `target`. Nothing is sent yet; wrong credentials show at the first call.
pub async fn connect(settings: &AwsSettings, target: Target) -> Aws {
    let base = loader(settings, target).load().await;
    let reads = |config: aws_config::SdkConfig| {
        config
            .into_builder()
            .retry_config(RetryConfig::standard())
            .timeout_config(limits(READ_ATTEMPT, READ_LIMIT))
            .build()
    };
    let mutations = base
        .clone()
        .into_builder()
        .retry_config(RetryConfig::standard().with_max_attempts(1))
        .timeout_config(limits(MUTATION_LIMIT, MUTATION_LIMIT))
        .build();
    let region = base.region().map(ToString::to_string);
    let reads = reads(base);
    Aws {
        rds: aws_sdk_rds::Client::new(&reads),
        rds_mutating: aws_sdk_rds::Client::new(&mutations),
        cloudwatch: aws_sdk_cloudwatch::Client::new(&reads),
        sts: aws_sdk_sts::Client::new(&reads),
        region,
        account_pin: settings.account_id.clone(),
    }
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
    let worthless = || Credentials::new("SIMULATION", "simulation", None, None, "simulation");
    match target {
        Target::Standard => loader,
        Target::Endpoint { url } => {
            loader.region(Region::new(SIMULATED_REGION)).credentials_provider(worthless()).endpoint_url(url)
        }
        Target::InProcess(client) => loader
            .region(Region::new(SIMULATED_REGION))
            .credentials_provider(worthless())
            .endpoint_url("http://simulation.invalid")
            .http_client(client),
    }
}

fn limits(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(attempt).operation_timeout(operation).build()
}
