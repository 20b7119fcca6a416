//! The fence: what is asked at the last moment before a call that changes something leaves, when its credentials are there
//! and it is signed. Whatever delayed it until then, a call that may not be made any more is not sent.

use std::fmt;
use std::sync::{Arc, OnceLock};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use super::Aws;

/// Says whether a call may leave now, or why not.
pub type MayLeave = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

impl Aws {
    /// From here on every call that changes something asks this right before it leaves; reads do not. It counts for all
    /// clones of these clients, and can be set once.
    pub fn fence(&self, may_leave: MayLeave) {
        // A second one would be a mistake in the wiring; the first one stands.
        let _ = self.fence.0.set(may_leave);
    }
}

/// Where the question is kept; open while there is none.
#[derive(Clone, Default)]
pub(super) struct Fence(Arc<OnceLock<MayLeave>>);

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fence({})", if self.0.get().is_some() { "kept" } else { "open" })
    }
}

/// Nothing was sent: the fence was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fenced(pub(super) String);

impl fmt::Display for Fenced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fenced {}

#[dyn_dispatch_hint]
impl Intercept for Fence {
    fn name(&self) -> &'static str {
        "Fence"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match self.0.get() {
            Some(may_leave) => may_leave().map_err(|why| Fenced(why).into()),
            None => Ok(()),
        }
    }
}
