//! What a client was told: read from the very bytes that it got, after every fault.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// One instance as an answer of `DescribeDBInstances` described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Served {
    pub(super) at: Timestamp,
    pub(super) class: Option<String>,
    pub(super) status: Option<String>,
    pub(super) resource_id: Option<String>,
    pub(super) pending: bool,
}

/// The instances of an answer, by name. Bytes that are no such answer hold none.
pub(super) fn instances(body: &[u8], at: Timestamp) -> BTreeMap<String, Served> {
    let text = String::from_utf8_lossy(body);
    let mut found = BTreeMap::new();
    for part in text.split("<DBInstance>").skip(1) {
        let pending = between(part, "<PendingModifiedValues>", "</PendingModifiedValues>");
        // The class that pends has the same tag as the class that is.
        let rest = pending.map_or(part.to_owned(), |pending| part.replacen(pending, "", 1));
        let field = |name: &str| {
            between(&rest, &format!("<{name}>"), &format!("</{name}>"))
                .map(str::to_owned)
                .filter(|text| !text.is_empty())
        };
        let Some(name) = field("DBInstanceIdentifier") else { continue };
        let served = Served {
            at,
            class: field("DBInstanceClass"),
            status: field("DBInstanceStatus"),
            resource_id: field("DbiResourceId"),
            pending: pending.is_some_and(|pending| !pending.is_empty()),
        };
        found.insert(name, served);
    }
    found
}

/// The account of an answer of `GetCallerIdentity`.
pub(super) fn account(body: &[u8]) -> Option<String> {
    between(&String::from_utf8_lossy(body), "<Account>", "</Account>").map(str::to_owned)
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inner, _)| inner)
}
