//! Tokens of IAM that a PostgreSQL server on RDS takes for a password: signed here, with no call to AWS.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_rds::auth_token::{AuthTokenGenerator, Config};
use secrecy::SecretString;

use super::Aws;
use crate::model::text::clean;

/// Longest words of an error that are shown.
const SHOWN_CHARS: usize = 200;

/// The signer's own words name no cause, and its cause is most often that nobody has given credentials.
fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if let Some(CredentialsError::CredentialsNotLoaded(_)) = inner.downcast_ref() {
            return "there are no AWS credentials; give them as to every AWS tool (AWS_PROFILE, AWS_ACCESS_KEY_ID, a role)".to_owned();
        }
        cause = inner.source();
    }
    clean(&error.to_string(), SHOWN_CHARS)
}

impl Aws {
    /// A token for one session of `user` with the server at `host:port`; it is taken for a quarter of an hour.
    ///
    /// # Errors
    /// When there are no credentials, no region is known, or the names cannot be signed.
    pub async fn session_token(&self, host: &str, port: u16, user: &str) -> Result<SecretString, String> {
        // What the signer cannot put into a URL would make it panic.
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-@+".contains(&byte));
        if !is_plain(host) || !is_plain(user) {
            return Err("a token is made for plain host and user names only".to_owned());
        }
        if self.region.is_none() {
            return Err("no token can be made: no region is known; set AWS_REGION, or region in [aws]".to_owned());
        }
        let config = Config::builder().hostname(host).port(u64::from(port)).username(user).build();
        let config = config.map_err(|error| format!("no token can be made: {error}"))?;
        let token = AuthTokenGenerator::new(config).auth_token(&self.signing).await;
        let token = token.map_err(|error| format!("no token can be made: {}", words(&*error)))?;
        Ok(SecretString::from(token.as_str().to_owned()))
    }
}
