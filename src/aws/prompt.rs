//! Promptness: a mutating call leaves at once, or not at all. Credentials are fetched between the order and the wire, and
//! whoever gives them may take his time; by then the look that the call rests on is of another moment.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

/// From the order to the wire. A role is assumed within this time, and what is cached costs nothing.
const LIMIT: Duration = Duration::from_secs(1);

/// Refuses to send what was ordered too long ago.
#[derive(Debug)]
pub(super) struct PromptCalls;

/// Nothing was sent, because it could not be sent at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLate;

impl fmt::Display for TooLate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the credentials took too long; by now the look that it rests on is too old")
    }
}

impl std::error::Error for TooLate {}

/// When the call was ordered.
#[derive(Debug)]
struct Ordered(SystemTime);

impl Storable for Ordered {
    type Storer = StoreReplace<Self>;
}

#[dyn_dispatch_hint]
impl Intercept for PromptCalls {
    fn name(&self) -> &'static str {
        "PromptCalls"
    }

    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(time) = components.time_source() {
            config.interceptor_state().store_put(Ordered(time.now()));
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let now = components.time_source().map(|time| time.now());
        let ordered = config.load::<Ordered>().map(|ordered| ordered.0);
        // A clock that was set back meanwhile does not tell how long it took.
        let took = now.zip(ordered).and_then(|(now, ordered)| now.duration_since(ordered).ok());
        if took.is_some_and(|took| took <= LIMIT) { Ok(()) } else { Err(TooLate.into()) }
    }
}
