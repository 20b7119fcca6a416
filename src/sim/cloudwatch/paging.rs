//! Tokens that lead to the next page. A token belongs to one request: it carries where to go on, the moment whose data
//! the first page showed, and a digest of what was asked. Owned by the simulated CloudWatch.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::errors::invalid_token;
use super::input::Fields;
use crate::sim::wire::ApiError;

/// Members that may differ from page to page.
const MAY_CHANGE: [&str; 3] = ["NextToken", "MaxRecords", "MaxDatapoints"];

/// Where a page begins.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// How much came before.
    pub(super) offset: usize,
    /// The moment of the first page: what was published later is not part of any.
    pub(super) seen_at: Timestamp,
    digest: String,
}

impl Place {
    /// Where the page that `input` asks for begins.
    ///
    /// # Errors
    /// `InvalidNextToken` when its token was not given out for such a request.
    pub(super) fn of(operation: &str, input: &Fields<'_>, now: Timestamp) -> Result<Self, ApiError> {
        let mut asked = input.map().clone();
        asked.retain(|name, _| !MAY_CHANGE.contains(&name.as_str()));
        let hash = Sha256::digest(format!("{operation}{asked:?}"));
        let digest = hash.iter().take(8).fold(0_u64, |digest, byte| digest << 8 | u64::from(*byte));
        let digest = format!("{digest:016x}");
        let Some(token) = input.text("NextToken")? else { return Ok(Self { offset: 0, seen_at: now, digest }) };
        let read = || {
            let mut parts = token.split(':');
            let (offset, millis) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            let is_ours = parts.next() == Some(digest.as_str()) && parts.next().is_none();
            Some((offset, Timestamp::from_millisecond(millis).ok().filter(|_| is_ours)?))
        };
        let (offset, seen_at) = read().ok_or_else(invalid_token)?;
        Ok(Self { offset, seen_at, digest })
    }

    /// The token for the page that begins at `offset`.
    pub(super) fn token(&self, offset: usize) -> String {
        format!("{offset}:{}:{}", self.seen_at.as_millisecond(), self.digest)
    }

    /// The items of this page, and the token of the next one if there is one.
    pub(super) fn page<T>(&self, items: Vec<T>, size: usize) -> (Vec<T>, Option<String>) {
        let end = self.offset.saturating_add(size);
        let more = (items.len() > end).then(|| self.token(end));
        (items.into_iter().skip(self.offset).take(size).collect(), more)
    }
}
