//! Paging as RDS does it: `MaxRecords`, and an opaque `Marker` that says where the next page begins.

use std::ops::RangeInclusive;

use crate::sim::wire::ApiError;
use crate::sim::wire::query::Params;

/// One page, and the marker of the next if there is one.
#[derive(Debug)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) marker: Option<String>,
}

/// Cuts one page out of `items`, which are ordered by their unique keys. Items that come or go between two calls
/// neither shift the pages nor appear twice.
pub(super) fn page<T>(
    params: &Params,
    sizes: RangeInclusive<usize>,
    items: impl Iterator<Item = (String, T)>,
) -> Result<Page<T>, ApiError> {
    let size = params.parsed::<i64>("MaxRecords", "an integer")?;
    let size = match size {
        None => 100,
        Some(size) => usize::try_from(size).ok().filter(|size| sizes.contains(size)).ok_or_else(|| {
            let (least, most) = (sizes.start(), sizes.end());
            let message = format!("Invalid value {size} for MaxRecords. Must be between {least} and {most}");
            ApiError::sender("InvalidParameterValue", message)
        })?,
    };
    let last_seen = params.get("Marker").map(decode).transpose()?;
    let mut left = items.skip_while(|(key, _)| last_seen.as_ref().is_some_and(|last| key <= last)).peekable();
    let (mut page, mut last) = (Vec::new(), None);
    while page.len() < size {
        let Some((key, item)) = left.next() else { break };
        page.push(item);
        last = Some(key);
    }
    let marker = left.peek().and(last).map(|key| encode(&key));
    Ok(Page { items: page, marker })
}

fn encode(key: &str) -> String {
    key.bytes()
        .flat_map(|byte| [byte >> 4, byte & 0xf])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

fn decode(marker: &str) -> Result<String, ApiError> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = marker.as_bytes().chunks(2).map(byte).collect();
    bytes
        .filter(|_| marker.len().is_multiple_of(2))
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| ApiError::sender("InvalidParameterValue", "The parameter Marker was not given by this service"))
}
