//! How far this machine's clock is from that of AWS, by the date that every answer carries, a refusal too.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::{DateTime, Format};

use super::Aws;

/// What was noted of the newest answer.
type Noted = Arc<Mutex<Option<f64>>>;

impl Aws {
    /// How many seconds the clock of AWS is ahead of the one that requests are signed by; below zero: behind. A `Date` is
    /// of whole seconds, and the way of the answer counts too, so that a second means nothing. `None` when no answer came, or
    /// none with a date.
    pub async fn clock_ahead_secs(&self) -> Option<f64> {
        let noted = Noted::default();
        let request = self.sts.get_caller_identity().customize().interceptor(NoteDate(Arc::clone(&noted)));
        // What it says is asked elsewhere: a refusal has a date, too.
        drop(request.send().await);
        *noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct NoteDate(Noted);

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for NoteDate {
    fn name(&self) -> &'static str {
        "NoteDate"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|text| DateTime::from_str(text, Format::HttpDate).ok());
        if let (Some(date), Some(time)) = (date, components.time_source()) {
            let here = time.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let ahead = date.as_secs_f64() - here.as_secs_f64();
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead);
        }
        Ok(())
    }
}
