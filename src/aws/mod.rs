//! AWS through its own SDK: reads, and the few calls that change something. This room never decides; every string
//! that comes in is cleaned here.
//!
//! There are two clients each of RDS, CloudWatch and Application Auto Scaling. Reads use the SDK's retries. Mutations get exactly
//! one attempt, because RDS has no idempotency token: a second attempt could act twice.

mod alarms;
pub mod calls;
mod clusters;
pub mod connect;
mod convert;
mod deployments;
mod events;
mod failure;
pub mod fence;
mod identity;
mod instances;
pub mod inventory;
mod kept;
pub mod lease_table;
mod member_settings;
pub mod metrics;
mod orderable;
mod pages;
pub mod permitted;
mod prompt;
mod proxies;
mod readers;
mod send;
mod skew;
mod tokens;
mod topics;
mod whole;

/// The clients of one account and region.
#[derive(Debug, Clone)]
pub struct Aws {
    rds: aws_sdk_rds::Client,
    rds_mutating: aws_sdk_rds::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    scaling: aws_sdk_applicationautoscaling::Client,
    scaling_mutating: aws_sdk_applicationautoscaling::Client,
    cloudwatch_mutating: aws_sdk_cloudwatch::Client,
    /// For the lease alone: reads and writes have one attempt each.
    #[cfg(feature = "lease")]
    dynamodb: aws_sdk_dynamodb::Client,
    sts: aws_sdk_sts::Client,
    iam: aws_sdk_iam::Client,
    sns: aws_sdk_sns::Client,
    /// How often each operation was asked for.
    calls: calls::ApiCalls,
    /// What tokens are signed with.
    signing: aws_config::SdkConfig,
    /// The region in use; absent when the standard chain names none.
    region: Option<String>,
    /// Another endpoint than AWS's own, by the configuration or the environment.
    endpoint: Option<String>,
    account_pin: Option<String>,
    /// What calls that change something must pass.
    fence: fence::Fence,
}

impl Aws {
    /// The region in use; absent when neither the configuration nor the standard chain names one.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }
}

impl Aws {
    /// How often AWS was asked for what by these clients, and how often it failed.
    pub fn calls(&self) -> &calls::ApiCalls {
        &self.calls
    }
}
