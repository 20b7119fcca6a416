//! Credentials that are kept for a while: each token of a session is signed with some, and sessions are opened many times
//! a second while a server is away. The SDK keeps them for its own requests only.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, Result, SharedCredentialsProvider, future};
use aws_smithy_async::time::SharedTimeSource;
use tokio::sync::Mutex;

/// Those that do not expire are asked for again after this time, as the SDK does it: somebody may have changed them.
const KEPT: Duration = Duration::from_mins(15);
/// Those that expire are asked for again so long before they do.
const AHEAD: Duration = Duration::from_mins(5);

/// `config` with credentials that are asked for when they are needed and none are kept.
pub(super) fn keeping(config: &SdkConfig) -> SdkConfig {
    let (Some(inner), Some(time)) = (config.credentials_provider(), config.time_source()) else {
        return config.clone();
    };
    let kept = Kept { inner, time, last: Mutex::default() };
    config.clone().into_builder().credentials_provider(SharedCredentialsProvider::new(kept)).build()
}

#[derive(Debug)]
struct Kept {
    inner: SharedCredentialsProvider,
    time: SharedTimeSource,
    /// The last ones, and from when to when they are used.
    last: Mutex<Option<(Credentials, SystemTime, SystemTime)>>,
}

impl Kept {
    /// Who comes meanwhile waits for those that are being asked for.
    async fn get(&self) -> Result {
        let mut last = self.last.lock().await;
        let now = self.time.now();
        if let Some((credentials, from, until)) = &*last
            && (*from..*until).contains(&now)
        {
            return Ok(credentials.clone());
        }
        let credentials = self.inner.provide_credentials().await?;
        let until = credentials
            .expiry()
            .map_or(now + KEPT, |expiry| (now + KEPT).min(expiry.checked_sub(AHEAD).unwrap_or(now)));
        *last = Some((credentials.clone(), now, until));
        Ok(credentials)
    }
}

impl ProvideCredentials for Kept {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.get())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use aws_smithy_async::time::TimeSource;

    use super::*;

    /// Seconds since 1970.
    #[derive(Debug, Clone, Default)]
    struct Time(Arc<AtomicU64>);

    impl TimeSource for Time {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::Relaxed))
        }
    }

    /// Numbers what it gives; the second expires at 4,000 s.
    #[derive(Debug, Default)]
    struct Numbered(AtomicU64);

    impl ProvideCredentials for Numbered {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            let expiry = (number == 1).then(|| SystemTime::UNIX_EPOCH + Duration::from_secs(4_000));
            future::ProvideCredentials::ready(Ok(Credentials::new(number.to_string(), "", None, expiry, "test")))
        }
    }

    #[tokio::test]
    async fn they_are_asked_for_again_before_they_expire_and_now_and_then() {
        let time = Time::default();
        let config = SdkConfig::builder()
            .credentials_provider(SharedCredentialsProvider::new(Numbered::default()))
            .time_source(time.clone())
            .build();
        let kept = keeping(&config).credentials_provider().unwrap();
        // The last is a clock that was set back.
        for (secs, number) in
            [(1_000, "0"), (1_899, "0"), (1_900, "1"), (2_799, "1"), (2_800, "2"), (3_699, "2"), (100, "3")]
        {
            time.0.store(secs, Ordering::Relaxed);
            assert_eq!(kept.provide_credentials().await.unwrap().access_key_id(), number, "at {secs} s");
        }
    }

    #[tokio::test]
    async fn what_is_about_to_expire_is_not_kept() {
        let time = Time::default();
        time.0.store(3_750, Ordering::Relaxed);
        let numbered = Numbered(AtomicU64::new(1));
        let config = SdkConfig::builder()
            .credentials_provider(SharedCredentialsProvider::new(numbered))
            .time_source(time)
            .build();
        let kept = keeping(&config).credentials_provider().unwrap();
        for number in ["1", "2", "2"] {
            assert_eq!(kept.provide_credentials().await.unwrap().access_key_id(), number);
        }
    }
}
