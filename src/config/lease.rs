//! `[lease]`: one engine at a time across hosts. Its terms must leave room for a call, or nothing could ever be sent.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::section::Section;
use crate::diagnostics::Diagnostic;
use crate::model::lease::{LEASE_RESERVE, LeaseSettings};

pub(super) const KEYS: [&str; 4] = ["table", "key", "ttl", "heartbeat"];

/// Another host takes over within a minute, and two heartbeats may be lost.
const TTL: Duration = Duration::from_secs(40);
/// Below it no call fits; above it nobody is there for too long.
const TTL_BOUNDS: RangeInclusive<Duration> = Duration::from_secs(20)..=Duration::from_mins(10);
const HEARTBEAT: Duration = Duration::from_secs(10);
const HEARTBEAT_BOUNDS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(3);
/// The one item of a table that nobody else uses.
const KEY: &str = "upshift";

/// Reads the table; absent where there is none.
pub(super) fn read(root: &Section<'_>, problems: &mut Vec<Diagnostic>) -> Option<LeaseSettings> {
    let lease = root.child("lease", &KEYS, problems)?;
    if !cfg!(feature = "lease") {
        let title = "this program was built without the lease";
        let problem = Diagnostic::new(lease.span.clone(), title, "cannot be kept by this build");
        let help = "use a build with the cargo feature `lease`, which is on by default; or take [lease] out, and see to it \
                    that no other host runs an engine for these databases";
        problems.push(problem.help(help));
        return None;
    }
    lease.require("table", "the name of a DynamoDB table, such as table = \"upshift\"", problems);
    let name = |key: &str, is_right: fn(&str) -> bool, right: &str, problems: &mut Vec<Diagnostic>| {
        let text = lease.text(key, problems)?;
        if !is_right(text.get_ref()) {
            let problem = Diagnostic::new(text.span(), format!("`{key}` is not right"), "not of this form");
            problems.push(problem.help(right));
        }
        Some((*text.get_ref()).to_owned())
    };
    let table = name("table", is_table, "3 to 255 letters, digits, or any of - _ .", problems);
    let key = name("key", is_key, "1 to 255 characters that can be seen, without spaces", problems);
    let ttl = lease.duration("ttl", &TTL_BOUNDS, problems).map_or(TTL, toml::Spanned::into_inner);
    let heartbeat =
        lease.duration("heartbeat", &HEARTBEAT_BOUNDS, problems).map_or(HEARTBEAT, toml::Spanned::into_inner);
    problems.extend(misfit(&lease, ttl, heartbeat));
    Some(LeaseSettings { table: table?, key: key.unwrap_or_else(|| KEY.to_owned()), ttl, heartbeat })
}

/// Why the two times do not go together.
fn misfit(lease: &Section<'_>, ttl: Duration, heartbeat: Duration) -> Option<Diagnostic> {
    let place = || lease.place(if lease.has("heartbeat") { "heartbeat" } else { "ttl" });
    let (ttl_secs, heartbeat_secs, reserve_secs) = (ttl.as_secs(), heartbeat.as_secs(), LEASE_RESERVE.as_secs());
    let problem = |title: String, help: String| {
        Some(Diagnostic::new(place(), title, format!("{heartbeat_secs} s of {ttl_secs} s")).help(help))
    };
    if heartbeat * 3 > ttl {
        return problem(
            "three heartbeats do not fit into `ttl`".to_owned(),
            format!("one that gets lost would cost the lease: at most {} s, or a longer `ttl`", ttl_secs / 3),
        );
    }
    if ttl.saturating_sub(heartbeat) <= LEASE_RESERVE {
        return problem(
            format!("behind a heartbeat too little of `ttl` is left for a call, which takes up to {reserve_secs} s"),
            format!("a `ttl` of more than {} s, or a shorter `heartbeat`", (heartbeat + LEASE_RESERVE).as_secs()),
        );
    }
    None
}

/// DynamoDB's own rule.
fn is_table(text: &str) -> bool {
    (3..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn is_key(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
