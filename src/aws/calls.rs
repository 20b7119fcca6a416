//! How often AWS was asked for what, and how often it failed: counted where every call passes, and kept with the clients.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Of one operation, since its clients were made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Calls that are over, whatever came of them.
    pub calls: u64,
    /// Those of them that failed with all of their attempts.
    pub errors: u64,
    /// Requests that went out for them.
    pub attempts: u64,
}

/// The service and the name of an operation, such as `RDS` and `DescribeDBInstances`.
pub type Operation = (String, String);

/// The counts of all clients of an account. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct ApiCalls(Arc<Mutex<BTreeMap<Operation, Count>>>);

impl ApiCalls {
    /// The counts by operation, in their order.
    pub fn counts(&self) -> BTreeMap<Operation, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, config: &ConfigBag, change: impl FnOnce(&mut Count)) {
        let Some(metadata) = config.load::<Metadata>() else { return };
        let operation = (metadata.service().to_owned(), metadata.name().to_owned());
        change(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(operation).or_default());
    }
}

#[dyn_dispatch_hint]
impl Intercept for ApiCalls {
    fn name(&self) -> &'static str {
        "ApiCalls"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.count(config, |count| count.attempts += 1);
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let failed = !matches!(context.output_or_error(), Some(Ok(_)));
        self.count(config, |count| {
            count.calls += 1;
            count.errors += u64::from(failed);
        });
        Ok(())
    }
}
